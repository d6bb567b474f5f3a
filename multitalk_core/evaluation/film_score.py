"""Mouths and voices of a finished film of cartoon people, and its binding score."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import go_on
from .binding_score import BindingScore, binding_score
from .envelope import loudness_envelope
from .mouth_openness import CartoonFace, find_faces, follow_faces, mouth_openness

BLOCK_FRAMES = 13  # half a second


@dataclass(frozen=True, eq=False)
class FilmMouths:
    """What was seen and heard of each speaker.

    Attributes
    ----------
    openness, loudness : Tensor [speakers, frames]
        Of the mouth and of the voice.
    columns : tuple of float, in 0..1
        Where in the film's width each face is in the first frame.
    """

    openness: Tensor
    loudness: Tensor
    columns: tuple[float, ...]

    def score(self) -> BindingScore:
        """How well the mouths follow the voices."""
        return binding_score([self.openness], [self.loudness], BLOCK_FRAMES)


def measure_film(
    frames: Tensor,
    picture: Tensor,
    voices: Sequence[np.ndarray],
    fps: float = 25.0,
    check_interrupted: Callable[[], None] = go_on,
) -> FilmMouths:
    """Find the faces in the picture, and read their mouths in the film and the loudness of the voices.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], in 0..1
    picture : Tensor [height, width, 3], in 0..1
        The source picture, at its own size; faces and voices go from left to right.
    voices : sequence of np.ndarray [samples]
        Each speaker's own track, mono at 16 kHz, equally loud.
    fps : float
    check_interrupted : callable
        Called before every frame; raises where the user has interrupted.

    Raises
    ------
    MultiTalkError
        When there are not as many faces as voices.
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


def face_in_film(face: CartoonFace, picture: tuple[int, int], film: tuple[int, int]) -> CartoonFace:
    """A face's place after the picture's resize and crop to the film's size, both (height, width)."""
    ratio = max(film[0] / picture[0], film[1] / picture[1])
    top, left = (
        round((math.ceil(ratio * before) - after) / 2) for before, after in zip(picture, film, strict=True)
    )
    scale = ratio * picture[0] / film[0]
    return CartoonFace(face.x * scale - left / film[0], face.y * scale - top / film[0], face.size * scale)
