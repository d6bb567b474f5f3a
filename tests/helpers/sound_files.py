"""Sound and video files made for tests through PyAV, with any time stamps."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

Pieces = list[tuple[float, np.ndarray]]  # when each piece starts, in seconds, and its samples [channels, n]
PICTURE_RATE = 25


def write_sound(
    path: Path,
    tracks: list[Pieces],
    *,
    rate: int = 16000,
    codec: str = "pcm_s16le",
    default: int = 0,
    languages: list[str] | None = None,
    pictures: tuple[float, int] | None = None,
) -> Path:
    """A file with sound tracks, perhaps with pictures.

    Parameters
    ----------
    path : Path
    tracks : list of pieces
    rate : int
        Samples per second.
    codec : str
    default : int
        Which track is marked as the default one, from 0.
    languages : list of str, optional
        One a track.
    pictures : (start, count), optional
        Red pictures from this second on.
    """
    with av.open(str(path), "w") as container:
        video = None if pictures is None else _video(container)
        streams = []
        for number, pieces in enumerate(tracks):
            layout = "mono" if len(pieces[0][1]) == 1 else "stereo"
            stream = container.add_stream(codec, rate=rate, layout=layout)
            stream.disposition = Disposition.default if number == default else Disposition(0)
            if languages:
                stream.metadata["language"] = languages[number]
            streams.append(stream)
        packets = [] if video is None else _pictures(video, *pictures)
        for stream, pieces in zip(streams, tracks, strict=True):
            packets += _sounds(stream, pieces, rate)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def write_video(path: Path, pictures: int = 5) -> Path:
    """A video without sound."""
    return write_sound(path, [], pictures=(0.0, pictures))


def _video(container: av.container.OutputContainer) -> av.VideoStream:
    stream = container.add_stream("mpeg4", rate=PICTURE_RATE)
    stream.width = stream.height = 64
    return stream


def _pictures(stream: av.VideoStream, start: float, count: int) -> list[av.Packet]:
    red = np.full((64, 64, 3), (255, 0, 0), np.uint8)
    packets = []
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(red, format="rgb24")
        frame.pts, frame.time_base = round(start * PICTURE_RATE) + index, Fraction(1, PICTURE_RATE)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _sounds(stream: av.AudioStream, pieces: Pieces, rate: int) -> list[av.Packet]:
    packets = []
    for start, samples in pieces:
        planes = np.ascontiguousarray(samples, np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, round(start * rate), Fraction(1, rate)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]
