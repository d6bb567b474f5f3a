"""The node that loads the audio encoder."""

from comfy_api.latest import io

from .host.checks import checked
from .host.managed_encoder import load_encoder
from .host.model_folders import list_models, model_path
from .host.sockets import CATEGORY, MultiTalkAudioEncoder

KIND = "audio_encoders"


class AudioEncoderLoaderNode(io.ComfyNode):
    """Load wav2vec2."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkAudioEncoderLoader",
            display_name="Load MultiTalk Audio Encoder",
            category=CATEGORY,
            description="Loads wav2vec2, which turns voices into features for the audio adapter.",
            search_aliases=["multitalk", "wav2vec", "wav2vec2", "chinese-wav2vec2-base", "audio encoder"],
            inputs=[
                io.Combo.Input(
                    "audio_encoder",
                    display_name="audio encoder",
                    options=list_models(KIND),
                    tooltip="A wav2vec2 folder (with config.json and model.safetensors) or a .safetensors "
                    "file in models/audio_encoders. The released adapters were trained with "
                    "chinese-wav2vec2-base.",
                ),
            ],
            outputs=[
                MultiTalkAudioEncoder.Output("encoder", display_name="audio encoder"),
            ],
        )

    @classmethod
    @checked
    def execute(cls, audio_encoder: str) -> io.NodeOutput:
        return io.NodeOutput(load_encoder(model_path(KIND, audio_encoder)))
