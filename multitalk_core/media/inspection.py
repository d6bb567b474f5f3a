"""What a picture, a video or a sound is, as the readers of a film read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ..audio.audibility import Audibility, audibility
from ..audio.sound_file import read_audio
from ..audio.waveform import Waveform
from ..errors import MultiTalkError, printable
from ..files.clock import picture_track
from ..files.containers import opened
from ..files.given import check_file
from ..origin.found_origin import FoundOrigin, film_origin, picture_origin
from .picture import BACKGROUND, on_background, open_picture
from .picture_formats import is_picture, quietly
from .video_file import VideoFile

FIRST_SOUND = 0.02  # of full scale
CORNER = 0.05  # of the shorter side: the square whose mean is a corner's colour
LONGEST_LINE = 500  # characters
CORNERS = ("top left", "top right", "bottom left", "bottom right")


@dataclass(frozen=True, kw_only=True)
class MediaInspection:
    """A picture, a video or a sound described for the user; what does not apply is None.

    Attributes
    ----------
    path : str
    kind : str
        "picture", "video" or "audio".
    seconds : float, optional
        Duration: of a video that of its pictures.
    frames : int, optional
        Pictures of a video.
    fps : float, optional
        Pictures of a video per second, on average.
    width, height : int, optional
        In square pixels, upright.
    sound : mapping, optional
        seconds, rate, channels, and first_sound: when any channel first passes 2 % of full scale, in seconds
        on the clock of the file, whose 0 is the first picture of a video; None where it never does.
    mean_rgb : list of float, optional
        The mean colour in sRGB, 0 to 255, of the picture or of a video's first one.
    corner_rgb : list of list of float, optional
        The same for a square at each corner: top left, top right, bottom left, bottom right.
    origin : FoundOrigin, optional
        What the file says of its origin; None where it says nothing.
    remarks : list of str
        What was decided in reading it; not in the JSON.
    """

    path: str
    kind: str
    seconds: float | None = None
    frames: int | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    sound: Mapping[str, float | int | None] | None = None
    mean_rgb: list[float] | None = None
    corner_rgb: list[list[float]] | None = None
    origin: FoundOrigin | None = None
    remarks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Everything but the path and the remarks."""
        keys = ["kind", "seconds", "frames", "fps", "width", "height", "sound", "mean_rgb", "corner_rgb"]
        origin = None if self.origin is None else self.origin.as_json()
        return {key: getattr(self, key) for key in keys} | {"origin": origin}

    def lines(self) -> list[str]:
        """The same and the remarks as aligned lines of text."""
        rows = [("file", self.path), ("kind", self.kind)]
        if self.width is not None:
            rows.append(("size", f"{self.width}×{self.height}"))
        if self.seconds is not None:
            rows.append(("lasts", f"{self.seconds:.3f} s"))
        if self.frames is not None:
            rows.append(("pictures", f"{self.frames:,}, {self.fps:.4g} a second"))
        if self.sound is not None:
            rows.append(("sound", _sound_in_words(self.sound)))
        if self.mean_rgb is not None and self.corner_rgb is not None:
            rows.append(("mean colour", _colour_in_words(self.mean_rgb)))
            rows += [
                (name, _colour_in_words(rgb)) for name, rgb in zip(CORNERS, self.corner_rgb, strict=True)
            ]
        rows += [] if self.origin is None else self.origin.rows()
        rows += [("note", remark) for remark in self.remarks]
        width = max(len(label) for label, _ in rows) + 2
        return [printable(f"{label:<{width}}{value}", LONGEST_LINE) for label, value in rows]


def inspect_media(path: Path) -> MediaInspection:
    """Read a picture, a video or a sound, by its content and not by its name.

    Parameters
    ----------
    path : Path
        Of a video, the times of all pictures, the first picture and the whole sound are read.

    Raises
    ------
    MultiTalkError
        When the file is missing, damaged, or none of the three.
    """
    from av import FFmpegError

    check_file(path, "file")
    if is_picture(path):
        return _picture(path)
    try:
        with opened(path) as container:
            pictures, sounds = picture_track(container), bool(container.streams.audio)
    except FFmpegError as error:
        raise MultiTalkError(
            f"{path} is no picture, video, sound, table or checkpoint that can be read: check its name, or "
            "export it again."
        ) from error
    sound = read_audio(path) if sounds else None
    if pictures:
        return _video(path, sound)
    if sound is None:
        raise MultiTalkError(f"{path} has neither pictures nor sound: choose another file.")
    return MediaInspection(
        path=str(path),
        kind="audio",
        seconds=_rounded(sound.seconds),
        sound=_sound(sound),
        origin=film_origin(path),
        remarks=_remarks(sound),
    )


def _picture(path: Path) -> MediaInspection:
    picture = open_picture(path)
    with quietly():
        origin = picture_origin(path)
    return MediaInspection(
        path=str(path),
        kind="picture",
        **_seen(on_background(picture)),
        origin=origin,
        remarks=picture.remarks_on(BACKGROUND),
    )


def _video(path: Path, sound: Waveform | None) -> MediaInspection:
    video = VideoFile.open(path)
    return MediaInspection(
        path=str(path),
        kind="video",
        seconds=_rounded(video.seconds),
        frames=len(video.times),
        fps=_rounded(video.fps),
        sound=None if sound is None else _sound(sound),
        **_seen(video.picture()),
        origin=film_origin(path),
        remarks=[*video.notes(), *video.damage(), *(() if sound is None else _remarks(sound))],
    )


def _seen(picture: Tensor) -> dict[str, Any]:
    """Size and colours of a picture [height, width, 3] in 0..1."""
    height, width = picture.shape[:2]
    side = max(1, round(CORNER * min(height, width)))
    rows, columns = (slice(0, side), slice(-side, None)), (slice(0, side), slice(-side, None))
    return {
        "width": width,
        "height": height,
        "mean_rgb": _mean(picture),
        "corner_rgb": [_mean(picture[row, column]) for row in rows for column in columns],
    }


def _mean(picture: Tensor) -> list[float]:
    return [round(255 * level, 1) for level in picture.double().mean(dim=(0, 1)).tolist()]


def _sound(sound: Waveform) -> dict[str, float | int | None]:
    loud = np.abs(sound.samples).max(axis=0) > FIRST_SOUND
    return {
        "seconds": _rounded(sound.seconds),
        "rate": sound.rate,
        "channels": sound.channels,
        "first_sound": _rounded(int(loud.argmax()) / sound.rate) if loud.any() else None,
    }


def _remarks(sound: Waveform) -> list[str]:
    """The reader's notes, and what the audio encoder would miss."""
    if audibility(sound, [(0.0, sound.seconds)]) is not Audibility.CANCELLED:
        return list(sound.notes)
    return [*sound.notes, "its channels cancel out in mono: as a voice, take one, as in FILE:left"]


def _rounded(number: float) -> float:
    return round(number, 6)


def _sound_in_words(sound: Mapping[str, float | int | None]) -> str:
    first = sound["first_sound"]
    silence = "silent throughout" if first is None else f"silent before {first:.3f} s"
    channels = f"{sound['channels']} channel{'' if sound['channels'] == 1 else 's'}"
    return f"{sound['seconds']:.3f} s, {sound['rate']:,} Hz, {channels}, {silence}"


def _colour_in_words(rgb: list[float]) -> str:
    return ", ".join(f"{level:g}" for level in rgb)
