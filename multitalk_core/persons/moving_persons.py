"""Person masks through a video: each moves with its person's face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .face_detector import DetectedFace
from .following import FollowedFaces
from .head_and_shoulders import head_and_shoulders
from .masks import Persons


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
        scaled as the face is; where two meet, the nearer face's covers the other.
        """
        if index == 0:
            return self.persons
        height, width = self.persons.size
        masks = torch.zeros_like(self.persons.masks)
        seen = {i: face for i, face in enumerate(self.followed.places[index]) if face is not None}
        if seen:
            faces = [*seen.values()]
            if self._found_by_faces:
                shown = head_and_shoulders(faces, height, width)
            else:
                shown = _apart(torch.stack([self._moved(i, face) for i, face in seen.items()]), faces)
            masks[[*seen]] = shown
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
        yield from map(str, self.followed.events)

    @property
    def any_moves(self) -> bool:
        """Whether anybody has a face in the first picture."""
        return len(self._staying) < self.persons.count

    @property
    def _staying(self) -> list[int]:
        return [i for i, face in enumerate(self.followed.places[0]) if face is None]

    @property
    def _found_by_faces(self) -> bool:
        findings = self.persons.findings
        return bool(findings) and all(finding.face is not None for finding in findings)

    def _moved(self, index: int, now: DetectedFace) -> Tensor:
        """A person's mask [height, width], moved and scaled from the face's first place to another."""
        first = self.followed.places[0][index]
        return self.persons.masks[index] if first is None else moved(self.persons.masks[index], first, now)


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
