"""What is heard in the film: of each sound, and of their sum."""

from dataclasses import dataclass, replace

import numpy as np

from .placed_pieces import FADE_SECONDS, PlacedPiece, laid
from .waveform import Waveform

LOWERED_PEAK = 0.97  # of full scale: lossy codecs exceed a peak slightly


@dataclass(frozen=True, eq=False)
class FilmSound:
    """A sound that is heard in the film.

    Parameters
    ----------
    name : str
        In notes.
    waveform : Waveform
    pieces : tuple of PlacedPiece
        Those that are heard; none is all of it, from the film's start.
    """

    name: str
    waveform: Waveform
    pieces: tuple[PlacedPiece, ...] = ()

    @property
    def heard(self) -> Waveform:
        """The sound as the film has it."""
        if not self.pieces:
            return self.waveform
        samples = laid(self.waveform.samples, self.waveform.rate, self.pieces, fade=FADE_SECONDS)
        return replace(self.waveform, samples=samples)


def within_full_scale(samples: np.ndarray, rate: int) -> Waveform:
    """A sound, lowered by one gain if its peak is above full scale."""
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if peak <= 1.0:
        return Waveform(samples, rate)
    gain = LOWERED_PEAK / peak
    samples *= gain
    note = (
        f"the voices together reach {peak:.2f} times full scale, so the film's sound is lowered by "
        f"{-20 * np.log10(gain):.1f} dB"
    )
    return Waveform(samples, rate, (note,))
