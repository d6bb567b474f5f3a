"""A voice at its place in the film."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .audibility import Audibility, audibility
from .loudness import normalise_loudness
from .placed_pieces import PlacedPiece, end_of, laid
from .waveform import SPEECH_RATE, Waveform, speech


@dataclass(frozen=True, eq=False)
class PlacedVoice:
    """A voice of one speaker, placed in time.

    Parameters
    ----------
    speaker : int
        From 0.
    start : float
        When the voice begins, in seconds of the film.
    voice : Waveform
    turns : tuple of (start, end)
        When the speaker speaks, in seconds of the voice; the rest belongs to others.
    pieces : tuple of PlacedPiece
        Where the film has them, if each turn has its own place; `start` is then 0.
    """

    speaker: int
    start: float
    voice: Waveform
    turns: tuple[tuple[float, float], ...]
    pieces: tuple[PlacedPiece, ...] = ()

    @property
    def end(self) -> float:
        """When the voice ends, in seconds of the film."""
        return end_of(self.pieces) if self.pieces else self.start + self.voice.seconds

    @property
    def whole(self) -> tuple[PlacedPiece, ...]:
        """All of the voice at its place, as a film's sound has it; nothing for the film's start."""
        return (PlacedPiece(0.0, self.voice.seconds, self.start),) if self.start else ()

    @cached_property
    def audibility(self) -> Audibility:
        """What the audio encoder is given in the turns."""
        return audibility(self.voice, self.turns)

    def track(self, normalise: bool) -> np.ndarray:
        """The voice from `start` on, with everything but the speaker's turns silenced.

        Loudness is measured over all turns, so that one that is split or moved keeps its loudness.

        Returns
        -------
        np.ndarray [samples], float32, mono at 16 kHz
        """
        samples = speech(self.voice)
        own = np.zeros_like(samples)
        for start, end in self.turns:
            piece = slice(round(start * SPEECH_RATE), round(end * SPEECH_RATE))
            own[piece] = samples[piece]
        own = normalise_loudness(own, SPEECH_RATE) if normalise else own
        return laid(own, SPEECH_RATE, self.pieces) if self.pieces else own
