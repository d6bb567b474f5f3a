"""A timeline, heard by the audio encoder: what the adapter needs of all speakers, and the film's sound."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ..clips import Clip, mirrored_indices
from ..segments.keys import digest
from .features import AudioEncoder, Piece, cut_pieces
from .timeline import Timeline
from .waveform import SPEECH_RATE, Waveform
from .windows import audio_windows

SILENT_FRAMES = 25


@dataclass(frozen=True, eq=False)
class Conversation:
    """Every speaker's audio features, frame by frame.

    Parameters
    ----------
    features : tuple of Tensor [frames, layers, channels]
        One a speaker, equally long, float32, on the CPU.
    silence : Tensor [silent frames, layers, channels]
        Encoded silence, for what lies beyond the end.
    fps : float
        Feature frames, and video frames, per second.
    sound : Waveform
        The film's sound, as long as the features.
    timeline : Timeline
    pieces : tuple of (end, digest)
        Of each piece in which the tracks were encoded: its last frame + 1, and a digest of every track up to
        the last sample that shaped it.
    """

    features: tuple[Tensor, ...]
    silence: Tensor
    fps: float
    sound: Waveform
    timeline: Timeline
    pieces: tuple[tuple[int, str], ...]

    def heard(self, end: int) -> list[str | int]:
        """What shapes the features up to frame `end`: a digest of what was heard, and where it ends."""
        shaped_by = next((heard for piece_end, heard in self.pieces if end <= piece_end), self.pieces[-1][1])
        return [shaped_by, min(end, self.frames)]

    def windows(self, clip: Clip, window: int, prolonged: int = 0) -> Tensor:
        """Audio windows of a clip's frames; past the voices' end lies encoded silence.

        Parameters
        ----------
        clip : Clip
        window : int
            Feature frames around a video frame.
        prolonged : int
            Feature frames that play backwards after the end, before anything is clamped.

        Returns
        -------
        Tensor [speakers, frames, window, layers, channels]
        """
        first = max(0, clip.start - window // 2)
        end = clip.start + clip.frames + window // 2
        heard = mirrored_indices(self.frames, prolonged)[first:end]
        features = torch.stack([speaker[heard] for speaker in self.features])
        if not prolonged:
            beyond = range(max(first, self.frames), end)
            silence = self.silence[[(frame - self.frames) % len(self.silence) for frame in beyond]]
            features = torch.cat([features, silence.expand(len(features), *silence.shape)], dim=1)
        return audio_windows(features, clip.start - first, clip.frames, window)

    @property
    def frames(self) -> int:
        return len(self.features[0])

    @property
    def speakers(self) -> int:
        return len(self.features)


def encode_conversation(
    timeline: Timeline,
    encoder: AudioEncoder,
    fps: float = 25.0,
    frames: int | None = None,
    normalise: bool = True,
    seconds_per_piece: float | None = None,
) -> Conversation:
    """Encode every speaker's track (paper 3.2).

    Parameters
    ----------
    timeline : Timeline
    encoder : AudioEncoder
    fps : float
        Video frames per second.
    frames : int, optional
        Length in video frames: later ones are encoded and cut off, missing ones are silence. By default
        until the last voice ends.
    normalise : bool
        Bring each voice to -23 LUFS first.
    seconds_per_piece : float, optional
        See AudioEncoder.encode.

    Returns
    -------
    Conversation
    """
    seconds = timeline.seconds if frames is None else max(timeline.seconds, frames / fps)
    tracks = timeline.tracks(normalise, seconds)
    heard = int(tracks.shape[1] / SPEECH_RATE * fps)
    frames = heard if frames is None else frames
    pieces = cut_pieces(max(heard, frames), tracks.shape[1], fps, seconds_per_piece)
    encoded: dict[bytes, Tensor] = {}
    for track in tracks:
        # Equal tracks, such as two listeners', are encoded once.
        if track.tobytes() not in encoded:
            states = encoder.encode(track, fps, max(heard, frames), seconds_per_piece)
            encoded[track.tobytes()] = states[:frames].clone()
    return Conversation(
        features=tuple(encoded[track.tobytes()] for track in tracks),
        silence=encoder.silence(SILENT_FRAMES, fps),
        fps=fps,
        sound=timeline.sound(frames / fps),
        timeline=timeline,
        pieces=tuple(_digests(tracks, pieces)),
    )


def _digests(tracks: np.ndarray, pieces: list[Piece]) -> Iterator[tuple[int, str]]:
    """The end of each piece, and a digest of the tracks up to its last sample."""
    before, heard = "", 0
    for piece in pieces:
        before = digest([before, asdict(piece), digest(tracks[:, heard : piece.last_sample])])
        heard = piece.last_sample
        yield piece.end, before
