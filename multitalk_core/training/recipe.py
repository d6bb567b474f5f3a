"""What a training run does: the paper's recipe, and what the paper leaves open, by name."""

from dataclasses import dataclass

from ..method.labels import LabelRanges

BASE, ADAPTER, FULL = "base", "adapter", "full"


@dataclass(frozen=True)
class Recipe:
    """One stage of a training. The defaults are the paper's (3.4, 4.1) where it tells.

    Attributes
    ----------
    steps : int
        Updates of the weights.
    batch : int
        Clips of an update on all processes together; 64 in the first stage, 32 in the second.
    learning_rate : float
        After the warm-up.
    warm_up : int
        Updates over which the learning rate rises; not told in the paper.
    final_rate : float
        Share of the learning rate at the last update, reached along half a cosine; 1 keeps it constant.
    weight_decay : float
        Not told.
    clip_norm : float
        Largest norm of the gradients; not told.
    without_audio : float
        Share of the training that is I2V, the audio embedding zeroed: of the updates where there are clips
        without voices for them, else of the clips. The paper mixes both tasks and does not tell how much of
        each.
    shift : float
        Of the timesteps' distribution towards noise, as Wan's sampling; uniform before the shift.
    trained : str
        "adapter", with the base model frozen; "base", the plain Wan model without any audio; or "full", both.
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges or None
        None is the paper's.
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
