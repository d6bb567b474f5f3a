"""What the audio encoder is given of a voice: sound, silence, or channels that cancel out in mono."""

from collections.abc import Iterable
from enum import Enum

import numpy as np

from .waveform import Waveform, speech

SILENT_PEAK = 1e-4  # -80 dB, a few steps of 16 bits
CANCELLED = 0.1  # the mono mix's RMS over that of the loudest channel: -20 dB, a correlation below -0.98
SECONDS_AT_ONCE = 60.0


class Audibility(Enum):
    """What is left of a voice in mono at 16 kHz."""

    AUDIBLE = "audible"
    SILENT = "silent"
    CANCELLED = "cancelled"


def audibility(voice: Waveform, turns: Iterable[tuple[float, float]]) -> Audibility:
    """Judge a voice as the audio encoder's input.

    Parameters
    ----------
    voice : Waveform
    turns : iterable of (start, end)
        The parts to judge, in seconds of the voice.
    """
    mixed_peak, mixed_energy = 0.0, 0.0
    peak, energies = 0.0, np.zeros(voice.channels)
    for start, end in turns:
        for begin in np.arange(start, end, SECONDS_AT_ONCE):
            until = min(begin + SECONDS_AT_ONCE, end)
            samples = voice.samples[:, round(begin * voice.rate) : round(until * voice.rate)]
            if not samples.shape[1]:
                continue
            mixed = speech(Waveform(samples, voice.rate))
            mixed_peak = max(mixed_peak, float(np.abs(mixed).max()))
            if voice.channels == 1 and mixed_peak >= SILENT_PEAK:
                return Audibility.AUDIBLE
            mixed_energy += _mean_square(mixed) * samples.shape[1]
            peak = max(peak, float(np.abs(samples).max()))
            energies += [_mean_square(channel) * samples.shape[1] for channel in samples]
    if voice.channels > 1 and peak >= SILENT_PEAK and mixed_energy < CANCELLED**2 * energies.max():
        return Audibility.CANCELLED
    return Audibility.AUDIBLE if mixed_peak >= SILENT_PEAK else Audibility.SILENT


def _mean_square(samples: np.ndarray) -> float:
    return float(np.vdot(samples, samples)) / len(samples)
