"""Limits of all inputs, in one place for nodes, the HTTP API, the command line and files."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from .errors import MultiTalkError, quoted

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Limit(Generic[Number]):
    """A range of numbers.

    Attributes
    ----------
    least, most : int or float
        Both included; two ints mean whole numbers.
    """

    least: Number
    most: Number

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return isinstance(self.least, int) and isinstance(self.most, int)

    def check(self, name: str, value: object) -> Number:
        """Convert a value to Python's int if the limit is for whole numbers, else to float.

        Parameters
        ----------
        name : str
            Name of the input.
        value : object
            A number of Python, NumPy or torch.

        Raises
        ------
        MultiTalkError
            When the value is not a number in the range; NaN is in no range, and a bool is not a number.
        """
        number = python_number(value)
        if number is None or not self.least <= number <= self.most or (self.whole and number != int(number)):
            raise MultiTalkError(f"{name} is {quoted(value)}: give {self}.")
        kind = type(self.least + self.most)
        return kind(number)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.least} to {self.most}"


@runtime_checkable
class _Array(Protocol):
    """What NumPy's and torch's numbers share."""

    ndim: int

    def item(self) -> object:
        """The number of an array with one element."""


def python_number(value: object) -> int | float | None:
    """Convert a number of Python, NumPy or torch to int or float; None for anything else, even a bool."""
    number = value.item() if isinstance(value, _Array) and value.ndim == 0 else value
    return number if isinstance(number, int | float) and not isinstance(number, bool) else None


LONGEST_SECONDS = 36_000.0  # of a film, a voice or a video: ten hours
LARGEST_SIDE = 16_384  # pixels, as ComfyUI has it everywhere

SIZE = Limit(16, LARGEST_SIDE)
SIZE_OR_PICTURE = Limit(0, LARGEST_SIDE)  # 0 is as the picture
CLIP_FRAMES = Limit(5, 1001)
MOTION_FRAMES = Limit(1, 997)
FILM_FRAMES = Limit(1, 900_000)
FILM_SECONDS = Limit(0.2, LONGEST_SECONDS)
FPS = Limit(1.0, 60.0)

STEPS = Limit(1, 1000)
SHIFT = Limit(0.1, 100.0)
GUIDANCE = Limit(0.0, 100.0)  # text scale and audio scale
SEED = Limit(0, 2**64 - 1)  # what torch takes
FRACTION = Limit(0.0, 1.0)
DENOISE = Limit(0.01, 1.0)
AUDIO_STRENGTH = Limit(0.0, 10.0)
LORA_STRENGTH = Limit(-10.0, 10.0)
LABEL_RANGE = Limit(0.0, 100.0)
LABEL_DISTANCE = Limit(0.0, 1000.0)
BACKGROUND_LABEL = Limit(-1000.0, 1000.0)
SEAM_FRAMES = Limit(0, 25)
ROWS_AT_ONCE = Limit(1, 16)
GPUS = Limit(2, 256)  # of one film
RECORDED = Limit(-1, 1000)  # block and step; -1 is the usual one
CLIPS = Limit(1, 100_000)
STORE_GIGABYTES = Limit(0.001, 100_000.0)
USUAL_STORE_GIGABYTES = 50.0
MINUTE_GIGABYTES = 1.0  # stored clips of a minute at 480p: docs/scale.md's 950 MB, rounded up
SERVERS = Limit(1, 10_000)  # of a farm
RETRIES = Limit(0, 100)
KEPT_FREE_GIGABYTES = Limit(0.0, 100_000.0)

MOST_SPEAKERS = 8
GAP_SECONDS = Limit(0.0, 60.0)  # between two voices in turn
VOICE_START = Limit(0.0, LONGEST_SECONDS)
PIECE_SECONDS = Limit(0.0, 600.0)

SOUND_RATE = Limit(1000, 768_000)  # samples per second
MOST_CHANNELS = 8
FILM_SOUND_RATE = 96_000  # samples per second at most, what AAC takes
LOUDEST = 1e6  # times full scale; more is not sound
MOST_PIXELS = 8192 * 8192  # of a picture
MOST_PICTURES = 5_000_000  # of a video: ten hours at 120 a second
LONGEST_STILL = 600.0  # seconds that a video shows one picture
LONGEST_HOLE = 10.0  # seconds of a video that cannot be decoded

UPDATES = Limit(0, 100_000_000)  # of a training
BATCH = Limit(1, 65_536)
RATE = Limit(0.0, 1.0)
WEIGHT_DECAY = Limit(0.0, 10.0)
CLIP_NORM = Limit(0.0, 1e6)
SAVE_MINUTES = Limit(0.0, 100_000.0)
SAMPLE_CLIPS = Limit(1, 1000)
ADAPTER_WIDTH = Limit(1, 65_536)

LONGEST_TABLE = 2_000_000  # characters: who speaks when
MOST_TURNS = 20_000
LONGEST_NAME = 200  # characters of a speaker's name
LONGEST_TEXT = 100_000  # characters of a prompt, or of a list of prompts or retakes
