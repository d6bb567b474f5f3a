"""Mel-frequency cepstral coefficients (MFCC) of speech, as python_speech_features 0.6 computes them.

Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word Recognition", 1980.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # Hz
LENGTH, STEP = 400, 160  # samples of a row, and from one row to the next
POINTS = 512  # of the Fourier transform
FILTERS = 26
COEFFICIENTS = 13
EMPHASIS = 0.97
LIFTER = 22
SMALLEST = np.finfo(float).eps  # in place of zero before a logarithm

Table = NDArray[np.float64]


def cepstral_coefficients(samples: NDArray[np.int16]) -> Table:
    """Compute the coefficients of a sound.

    Parameters
    ----------
    samples : array [samples], int16
        At 16 kHz, not scaled to ±1.

    Returns
    -------
    array [rows, 13], float64
        100 rows a second. The first column is the logarithm of the row's energy.
    """
    signal = samples.astype(np.float64)
    emphasised = np.concatenate([signal[:1], signal[1:] - EMPHASIS * signal[:-1]])
    power = np.abs(np.fft.rfft(_rows(emphasised), POINTS)) ** 2 / POINTS
    lifted = 1 + LIFTER / 2 * np.sin(np.pi * np.arange(COEFFICIENTS) / LIFTER)
    coefficients = _logarithm(power @ _filters().T) @ _cosines().T * lifted
    coefficients[:, 0] = _logarithm(power.sum(1))
    return coefficients


def _logarithm(power: Table) -> Table:
    return np.log(np.where(power == 0, SMALLEST, power))


def _rows(signal: Table) -> Table:
    """The signal in overlapping rows, the last one filled with zeros."""
    count = 1 + max(0, -((LENGTH - len(signal)) // STEP))
    filled = np.zeros((count - 1) * STEP + LENGTH)
    filled[: len(signal)] = signal
    return np.lib.stride_tricks.sliding_window_view(filled, LENGTH)[::STEP]


def _filters() -> Table:
    """Triangles that are evenly wide on the mel scale, [filters, points / 2 + 1]."""
    highest = 2595 * np.log10(1 + RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, FILTERS + 2) / 2595) - 1)
    left, middle, right = (
        np.floor((POINTS + 1) * corners / RATE)[start : start + FILTERS, None] for start in range(3)
    )
    points = np.arange(POINTS // 2 + 1)
    rising, falling = (points - left) / (middle - left), (right - points) / (right - middle)
    return np.where(points < middle, rising, falling) * ((points >= left) & (points < right))


def _cosines() -> Table:
    """The orthonormal cosine transform of type II, [coefficients, filters]."""
    angles = np.pi * np.outer(np.arange(COEFFICIENTS), np.arange(FILTERS) + 0.5) / FILTERS
    scale = np.where(np.arange(COEFFICIENTS) == 0, 1.0, 2.0) / FILTERS
    return np.cos(angles) * np.sqrt(scale)[:, None]
