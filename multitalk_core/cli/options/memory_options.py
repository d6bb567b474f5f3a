"""Arguments for memory and speed: where weights lie, how they are stored, and what a step may leave out."""

import argparse
from collections.abc import Sequence

from ...film.store import Json
from ...hosts.diffusers.attention_backend import AttentionBackend, check_attention, diffusers_name
from ...hosts.diffusers.offloading import IN_ONE_PROCESS, Offload
from ...hosts.diffusers.quantization import Quantization, check_quantization
from ...hosts.diffusers.step_cache import StepCache, check_steps
from ...limits import ROWS_AT_ONCE
from .limited_number import within
from .model_options import chosen_device, chosen_dtype


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """All of them, for a film."""
    group = add_loading_arguments(parser, Offload.words())
    group.add_argument(
        "--cache",
        choices=StepCache.words(),
        default=StepCache.NONE,
        help="leave out parts of steps: first-block where a step hardly differs from the one before, "
        "taylorseer every other step; the film changes a little (default: %(default)s)",
    )
    group.add_argument(
        "--ignore-memory",
        action="store_true",
        help="skip the check that this machine has enough main memory",
    )


def add_loading_arguments(
    parser: argparse.ArgumentParser, offloads: Sequence[str] = IN_ONE_PROCESS
) -> argparse._ArgumentGroup:
    """Those that hold for any number of steps: offloading, quantization, attention and rows at once."""
    of_several = (
        "; shard, with --context-parallel, leaves each GPU its part of the blocks, and other models move as "
        "with model"
        if Offload.SHARD in offloads
        else ""
    )
    group = parser.add_argument_group(
        "memory and speed", "docs/one_card.md says which of them go together on a card of 24, 16 or 12 GB."
    )
    group.add_argument(
        "--offload",
        choices=offloads,
        default=Offload.NONE,
        help="keep weights in main memory: model moves each model to the GPU while it runs; group moves one "
        "block at a time, the next one while this one runs; sequential moves each layer, which is slow and "
        f"needs the least GPU memory{of_several} (default: %(default)s)",
    )
    group.add_argument(
        "--quantize",
        choices=Quantization.words(),
        default=Quantization.NONE,
        help="store the weights of the transformer and the audio layers in fewer bits: fp8 needs no package, "
        "int8 torchao, nf4 bitsandbytes and an NVIDIA GPU (default: %(default)s)",
    )
    group.add_argument(
        "--attention",
        choices=AttentionBackend.words(),
        help="what computes Wan's own attention: flash needs the package flash-attn, sage sageattention, "
        "xformers xformers, and all but native an NVIDIA GPU; persons are located by a kernel of their own, "
        "never in fewer bits (default: native, or what DIFFUSERS_ATTN_BACKEND says)",
    )
    group.add_argument(
        "--rows-at-once",
        type=within(ROWS_AT_ONCE),
        metavar="N",
        help="guidance conditions in one batch; 1 uses the least memory (default: 1 with --model, else 3)",
    )
    return group


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for what this machine cannot do, or what does not go together."""
    check_loading(arguments)
    check_steps(StepCache(arguments.cache), arguments.steps)


def check_loading(arguments: argparse.Namespace) -> None:
    """The same for the options of `add_loading_arguments`."""
    device = chosen_device(arguments)
    check_quantization(Quantization(arguments.quantize), device, Offload(arguments.offload))
    if arguments.attention is not None:
        check_attention(AttentionBackend(arguments.attention), device, chosen_dtype(arguments))


def rows_at_once(arguments: argparse.Namespace) -> int:
    """Guidance conditions in one batch as given; by default 1 with --model, else 3."""
    rows: int = arguments.rows_at_once or (1 if arguments.model else 3)
    return rows


def identity(arguments: argparse.Namespace) -> dict[str, Json]:
    """What of it changes a film, by the name that a user reads; nothing where nothing is chosen."""
    attention = arguments.attention
    return {
        **({"quantization": arguments.quantize} if arguments.quantize != Quantization.NONE else {}),
        **({"step cache": _cache(arguments)} if arguments.cache != StepCache.NONE else {}),
        **({"attention": diffusers_name(AttentionBackend(attention))} if attention else {}),
    }


def _cache(arguments: argparse.Namespace) -> str:
    """Its name; first-block decides once for all rows of a batch, so theirs too."""
    if arguments.cache != StepCache.FIRST_BLOCK:
        return str(arguments.cache)
    return f"{arguments.cache}, rows at once: {rows_at_once(arguments)}"
