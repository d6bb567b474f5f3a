"""Voices, persons and models that must go together."""

from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.method.audio_patch import BindingOptions
from ...multitalk_core.method.labels import spread_ranges
from ...multitalk_core.method.schemes import find_scheme, resolved_scheme
from ...multitalk_core.persons.marking import persons_from_parts
from ...multitalk_core.persons.masks import Persons, check_speakers
from .settings import BindingSettings

LEAST_SHOWN = 0.05  # of a picture


def scheme_for(scheme: str, persons: Persons | None, audio: Conversation) -> str:
    """The scheme that `automatic` means here; any other is its own."""
    among_bystanders = persons is not None and persons.among_bystanders
    return resolved_scheme(scheme, voices=audio.speakers, among_bystanders=among_bystanders)


def binding_options(
    settings: BindingSettings, persons: Persons | None, audio: Conversation
) -> BindingOptions:
    """The settings with a scheme for `automatic`, and label ranges for every speaker."""
    ranges = spread_ranges(
        audio.speakers,
        label_range=settings.label_range,
        label_distance=settings.label_distance,
        background_label=settings.background_label,
    )
    return BindingOptions(
        scheme=scheme_for(settings.scheme, persons, audio), ranges=ranges, strength=settings.audio_strength
    )


def persons_for(
    persons: Persons | None, audio: Conversation, scheme: str, *, height: int, width: int
) -> Persons:
    """The persons, one a voice; a single voice needs no marks unless bystanders are to be spared.

    Parameters
    ----------
    persons : Persons or None
    audio : Conversation
    scheme : str
        Resolved by `scheme_for`.
    height, width : int
        Of the picture.

    Raises
    ------
    MultiTalkError
        When voices and persons are not equally many.
    """
    if persons is None:
        if audio.speakers > 1:
            raise MultiTalkError(
                f"There are {audio.speakers} voices, but nobody is marked in the picture: connect Locate "
                "MultiTalk Persons."
            )
        if find_scheme(scheme).needs_localization(audio.speakers):
            raise MultiTalkError(
                f"The scheme {scheme} binds the voice to one person and keeps the others still, but nobody "
                "is marked in the picture: connect Locate MultiTalk Persons."
            )
        return persons_from_parts(1, height, width)
    check_speakers(persons, audio.speakers)
    return persons


def check_prompt(name: str, prompt: list, model: ModelPatcher) -> None:
    """Raise a MultiTalkError, with the input's id in front, unless the model's text encoder made a prompt."""
    expected = model.model.diffusion_model.text_embedding[0].in_features
    for text, _ in prompt:
        if text.shape[-1] != expected:
            raise MultiTalkError(
                f"{name}: the text encoder gives {text.shape[-1]} features per token, but the model expects "
                f"{expected}; load the model's own text encoder (umt5_xxl for Wan2.1, type wan)."
            )


def check_vae(model: ModelPatcher, vae: VAE) -> None:
    """Raise a MultiTalkError unless the VAE's latents are the model's."""
    expected = model.model.latent_format.latent_channels
    if (vae.latent_channels, vae.latent_dim) != (expected, 3):
        raise MultiTalkError(
            f"vae: this VAE makes latents of {vae.latent_channels} channels for "
            f"{'videos' if vae.latent_dim == 3 else 'pictures'}, but the model needs {expected} channels for "
            "videos; load wan_2.1_vae."
        )


def check_crop(name: str, size: tuple[int, int], *, height: int, width: int) -> None:
    """Raise a MultiTalkError, with the input's id in front, where a video would show almost nothing of it.

    The whole is scaled before it is cut, so that a thin line would fill any memory.
    """
    ratio = max(height / size[0], width / size[1])
    if height * width < LEAST_SHOWN * ratio * size[0] * ratio * size[1]:
        raise MultiTalkError(
            f"{name}: of its {size[1]}×{size[0]} pixels a video of {width}×{height} shows less than "
            f"{LEAST_SHOWN:.0%}; crop it, or choose a width and height closer to its proportions."
        )


def check_voices(audio: Conversation, adapter: ModelPatcher) -> None:
    """Raise a MultiTalkError unless the audio encoder is the one the adapter was trained with."""
    layers, channels = audio.features[0].shape[1:]
    expected = adapter.model.shape.feature_size
    if layers * channels != expected:
        raise MultiTalkError(
            f"The audio encoder gives {layers} × {channels} features per frame, but the adapter expects "
            f"{expected} in total: load the wav2vec2 model that the adapter was trained with "
            "(chinese-wav2vec2-base for MultiTalk)."
        )
