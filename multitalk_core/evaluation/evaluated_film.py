"""A film as it is evaluated: its file, whose voices it has, and where its persons are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..audio.timeline import Timeline
from ..errors import MultiTalkError
from ..guards.words import Word
from ..media.picture import covering
from ..persons.box import Box


class PersonSplit(Word):
    """How a film is split into persons."""

    HALVES = "halves"
    PERSONS = "persons"


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluatedFilm:
    """What `evaluate` is given of a film.

    Attributes
    ----------
    path : Path
    timeline : Timeline, optional
        Whose voice is placed where, in speaker order; without one, what needs voices is left out.
    boxes : tuple of Box, optional
        In pixels of the film, one a person, in speaker order.
    picture : Tensor [height, width, 3], in 0..1, optional
        What the film was made from, for films of drawn people.
    persons : int, optional
        How many persons are measured, where neither voices nor boxes say it; by default two halves, or all
        faces.
    """

    path: Path
    timeline: Timeline | None = None
    boxes: tuple[Box, ...] | None = None
    picture: Tensor | None = None
    persons: int | None = None

    @property
    def count(self) -> int | None:
        """How many persons are measured, if that is known before the film is opened."""
        if self.boxes is not None:
            return len(self.boxes)
        return self.persons if self.timeline is None else self.timeline.speakers

    def person_boxes(self, split: PersonSplit, size: tuple[int, int]) -> tuple[Box, ...] | None:
        """One box a person in a film of this height and width; None leaves it to the faces.

        Raises
        ------
        MultiTalkError
            When there are halves for more than two persons.
        """
        if split is PersonSplit.PERSONS:
            return self.boxes
        height, width = size
        count = self.count or 2
        if count == 1:
            return (Box(0, 0, width, height),)
        if count > 2:
            raise MultiTalkError(
                f"{self.path} has {count} persons, and halves are for two: use the split persons."
            )
        halves = Box(0, 0, width / 2, height), Box(width / 2, 0, width, height)
        return halves[::-1] if self.boxes is not None and _is_mirrored(self.boxes) else halves


def box_in_film(box: Box, picture: tuple[int, int], film: tuple[int, int]) -> Box:
    """A box of a picture after the resize and crop to a film's (height, width)."""
    ratio, _, (top, left) = covering(picture, film)
    return Box(
        box.left * ratio - left, box.top * ratio - top, box.right * ratio - left, box.bottom * ratio - top
    )


def _is_mirrored(boxes: Sequence[Box]) -> bool:
    """Whether the first person stands to the right of the second."""
    first, second = (box.left + box.right for box in boxes)
    return first > second
