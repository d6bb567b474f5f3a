"""The loudness of a voice, frame by frame."""

import numpy as np
import torch
from torch import Tensor

from ..audio.waveform import SPEECH_RATE

WINDOW_SECONDS = 0.16  # as long as a syllable's rise and fall


def loudness_envelope(samples: np.ndarray, frames: int, fps: float = 25.0) -> Tensor:
    """Root mean square under a Hann window around the start of every video frame.

    Parameters
    ----------
    samples : np.ndarray [samples]
        Mono at 16 kHz.
    frames : int
        Number of frames; the sound is padded with silence.
    fps : float

    Returns
    -------
    Tensor [frames], float32, full scale is 1
    """
    half = round(WINDOW_SECONDS * SPEECH_RATE / 2)
    starts = np.round(np.arange(frames) * SPEECH_RATE / fps).astype(int)
    weights = np.hanning(2 * half)
    missing = max(0, int(starts[-1]) + half - len(samples))
    power = np.pad(samples.astype(np.float64) ** 2, (half, missing))
    windows = np.lib.stride_tricks.sliding_window_view(power, 2 * half)[starts]
    return torch.from_numpy(np.sqrt(windows @ (weights / weights.sum()))).float()
