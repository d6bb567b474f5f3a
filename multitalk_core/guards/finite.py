"""NaN and infinite numbers: they end a film before they are stored or shown."""

import torch
from torch import Tensor

from ..errors import MultiTalkError


def is_finite(values: Tensor) -> bool:
    """Whether no number is NaN or infinite; one reduction without extra memory."""
    return values.numel() == 0 or bool(torch.stack(values.aminmax()).isfinite().all())


def check_finite(values: Tensor, name: str) -> None:
    """Raise a MultiTalkError if any number is NaN or infinite.

    Parameters
    ----------
    values : Tensor
    name : str
        What the error message calls them, such as "The latent of clip 2 after step 3".
    """
    if not is_finite(values):
        raise MultiTalkError(
            f"{name} is not finite, so the picture would be black: usual causes are float16 or SageAttention "
            "(choose bfloat16, or another attention) and weights that are damaged or of another model."
        )
