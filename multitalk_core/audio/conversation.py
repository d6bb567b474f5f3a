"""An encoded timeline: the audio features of all speakers, and the film's sound."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ..files.digests import Json, digest
from ..guards.interruption import uninterrupted
from ..method.windows import audio_windows
from .features import AudioEncoder
from .pieces import Piece, cut_pieces, piece_seconds
from .timeline import Timeline
from .waveform import SPEECH_RATE, Waveform

SILENT_FRAMES = 25
SAMPLES_AT_ONCE = 2**24  # hashed between two checks for an interruption


@dataclass(frozen=True, eq=False)
class Conversation:
    """Every speaker's audio features, frame by frame.

    Parameters
    ----------
    features : tuple of Tensor [frames, layers, channels]
        One per speaker, all of the same length, float32, on the CPU.
    silence : Tensor [silent frames, layers, channels]
        Encoded silence, used beyond the end.
    fps : float
        Feature frames, and video frames, per second.
    sound : Waveform
        The film's sound, as long as the features.
    timeline : Timeline
    pieces : tuple of (end, digest)
        For each piece in which the tracks were encoded: its last frame + 1, and a digest of every track up
        to the last sample that affects the piece.
    notes : tuple of str
        Sentences for the user about how the voices were encoded.
    """

    features: tuple[Tensor, ...]
    silence: Tensor
    fps: float
    sound: Waveform
    timeline: Timeline
    pieces: tuple[tuple[int, str], ...]
    notes: tuple[str, ...] = ()

    def digest_until(self, end: int) -> list[Json]:
        """Identify the features up to frame `end`, by a digest of the sound behind them and their length."""
        piece = bisect_left(self.pieces, end, key=lambda piece: piece[0])
        return [self.pieces[min(piece, len(self.pieces) - 1)][1], min(end, self.frames)]

    def windows(self, start: int, frames: int, window: int, *, prolonged: int = 0) -> Tensor:
        """Audio windows of a clip's frames; beyond the end of the voices they contain encoded silence.

        Parameters
        ----------
        start, frames : int
            First frame and length of the clip.
        window : int
            Feature frames around a video frame.
        prolonged : int
            Feature frames that are repeated backwards after the end; after those the last one is repeated.

        Returns
        -------
        Tensor [speakers, frames, window, layers, channels]
        """
        first = max(0, start - window // 2)
        end = start + frames + window // 2
        indices = list(range(first, min(end, self.frames)))
        if prolonged:
            indices = mirrored_indices(self.frames, prolonged)[first:end]
        features = torch.stack([speaker[indices] for speaker in self.features])
        if not prolonged:
            beyond = range(max(first, self.frames), end)
            silence = self.silence[[(frame - self.frames) % len(self.silence) for frame in beyond]]
            features = torch.cat([features, silence.expand(len(features), *silence.shape)], dim=1)
        return audio_windows(features, start - first, frames, window=window)

    @property
    def frames(self) -> int:
        """Length in feature frames."""
        return len(self.features[0])

    @property
    def speakers(self) -> int:
        """Number of speakers, listeners included."""
        return len(self.features)


def encode_conversation(
    timeline: Timeline,
    encoder: AudioEncoder,
    *,
    fps: float = 25.0,
    frames: int | None = None,
    normalise: bool = True,
    seconds_per_piece: float | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Conversation:
    """Encode every speaker's track (paper 3.2).

    Parameters
    ----------
    timeline : Timeline
    encoder : AudioEncoder
    fps : float
        Video frames per second.
    frames : int, optional
        Length in video frames; a shorter sound is padded with silence, a longer one is encoded whole and
        then cut. By default until the last voice ends.
    normalise : bool
        Normalise each voice to -23 LUFS first.
    seconds_per_piece : float, optional
        See AudioEncoder.encode.
    check_interrupted : callable
        Called repeatedly; raises to stop.

    Returns
    -------
    Conversation
    """
    seconds = timeline.seconds if frames is None else max(timeline.seconds, frames / fps)
    tracks = timeline.tracks(normalise, seconds, check_interrupted)
    available = int(tracks.shape[1] / SPEECH_RATE * fps)
    frames = available if frames is None else frames
    count = max(available, frames)
    pieces = cut_pieces(count, tracks.shape[1], fps=fps, seconds=seconds_per_piece)
    encoded: dict[str, Tensor] = {}
    names = [_digest(track, check_interrupted) for track in tracks]
    for name, track in zip(names, tracks, strict=True):
        # Identical tracks, such as those of two listeners, are encoded once.
        if name not in encoded:
            states = encoder.encode(
                track, fps, count, seconds_per_piece=seconds_per_piece, check_interrupted=check_interrupted
            )
            encoded[name] = states if len(states) == frames else states[:frames].clone()
    return Conversation(
        features=tuple(encoded[name] for name in names),
        silence=encoder.silence(SILENT_FRAMES, fps),
        fps=fps,
        sound=timeline.sound(frames / fps),
        timeline=timeline,
        pieces=tuple(_digests(tracks, pieces, check_interrupted)),
        notes=_notes(count / fps, seconds_per_piece),
    )


def _notes(seconds: float, given: float | None) -> tuple[str, ...]:
    """Say where the length of the pieces is not the user's."""
    length = piece_seconds(seconds, given)
    if length is None or length == given:
        return ()
    return (
        f"The voices last {seconds / 60:.0f} minutes, too long to be encoded whole: they are encoded in "
        f"pieces of {length / 60:.0f} minutes. Set the seconds per piece to choose another length.",
    )


def _digests(
    tracks: np.ndarray, pieces: list[Piece], check_interrupted: Callable[[], None]
) -> Iterator[tuple[int, str]]:
    """The end of each piece, and a digest of the tracks up to its last sample."""
    before, done = "", 0
    for piece in pieces:
        own: list[Json] = [_digest(track[done : piece.last_sample], check_interrupted) for track in tracks]
        before = digest([before, asdict(piece), own])
        done = piece.last_sample
        yield piece.end, before


def _digest(samples: np.ndarray, check_interrupted: Callable[[], None]) -> str:
    """Digest of [samples], taken block by block."""
    blocks = range(0, len(samples), SAMPLES_AT_ONCE)
    digests: list[Json] = []
    for start in blocks:
        check_interrupted()
        digests.append(digest(samples[start : start + SAMPLES_AT_ONCE]))
    return digest(digests)


def mirrored_indices(frames: int, prolonged: int) -> list[int]:
    """Indices of all feature frames, followed by the last `prolonged` ones in reverse order."""
    return [*range(frames), *reversed(range(max(0, frames - prolonged), frames))]
