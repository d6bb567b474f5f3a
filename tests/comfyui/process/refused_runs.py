"""What MultiTalk refuses to sample with."""

from collections.abc import Callable

import comfy.context_windows
import torch
from multitalk_pack.multitalk_core.errors import MultiTalkError
from run_registry import run
from scene import (
    SIDE,
    conditioned,
    conditioning,
    given_picture,
    guided,
    plain_cfg,
    sample,
)
from torch import Tensor


@run
def area() -> dict[str, Tensor]:
    """A prompt for the right half of the frames."""
    half = {"area": (3, SIDE // 8, 4, 0, 0, 2)}
    part = [[tokens, options | half] for tokens, options in given_picture(conditioning("prompt"))]
    return {"": refused(lambda: sample(guided(conditioned(), positive=part)), "an area")}


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
    return {"": refused(lambda: sample(guided(patched)), "a node that divides a film among GPUs cannot")}


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
