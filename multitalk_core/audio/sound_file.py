"""The sound of an audio or video file, as a player plays it.

Knows PyAV; knows nothing of speakers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError, quoted
from ..files.clock import MICROSECONDS, time_zero
from ..files.containers import check_codec, opened
from ..files.given import check_file
from ..limits import MOST_CHANNELS, SOUND_RATE
from .laid_sound import LaidSound, some_times
from .waveform import ALL, Waveform, check_length, from_array

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

LEAST_READ = 0.25  # of a damaged sound; where less can be read, the file is refused
CUT_SHORT_SECONDS = 0.5
STATED_DURATION = {"mov", "matroska", "flac", "ogg", "wav"}  # formats that state it; of others it is a guess
LONGEST_PIPED_BYTES = 2**31 - 2**20  # what writes a WAV to a pipe states this many or more
COUNTED = {"mp3", "aac", "ac3", "eac3", "dts"}  # formats without time stamps: FFmpeg counts packets
JUMPS = 0x200  # FFmpeg's AVFMT_TS_DISCONT: time stamps may begin again anywhere


def read_audio(path: str | Path, *, track: str = "", channel: str = ALL) -> Waveform:
    """Read the sound of an audio or video file, with its own rate, on the file's clock.

    Second 0 is the first picture that a player shows (`multitalk_core.files.clock`): a sound that starts late
    begins with silence, holes in its time stamps are silent, and encoder delays and edit lists are followed.
    Damaged packets are left out; `notes` of the result say what was, and where.

    Parameters
    ----------
    path : str or Path
    track : str
        Of several sound tracks: its number from 1, its language or its title. By default the track that the
        file marks as its default, else the first.
    channel : str
        "all", "mix", "left", "right" or a number from 1; see `Waveform.chosen`.

    Raises
    ------
    MultiTalkError
        When the file is missing, empty or corrupt, less than a quarter of it can be read, it has no sound, no
        such track or channel, claims an implausible rate, number of channels or length, or has samples that
        are NaN, infinite or far beyond full scale.
    """
    from av.error import FFmpegError

    path = Path(path)
    check_file(path, "audio file")
    try:
        return _decode(path, time_zero(path), track).chosen(channel)
    except (FFmpegError, OSError) as error:
        raise MultiTalkError(
            f"{path} cannot be read as audio ({error.strerror}); it may be damaged or no audio file: "
            "export it again, for example as WAV."
        ) from error
    except MultiTalkError as error:
        raise MultiTalkError(f"The audio file {path} cannot be used. {error}") from error


def _decode(path: Path, zero: Fraction, track: str) -> Waveform:
    with opened(path) as container:
        stream, notes = _track(container.streams.audio, track)
        check_codec(stream, path)
        stated_end = _stated_end(container, stream, path.stat().st_size)
        jumps = bool(container.format.flags & JUMPS)
        laid = LaidSound(zero, jumps=jumps)
        damage = _Damage(zero)
        for frame in _frames(container, stream, damage):
            laid.append(frame)
        names = set(container.format.name.split(","))
        if COUNTED & names:
            damage.estimate(laid.seconds)
        if STATED_DURATION & names and not (jumps and zero):  # a part of a stream states the whole stream's
            damage.cut_short(laid.end, stated_end - float(zero))
    samples = laid.finish()
    damage.check(laid.seconds)
    return replace(from_array(samples, laid.rate), notes=(*notes, *laid.notes(), *damage.notes()))


def _track(streams: "Sequence[AudioStream]", track: str) -> "tuple[AudioStream, list[str]]":
    """The track to read, and what to report about it."""
    from av.stream import Disposition

    if not streams:
        raise MultiTalkError("It has no sound; choose a file with an audio track.")
    default = next((stream for stream in streams if stream.disposition & Disposition.default), streams[0])
    if len(streams) == 1:
        return default, []
    if not track:
        number = streams.index(default) + 1
        return default, [f"of its sound tracks {_listed(streams)}, track {number} is read: the default one"]
    for number, stream in enumerate(streams, start=1):
        if track.casefold() in (str(number), *(name.casefold() for name in _names(stream))):
            return stream, []
    raise MultiTalkError(f"It has no sound track {quoted(track)}: choose from {_listed(streams)}.")


def _listed(streams: "Sequence[AudioStream]") -> str:
    """All tracks by number, language and title."""
    tracks = []
    for number, stream in enumerate(streams, start=1):
        names = ", ".join(quoted(name) for name in _names(stream))
        tracks.append(f"{number} ({names})" if names else str(number))
    return ", ".join(tracks)


def _names(stream: "AudioStream") -> list[str]:
    names = (stream.metadata.get(key) for key in ("language", "title"))
    return [name for name in names if name and name != "und"]


def _stated_end(container: "InputContainer", stream: "AudioStream", size: int) -> float:
    """Where the sound ends by the file's header, in seconds of its time stamps; 0 if unknown.

    What the header of the `size` bytes states is checked before anything is decoded.
    """
    codec = stream.codec_context
    SOUND_RATE.check("Its rate in samples per second", codec.sample_rate)
    if codec.channels > MOST_CHANNELS:
        raise MultiTalkError(f"It has {codec.channels} channels, at most {MOST_CHANNELS} are read.")
    if not stream.duration or not stream.time_base:
        return 0.0 if container.streams.video else (container.duration or 0) / MICROSECONDS
    stated = seconds = float(stream.duration * stream.time_base)
    if codec.name.startswith("pcm") and codec.bit_rate:
        # A header that was written to a pipe may state any length; plain samples end with the file.
        seconds = min(seconds, 8 * size / codec.bit_rate)
        stated = stated if stated * codec.bit_rate < 8 * LONGEST_PIPED_BYTES else seconds
    samples = int(seconds * codec.sample_rate)
    check_length("It", channels=codec.channels, samples=samples, rate=codec.sample_rate)
    return stated  # of MP4 with its late start


def _frames(container: "InputContainer", stream: "AudioStream", damage: "_Damage") -> "Iterator[AudioFrame]":
    """Decoded frames; packets that cannot be decoded are added to `damage`."""
    from av.error import FFmpegError

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:  # the rest of the file cannot be taken apart
            damage.broken_off = True
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
            damage.read_bytes += packet.size
        except FFmpegError:
            damage.add(packet)


@dataclass
class _Damage:
    """What of a file could not be read.

    Attributes
    ----------
    zero : Fraction
        Time zero, in seconds of the time stamps.
    lost : list of (time, duration, bytes)
        Packets that cannot be decoded, in seconds.
    read_bytes : int
        Size of all other packets.
    missing : float
        Seconds that the header states beyond the end.
    broken_off : bool
        Whether the file is damaged so that nothing after that can be read.
    """

    zero: Fraction
    lost: list[tuple[float, float, int]] = field(default_factory=list)
    read_bytes: int = 0
    missing: float = 0.0
    broken_off: bool = False

    def add(self, packet: "Packet") -> None:
        """A packet that cannot be decoded."""
        if packet.pts is None or packet.time_base is None:
            return
        at = max(0.0, float(packet.pts * packet.time_base - self.zero))
        self.lost.append((at, float((packet.duration or 0) * packet.time_base), packet.size))

    def estimate(self, decoded: float) -> None:
        """Take the duration of lost packets from their size, as a hole is one packet however long it is."""
        if self.read_bytes:
            pace = decoded / self.read_bytes
            self.lost = [(at, max(seconds, size * pace), size) for at, seconds, size in self.lost]

    def cut_short(self, end: float, stated_end: float) -> None:
        """Compare the second at which the sound ends with the one that the header states."""
        missing = stated_end - end - self._lost_seconds()
        self.missing = missing if missing > CUT_SHORT_SECONDS else 0.0

    def check(self, decoded: float) -> None:
        """Refuse a file of which little was decoded."""
        whole = decoded + self._lost_seconds() + self.missing
        if decoded < LEAST_READ * whole:
            raise MultiTalkError(
                f"Only {decoded:.2f} of its {whole:.2f} s can be read: copy, download or export it again."
            )

    def notes(self) -> list[str]:
        """Each as the end of a sentence about the file."""
        notes = []
        if self.lost:
            notes.append(
                f"{self._lost_seconds():.2f} s of it are damaged and left out, at second "
                f"{some_times([at for at, *_ in self.lost])}"
            )
        if self.missing:
            notes.append(f"it is damaged or cut short: {self.missing:.2f} s of what it states cannot be read")
        elif self.broken_off:
            notes.append("it is damaged towards its end, and nothing after that is read")
        return notes

    def _lost_seconds(self) -> float:
        return sum(seconds for _, seconds, _ in self.lost)
