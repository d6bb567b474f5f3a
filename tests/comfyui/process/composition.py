"""Latents of MultiTalk beside other nodes and in other circumstances; pytest compares them."""

import logging
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import comfy.context_windows
import comfy.model_management
import comfy.sd
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from comfy_extras.nodes_apg import APG
from comfy_extras.nodes_easycache import EasyCacheNode
from comfy_extras.nodes_model_advanced import ModelSamplingSD3
from comfy_extras.nodes_multigpu import MultiGPUCFGSplitNode
from multitalk_pack.multitalk_core.checkpoint import read_adapter
from multitalk_pack.multitalk_core.errors import MultiTalkError
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.method.adapter import AudioAdapter
from multitalk_pack.multitalk_core.method.audio_patch import BindingOptions
from multitalk_pack.multitalk_core.method.motion_latent import MotionLatent
from multitalk_pack.multitalk_core.persons.masks import Persons
from multitalk_pack.nodes.host.adapter_patch import load_adapter
from multitalk_pack.nodes.host.conditioned_model import fitting_adapter
from multitalk_pack.nodes.host.patches import (
    KEY,
    PASS,
    AddAudio,
    AudioHost,
    ConditionedPass,
    LocatePersons,
)
from multitalk_pack.nodes.host.sampling_sigmas import sigmas_for, with_shift
from safetensors.torch import save_file
from scene import (
    ADAPTER,
    EXCHANGE,
    GRID,
    LATENT,
    MODEL,
    SIDE,
    adapter,
    apart,
    clip_audio,
    conditioned,
    conditioning,
    conversation,
    counted,
    given_picture,
    guided,
    inputs,
    model,
    noise,
    persons,
    plain_cfg,
    prepared,
    sample,
    save_outputs,
)
from torch import Tensor

OUTPUTS: dict[str, Tensor] = {}
RUNS: dict[str, Callable[[], dict[str, Tensor]]] = {}


def run(function: Callable[[], dict[str, Tensor]]) -> Callable[[], dict[str, Tensor]]:
    """A function whose tensors are handed to pytest, under its name and theirs."""
    RUNS[function.__name__] = function
    return function


@run
def plain() -> dict[str, Tensor]:
    batches = []
    latent = sample(guided(counted(conditioned(), batches)))
    return {"": latent, "batches": torch.tensor(batches), "again": sample(guided(conditioned()))}


@run
def silent() -> dict[str, Tensor]:
    return {
        "strength_0": sample(plain_cfg(conditioned(audio_strength=0.0))),
        "wan": sample(plain_cfg(model())),
    }


@run
def split() -> dict[str, Tensor]:
    batches = []
    latent = apart(lambda: sample(guided(counted(conditioned(), batches))))
    return {"": latent, "batches": torch.tensor(batches)}


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
def latent_batch() -> dict[str, Tensor]:
    two = torch.cat([noise(), noise(seed=4)])
    batches = []
    return {
        "": sample(guided(counted(conditioned(), batches)), noise=two),
        "batches": torch.tensor(batches),
        "apart": apart(lambda: sample(guided(conditioned()), noise=two)),
        "second": sample(guided(conditioned()), noise=two[1:]),
    }


@run
def text_lengths() -> dict[str, Tensor]:
    longer = given_picture(
        [[torch.cat([tokens, tokens.flip(-1)], dim=1), options] for tokens, options in conditioning("prompt")]
    )
    batches = []
    return {
        "": sample(guided(counted(conditioned(), batches), positive=longer)),
        "batches": torch.tensor(batches),
        "apart": apart(lambda: sample(guided(conditioned(), positive=longer))),
    }


@run
def two_positives() -> dict[str, Tensor]:
    both = given_picture(
        conditioning("prompt") + [[-tokens, options] for tokens, options in conditioning("prompt")]
    )
    return {
        "": sample(guided(conditioned(), positive=both)),
        "apart": apart(lambda: sample(guided(conditioned(), positive=both))),
    }


@run
def area() -> dict[str, Tensor]:
    """A prompt for the right half of the frames."""
    half = {"area": (3, SIDE // 8, 4, 0, 0, 2)}
    part = [[tokens, options | half] for tokens, options in given_picture(conditioning("prompt"))]
    return {"": refused(lambda: sample(guided(conditioned(), positive=part)), "an area")}


@run
def two_voices() -> dict[str, Tensor]:
    before = sample(plain_cfg(model()))
    other = conversation(inputs()["features"].flip(0))
    first, second = guided(conditioned()), guided(conditioned(audio=other))
    return {
        "first": sample(first),
        "second": sample(second),
        "first_again": sample(first),
        "wan_before": before,
        "wan_after": sample(plain_cfg(model())),
    }


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
def shift() -> dict[str, Tensor]:
    shifted = lambda patched: ModelSamplingSD3().patch(patched, 3.0)[0]  # noqa: E731
    sigmas = sigmas_for(shifted(model()), "simple", "euler", steps=3, shift=3.0)
    return {
        "before": sample(guided(conditioned(shifted(model()))), sigmas=sigmas),
        "after": sample(guided(shifted(conditioned())), sigmas=sigmas),
        "ours": sample(
            guided(conditioned(with_shift(model(), 3.0))),
            sigmas=sigmas_for(with_shift(model(), 3.0), "simple", "euler", steps=3, shift=3.0),
        ),
    }


@run
def easy_cache() -> dict[str, Tensor]:
    cached = lambda patched, threshold: EasyCacheNode.execute(patched, threshold, 0.0, 1.0, False)[0]  # noqa: E731
    return {
        "never": sample(guided(cached(conditioned(), 0.0))),
        "before": sample(guided(conditioned(cached(model(), 0.5))), steps=5),
        "after": sample(guided(cached(conditioned(), 0.5)), steps=5),
        "plain_5": sample(guided(conditioned()), steps=5),
    }


@run
def apg() -> dict[str, Tensor]:
    """With eta 1, no threshold and no momentum ComfyUI's APG is guidance with a scale greater by one."""
    neutral = APG.execute(conditioned(), 1.0, 0.0, 0.0)[0]
    damped = APG.execute(conditioned(), 0.0, 1.0, -0.5)[0]
    return {
        "cfg": sample(plain_cfg(neutral, 4.0)),
        "cfg_plain": sample(plain_cfg(conditioned(), 5.0)),
        "guider": sample(guided(neutral, (4.0, 4.0))),
        "guider_plain": sample(guided(conditioned(), (5.0, 4.0))),
        "guider_damped": sample(guided(damped)),
    }


@run
def post_hook() -> dict[str, Tensor]:
    outputs = {}
    for name, factor in (("plain", 1.0), ("", 0.5), ("zero", 0.0)):
        scaled = conditioned()
        scaled.set_model_sampler_post_cfg_function(lambda given, factor=factor: given["denoised"] * factor)
        outputs[name] = sample(guided(scaled), steps=1)
    return outputs


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


@run
def interrupted() -> dict[str, Tensor]:
    guider = guided(conditioned())
    blocks = []

    def interrupt(step, denoised, latent, steps):
        comfy.model_management.interrupt_current_processing()

    patched = conditioned()
    patched.set_model_attn2_patch(lambda given: (blocks.append(1), given["x"])[1])
    try:
        sample(guided(patched), callback=interrupt)
        stopped = 0.0
    except comfy.model_management.InterruptProcessingException:
        stopped = 1.0
    return {
        "stopped": torch.tensor([stopped]),
        "blocks": torch.tensor([float(len(blocks))]),
        "after": sample(guider),
    }


@run
def background() -> dict[str, Tensor]:
    """Persons whose background is handed over empty, as ComfyUI's own MultiTalk node does."""
    known = persons()
    nobody = Persons(known.masks, torch.zeros_like(known.background))
    return {"missing": sample(guided(conditioned(persons=nobody)))}


@run
def motion_frames() -> dict[str, Tensor]:
    """What the model is given in the motion frames, call by call, under a sampler with two calls a step."""
    motion = MotionLatent(noise(seed=9)[:, :, :2], torch.Generator().manual_seed(1))
    given, sigmas = [], []

    def note(executor, x, sigma, *arguments, **options):
        given.append(x[:, :, :2].clone())
        sigmas.append(sigma[:1])
        return executor(x, sigma, *arguments, **options)

    patched = conditioned()
    patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, "watch", note)
    sample(guided(patched, motion=motion), sampler="heun")
    return {"given": torch.stack(given), "sigmas": torch.cat(sigmas), "latent": motion.latent}


@run
def image_embedder() -> dict[str, Tensor]:
    """Whether a model with an image embedder asks for CLIP vision, and is content with its output."""
    state, metadata = comfy.utils.load_torch_file(str(MODEL), return_metadata=True)
    for layer, sizes in {0: (1280,), 1: (1280, 1280), 3: (128, 1280), 4: (128,)}.items():
        state[f"img_emb.proj.{layer}.weight"] = torch.ones(sizes)
        state[f"img_emb.proj.{layer}.bias"] = torch.zeros(sizes[0])
    for block in range(6):
        name = f"blocks.{block}.cross_attn"
        state[f"{name}.norm_k_img.weight"] = torch.ones(128)
        for layer in ("k_img", "v_img"):
            state[f"{name}.{layer}.weight"] = torch.eye(128)
            state[f"{name}.{layer}.bias"] = torch.zeros(128)
    embedding = comfy.sd.load_diffusion_model_state_dict(state, metadata=metadata)
    plan = plan_clips(5, 5, 1)
    seen = [
        [[t, o | {"clip_vision_output": {}}] for t, o in conditioning(name)]
        for name in ("prompt", "negative")
    ]
    return {
        "warned": logged(lambda: prepared(plan, model=embedding), "CLIP vision"),
        "content": logged(
            lambda: prepared(plan, model=embedding, positive=seen[0], negative=seen[1]), "CLIP vision"
        ),
        "without": logged(lambda: prepared(plan), "CLIP vision"),
    }


def logged(act: Callable[[], object], words: str) -> Tensor:
    """1 where the log has the words."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    act()
    logging.getLogger().removeHandler(handler)
    return torch.tensor([float(any(words in line for line in lines))])


@run
def longer_sequence() -> dict[str, Tensor]:
    """Tokens in front of the clip's and behind them are left alone, and change nothing for the clip's."""
    generator = torch.Generator().manual_seed(7)
    count = GRID.frames * GRID.tokens_per_frame
    own = torch.randn(1, count, 128, generator=generator)
    outputs = {}
    for name, front, behind in (("exact", 0, 0), ("behind", 0, 4), ("front", GRID.tokens_per_frame, 0)):
        sequence = torch.cat([torch.ones(1, front, 128), own, torch.ones(1, behind, 128)], dim=1)
        query = sequence.unflatten(-1, (4, -1))
        fitting = fitting_adapter(model(), adapter())
        host = AudioHost(fitting, clip_audio(), BindingOptions(), reference_in_front=front > 0)
        uuid = uuid4()
        voices = host.voices(torch.device("cpu"), torch.float32)
        options = {"uuids": [uuid], "cond_or_uncond": [0], "block_index": 2}
        options |= {KEY: ConditionedPass(voices, frozenset())}
        options[PASS] = host.begin_pass(options, torch.empty(LATENT))
        LocatePersons()({"x": sequence, "q": query, "k": query, "transformer_options": options})
        output = AddAudio({fitting.load_device: fitting})(
            {"x": sequence.clone(), "transformer_options": options}
        )
        outputs[name] = output[:, front : front + count]
        outputs[f"{name}_others"] = (output - sequence)[
            :, [*range(front), *range(front + count, front + count + behind)]
        ]
    return outputs


@run
def context_windows() -> dict[str, Tensor]:
    patched = conditioned()
    patched.model_options["context_handler"] = comfy.context_windows.IndexListContextHandler(
        context_schedule=comfy.context_windows.get_matching_context_schedule("standard_static"),
        fuse_method=comfy.context_windows.get_matching_fuse_method("pyramid"),
        context_length=2,
        context_overlap=1,
        dim=2,
    )
    comfy.context_windows.create_prepare_sampling_wrapper(patched)
    return {"": refused(lambda: sample(guided(patched)), "Context windows")}


@run
def replaced_patches() -> dict[str, Tensor]:
    """A node that puts its own patch after self-attention in place of all others."""
    patched = conditioned()
    patched.model_options["transformer_options"]["patches"]["attn1_patch"] = [lambda given: given["x"]]
    return {"": refused(lambda: sample(guided(patched)), "replaces patches")}


@run
def shard() -> dict[str, Tensor]:
    """A node that hands each GPU part of the tokens."""
    patched = conditioned()

    def first_half(given: dict, block: dict[str, Callable]) -> dict[str, Tensor]:
        count = given["img"].shape[1] // 2
        return block["original_block"](given | {name: given[name][:, :count] for name in ("img", "pe")})

    patched.set_model_patch_replace(first_half, "dit", "double_block", 0)
    return {"": refused(lambda: sample(guided(patched)), "video tokens, so that voices would reach wrong")}


@run
def other_size() -> dict[str, Tensor]:
    wide = torch.randn(1, 16, 3, 6, 8)
    return {"": refused(lambda: sample(plain_cfg(conditioned()), noise=wide), "same latent")}


def refused(sampling: Callable[[], Tensor], words: str) -> Tensor:
    """1 where sampling is refused with a sentence that has the words."""
    try:
        sampling()
    except MultiTalkError as error:
        return torch.tensor([float(words in str(error))])
    return torch.tensor([0.0])


def main() -> None:
    """Run everything."""
    for name, function in RUNS.items():
        with torch.inference_mode():
            tensors = function()
        OUTPUTS.update({f"{name}.{part}" if part else name: tensor for part, tensor in tensors.items()})
    save_outputs(OUTPUTS)


main()
