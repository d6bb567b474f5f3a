"""Prompts that single clips have of their own."""

from comfy.sd import CLIP

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.film import Take


def encode_prompts(takes: dict[int, Take], text_encoder: CLIP | None, positive: list) -> dict[str, list]:
    """CONDITIONING of every prompt of the takes; what else the film's own carries goes with it.

    Raises
    ------
    MultiTalkError
        Without a text encoder.
    """
    prompts = {take.prompt for take in takes.values() if take.prompt is not None}
    if prompts and text_encoder is None:
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
