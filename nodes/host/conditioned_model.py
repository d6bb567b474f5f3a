"""MODELs that are conditioned on voices: made from a Wan2.1 I2V MODEL and an adapter that fits it."""

from uuid import uuid5

from comfy.ldm.wan.model import WanModel
from comfy.model_base import WAN21
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP

from ...multitalk_core.checkpoint import check_adapter, check_image_to_video
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.method.audio_patch import BindingOptions, ClipAudio, Observer
from .adapter_patch import adapter_for, shape_of
from .patches import KEY, WITHOUT_AUDIO, AudioHost, Condition


def condition_on_voices(
    model: ModelPatcher,
    adapter: ModelPatcher,
    audio: ClipAudio,
    *,
    options: BindingOptions,
    observer: Observer | None = None,
) -> ModelPatcher:
    """Clone a MODEL and condition it on voices, in every prompt that is not marked as without audio.

    Parameters
    ----------
    model : ModelPatcher
        Wan2.1 I2V.
    adapter : ModelPatcher
        From `fitting_adapter`.
    audio : ClipAudio
    options : BindingOptions
    observer : Observer, optional
    """
    patched = model.clone()
    reference_in_front = getattr(model.model.diffusion_model, "ref_conv", None) is not None
    host = AudioHost(adapter, audio, options, reference_in_front=reference_in_front, observer=observer)
    host.attach(patched)
    return patched


def is_conditioned(model: ModelPatcher) -> bool:
    """Whether a MODEL has been through `condition_on_voices`."""
    return bool(model.get_wrappers(WrappersMP.CALC_COND_BATCH, KEY))


def without_audio(condition: Condition) -> Condition:
    """The condition without audio, with uuids of its own that stay the same in every step."""
    return [
        {**entry, "uuid": uuid5(entry["uuid"], WITHOUT_AUDIO), WITHOUT_AUDIO: True} for entry in condition
    ]


def transformer_of(model: ModelPatcher) -> WanModel:
    """The DiT of a MODEL; raises a MultiTalkError when it is no Wan2.1."""
    if not isinstance(model.model, WAN21):
        raise MultiTalkError(
            f"The model is a {type(model.model).__name__}, but MultiTalk needs Wan2.1 I2V: load a "
            "wan2.1_i2v file."
        )
    return model.model.diffusion_model


def fitting_adapter(model: ModelPatcher, model_patch: ModelPatcher) -> ModelPatcher:
    """The adapter for a MODEL.

    Raises
    ------
    MultiTalkError
        The MODEL is no Wan2.1 I2V or has voices already, or the adapter was made for another width or depth.
    """
    transformer = transformer_of(model)
    channels = transformer.patch_embedding.weight.shape[1]
    check_image_to_video(channels, "The model", "load a wan2.1_i2v file.")
    if is_conditioned(model):
        raise MultiTalkError(
            "This model already has voices: connect the model from before the first MultiTalk node."
        )
    check_adapter(shape_of(model_patch), model_width=transformer.dim, model_depth=len(transformer.blocks))
    return adapter_for(model_patch, transformer.num_heads)
