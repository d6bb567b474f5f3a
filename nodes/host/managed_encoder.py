"""The audio encoder under ComfyUI's memory management: what a MULTITALK_AUDIO_ENCODER socket holds."""

from dataclasses import dataclass

import comfy.model_management
from comfy.model_patcher import ModelPatcher
from torch import nn

from ...multitalk_core.audio.features import AudioEncoder


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
        """Bring the network to its device, and others out of the way."""
        comfy.model_management.load_model_gpu(self.patcher)


def manage(encoder: AudioEncoder) -> ManagedEncoder:
    """Hand an encoder to ComfyUI's memory management."""
    # A module around it, because transformers' models have no `device` that a patcher could set.
    patcher = ModelPatcher(
        nn.Sequential(encoder.model),
        load_device=comfy.model_management.text_encoder_device(),
        offload_device=comfy.model_management.text_encoder_offload_device(),
    )
    return ManagedEncoder(encoder, patcher)


def load_encoder(path: str) -> ManagedEncoder:
    """A wav2vec2 folder or file.

    Raises
    ------
    MultiTalkError
        When there are no wav2vec2 weights in safetensors.
    """
    offload_device = comfy.model_management.text_encoder_offload_device()
    return manage(AudioEncoder.load(path, offload_device))


def managed_encoder(audio_encoder: object) -> ManagedEncoder:
    """What either socket holds as ours: of ComfyUI's own AUDIO_ENCODER the weights are taken.

    Its node spreads the features over the frames after the transformer, which is not what the adapters
    were trained with; so only the weights serve.

    Raises
    ------
    MultiTalkError
        When ComfyUI's encoder is no wav2vec2.
    """
    if isinstance(audio_encoder, ManagedEncoder):
        return audio_encoder
    normalise = getattr(audio_encoder.model, "do_normalize", False)
    state = {name: tensor.cpu() for name, tensor in audio_encoder.get_sd().items()}
    source = "The model connected to audio_encoder"
    return manage(AudioEncoder.from_state(state, normalise=normalise, source=source))
