"""Loudness by ITU-R BS.1770, and normalisation of one voice to a target loudness. Knows pyloudnorm."""

import numpy as np

TARGET_LUFS = -23.0
BLOCK_SECONDS = 0.4
# A larger absolute value means that nothing was measured; the reference implementation keeps such a voice.
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
    """Scale a voice to a target loudness without clipping (loudness_norm in the reference implementation).

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
        Unchanged where the voice is silent or shorter than 0.4 s.
    """
    loudness = integrated_loudness(samples, rate)
    if not abs(loudness) <= LARGEST_LUFS:
        return np.asarray(samples, np.float32)
    return (samples * 10 ** ((target - loudness) / 20)).astype(np.float32)
