"""A retake of one person: their mouth is regenerated in finished clips; all else stays, bit for bit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from ..method.wan import TEMPORAL_STRIDE
from .store import Json

if TYPE_CHECKING:
    from .spec import ClipOverride

# Over which a retake returns to a next clip that stays as it was: one frame of the latent.
RETURN_FRAMES = TEMPORAL_STRIDE


class PersonRegion(Protocol):
    """Where one person's mouth moves in a clip."""

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """The region of a person in a finished clip.

        Parameters
        ----------
        frames : Tensor [frames, height, width, 3], in 0..1
            The whole clip, its motion frames too.
        start : int
            Film frame of the first of them.
        masks : Tensor [persons, height, width], bool
            The persons on the first of them.
        person : int
            Index from 0.

        Returns
        -------
        Tensor [frames, height, width], in 0..1
            1 where frames are regenerated, 0 where they stay; between them both are mixed.

        Raises
        ------
        MultiTalkError
            When the person's mouth cannot be found.
        """
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonRetake:
    """One person, retaken in some clips.

    Attributes
    ----------
    person : int
        Index from 0.
    clips : mapping of clip index to ClipOverride
        Seeds and prompts; by default those of the film.
    region : PersonRegion
    identity : plain value
        Identifies the region: its file, or what finds it.
    """

    person: int
    clips: Mapping[int, "ClipOverride"]
    region: PersonRegion
    identity: Json = None
