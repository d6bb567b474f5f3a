"""Voice tracks of one person: sentences with pauses, and how far they open the mouth."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from ..audio.waveform import SPEECH_RATE
from .scene import FPS
from .speech import SENTENCES, VOICES, Line, openness, spoken

UNSEEN_SENTENCES = SENTENCES[::6]
SEEN_SENTENCES = tuple(sentence for sentence in SENTENCES if sentence not in UNSEEN_SENTENCES)
LONGEST_PAUSE = 1.5  # seconds
SILENCE = 4.0  # seconds, of a listener's track


@dataclass(frozen=True, eq=False)
class Track:
    """The voice of one person.

    Attributes
    ----------
    samples : np.ndarray [samples], float32
        Mono, 16 kHz, -23 LUFS.
    openness : Tensor [frames]
        Openness of the mouth, in 0..1.
    """

    samples: np.ndarray
    openness: Tensor


@cache
def random_track(seed: int, unseen: bool = False, sentences: int = 1) -> Track:
    """Sentences of one voice between pauses of random length.

    Parameters
    ----------
    seed : int
    unseen : bool
        Use only sentences that are never trained on.
    sentences : int
    """
    rng = np.random.default_rng(seed)
    voice = VOICES[rng.integers(len(VOICES))]
    texts = UNSEEN_SENTENCES if unseen else SEEN_SENTENCES
    pieces = [pause(rng)]
    for index in rng.choice(len(texts), sentences, replace=False):
        pieces += [spoken(Line(voice, texts[index])), pause(rng)]
    samples = np.concatenate(pieces)
    return Track(samples, openness(samples, frames_of(samples)))


@cache
def silent_track() -> Track:
    """The track of a listener."""
    samples = np.zeros(int(SILENCE * SPEECH_RATE), np.float32)
    return Track(samples, torch.zeros(frames_of(samples)))


def pause(rng: np.random.Generator) -> np.ndarray:
    """Silence of 0 to LONGEST_PAUSE seconds."""
    return np.zeros(int(rng.uniform(0, LONGEST_PAUSE) * SPEECH_RATE), np.float32)


def frames_of(samples: np.ndarray) -> int:
    """Number of whole video frames in a track."""
    return int(len(samples) / SPEECH_RATE * FPS)


def random_piece(track: Track, frames: int, rng: np.random.Generator) -> tuple[np.ndarray, Tensor]:
    """A random piece of a track: samples and openness of `frames` video frames."""
    start = int(rng.integers(len(track.openness) - frames + 1))
    hop = SPEECH_RATE // FPS
    piece = track.samples[start * hop : (start + frames) * hop]
    return piece, track.openness[start : start + frames]


def stacked(pieces: list[tuple[np.ndarray, Tensor]]) -> tuple[Tensor, Tensor]:
    """Stack pieces of the same length to [pieces, samples] and [pieces, frames]."""
    samples, opened = zip(*pieces, strict=True)
    return torch.from_numpy(np.stack(samples)), torch.stack(opened)
