"""Write frames and sound into one mp4, and read it back.

Knows PyAV; knows nothing of models. Frames are written clip by clip and none stays in memory.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..audio.waveform import Waveform
from ..errors import MultiTalkError
from ..files.lock import Locked, locked
from ..files.outputs import free_name
from ..files.whole import is_taken, whole_file
from ..guards.stopping import delayed_interrupt
from ..origin.film_mark import UNSIGNED, FilmMark
from .picture import levels

if TYPE_CHECKING:
    from av.container import InputContainer

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
AAC_FALLBACK_RATE = 48000
AAC_BITS_PER_SECOND = 96_000  # per channel
AAC_BITS_PER_SAMPLE = 6  # the most that AAC allows per channel: it limits low sample rates
BT709 = 1
# A fragment begins at every key frame, once a second. The header waits for the first fragment, to state how
# much of AAC's priming comes before the first frame.
FRAGMENTS = "+frag_keyframe+delay_moov+default_base_moof"
NAMED_KEYS = "+use_metadata_tags"  # MP4 has no place of its own for most metadata
LIMITED_RANGE = 1
# x264's AVX2 code for macroblock trees reads uninitialised memory unless the width is a multiple of 128, so
# that the same frames do not always give the same film. Its SSSE3 code is as fast within 5 %.
X264 = {"x264-params": "asm=ssse3"} if platform.machine() in ("x86_64", "AMD64") else {}


def growing(film: Path) -> Path:
    """The file that grows while a film is made."""
    return film.with_name(f"{film.stem}.growing.mp4")


def being_written(film: Path) -> bool:
    """Whether another run is writing a film; the remains of a killed run do not count."""
    if not is_taken(growing(film)):
        return False
    try:
        with locked(growing(film), signed=False):
            return False
    except Locked:
        return True


class VideoWriter:
    """Writes an mp4 (H.264 yuv420p and AAC) that appears at `path` only when it is complete.

    A context manager. Until it exits, the film grows at `growing` beside `path`, in fragments, so that it can
    be played meanwhile; then it is rewritten so that a player can start before the end is loaded. After an
    exception or Ctrl-C `growing` is removed and the file at `path`, if any, is unchanged; after a kill it
    stays until the next run. Frame n and sound sample round(n / fps * rate) are played at the same time in
    both files; the same frames give the same bytes on the same machine (measured on x86).

    Parameters
    ----------
    path : str or Path
        The film; its folder must exist.
    width, height : int
        Size in pixels, multiples of 16.
    fps : float
        Frames per second.
    sound : Waveform, optional
        Of any rate; more than two channels are mixed down to stereo. Cut or padded with silence to the
        length of the film.
    replaces : bool
        Whether an earlier file is replaced. If not and the name is taken when the film is complete, the film
        gets a number, and `path` has the new name.
    mark : FilmMark
        What the film says about itself, also while it grows; `origin.signed_video` signs it afterwards.

    Raises
    ------
    MultiTalkError
        When the folder is missing or read-only, the disk is full, or another run writes the same film.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        *,
        fps: float = 25.0,
        sound: Waveform | None = None,
        replaces: bool = True,
        mark: FilmMark = UNSIGNED,
    ) -> None:
        self.path = Path(path)
        self.replaces, self.mark = replaces, mark
        self.size = (width, height)
        self.fps = Fraction(fps).limit_denominator(1001)
        self.frames = 0
        self.growing = growing(self.path)
        self.whole = False
        self._sound = None if sound is None else _for_aac(sound)
        self._samples_written = 0

    def __enter__(self) -> "VideoWriter":
        import av

        if not self.path.parent.is_dir():
            raise MultiTalkError(f"The folder {self.path.parent} does not exist; create it first.")
        if self.path.is_dir():
            raise MultiTalkError(f"{self.path} is a folder; name a file in it, such as film.mp4.")
        self._opened = ExitStack()
        with self._failures_reported():
            self._opened.enter_context(locked(self.growing, signed=False))
            # Opened here, because libavformat hides failures to write the last fragment.
            self._file = self._opened.enter_context(self.growing.open("wb", buffering=0))
        options = {"movflags": FRAGMENTS + NAMED_KEYS}
        self._container = av.open(self._file, "w", format="mp4", container_options=options)
        self._container.metadata.update(self.mark.keys())
        self._add_streams()
        return self

    def append(self, frames: Tensor) -> None:
        """Write the next frames.

        Parameters
        ----------
        frames : Tensor [n, height, width, 3], RGB in 0..1
        """
        import av
        from av.video.reformatter import ColorRange, Colorspace

        for frame in self.mark.applied(frames):
            picture = av.VideoFrame.from_ndarray(levels(frame).cpu().numpy(), format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            picture.pts, picture.time_base = self.frames, 1 / self.fps
            with self._failures_reported():
                self._container.mux(self._video.encode(picture))
                self.frames += 1
                self._append_sound()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import av

        try:
            if kind is None:
                with delayed_interrupt(), self._failures_reported():
                    self._finish()
        finally:
            with suppress(OSError, av.FFmpegError):  # after a failure, closing may fail as well
                self._container.close()
            self._file.close()
            if os.name != "nt":  # before unlocking: another run may take the file right after
                self.growing.unlink(missing_ok=True)
            self._opened.close()
            if os.name == "nt":  # Windows removes no open file
                with suppress(PermissionError):  # taken by another run
                    self.growing.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._container.mux(self._video.encode(None))
        if self._sound is not None:
            self._container.mux(self._audio.encode(None))
        self._container.close()
        if not self.replaces:
            self.path = free_name(self.path)
        with whole_file(self.path) as part:
            rewrite(self.growing, part, self.mark)
        self.whole = True

    def _add_streams(self) -> None:
        options = {"crf": "16", "preset": "medium", "g": str(round(self.fps)), **X264}
        self._video = self._container.add_stream("libx264", rate=self.fps, options=options)
        self._video.width, self._video.height = self.size
        self._video.pix_fmt = "yuv420p"
        context = self._video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        if self._sound is not None:
            channels = self._sound.channels
            self._audio = self._container.add_stream(
                "aac", rate=self._sound.rate, layout="mono" if channels == 1 else "stereo"
            )
            self._audio.bit_rate = channels * min(AAC_BITS_PER_SECOND, AAC_BITS_PER_SAMPLE * self._sound.rate)

    def _append_sound(self) -> None:
        """Write the sound up to the end of the last frame, to keep the two streams interleaved."""
        if self._sound is None:
            return
        import av

        until = round(self.frames / self.fps * self._sound.rate)
        piece = Waveform(self._sound.samples[:, self._samples_written : until], self._sound.rate)
        samples = np.ascontiguousarray(piece.padded(until - self._samples_written).samples)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self._audio.layout.name)
        frame.sample_rate, frame.time_base = self._sound.rate, Fraction(1, self._sound.rate)
        frame.pts = self._samples_written
        self._container.mux(self._audio.encode(frame))
        self._samples_written = until

    @contextmanager
    def _failures_reported(self) -> Iterator[None]:
        import av

        try:
            yield
        except Locked as taken:
            raise MultiTalkError(
                f"Another run is writing the video {self.path}: wait until it ends, or name another file."
            ) from taken
        except (OSError, av.FFmpegError) as error:
            raise MultiTalkError(
                f"The video {self.path} cannot be written ({error.strerror}); free some space, or choose a "
                "folder that you may write to."
            ) from error


def rewrite(video: Path, path: Path, mark: FilmMark) -> None:
    """Copy the packets of a video into a marked mp4 that begins with the index.

    Raises
    ------
    OSError, av.FFmpegError
        When a file cannot be read or written.
    """
    import av

    options = {"movflags": "+faststart" + NAMED_KEYS}
    with (
        av.open(str(video)) as source,
        av.open(str(path), "w", format="mp4", container_options=options) as film,
    ):
        film.metadata.update(mark.keys())
        streams = {stream.index: film.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:  # the last one of each stream is empty
                packet.stream = streams[packet.stream_index]
                film.mux(packet)
    mark.append_to(path)


def read_video(path: str | Path) -> tuple[Tensor, float, Waveform | None]:
    """Read a whole film into memory.

    Returns
    -------
    frames : Tensor [n, height, width, 3], float32, RGB in 0..1
    fps : float
        Frames per second.
    sound : Waveform or None
        None when the file has no sound.

    Raises
    ------
    MultiTalkError
        When the file is missing or not a video.
    """
    import av

    try:
        with av.open(str(path)) as container:
            rate = container.streams.video[0].average_rate if container.streams.video else None
            if rate is None:
                raise MultiTalkError(f"{path} contains no video; choose a video file such as an mp4.")
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            sound = _read_sound(container) if container.streams.audio else None
    except (OSError, av.FFmpegError) as error:
        raise MultiTalkError(f"{path} cannot be read as a video ({error.strerror}).") from error
    return torch.from_numpy(np.stack(frames)).float() / 255, float(rate), sound


def _read_sound(container: "InputContainer") -> Waveform:
    from av import AudioResampler

    stream = container.streams.audio[0]
    container.seek(0)
    to_planes = AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    planes = [
        plane.to_ndarray()
        for frame in [*container.decode(stream), None]
        for plane in to_planes.resample(frame)
    ]
    # AAC comes in whole packets; the sound ends where the container says.
    end = None
    if stream.duration is not None and stream.time_base is not None:
        end = round(stream.duration * stream.time_base * stream.rate)
    return Waveform(np.concatenate(planes, axis=1)[:, :end], stream.rate)


def _for_aac(sound: Waveform) -> Waveform:
    if sound.channels > 2:
        sound = sound.stereo()
    return sound if sound.rate in AAC_RATES else sound.resampled(AAC_FALLBACK_RATE)
