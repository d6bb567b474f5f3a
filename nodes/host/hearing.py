"""MODELs that hear voices: made from a Wan2.1 I2V MODEL and an adapter that fits it."""

from uuid import uuid5

from comfy.model_base import WAN21
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP

from ...multitalk_core.checkpoint import adapter_shape, check_adapter, check_image_to_video
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.method.audio_patch import Observer
from .adapter_patch import adapter_for
from .patches import KEY, WITHOUT_AUDIO, AudioHost, AudioSettings, Condition, Scene


def hear_voices(
    model: ModelPatcher,
    adapter: ModelPatcher,
    scene: Scene,
    settings: AudioSettings,
    observer: Observer | None = None,
) -> ModelPatcher:
    """A clone of the MODEL whose every condition hears the voices, unless marked as without audio.

    Parameters
    ----------
    model : ModelPatcher
        Wan2.1 I2V.
    adapter : ModelPatcher
        From `fitting_adapter`.
    scene : Scene
    settings : AudioSettings
    observer : Observer, optional
    """
    patched = model.clone()
    reference_in_front = getattr(model.model.diffusion_model, "ref_conv", None) is not None
    AudioHost(adapter, scene, settings, reference_in_front, observer).attach(patched)
    return patched


def hears_voices(model: ModelPatcher) -> bool:
    """Whether a MODEL has been through `hear_voices`."""
    return bool(model.get_wrappers(WrappersMP.CALC_COND_BATCH, KEY))


def without_audio(condition: Condition) -> Condition:
    """The condition as one whose rows hear nothing, known by uuids of its own in every step."""
    return [
        {**entry, "uuid": uuid5(entry["uuid"], WITHOUT_AUDIO), WITHOUT_AUDIO: True} for entry in condition
    ]


def fitting_adapter(model: ModelPatcher, model_patch: ModelPatcher) -> ModelPatcher:
    """The adapter for a MODEL.

    Raises
    ------
    MultiTalkError
        The MODEL is no Wan2.1 I2V, hears voices already, or the adapter was made for another width or depth.
    """
    if not isinstance(model.model, WAN21):
        raise MultiTalkError(
            f"The model is a {type(model.model).__name__}, but MultiTalk animates with Wan2.1 I2V: load a "
            "wan2.1_i2v file."
        )
    transformer = model.model.diffusion_model
    channels = transformer.patch_embedding.weight.shape[1]
    check_image_to_video(channels, "The model", "load a wan2.1_i2v file.")
    if hears_voices(model):
        raise MultiTalkError(
            "This model hears voices already: connect the one from before the first MultiTalk node."
        )
    shape = adapter_shape(model_patch.model.state_dict())
    check_adapter(shape, model_width=transformer.dim, model_depth=len(transformer.blocks))
    return adapter_for(model_patch, transformer.num_heads)
