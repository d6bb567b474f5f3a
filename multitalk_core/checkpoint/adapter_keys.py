"""The released names of an audio adapter's tensors, found whatever prefix a repack added."""

import re
from collections.abc import Collection, Iterable

from ..errors import MultiTalkError
from .quantised import INSTEAD, PARTS, stored_parts, unread_quantisation

PROJECTION_LAYERS = ("proj1", "proj1_vf", "proj2", "proj3", "norm")
BLOCK_LAYERS = ("audio_cross_attn.q_linear", "audio_cross_attn.kv_linear", "audio_cross_attn.proj", "norm_x")

# Any prefix is dropped; exports of WanVideoWrapper say multitalk_audio_proj.
_PARAMETER = re.compile(
    rf"(?:.+\.)?(?:multitalk_)?((?:audio_proj\.(?:{'|'.join(PROJECTION_LAYERS)})"
    rf"|blocks\.[0-9]{{1,4}}\.(?:{'|'.join(map(re.escape, BLOCK_LAYERS))}))\.)"
    rf"({'|'.join(map(re.escape, PARTS))})"
)
# Scales of activations and notes of quantisers, which are not part of the weights.
_IGNORED = re.compile(r"(?:.*\.)?(?:scaled_fp8|scale_input|input_scale|output_scale|comfy_quant)")
_ADAPTER_SPACE = re.compile(
    r"(?:.+\.)?(?:multitalk_)?(?:audio_proj|blocks\.[0-9]{1,4}\.audio_cross_attn)\..+"
)


def find_parameters(stored: Iterable[str], name: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Find an adapter's parameters among the names of a checkpoint, and audio tensors it should not have.

    Returns
    -------
    parameters : dict
        Released key → part ("weight", "bias" or a part of a quantised weight) → name in the checkpoint.
    unexpected : list of str
        Names in the checkpoint.

    Raises
    ------
    MultiTalkError
        When there are two adapters.
    """
    parameters: dict[str, dict[str, str]] = {}
    unexpected = []
    for source in stored:
        match = _PARAMETER.fullmatch(source)
        if match is None:
            if _ADAPTER_SPACE.fullmatch(source) and not _IGNORED.fullmatch(source):
                unexpected.append(source)
            continue
        layer, part = match.groups()
        parts = parameters.setdefault(layer + ("bias" if part == "bias" else "weight"), {})
        if part in parts:
            raise MultiTalkError(
                f"{name} contains two adapters ({parts[part]} and {source}): split it into two files."
            )
        parts[part] = source
    return {key: parts for key, parts in parameters.items() if stored_parts(parts)}, unexpected


def expected_keys(blocks: Iterable[int]) -> list[str]:
    """The keys of an adapter for these blocks, in the released order."""
    layers = [f"audio_proj.{layer}" for layer in PROJECTION_LAYERS]
    layers += [f"blocks.{block}.{layer}" for block in blocks for layer in BLOCK_LAYERS]
    return [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def blocks_of(keys: Iterable[str]) -> tuple[int, ...]:
    """The numbers of the blocks that occur in released key names."""
    return tuple(sorted({int(key.split(".")[1]) for key in keys if key.startswith("blocks.")}))


def check_keys(
    keys: Collection[str], unexpected: Collection[str], name: str, *, instead: str | None = None
) -> None:
    """Check that keys are an audio projection and complete audio layers, for any subset of blocks.

    Parameters
    ----------
    keys : collection of str
        Released keys, from `find_parameters`.
    unexpected : collection of str
        Audio tensors that no adapter has.
    name : str
        Name of the checkpoint, for error messages.
    instead : str, optional
        What the checkpoint is if not an adapter, such as "a LoRA".

    Raises
    ------
    MultiTalkError
    """
    blocks = blocks_of(keys)
    if instead is None and (form := unread_quantisation(unexpected)):
        raise MultiTalkError(f"The adapter in {name} is quantised by {form}, which is not read: {INSTEAD}.")
    if instead is not None or not blocks or not any(key.startswith("audio_proj.") for key in keys):
        found = f", it is {instead}" if instead else " (tensors audio_proj.* and blocks.N.audio_cross_attn.*)"
        raise MultiTalkError(
            f"{name} contains no audio adapter{found}: choose a MultiTalk or InfiniteTalk file."
        )
    if missing := [key for key in expected_keys(blocks) if key not in keys]:
        raise MultiTalkError(
            f"The adapter in {name} lacks {_some(missing)}: download it again, with all its shards."
        )
    if unexpected := sorted({*unexpected, *keys} - {*expected_keys(blocks)}):
        raise MultiTalkError(
            f"The adapter in {name} also has {_some(unexpected)}, which MultiTalk and InfiniteTalk lack: "
            "use one of their files."
        )


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:3])
    return shown if len(keys) <= 3 else f"{shown} … ({len(keys)} tensors in all)"
