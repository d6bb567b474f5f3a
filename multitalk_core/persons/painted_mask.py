"""A mask that was painted or made by another tool: which of its pixels are inside."""

from torch import Tensor

from ..errors import MultiTalkError

FAINT = 0.1  # the brightest pixel of a mask that nobody can have meant
MID_TONES = 0.2, 0.8  # of the brightest pixel
MOSTLY = 0.4  # of all pixels; soft edges have fewer mid-tones


def inside(mask: Tensor, number: int) -> Tensor:
    """The pixels above half of the mask's brightest one, so that a soft mask keeps its shape.

    Parameters
    ----------
    mask : Tensor [height, width]
        bool, or numbers that are white at 1 and above.
    number : int
        Of the person, from 1.

    Returns
    -------
    Tensor [height, width], bool

    Raises
    ------
    MultiTalkError
        For an empty or faint mask, and a photograph.
    """
    values = mask.float().clamp(0, 1)
    peak = float(values.max())
    if peak == 0:
        raise MultiTalkError(f"The mask of person {number} is empty: paint where this person is.")
    if peak < FAINT:
        raise MultiTalkError(
            f"The mask of person {number} is faint: its brightest pixel is only {peak:.0%} white. Paint it "
            "white where this person is."
        )
    low, high = (share * peak for share in MID_TONES)
    grey = float(((values > low) & (values < high)).float().mean())
    if grey > MOSTLY:
        raise MultiTalkError(
            f"The mask of person {number} looks like a photograph: {grey:.0%} of it is neither black nor "
            "white. Paint it white where this person is and black elsewhere."
        )
    return values > peak / 2
