"""The audio encoder under ComfyUI's memory management, the value of a MULTITALK_AUDIO_ENCODER socket."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import comfy.model_management
from comfy.model_patcher import ModelPatcher
from torch import nn

from ...multitalk_core.audio.features import AudioEncoder

if TYPE_CHECKING:
    from comfy.audio_encoders.audio_encoders import AudioEncoderModel


@dataclass(frozen=True)
class ManagedEncoder:
    """wav2vec2 and the patcher that moves it between devices.

    Attributes
    ----------
    encoder : AudioEncoder
        Ready to run after `load`.
    patcher : ModelPatcher
    """

    encoder: AudioEncoder
    patcher: ModelPatcher

    def load(self) -> None:
        """Move the network to its device, and free memory for it."""
        comfy.model_management.load_model_gpu(self.patcher)


def manage(encoder: AudioEncoder) -> ManagedEncoder:
    """Put an encoder under ComfyUI's memory management."""
    # A module around it, because transformers' models have no `device` that a patcher could set.
    patcher = ModelPatcher(
        nn.Sequential(encoder.model),
        load_device=comfy.model_management.text_encoder_device(),
        offload_device=comfy.model_management.text_encoder_offload_device(),
    )
    return ManagedEncoder(encoder, patcher)


def load_encoder(path: str) -> ManagedEncoder:
    """Load an encoder from a wav2vec2 folder or file.

    Raises
    ------
    MultiTalkError
        When there are no wav2vec2 weights in safetensors.
    """
    offload_device = comfy.model_management.text_encoder_offload_device()
    return manage(AudioEncoder.load(path, offload_device))


def managed_encoder(audio_encoder: "ManagedEncoder | AudioEncoderModel") -> ManagedEncoder:
    """Get a ManagedEncoder from either socket: of ComfyUI's own AUDIO_ENCODER only the weights are used.

    ComfyUI spreads the features over the frames after the transformer, which is not what the adapters were
    trained with.

    Raises
    ------
    MultiTalkError
        When ComfyUI's encoder is not wav2vec2.
    """
    if isinstance(audio_encoder, ManagedEncoder):
        return audio_encoder
    normalise = getattr(audio_encoder.model, "do_normalize", False)
    state = {name: tensor.cpu() for name, tensor in audio_encoder.get_sd().items()}
    source = "The model connected to audio_encoder"
    return manage(AudioEncoder.from_state(state, normalise=normalise, source=source))
