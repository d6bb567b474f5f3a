"""Recognise the model of a checkpoint by the names and shapes of its tensors."""

from collections.abc import Callable, Mapping

from ..errors import MultiTalkError, quoted
from .adapter_keys import check_keys, find_parameters
from .adapter_sizes import shape_from_sizes
from .encoder_kinds import clip_vision, other_encoder, text_encoder, wan_vae, wav2vec2
from .lora_kinds import lora
from .quantised import check_parts, stored_parts, unread_quantisation
from .tensor_names import Found, Stored
from .transformer_kinds import KNOWN_MODELS, longcat, other_transformer, wan_transformer

ADAPTER = "MultiTalk or InfiniteTalk audio adapter"
UNKNOWN = "unknown"


def recognise(stored: Stored, metadata: Mapping[str, str]) -> Found:
    """The kind of a checkpoint in words, and its details by label."""
    for recogniser in RECOGNISERS:
        try:
            if found := recogniser(stored, metadata):
                form = unread_quantisation(stored)
                return found[0], found[1] | ({"quantised": form} if form else {})
        except (IndexError, ValueError):  # names of this kind, but tensors of other dimensions
            continue
    prefixes = sorted({quoted(name.split(".")[0]) for name in stored})
    return UNKNOWN, {"names begin with": ", ".join(prefixes[:8])} if prefixes else {}


def other_kind(stored: Stored, metadata: Mapping[str, str]) -> str | None:
    """What a checkpoint is instead of an adapter, with an article; None for an adapter or an unknown one."""
    kind, _ = recognise(stored, metadata)
    return None if kind == UNKNOWN or ADAPTER in kind else _with_article(kind)


def any_kind(stored: Stored, metadata: Mapping[str, str]) -> str:
    """What a checkpoint is, with an article, for a sentence that says what it is not."""
    kind, _ = recognise(stored, metadata)
    return "of an unknown kind" if kind == UNKNOWN else _with_article(kind)


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0].lower() in 'aeio' else 'a'} {kind}"


def _adapter(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    parameters, unexpected = find_parameters(stored, "this file")
    if not any("audio_cross_attn" in key for key in parameters):
        return None
    kind = ADAPTER
    if transformer := wan_transformer(stored, metadata):
        kind = f"{kind} with a {transformer[0]}"
    try:
        check_keys(parameters, unexpected, "this file")
        weights = {key: stored[parts[stored_parts(parts)[0]]] for key, parts in parameters.items()}
        shape = shape_from_sizes({key: tensor.shape for key, tensor in weights.items()})
        for key, parts in parameters.items():
            check_parts(key, {part: stored[source] for part, source in parts.items()})
    except MultiTalkError as error:
        return f"incomplete or changed {kind}", {"fault": str(error)}
    last = shape.blocks[-1]
    fits = [name for name, (width, depth) in KNOWN_MODELS.items() if width == shape.width and last < depth]
    details = {
        "audio layers": f"{len(shape.blocks)}, in blocks {shape.blocks[0]} to {last}",
        "model width": str(shape.width),
        "audio tokens": f"{shape.context_tokens} of {shape.audio_width} for each speaker and latent frame",
        "window": f"{shape.window} audio frames of {shape.feature_size} numbers",
        "fits": ", ".join(fits) or f"models {shape.width} wide with at least {last + 1} blocks",
        "adapter numbers": f"{sum(tensor.numbers for tensor in weights.values()):,}",
    }
    return kind, details | (transformer[1] if transformer else {})


RECOGNISERS: tuple[Callable[[Stored, Mapping[str, str]], Found | None], ...] = (
    lora,
    longcat,
    _adapter,
    wan_transformer,
    wan_vae,
    wav2vec2,
    clip_vision,
    text_encoder,
    other_transformer,
    other_encoder,
)
