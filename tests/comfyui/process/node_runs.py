"""MultiTalk beside other nodes, and rows in other batches."""

import logging
from collections.abc import Callable
from uuid import uuid4

import comfy.model_management
import comfy.sd
import comfy.utils
import torch
from comfy.patcher_extension import WrappersMP
from comfy_extras.nodes_apg import APG
from comfy_extras.nodes_easycache import EasyCacheNode
from comfy_extras.nodes_model_advanced import ModelSamplingSD3
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.method.audio_patch import BindingOptions
from multitalk_pack.multitalk_core.method.motion_latent import MotionLatent
from multitalk_pack.multitalk_core.persons.masks import Persons
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
from run_registry import run
from scene import (
    GRID,
    LATENT,
    MODEL,
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
)
from torch import Tensor


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
