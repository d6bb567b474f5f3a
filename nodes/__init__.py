"""The pack as ComfyUI loads it: which nodes there are, and where the embedded demo's models lie."""

import logging
from pathlib import Path

import comfyui_version
import folder_paths
from comfy_api.latest import ComfyExtension, io

from ..multitalk_core import __version__
from ..multitalk_core.demo.files import EMBEDDED
from ..multitalk_core.errors import MultiTalkError

OLDEST_COMFYUI = (0, 15, 1)  # Wan has the patch points since 0.11; the demo's small DiT loads since here
EMBEDDED_FOLDERS = ("diffusion_models", "vae", "model_patches", "audio_encoders")


class MultiTalkExtension(ComfyExtension):
    """All nodes of the pack."""

    async def on_load(self) -> None:
        """Offer the embedded demo's models in ComfyUI's own loaders, without copying them."""
        check_version(comfyui_version.__version__)
        logging.info("[MultiTalk] version %s", __version__)
        # The page puts an error's class before its sentence, with its whole path unless it is a built-in.
        MultiTalkError.__module__, MultiTalkError.__qualname__ = "builtins", "MultiTalk"
        for folder in EMBEDDED_FOLDERS:
            folder_paths.add_model_folder_path(folder, str(EMBEDDED / folder))
        # ComfyUI has this folder itself since 0.23 only.
        folder_paths.add_model_folder_path("detection", str(Path(folder_paths.models_dir) / "detection"))
        from .host.example_inputs import offer_examples
        from .host.page_routes import add_page_routes

        add_page_routes()
        offer_examples()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Every node class; imported here, after the version is known to be new enough."""
        from .apply import ApplyNode
        from .audio_adapter_loader import AudioAdapterLoaderNode
        from .audio_encoder import AudioEncoderNode
        from .audio_encoder_loader import AudioEncoderLoaderNode
        from .binding_preview import BindingPreviewNode
        from .binding_settings import BindingSettingsNode
        from .clip_settings import ClipSettingsNode
        from .demo import DemoNode
        from .denoise_settings import DenoiseSettingsNode
        from .doctor import DoctorNode
        from .guider import GuiderNode
        from .input_json import InputJsonNode
        from .join_lines import JoinLinesNode
        from .load_voice import LoadVoiceNode
        from .long_video import LongVideoNode
        from .mouths_plot import MouthsPlotNode
        from .person_localizer import PersonLocalizerNode
        from .sampler import SamplerNode
        from .sampling_settings import SamplingSettingsNode
        from .save_signed_video import SaveSignedVideoNode
        from .script_node import ScriptNode
        from .sigmas import ReleasedSigmasNode
        from .store_settings import StoreSettingsNode
        from .stored_films_node import StoredFilmsNode

        return [
            LoadVoiceNode,
            AudioEncoderLoaderNode,
            AudioEncoderNode,
            AudioAdapterLoaderNode,
            PersonLocalizerNode,
            SamplerNode,
            LongVideoNode,
            BindingSettingsNode,
            ClipSettingsNode,
            DenoiseSettingsNode,
            SamplingSettingsNode,
            StoreSettingsNode,
            StoredFilmsNode,
            ApplyNode,
            GuiderNode,
            ReleasedSigmasNode,
            BindingPreviewNode,
            MouthsPlotNode,
            DemoNode,
            InputJsonNode,
            DoctorNode,
            SaveSignedVideoNode,
            ScriptNode,
            JoinLinesNode,
        ]


def check_version(version: str) -> None:
    """Raise a MultiTalkError unless this ComfyUI's Wan has the patch points the pack needs."""
    numbers = tuple(int(number) for number in version.split(".")[:3])
    if numbers < OLDEST_COMFYUI:
        oldest = ".".join(map(str, OLDEST_COMFYUI))
        raise MultiTalkError(
            f"MultiTalk needs ComfyUI {oldest} or newer, but this is {version}: update ComfyUI."
        )


async def comfy_entrypoint() -> MultiTalkExtension:
    """What ComfyUI calls when it loads the pack."""
    return MultiTalkExtension()
