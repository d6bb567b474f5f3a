"""Sine and cosine for label rotation: Triton's own keep a slow path that costs every card stack memory."""

import triton
import triton.language as tl


@triton.jit
def cosine_and_sine(angle):
    """Of float32 angles within a few thousand; within 2e-7 for those of labels."""
    quarter = tl.floor(angle * 0.6366197723675814 + 0.5)
    # The quarter turn in three parts, so that the remainder keeps float32's digits.
    rest = angle - quarter * 1.5703125
    rest = rest - quarter * 4.837512969970703e-4
    rest = rest - quarter * 7.549790126404332e-8
    square = rest * rest
    sine = rest + rest * square * (-1.6666654611e-1 + square * (8.3321608736e-3 + square * -1.9515295891e-4))
    cosine = (
        1.0
        - 0.5 * square
        + square
        * square
        * (4.166664568298827e-2 + square * (-1.388731625493765e-3 + square * 2.443315711809948e-5))
    )
    turn = quarter.to(tl.int32) & 3
    swapped = (turn & 1) == 1
    cosine, sine = tl.where(swapped, sine, cosine), tl.where(swapped, cosine, sine)
    cosine = tl.where((turn == 1) | (turn == 2), -cosine, cosine)
    sine = tl.where(turn >= 2, -sine, sine)
    return cosine, sine
