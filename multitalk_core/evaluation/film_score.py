"""Mouths and voices in a film of cartoon people, and its binding score."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.picture import covering
from .binding_score import BindingScore, binding_score
from .envelope import loudness_envelope
from .mouth_openness import CartoonFace, find_faces, follow_faces, mouth_openness

BLOCK_FRAMES = 13  # half a second


@dataclass(frozen=True, eq=False)
class FilmMouths:
    """Measured mouth openness and loudness of each speaker.

    Attributes
    ----------
    openness, loudness : Tensor [speakers, frames]
        Of the mouth and of the voice.
    columns : tuple of float, in 0..1
        Horizontal position of each face in the first frame, as a share of the width.
    """

    openness: Tensor
    loudness: Tensor
    columns: tuple[float, ...]

    def score(self) -> BindingScore:
        """How well the mouths follow the voices."""
        return binding_score([self.openness], [self.loudness], block_frames=BLOCK_FRAMES)


def measure_film(
    frames: Tensor,
    picture: Tensor,
    voices: Sequence[np.ndarray],
    *,
    fps: float = 25.0,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> FilmMouths:
    """Measure the mouths in a film and the loudness of the voices.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], in 0..1
    picture : Tensor [height, width, 3], in 0..1
        The source picture at its own size, in which the faces are found, from left to right.
    voices : sequence of np.ndarray [samples]
        Each speaker's track, mono at 16 kHz, normalised, in the order of the faces.
    fps : float
    check_interrupted : callable
        Called before every frame; raises to stop.

    Raises
    ------
    MultiTalkError
        When the numbers of faces and voices differ.
    """
    faces = find_faces(picture)
    if len(faces) != len(voices):
        raise MultiTalkError(
            f"The picture has {len(faces)} cartoon face(s) and there are {len(voices)} voices: "
            "measure binding on the demo's own picture."
        )
    faces = [face_in_film(face, picture.shape[:2], frames.shape[1:3]) for face in faces]
    loudness = torch.stack([loudness_envelope(voice, len(frames), fps) for voice in voices])
    columns = tuple(face.x * frames.shape[1] / frames.shape[2] for face in faces)
    openness = mouth_openness(frames, faces, follow_faces(frames, faces, check_interrupted=check_interrupted))
    return FilmMouths(openness, loudness, columns)


def face_in_film(face: CartoonFace, picture: Sequence[int], film: Sequence[int]) -> CartoonFace:
    """Position of a face after the resize and crop from a picture's to a film's (height, width)."""
    ratio, _, (top, left) = covering(picture, film)
    scale = ratio * picture[0] / film[0]
    return CartoonFace(face.x * scale - left / film[0], face.y * scale - top / film[0], face.size * scale)
