"""The node that loads an audio adapter."""

import folder_paths
import torch
from comfy_api.latest import io

from .host.adapter_patch import load_adapter
from .host.checks import checked
from .host.model_folders import list_adapters
from .host.sockets import CATEGORY

AS_STORED = "as stored"
DTYPES = {
    AS_STORED: None,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float32": torch.float32,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e4m3fn_fast": torch.float8_e4m3fn,
    "float8_e5m2": torch.float8_e5m2,
}
FAST = "float8_e4m3fn_fast"


class AudioAdapterLoaderNode(io.ComfyNode):
    """Load MultiTalk's or InfiniteTalk's audio adapter."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkAudioAdapterLoader",
            display_name="Load MultiTalk Audio Adapter",
            category=CATEGORY,
            description="Loads the audio layers that MultiTalk or InfiniteTalk adds to Wan2.1 I2V.",
            search_aliases=["multitalk", "infinitetalk", "audio adapter", "model patch", "lip sync"],
            inputs=[
                io.Combo.Input(
                    "adapter",
                    options=list_adapters(),
                    tooltip="A .safetensors or .gguf file in models/model_patches: a MultiTalk or "
                    "InfiniteTalk adapter for the model that you animate with.",
                ),
                io.Combo.Input(
                    "dtype",
                    options=list(DTYPES),
                    default=AS_STORED,
                    advanced=True,
                    tooltip="Precision of the weights in memory. float8 uses half the memory of bfloat16 "
                    "and costs some accuracy. float8_e4m3fn_fast also computes in float8 on GPUs that can "
                    "(NVIDIA's from the RTX 40 series on), which is faster and costs a little more.",
                ),
            ],
            outputs=[
                io.ModelPatch.Output(
                    "audio_adapter", display_name="audio adapter", tooltip="For the MultiTalk sampler nodes."
                )
            ],
        )

    @classmethod
    @checked
    def execute(cls, adapter: str, dtype: str) -> io.NodeOutput:
        path = folder_paths.get_full_path_or_raise("model_patches", adapter)
        return io.NodeOutput(load_adapter(path, DTYPES[dtype], fast=dtype == FAST))
