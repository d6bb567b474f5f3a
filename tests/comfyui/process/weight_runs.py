"""Weights of the model and the adapter: changed, in float8, on several devices, loaded in part."""

from pathlib import Path

import comfy.model_management
import comfy.sd
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from comfy_extras.nodes_multigpu import MultiGPUCFGSplitNode
from multitalk_pack.multitalk_core.checkpoint import read_adapter
from multitalk_pack.multitalk_core.method.adapter import AudioAdapter
from multitalk_pack.nodes.host.adapter_patch import load_adapter
from multitalk_pack.nodes.host.patches import (
    PASS,
)
from run_registry import run
from safetensors.torch import save_file
from scene import (
    ADAPTER,
    EXCHANGE,
    MODEL,
    adapter,
    conditioned,
    counted,
    guided,
    model,
    sample,
)
from torch import Tensor


@run
def split_among_gpus() -> dict[str, Tensor]:
    divided = among_two_gpus(conditioned())
    batches, used = [], set()

    def note(executor, *arguments, **options):
        used.add(arguments[-1][PASS]._patch.adapter)
        return executor(*arguments, **options)

    watched = counted(divided, batches)
    watched.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "watch", note)
    latent = sample(guided(watched))
    loaded = {each.model for each in watched.model_patches_models()}
    counts = [len(used), len(loaded), len(used & loaded)]
    return {"": latent, "batches": torch.tensor(batches), "adapters": torch.tensor(counts)}


@run
def lora_among_gpus() -> dict[str, Tensor]:
    """A LoRA on the adapter, which an earlier run has loaded."""
    patched = conditioned(audio_adapter=changed(adapter()))
    return {"alone": sample(guided(patched)), "": sample(guided(among_two_gpus(patched)))}


def among_two_gpus(patched: ModelPatcher) -> ModelPatcher:
    """By ComfyUI's MultiGPU CFG Split; two names of the CPU stand for two GPUs."""
    named = [torch.device("cpu"), torch.device("cpu", 0)]
    known = comfy.model_management.get_all_torch_devices
    comfy.model_management.get_all_torch_devices = lambda exclude_current=False: named
    try:
        return MultiGPUCFGSplitNode.execute(patched, 2)[0]
    finally:
        comfy.model_management.get_all_torch_devices = known


@run
def lora() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(2)
    weights = {}
    for block in range(6):
        for layer in ("self_attn.q", "cross_attn.o"):
            for part, shape in (("down", (4, 128)), ("up", (128, 4))):
                name = f"diffusion_model.blocks.{block}.{layer}.lora_{part}.weight"
                weights[name] = 0.2 * torch.randn(shape, generator=generator)
    load = lambda patched: comfy.sd.load_lora_for_models(patched, None, weights, 1.0, 0.0)[0]  # noqa: E731
    return {
        "before": sample(guided(conditioned(load(model())))),
        "after": sample(guided(load(conditioned()))),
    }


@run
def float8() -> dict[str, Tensor]:
    """Weights in fp8 against the same weights rounded to fp8 and kept in float32."""
    dtype = torch.float8_e4m3fn
    _, metadata = comfy.utils.load_torch_file(str(MODEL), return_metadata=True)
    eight_bits = comfy.sd.load_diffusion_model(str(MODEL), model_options={"dtype": dtype})
    state = {name: tensor.float() for name, tensor in eight_bits.model.diffusion_model.state_dict().items()}
    kept = comfy.sd.load_diffusion_model_state_dict(state, metadata=metadata)
    return {
        "": sample(guided(conditioned(eight_bits))),
        "rounded": sample(guided(conditioned(kept))),
    }


@run
def float8_adapter() -> dict[str, Tensor]:
    """Adapters in float8, chosen or stored, against the same adapter in bfloat16."""
    whole = load_adapter(str(ADAPTER), torch.bfloat16)
    outputs = {"bfloat16": sample(guided(conditioned(audio_adapter=whole)))}
    adapters = {
        "chosen": load_adapter(str(ADAPTER), torch.float8_e4m3fn),
        "fast": load_adapter(str(ADAPTER), torch.float8_e4m3fn, fast=True),
        "e5m2": load_adapter(str(ADAPTER), torch.float8_e5m2),
    } | {name: load_adapter(str(float8_file(name)), None) for name in ("plain", "scaled", "exact")}
    for name, small in adapters.items():
        layer = small.model.blocks["0"].audio_cross_attn.q_linear
        outputs[name] = sample(guided(conditioned(audio_adapter=small)))
        outputs[f"{name}.size"] = torch.tensor(small.model_size() / whole.model_size())
        outputs[f"{name}.exact"] = torch.tensor(layer._full_precision_mm_config)
    for name, adapter_of in (("bfloat16", whole), ("chosen", adapters["chosen"])):
        outputs[f"{name}.changed"] = sample(guided(conditioned(audio_adapter=changed(adapter_of))))
    return outputs


def float8_file(form: str) -> Path:
    """The demo's adapter as repacks store it: cast, or scaled, also with the mark for exact products."""
    stored = {} if form == "plain" else {"scaled_fp8": torch.zeros(2 if form == "exact" else 0)}
    for key, tensor in read_adapter(ADAPTER).items():
        if tensor.dim() == 2:
            scale = torch.ones(()) if form == "plain" else tensor.abs().amax().float() / 448
            stored[key] = (tensor.float() / scale).to(torch.float8_e4m3fn)
            if form != "plain":
                stored[f"{key.removesuffix('weight')}scale_weight"] = scale
        else:
            stored[key] = tensor
    path = EXCHANGE / f"{form}.safetensors"
    save_file(stored, path)
    return path


def changed(adapter_of: ModelPatcher) -> ModelPatcher:
    """A clone with a difference to a matrix, as a LoRA makes it."""
    name = "blocks.0.audio_cross_attn.proj.weight"
    difference = 0.1 * torch.randn(128, 128, generator=torch.Generator().manual_seed(1))
    clone = adapter_of.clone()
    clone.add_patches({name: (difference,)})
    return clone


@run
def partially_loaded() -> dict[str, Tensor]:
    base = comfy.sd.load_diffusion_model(str(MODEL), disable_dynamic=True)
    patched = conditioned(base)
    device = torch.device("cpu")
    patched.partially_load(device, 1_500_000)
    stay = lambda executor, model, shape, conditions, **options: (model.model, conditions, [])  # noqa: E731
    patched.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, "stay", stay)
    loaded = patched.loaded_size() / patched.model_size()
    return {"": sample(guided(patched)), "loaded": torch.tensor([loaded])}


@run
def adapter_partially_loaded() -> dict[str, Tensor]:
    """Adapters of which only a part fits, whole and in float8: the rest is cast as it is used."""
    outputs = {}
    for name, dtype in (("whole", None), ("float8", torch.float8_e4m3fn)):
        offloaded = load_adapter(str(ADAPTER), dtype)
        outputs[f"{name}.loaded"] = sample(guided(conditioned(audio_adapter=offloaded)))
        patched = conditioned(audio_adapter=offloaded)
        (held,) = patched.model_patches_models()
        held.partially_load(torch.device("cpu"), 3 * held.model_size() // 4)
        stay = lambda executor, model, shape, conditions, **options: (model.model, conditions, [])  # noqa: E731
        patched.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, "stay", stay)
        outputs[f"{name}.part"] = torch.tensor(held.loaded_size() / held.model_size())
        outputs[name] = sample(guided(patched))
    return outputs


@run
def loaded_with_model() -> dict[str, Tensor]:
    comfy.model_management.unload_all_models()
    patched = conditioned()
    sample(guided(patched), steps=1)
    kinds = [type(loaded.model.model) for loaded in comfy.model_management.current_loaded_models]
    return {"": torch.tensor([float(AudioAdapter in kinds)])}
