"""When the pictures of a video track are shown, from its packets alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MultiTalkError
from ..files.clock import is_counted
from ..limits import MOST_PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import Packet, VideoStream
    from av.container import InputContainer

DISCONTINUOUS = 0x0200  # FFmpeg's AVFMT_TS_DISCONT: the format allows that time stamps jump
RESTART = 0.1  # seconds by which time stamps fall back where a file was joined to another
USUAL_RATE = 25  # pictures a second of a file that does not say
MISSING = 4  # pictures in a row that a gap lacks at least


@dataclass(frozen=True, eq=False)
class PacketTimes:
    """The times of a track's pictures.

    Attributes
    ----------
    times : np.ndarray [pictures], int64
        When each picture is shown, ascending, in units of `time_base`.
    keys : np.ndarray, int64
        Times from which decoding can start, ascending; those that an edit list hides are among them.
    end : int
        When the last picture ends.
    time_base : Fraction
        Unit of the times in seconds.
    counted : bool
        Whether the file does not say when pictures are shown: the nth from a key picture has the nth time
        from the key's.
    gaps : tuple of (int, int)
        Where pictures are missing: the end of one and the much later begin of the next.
    """

    times: np.ndarray
    keys: np.ndarray
    end: int
    time_base: Fraction
    counted: bool
    gaps: tuple[tuple[int, int], ...]

    @classmethod
    def read(
        cls,
        container: "InputContainer",
        stream: "VideoStream",
        *,
        path: Path,
        check_interrupted: Callable[[], None],
    ) -> "PacketTimes":
        """Read the times of all pictures, without decoding any.

        Parameters
        ----------
        container : InputContainer
            Just opened.
        stream : VideoStream
        path : Path
            For messages.
        check_interrupted : callable
            Called for each packet; raises to stop.

        Raises
        ------
        MultiTalkError
            When there are too many pictures, or fewer than two.
        """
        if stream.time_base is None:
            raise MultiTalkError(f"{path} has no time stamps: export it as mp4.")
        packets = list(islice(_packets(container, stream, check_interrupted), MOST_PICTURES + 1))
        if len(packets) > MOST_PICTURES:
            raise MultiTalkError(f"The video {path} has more than {MOST_PICTURES:,} pictures: cut it.")
        untimed = is_counted(container, stream) or any(packet.time is None for packet in packets)
        back = round(RESTART / stream.time_base)
        joined = bool(container.format.flags & DISCONTINUOUS) and _restarts(packets, back)
        if joined or untimed:
            usual = round(1 / (stream.guessed_rate or USUAL_RATE) / stream.time_base)
            packets = _in_order(packets, usual, back)
        shown = {
            packet.time: packet.lasting for packet in packets if packet.time is not None and not packet.hidden
        }
        times = np.array(sorted(shown), dtype=np.int64)
        if len(times) < 2:
            raise MultiTalkError(
                f"{path} contains no moving pictures: export it as mp4, or use it as a picture."
            )
        keys = np.unique(np.array([packet.time for packet in packets if packet.key], dtype=np.int64))
        first, last = int(times[0]), int(times[-1])
        end = last + (shown[last] or round((last - first) / (len(times) - 1)))
        return cls(times, keys, end, stream.time_base, joined or untimed, tuple(_gaps(times, shown)))

    def since(self, time: int) -> "PacketTimes":
        """Without pictures before a time."""
        return replace(self, times=self.times[self.times >= time])


@dataclass(frozen=True, slots=True)
class _Packet:
    """What one packet says: its times, or None, and whether it is a key picture or hidden by an edit list."""

    time: int | None
    decoded: int | None
    lasting: int
    key: bool
    hidden: bool


def _packets(
    container: "InputContainer", stream: "VideoStream", check_interrupted: Callable[[], None]
) -> "Iterator[_Packet]":
    for packet in _until_damaged(container, stream):
        check_interrupted()
        if packet.size:  # an empty one ends the track, or repeats a picture
            lasting = max(0, packet.duration or 0)
            yield _Packet(packet.pts, packet.dts, lasting, packet.is_keyframe, packet.is_discard)


def _until_damaged(container: "InputContainer", stream: "VideoStream") -> "Iterator[Packet]":
    """The packets up to where the container's own structure is damaged: no player goes on there."""
    from av import FFmpegError

    packets = container.demux(stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, FFmpegError):
            return


def _gaps(times: np.ndarray, lasting: dict[int, int]) -> "Iterator[tuple[int, int]]":
    """Where pictures are missing in a track in which all last equally long."""
    (each, *others) = set(lasting.values())
    if others or not each:
        return
    ends = times[:-1] + each
    for index in np.flatnonzero(times[1:] - ends > MISSING * each):
        yield int(ends[index]), int(times[index + 1])


def _restarts(packets: list[_Packet], back: int) -> bool:
    """Whether time stamps fall back by so much, as where recordings were joined end to end."""
    decoded = [packet.decoded for packet in packets if packet.decoded is not None]
    return any(later < earlier - back for earlier, later in pairwise(decoded))


def _in_order(packets: list[_Packet], usual: int, back: int) -> list[_Packet]:
    """Packets with ascending times: when they are decoded, or else one after the other at the usual rate.

    Where time stamps fall back by so much, they go on from there. No key picture can be looked for by a time
    that comes twice, or by none.
    """
    timed: list[_Packet] = []
    findable = not _restarts(packets, back)
    offset = upcoming = 0
    previous = -1
    for packet in packets:
        time = upcoming if packet.decoded is None else packet.decoded + offset
        if timed and time < upcoming - back:
            offset += upcoming - time
            time = upcoming
        time = max(time, previous + 1)
        key = packet.key and packet.decoded is not None and findable
        lasting = packet.lasting or usual
        timed.append(replace(packet, time=time, lasting=lasting, key=key))
        previous, upcoming = time, time + lasting
    return timed
