"""Persons through a film in the making: their masks where each clip begins."""

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..persons.face_detector import DetectedFace, FaceDetector
from ..persons.following import face_in, follow_faces
from ..persons.masks import Persons
from ..persons.moving_persons import MovingPersons
from .clips import Clip
from .person_retaking import pixel_masks
from .spec import Continuation, FilmSpec


def check_following(continuation: str, *, dubbed: bool) -> None:
    """Refuse to follow persons where the film does it by itself, or where it does not depend on it.

    Raises
    ------
    MultiTalkError
    """
    if dubbed:
        raise MultiTalkError(
            "Persons are followed through a dubbed video without being asked: leave out follow persons."
        )
    if continuation == Continuation.INFINITETALK:
        raise MultiTalkError(
            "The continuation infinitetalk conditions every clip on the picture, where the persons are "
            "marked: leave out follow persons, or choose the continuation multitalk."
        )


class FollowedPersons:
    """Follows the persons' faces from the picture through each finished clip to the start of the next.

    The method locates persons by their masks on a clip's first frame (paper 3.3), which in later clips is the
    first motion frame. Persons without a face in the picture stay where they are there.

    Parameters
    ----------
    spec : FilmSpec
        With a `face_model`.

    Attributes
    ----------
    masks : Tensor [persons + 1, tokens of a frame]
        Person masks on the first frame of the next clip, the background last.
    """

    def __init__(self, spec: FilmSpec) -> None:
        assert spec.face_model is not None
        self._detector = FaceDetector(spec.face_model)
        self._size, self._overlap, self._fps = spec.size, spec.plan.overlap, spec.conversation.fps
        *masks, background = pixel_masks(spec.masks, *spec.size)
        self._persons = Persons(torch.stack(masks), background)
        found = self._detector.faces(spec.picture)
        self._first = [face_in(mask, found) for mask in masks]
        self._later: list[list[DetectedFace]] = []
        self.masks = spec.masks

    def follow(self, clip: Clip, added: Tensor) -> None:
        """Follow the persons through the next finished clip.

        Parameters
        ----------
        clip : Clip
        added : Tensor [new frames, height, width, 3], in 0..1
        """
        if not any(self._first):
            return
        new = added if self._later else added[1:]  # the film begins with the picture
        self._later += [self._detector.candidates(frame) for frame in new]
        seconds = [index / self._fps for index in range(len(self._later) + 1)]
        followed = follow_faces(self._first, self._later, seconds, size=self._size)
        shown = MovingPersons(self._persons, followed).in_picture(clip.start + clip.frames - self._overlap)
        self.masks = shown.token_masks(*self._size, may_vanish=True)
