"""Person masks through a video: each moves with its person's face."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .face_detector import DetectedFace
from .following import FollowedFaces
from .head_and_shoulders import head_and_shoulders
from .masks import Persons

EVENTS_SHOWN = 12  # a long video has many of them


@dataclass(frozen=True, eq=False)
class MovingPersons:
    """The persons of a video in each of its pictures.

    Attributes
    ----------
    persons : Persons
        On the first picture.
    followed : FollowedFaces
        Their faces. A person who has none in the first picture stays where they are.
    """

    persons: Persons
    followed: FollowedFaces

    def in_picture(self, index: int) -> Persons:
        """The persons on a picture; the mask of one who has left it is empty.

        Persons who were found by their faces are found again by them. Masks of other origin are moved and
        scaled with the face. Whoever's face is seen covers those who are lost, and them those who stay.
        """
        if index == 0:
            return self.persons
        faces, places = self.followed.faces[index], self.followed.places[index]
        seen = {i: face for i, face in enumerate(faces) if face is not None}
        lost = {i: face for i, face in enumerate(places) if face is not None and i not in seen}
        masks = torch.zeros_like(self.persons.masks)
        for group in (seen, lost):
            if group:
                masks[[*group]] = self._shown(group) & ~masks.any(dim=0)
        staying = self._staying
        masks[staying] = self.persons.masks[staying] & ~masks.any(dim=0)
        free = self.persons.background | self.persons.masks.any(dim=0)
        return Persons(masks, free & ~masks.any(dim=0))

    def reports(self) -> Iterator[str]:
        """A sentence for each person who stays, is lost or changes sides; none where nobody moves."""
        staying = self._staying
        if not self.any_moves:
            return
        for index in staying:
            yield (
                f"Person {index + 1} has no face in the video's first picture, so their mask stays where it "
                "is there."
            )
        events = self.followed.events
        yield from map(str, events[:EVENTS_SHOWN])
        if len(events) > EVENTS_SHOWN:
            yield f"Persons are lost or change sides {len(events) - EVENTS_SHOWN} more times."

    @property
    def any_moves(self) -> bool:
        """Whether anybody has a face in the first picture."""
        return len(self._staying) < self.persons.count

    @property
    def _staying(self) -> list[int]:
        return [i for i, face in enumerate(self.followed.places[0]) if face is None]

    def _shown(self, group: Mapping[int, DetectedFace]) -> Tensor:
        """Masks [persons, height, width] of some persons by where their faces are."""
        faces = [*group.values()]
        findings = self.persons.findings
        if findings and all(finding.face is not None for finding in findings):
            return head_and_shoulders(faces, *self.persons.size)
        starts = self.followed.places[0]
        masks = [moved(self.persons.masks[i], starts[i] or face, face) for i, face in group.items()]
        return _apart(torch.stack(masks), faces)


def moved(mask: Tensor, start: DetectedFace, end: DetectedFace) -> Tensor:
    """A mask [height, width], moved and scaled with a face; a body that the picture cuts off goes on."""
    height, width = mask.shape
    scale = start.size / end.size
    rows = start.centre[1] + scale * (torch.arange(height) + 0.5 - end.centre[1])
    columns = (start.centre[0] + scale * (torch.arange(width) + 0.5 - end.centre[0])).floor().long()
    rows = rows.floor().long().clamp(0, height - 1)
    inside = (columns >= 0) & (columns < width)
    return mask[rows][:, columns.clamp(0, width - 1)] & inside


def _apart(masks: Tensor, faces: Sequence[DetectedFace]) -> Tensor:
    """Masks [faces, height, width] of which no pixel belongs to two: the nearer face, by its size, has it."""
    height, width = masks.shape[1:]
    rows, columns = torch.arange(height)[:, None] + 0.5, torch.arange(width) + 0.5
    distances = torch.stack(
        [torch.hypot(columns - face.centre[0], rows - face.centre[1]) / face.size for face in faces]
    )
    owners = torch.where(masks, distances, torch.inf).argmin(dim=0)
    return masks & (owners == torch.arange(len(faces))[:, None, None])
