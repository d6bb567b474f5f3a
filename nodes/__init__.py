"""The pack as ComfyUI loads it: which nodes there are, and where the embedded demo's models lie."""

import comfyui_version
import folder_paths
from comfy_api.latest import ComfyExtension, io

from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.standalone.models import EMBEDDED

OLDEST_COMFYUI = (0, 11, 0)  # the first whose Wan has the patch points attn1_patch and attn2_patch
EMBEDDED_FOLDERS = ("diffusion_models", "vae", "model_patches", "audio_encoders")


class MultiTalkExtension(ComfyExtension):
    """All nodes of the pack."""

    async def on_load(self) -> None:
        """Offer the embedded demo's models in ComfyUI's own loaders, without copying them."""
        check_version(comfyui_version.__version__)
        for folder in EMBEDDED_FOLDERS:
            folder_paths.add_model_folder_path(folder, str(EMBEDDED / folder))

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Every node class; imported here, after the version is known to be new enough."""
        from .adapter_loader import AudioAdapterLoader
        from .audio_encoder import AudioEncoder
        from .audio_encoder_loader import AudioEncoderLoader
        from .demo import Demo
        from .person_localizer import PersonLocalizer

        return [AudioEncoderLoader, AudioEncoder, AudioAdapterLoader, PersonLocalizer, Demo]


def check_version(version: str) -> None:
    """Raise a MultiTalkError unless this ComfyUI's Wan has the patch points the pack needs."""
    numbers = tuple(int(number) for number in version.split(".")[:3])
    if numbers < OLDEST_COMFYUI:
        oldest = ".".join(map(str, OLDEST_COMFYUI))
        raise MultiTalkError(
            f"MultiTalk needs ComfyUI {oldest} or newer, whose Wan model can be patched, and this is "
            f"{version}: update ComfyUI."
        )


async def comfy_entrypoint() -> MultiTalkExtension:
    """What ComfyUI calls when it loads the pack."""
    return MultiTalkExtension()
