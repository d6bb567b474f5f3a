"""Latents of a DiT of twelve blocks under torch.compile, as ComfyUI's node and KJNodes' set it up.

ComfyUI's compiles the DiT as a whole and drops the guards on transformer_options; KJNodes' compiles block by
block and keeps them. The file backend.txt names the backend.
"""

from functools import cache

import comfy.model_management
import comfy.sd
import comfy.utils
import torch
from comfy.cli_args import args
from comfy.model_patcher import ModelPatcher
from comfy_api.torch_helpers import set_torch_compile_wrapper
from comfy_extras.nodes_torch_compile import skip_torch_compile_dict
from multitalk_pack.multitalk_core.checkpoint import read_adapter, write_adapter
from multitalk_pack.multitalk_core.method.audio_patch import BindingOptions
from multitalk_pack.nodes.host.adapter_patch import load_adapter
from multitalk_pack.nodes.host.conditioned_model import condition_on_voices, fitting_adapter
from scene import (
    ADAPTER,
    EXCHANGE,
    MODEL,
    apart,
    clip_audio,
    conditioned,
    conversation,
    inputs,
    plain_cfg,
    sample,
    save_outputs,
)
from torch import Tensor
from torch._dynamo.utils import counters

BACKEND = (EXCHANGE / "backend.txt").read_text()
DEPTH = 12
OUTPUTS: dict[str, Tensor] = {}


def repeated(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The demo's blocks over and over, DEPTH in all."""
    own = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks."))
    deeper = dict(state)
    for block in range(own, DEPTH):
        source = f"blocks.{block % own}."
        for name, tensor in state.items():
            if name.startswith(source):
                # No block is another's twin, so that one in another's place is seen.
                deeper[f"blocks.{block}.{name.removeprefix(source)}"] = tensor * (1 + block / 50)
    return deeper


@cache
def deep_model() -> ModelPatcher:
    state, metadata = comfy.utils.load_torch_file(str(MODEL), return_metadata=True)
    return comfy.sd.load_diffusion_model_state_dict(repeated(state), metadata=metadata, disable_dynamic=True)


@cache
def deep_adapter() -> ModelPatcher:
    path = EXCHANGE / "deep_adapter.safetensors"
    write_adapter(path, repeated(read_adapter(ADAPTER)))
    return load_adapter(str(path), None)


def whole(model: ModelPatcher, **options) -> ModelPatcher:
    """As ComfyUI's TorchCompileModel."""
    compiled = model.clone(disable_dynamic=True)
    guards = {"guard_filter_fn": skip_torch_compile_dict}
    set_torch_compile_wrapper(model=compiled, backend=BACKEND, options=guards, **options)
    return compiled


def by_blocks(model: ModelPatcher, **options) -> ModelPatcher:
    """As KJNodes' TorchCompileModelAdvanced and its older nodes."""
    compiled = model.clone(disable_dynamic=True)
    keys = [f"diffusion_model.blocks.{block}" for block in range(DEPTH)]
    set_torch_compile_wrapper(model=compiled, backend=BACKEND, keys=keys, dynamic=False, **options)
    return compiled


def with_voices(model: ModelPatcher, **changes) -> ModelPatcher:
    return conditioned(model, audio_adapter=deep_adapter(), **changes)


def swapped() -> dict[str, object]:
    """The other person's voice for each."""
    return {"audio": conversation(inputs()["features"].flip(0))}


def run(patched: ModelPatcher) -> Tensor:
    return sample(plain_cfg(patched), steps=1)


def note(name: str) -> None:
    """How many graphs and breaks there were until now."""
    found = counters["stats"].get("unique_graphs", 0), sum(counters["graph_break"].values())
    OUTPUTS[f"{name}.graphs"], OUTPUTS[f"{name}.breaks"] = map(torch.tensor, found)


def compiled(name: str, compile_model, **options) -> None:
    """Without voices, with them, with others, with the first again, and row by row."""
    torch.compiler.reset()
    counters.clear()
    make = lambda: compile_model(deep_model(), **options)  # noqa: E731
    OUTPUTS[f"{name}.wan"] = run(make())
    note(f"{name}.wan")
    first, second = with_voices(make()), with_voices(make(), **swapped())
    OUTPUTS[f"{name}.first"] = run(first)
    OUTPUTS[f"{name}.second"] = run(second)
    OUTPUTS[f"{name}.first_again"] = run(first)
    note(name)
    OUTPUTS[f"{name}.apart"] = apart(lambda: run(second))


def observed(patched: ModelPatcher) -> Tensor:
    """What an observer is shown of each block, by the blocks' numbers."""
    seen: dict[int, Tensor] = {}
    observer = lambda block, similarity, labels: seen.update({block: similarity})  # noqa: E731
    host_model = condition_on_voices(
        patched,
        fitting_adapter(patched, deep_adapter()),
        clip_audio(),
        options=BindingOptions(),
        observer=observer,
    )
    run(host_model)
    return torch.stack([seen[block] for block in range(DEPTH)])


def interrupted() -> Tensor:
    """1 where a compiled run stops although its graph is made already."""
    patched = with_voices(whole(deep_model()))
    run(patched)
    comfy.model_management.interrupt_current_processing()
    try:
        run(patched)
    except comfy.model_management.InterruptProcessingException:
        return torch.tensor(1)
    return torch.tensor(0)


def main() -> None:
    """Everything with and without compilation."""
    with torch.inference_mode():
        OUTPUTS["wan"] = run(deep_model())
        OUTPUTS["first"] = run(with_voices(deep_model()))
        OUTPUTS["second"] = run(with_voices(deep_model(), **swapped()))
        # ComfyUI's own attention for CPUs breaks graphs; torch's does not.
        options = {"fullgraph": True} if args.use_pytorch_cross_attention else {}
        compiled("whole", whole, **options)
        compiled("blocks", by_blocks, **options)
        OUTPUTS["observed"] = observed(deep_model())
        OUTPUTS["whole.observed"] = observed(whole(deep_model()))
        OUTPUTS["interrupted"] = interrupted()
    save_outputs(OUTPUTS)


main()
