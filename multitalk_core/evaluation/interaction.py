"""How persons listen: whether the mouth is shut while somebody else speaks, and how eyes and head move."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .face_motion import FaceMotion

AUDIBLE = 0.1  # of the loudest moment of all voices of a film: below it a voice is silent
AFTERWARDS = 5  # frames after a voice in which its person is neither speaking nor listening
SHORTEST = 5  # frames of listening that are measured


@dataclass(frozen=True)
class Interaction:
    """How the persons of one film listen; see docs/evaluation.md for the formulas.

    Attributes
    ----------
    mouth : float or None
        Movement of listeners' mouths as a share of the speakers': 0 is shut, 1 moves as if they spoke. None
        where nobody who speaks is measured.
    eyes, head : float
        Movement of listeners' eyes and heads; 0 in a still picture.
    frames : int
        In which persons are measured while they listen, over all of them.
    """

    mouth: float | None
    eyes: float
    head: float
    frames: int


def interaction(
    mouths: Mapping[int, np.ndarray], motions: Mapping[int, FaceMotion], loudness: np.ndarray
) -> Interaction | None:
    """Measure a film; None where nobody is seen to listen.

    Parameters
    ----------
    mouths : mapping of person to np.ndarray [frames]
        For each person who is followed, how much the mouth moves, or is open; NaN where it is lost.
    motions : mapping of person to FaceMotion
        The same persons.
    loudness : np.ndarray [persons, frames]
        Of every person's voice, from `loudness_envelope`.
    """
    speaks, listens = turns_of(loudness)
    eyes = _joined({person: motion.eyes for person, motion in motions.items()}, listens)
    head = _joined({person: motion.head for person, motion in motions.items()}, listens)
    shut, moving = _joined(mouths, listens), _joined(mouths, speaks)
    if min(map(len, (shut, eyes, head))) < SHORTEST:
        return None
    speaking = float(moving.mean()) if len(moving) else 0.0
    mouth = float(shut.mean()) / speaking if speaking > 0 else None
    return Interaction(mouth, float(eyes.mean()), float(head.mean()), len(shut))


def _joined(signals: Mapping[int, np.ndarray], when: np.ndarray) -> np.ndarray:
    """All persons' signals in some frames, bool [persons, frames], without those in which they are lost."""
    joined = np.concatenate([signal[when[person]] for person, signal in signals.items()])
    return joined[~np.isnan(joined)]


def turns_of(loudness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each person speaks, and when each listens, bool [persons, frames]."""
    speaks = loudness >= AUDIBLE * max(float(loudness.max()), 1e-6)
    recent = speaks.copy()
    for shift in range(1, AFTERWARDS + 1):
        recent[:, shift:] |= speaks[:, :-shift]
    others = np.array([np.delete(speaks, person, axis=0).any(axis=0) for person in range(len(speaks))])
    return speaks, others & ~recent
