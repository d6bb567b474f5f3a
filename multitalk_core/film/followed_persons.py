"""Persons through a film in the making: their masks where each clip begins."""

from fractions import Fraction

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..media.video_source import VideoInMemory
from ..persons.face_detector import FaceDetector
from ..persons.following import follow_video
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
    """Follows the persons' faces through each finished clip to the start of the next.

    The method locates persons by their masks on a clip's first frame (paper 3.3), which in later clips is the
    first motion frame. Persons without a face in a clip's first frame stay where they were.

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
        self._size, self._overlap = spec.size, spec.plan.overlap
        self._rate = Fraction(spec.conversation.fps).limit_denominator()
        *masks, background = pixel_masks(spec.masks, *spec.size)
        self._persons = Persons(torch.stack(masks), background)
        self.masks = spec.masks

    def follow(self, clip: Clip, before: Tensor, added: Tensor) -> None:
        """Follow the persons through a finished clip.

        Parameters
        ----------
        clip : Clip
        before : Tensor [1, 3, motion frames, height, width], in -1..1
            The clip's motion frames; not read for the first clip.
        added : Tensor [new frames, height, width, 3], in 0..1
        """
        shown = added
        if clip.motion_frames:
            shown = torch.cat([before[0].movedim(0, -1) / 2 + 0.5, added])
        start = clip.frames - self._overlap
        followed = follow_video(
            self._detector,
            VideoInMemory(shown, self._rate),
            self._persons,
            pictures=start + 1,
            all_seen=False,
        )
        self._persons = MovingPersons(self._persons, followed).in_picture(start)
        self.masks = self._persons.token_masks(*self._size, may_vanish=True)
