"""What `two_cards` runs in ComfyUI: the three conditions of a step on two cards, beside the same on one."""

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from multitalk_core.method.wan import LATENT_CHANNELS, video_frames

from .bound_voices import random_adapter
from .comfyui_model import wan_model
from .model_size import SIZES, ModelSize
from .scene import person_masks
from .timing import MIB, timed

ROOT = Path(__file__).parents[2]
BLOCKS = 4  # of the 40: the ratio is the same, and both cards hold all weights
STEPS, SHIFT = 2, 7.0
SCALES = 2.0, 2.0  # of text and audio: higher ones would enlarge what bfloat16 rounds
BOUNDS = {"cpu": 1e-5, "cuda": 5e-2}  # of the latent: bfloat16 rounds other batches otherwise


@torch.inference_mode()
def run_split_conditions(asked: str) -> None:
    """Time and compare, as the JSON of `two_cards` asks."""
    given = json.loads(asked)
    _import_comfyui(given["comfyui"], on_gpu=given["device"] == "cuda")
    import comfy.model_management
    import comfy.multigpu

    device, size = comfy.model_management.get_torch_device(), SIZES[given["size"]]
    if device.type == "cpu":
        two_names = [device, torch.device("cpu", 0)]  # stand for two cards
        comfy.model_management.get_all_torch_devices = lambda exclude_current=False: two_names
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        scene = _Scene(size, device, Path(folder))
        expected = scene.sampled(scene.patched)
        one = timed(lambda: scene.sampled(scene.patched), device, seconds=8, least=2, most=5)
        split = comfy.multigpu.create_multigpu_deepclones(scene.patched, 2, reuse_loaded=True)
        latent = scene.sampled(split)
        two = timed(lambda: scene.sampled(split), device, seconds=8, least=2, most=5)
    adapters = split.model_patches_models()
    devices = {str(adapter.load_device) for adapter in adapters}
    error = float((latent - expected).norm() / expected.norm())
    held = {"weights_mib": round(sum(map(_bytes, (split.model, adapters[0].model))) / MIB, 3)}
    found = {
        "error": error,
        "ok": error < BOUNDS[device.type] and len(devices) == 2,
        "adapters": sorted(devices),
        "times": one["ms"] / two["ms"],
        "one": one | held,
        "two": two | held,
    }
    Path(given["found"]).write_text(json.dumps(found))


def _import_comfyui(folder: str, *, on_gpu: bool) -> None:
    """Make its modules importable, and this tree as the pack that it loads."""
    sys.path.insert(0, folder)  # before this tree: both have `nodes`
    from comfy.cli_args import args

    args.cpu = not on_gpu
    found = importlib.util.spec_from_file_location(
        "multitalk_pack", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert found is not None and found.loader is not None
    pack = importlib.util.module_from_spec(found)
    sys.modules["multitalk_pack"] = pack
    found.loader.exec_module(pack)


class _Scene:
    """Two voices on a random model of a size, loaded from files as ComfyUI's own loaders do.

    Parameters
    ----------
    size : ModelSize
    device : torch.device
    folder : Path
        For the files.
    """

    def __init__(self, size: ModelSize, device: torch.device, folder: Path):
        import comfy.sd
        from multitalk_pack.multitalk_core.method.audio_patch import BindingOptions, ClipAudio
        from multitalk_pack.multitalk_core.method.wan import Grid
        from multitalk_pack.nodes.host.adapter_patch import load_adapter
        from multitalk_pack.nodes.host.conditioned_model import condition_on_voices

        self.size, self.device = size, device
        self.dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
        files = self._model_file(folder), self._adapter_file(folder)
        self.model = comfy.sd.load_diffusion_model(str(files[0]))
        frames = video_frames(size.grid.frames)
        audio = ClipAudio(
            windows=torch.randn(2, frames, 5, 1, size.features),
            masks=person_masks(size, 2, torch.device("cpu")),
            grid=Grid(size.grid.frames, size.grid.height, size.grid.width),
        )
        adapter = load_adapter(str(files[1]), None)
        self.patched = condition_on_voices(self.model, adapter, audio, options=BindingOptions())
        self.noise = torch.randn(1, LATENT_CHANNELS, *size.grid.latent_size)
        picture = {"concat_latent_image": torch.randn_like(self.noise), "concat_mask": self.noise[:, :1] * 0}
        self.texts = [
            [[torch.randn(1, size.text_tokens, size.text_width), picture]] for _ in ("prompt", "negative")
        ]

    def sampled(self, model: Any) -> Tensor:
        """The latent of a few steps."""
        import comfy.samplers
        from multitalk_pack.multitalk_core.method.guidance import GuidanceScales
        from multitalk_pack.nodes.host.audio_guider import AudioGuider
        from multitalk_pack.nodes.host.sampling_sigmas import sigmas_for

        guider = AudioGuider(model, *self.texts, scales=GuidanceScales(*SCALES))
        latent: Tensor = guider.sample(
            self.noise,
            torch.zeros_like(self.noise),
            comfy.samplers.sampler_object("euler"),
            sigmas_for(self.model, "released", "euler", steps=STEPS, shift=SHIFT),
            disable_pbar=True,
            seed=1,
        )
        return latent

    def _model_file(self, folder: Path) -> Path:
        size = self.size
        named = wan_model(size, min(BLOCKS, size.blocks), device="meta").state_dict()
        state = {name: self._drawn(weight.shape) for name, weight in named.items()}
        config = {"transformer": {"num_heads": size.heads, "text_dim": size.text_width}}
        return _saved(folder / "model.safetensors", state, {"config": json.dumps(config)})

    def _drawn(self, shape: torch.Size) -> Tensor:
        drawn = torch.randn(shape, device=self.device, dtype=self.dtype)
        return (drawn * shape[-1] ** -0.5).cpu()

    def _adapter_file(self, folder: Path) -> Path:
        adapter = random_adapter(self.size, min(BLOCKS, self.size.blocks), dtype=self.dtype)
        return _saved(folder / "adapter.safetensors", adapter.state_dict())


def _saved(path: Path, state: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    save_file({name: weight.contiguous() for name, weight in state.items()}, path, metadata)
    return path


def _bytes(model: torch.nn.Module) -> int:
    return sum(weight.nbytes for weight in model.parameters())
