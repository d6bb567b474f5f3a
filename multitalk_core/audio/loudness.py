"""Loudness by ITU-R BS.1770, and a voice brought to a given one. Knows pyloudnorm and one voice at a time."""

import numpy as np

TARGET_LUFS = -23.0
BLOCK_SECONDS = 0.4
# Beyond this pyloudnorm has measured no sound at all; the released code leaves such a voice as it is.
LARGEST_LUFS = 100.0


def integrated_loudness(samples: np.ndarray, rate: int = 16000) -> float:
    """Gated loudness (BS.1770: K-weighting, blocks of 0.4 s with 75 % overlap, gates -70 and -10 relative).

    Parameters
    ----------
    samples : np.ndarray [samples], float
    rate : int
        Samples per second.

    Returns
    -------
    float
        LUFS; -inf for silence and for sounds shorter than one block, which cannot be measured.
    """
    if len(samples) < BLOCK_SECONDS * rate:
        return -np.inf
    from pyloudnorm import Meter

    # Silence makes pyloudnorm take the logarithm of zero and the mean of no blocks.
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(Meter(rate, block_size=BLOCK_SECONDS).integrated_loudness(samples))


def normalise_loudness(samples: np.ndarray, rate: int = 16000, target: float = TARGET_LUFS) -> np.ndarray:
    """A voice at a given loudness; nothing is clipped (released code, loudness_norm).

    Parameters
    ----------
    samples : np.ndarray [samples], float
    rate : int
        Samples per second.
    target : float
        LUFS.

    Returns
    -------
    np.ndarray [samples], float32
        The same samples where they are silent or shorter than 0.4 s.
    """
    loudness = integrated_loudness(samples, rate)
    if not abs(loudness) <= LARGEST_LUFS:
        return np.asarray(samples, np.float32)
    return (samples * 10 ** ((target - loudness) / 20)).astype(np.float32)
