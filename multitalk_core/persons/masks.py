"""Person masks: one for each person, in speaker order, and one for the background."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..media.picture import cut_margins, resize_and_crop
from ..method.wan import TOKEN_STEP
from .box import Box


@dataclass(frozen=True)
class Finding:
    """How a person was found.

    Attributes
    ----------
    face : Box or None
        Within the picture; None where a segmentation model found the person.
    certainty : float
        0..1
    """

    face: Box | None
    certainty: float


@dataclass(frozen=True, eq=False)
class Persons:
    """Masks at the size of the source picture.

    Attributes
    ----------
    masks : Tensor [persons, height, width], bool
        In speaker order.
    background : Tensor [height, width], bool
        Pixels of no person; may be empty.
    findings : tuple of Finding
        One for each person; none where the persons were marked by hand.
    others : int
        Persons that were found in the picture but are not among these.
    """

    masks: Tensor
    background: Tensor
    findings: tuple[Finding, ...] = ()
    others: int = 0

    @property
    def among_bystanders(self) -> bool:
        """Whether the picture shows other people: some were found, or a mark by hand leaves them out."""
        return self.others > 0 if self.findings else bool(self.background.any())

    @property
    def count(self) -> int:
        """Number of persons."""
        return len(self.masks)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.background.shape
        return height, width

    def ordered(self, order: Sequence[int]) -> "Persons":
        """Reorder the persons by speaker.

        Parameters
        ----------
        order : sequence of int
            For each speaker, the index of their person here; each index once.

        Raises
        ------
        MultiTalkError
            When an index is missing, repeated or too large.
        """
        if sorted(order) != list(range(self.count)):
            numbers = ", ".join(str(index + 1) for index in order)
            raise MultiTalkError(
                f"The order {numbers} does not name each of the {self.count} persons exactly once."
            )
        findings = tuple(self.findings[index] for index in order) if self.findings else ()
        return replace(self, masks=self.masks[list(order)], findings=findings)

    def fitted(self, height: int, width: int) -> "Persons":
        """The masks after the same resize and crop as the picture, with nearest-neighbour sampling."""
        masks = [*self.masks, self.background]
        fitted = [resize_and_crop(mask[None].float(), height, width, nearest=True)[0] > 0 for mask in masks]
        return Persons(torch.stack(fitted[:-1]), fitted[-1])

    def shown(self, height: int, width: int) -> list[float]:
        """Share of each person, 0..1, that a video of this size shows; the crop may cut some of it off."""
        source_height, source_width = self.size
        top, left = cut_margins(self.size, (height, width))
        seen = self.masks[:, top : source_height - top, left : source_width - left]
        return (seen.sum(dim=(1, 2)) / self.masks.sum(dim=(1, 2))).tolist()

    def token_masks(self, height: int, width: int, *, may_vanish: bool = False) -> Tensor:
        """Masks on the token grid of a video of this size (paper 3.3).

        Nearest-neighbour sampling to the latent grid and then to the token grid keeps every 16th pixel of
        the cropped mask.

        Parameters
        ----------
        height, width : int
            Size of the video in pixels, divisible by 16.
        may_vanish : bool
            Accept persons who cover no token: the method then locates them nowhere.

        Returns
        -------
        Tensor [persons + 1, height / 16 · width / 16], float32, 0 or 1
            The background last.

        Raises
        ------
        MultiTalkError
            When a person covers no token, unless `may_vanish`.
        """
        fitted = self.fitted(height, width)
        grid = torch.cat([fitted.masks, fitted.background[None]])[:, ::TOKEN_STEP, ::TOKEN_STEP]
        tokens = grid.flatten(1).float()
        for number, area in enumerate(tokens[:-1].sum(dim=1), start=1):
            if area == 0 and not may_vanish:
                raise MultiTalkError(
                    f"Person {number} vanishes at {width}×{height}: the mask is too small or lies where the "
                    "picture is cropped; enlarge it or choose a size closer to the picture's shape."
                )
        return tokens


def check_speakers(persons: Persons, voices: int) -> None:
    """Raise a MultiTalkError unless there is one voice for each person; a silent track is a voice."""
    if voices > persons.count:
        raise MultiTalkError(
            f"There are {voices} voices but only {persons.count} person(s): "
            "mark where each speaker is, or give fewer voices."
        )
    if voices < persons.count:
        raise MultiTalkError(
            f"There are {persons.count} persons but only {voices} voice(s): "
            "give each listener a silent voice, or mark fewer persons."
        )


def check_same_size(persons: Persons, height: int, width: int) -> None:
    """Raise a MultiTalkError unless the masks have the size of the source picture."""
    if persons.size != (height, width):
        raise MultiTalkError(
            f"The persons were marked on a {persons.size[1]}×{persons.size[0]} picture, but this one is "
            f"{width}×{height}: mark them on the picture that you animate."
        )
