"""What a video file is read from: the times of its pictures, and their decoder."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from .display import Display
from .packet_times import PacketTimes

if TYPE_CHECKING:
    from av import VideoFrame


class VideoTrack(Protocol):
    """The moving pictures of a file."""

    @property
    def packets(self) -> PacketTimes:
        """The times of all pictures."""
        ...

    @property
    def display(self) -> Display:
        """How they are shown."""
        ...

    @property
    def claimed(self) -> float:
        """Seconds that the file claims to last; 0 where it claims nothing."""
        ...

    def decoded(
        self, key: int | None, report_damage: Callable[[int], None]
    ) -> "Iterator[tuple[int, VideoFrame]]":
        """Decode pictures, each with the time when it is shown.

        Parameters
        ----------
        key : int or None
            From the key picture at this time on; None is the start of the file. Nothing comes, or later ones,
            where the file cannot be entered there.
        report_damage : callable
            Called with about the time of each place that cannot be decoded.
        """
        ...
