"""Persons through a film in the making: their masks where each clip begins."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..persons.face_detector import DetectedFace, FaceDetector
from ..persons.following import FollowedFaces, face_in, follow_faces
from ..persons.masks import Persons
from ..persons.moving_persons import EVENTS_SHOWN, MovingPersons
from .clips import Clip
from .film_listener import FilmListener
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
    listener : FilmListener
        Gets a sentence for each person who has no face, is lost, changes sides or is not shown.
    check_interrupted : callable
        Called for every frame; raises where the user has interrupted.

    Attributes
    ----------
    masks : Tensor [persons + 1, tokens of a frame]
        Person masks on the first frame of the next clip, the background last.
    """

    def __init__(
        self,
        spec: FilmSpec,
        listener: FilmListener,
        check_interrupted: Callable[[], None] = uninterrupted,
    ) -> None:
        assert spec.face_model is not None
        self._detector = FaceDetector(spec.face_model)
        self._size, self._overlap, self._fps = spec.size, spec.plan.overlap, spec.conversation.fps
        *masks, background = pixel_masks(spec.masks, *spec.size)
        self._persons = Persons(torch.stack(masks), background)
        self._listener, self._check_interrupted = listener, check_interrupted
        found = self._detector.faces(spec.picture, check_interrupted)
        self._first = [face_in(mask, found) for mask in masks]
        self._later: list[list[DetectedFace]] = []
        self.masks = spec.masks
        self._reported: set[str] = set()
        self._absent: set[int] = set()
        self._report_faceless()

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
        self._later += [self._detector.candidates(frame, self._check_interrupted) for frame in new]
        seconds = [index / self._fps for index in range(len(self._later) + 1)]
        followed = follow_faces(self._first, self._later, seconds, size=self._size)
        shown = MovingPersons(self._persons, followed).in_picture(clip.start + clip.frames - self._overlap)
        self.masks = shown.token_masks(*self._size, may_vanish=True)
        self._report_events(followed)
        self._report_absences(clip.index + 1)

    def _report_faceless(self) -> None:
        """Say who is not followed."""
        if not any(self._first):
            self._listener.note(
                "No person has a face in the picture, so nobody is followed: their masks stay where they are."
            )
            return
        for index, face in enumerate(self._first):
            if face is None:
                self._listener.note(
                    f"Person {index + 1} has no face in the picture, so their mask stays where it is there."
                )

    def _report_events(self, followed: FollowedFaces) -> None:
        """Say once what has happened; a long film has more to say than anybody reads."""
        for event in map(str, followed.events):
            if event not in self._reported and len(self._reported) <= EVENTS_SHOWN:
                self._reported.add(event)
                ends = len(self._reported) > EVENTS_SHOWN
                self._listener.note("Persons are lost or change sides more often." if ends else event)

    def _report_absences(self, clip: int) -> None:
        """Say who is not shown where a clip begins, if they were where the clip before began."""
        absent = {index for index, mask in enumerate(self.masks[:-1]) if not mask.any()}
        for index in sorted(absent - self._absent):
            self._listener.note(
                f"Person {index + 1} is not shown where clip {clip + 1} begins, so their voice moves nobody "
                "until a clip begins with them again."
            )
        self._absent = absent
