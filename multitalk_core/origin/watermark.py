"""Watermarks in the pixels: functions from frames to frames that others bring, by name."""

from collections.abc import Callable
from importlib.metadata import entry_points

from torch import Tensor

from ..errors import MultiTalkError, quoted

ENTRY_POINTS = "multitalk.watermarks"
Watermark = Callable[[Tensor], Tensor]

_registered: dict[str, Watermark] = {}


def register_watermark(name: str, function: Watermark) -> None:
    """Offer a watermark under a name, in place of any other of that name.

    A package does the same with an entry point of the group `multitalk.watermarks`.

    Parameters
    ----------
    name : str
        What users choose.
    function : callable
        Gets the next frames of a film, [n, height, width, 3], float32, RGB in 0..1, and returns them
        watermarked, in the same shape.
    """
    _registered[name] = function


def watermark_names() -> list[str]:
    """All names, sorted."""
    return sorted(_registered.keys() | {point.name for point in entry_points(group=ENTRY_POINTS)})


def find_watermark(name: str) -> Watermark:
    """The watermark of a name.

    Raises
    ------
    MultiTalkError
        For an unknown name, or a package that cannot be loaded.
    """
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            function: Watermark = point.load()
        except Exception as error:
            raise MultiTalkError(
                f'The watermark "{quoted(name)}" cannot be loaded ({quoted(error)}): install it again.'
            ) from error
        return function
    known = ", ".join(f'"{known}"' for known in watermark_names()) or "none is installed"
    raise MultiTalkError(f'There is no watermark "{quoted(name)}": choose a known one ({known}).')


def watermarked(frames: Tensor, function: Watermark) -> Tensor:
    """Frames [n, height, width, 3] in 0..1 with a watermark.

    Raises
    ------
    MultiTalkError
        When the function returns anything but frames of the same shape with finite values.
    """
    result = function(frames)
    if not isinstance(result, Tensor) or result.shape != frames.shape or not result.isfinite().all():
        raise MultiTalkError(
            "The watermark does not return frames of the same shape with finite values: choose another one, "
            "or none."
        )
    return result
