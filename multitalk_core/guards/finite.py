"""Numbers that are no numbers any more: they end a film before they are kept or shown."""

import torch
from torch import Tensor

from ..errors import MultiTalkError


def is_finite(values: Tensor) -> bool:
    """Whether none of the numbers is NaN or infinite; by one reduction that takes no memory."""
    return values.numel() == 0 or bool(torch.stack(values.aminmax()).isfinite().all())


def check_finite(values: Tensor, name: str) -> None:
    """Raise a MultiTalkError where numbers are NaN or infinite.

    Parameters
    ----------
    values : Tensor
    name : str
        What they are, such as "The latent of clip 2 after step 3".
    """
    if not is_finite(values):
        raise MultiTalkError(
            f"{name} is not finite, so the picture would be black: usual causes are float16 or SageAttention "
            "(choose bfloat16, or another attention) and weights that are damaged or of another model."
        )
