"""The recipe of a training stage: the paper's values, and named choices where it gives none."""

from dataclasses import dataclass

from ..method.labels import LabelRanges

BASE, ADAPTER, FULL = "base", "adapter", "full"


@dataclass(frozen=True)
class Recipe:
    """One training stage. The defaults are the paper's (3.4, 4.1) where it gives them.

    Attributes
    ----------
    steps : int
        Number of updates.
    batch : int
        Clips per update on all processes together; 64 in the first stage, 32 in the second.
    learning_rate : float
        Learning rate after the warm-up.
    warm_up : int
        Updates over which the learning rate rises; not in the paper.
    final_rate : float
        Learning rate at the last update, as a share of `learning_rate`; it falls along half a cosine. 1 keeps
        it constant.
    weight_decay : float
        Not in the paper.
    clip_norm : float
        Maximum norm of the gradients; not in the paper.
    without_audio : float
        Share of the I2V task, with a zero audio embedding: of the updates if there are clips without voices,
        else of the clips. The paper mixes both tasks without giving the ratio.
    shift : float
        Shift of the timesteps towards noise, as in Wan's sampling; they are uniform before the shift.
    trained : str
        "adapter", with a frozen base; "base", plain Wan without audio layers; or "full", both.
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges or None
        None is the paper's ranges.
    seed : int
    """

    steps: int
    batch: int = 64
    learning_rate: float = 2e-5
    warm_up: int = 100
    final_rate: float = 1.0
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    without_audio: float = 0.1
    shift: float = 7.0
    trained: str = ADAPTER
    scheme: str = "l-rope"
    ranges: LabelRanges | None = None
    seed: int = 0
