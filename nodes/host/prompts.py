"""Prompts that single clips have of their own."""

from collections.abc import Iterable

from comfy.sd import CLIP

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.spec import ClipOverride


def encode_prompts(
    overrides: Iterable[ClipOverride], text_encoder: CLIP | None, positive: list
) -> dict[str, list]:
    """CONDITIONING of every prompt of single clips, with the options of the film's own prompt.

    Raises
    ------
    MultiTalkError
        Without a text encoder.
    """
    prompts = {own.prompt for own in overrides if own.prompt is not None}
    if not prompts:
        return {}
    if text_encoder is None:
        raise MultiTalkError(
            "Clips with their own prompts need the text encoder: connect the CLIP that encodes your prompt "
            "to text_encoder."
        )
    return {
        prompt: [
            [text, {**positive[0][1], **options}]
            for text, options in text_encoder.encode_from_tokens_scheduled(text_encoder.tokenize(prompt))
        ]
        for prompt in sorted(prompts)
    }
