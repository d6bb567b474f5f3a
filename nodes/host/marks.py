"""Persons as other nodes mark them: MASK and BOUNDING_BOX."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.limits import MOST_SPEAKERS
from ...multitalk_core.persons.box import Box
from ...multitalk_core.persons.marking import PersonOrder, persons_from_boxes, persons_from_masks
from ...multitalk_core.persons.masks import Persons
from .kinds import BOX_KEYS, box_list


def persons_of_masks(
    batches: Sequence[Tensor | None], background: Tensor | None, *, allow_overlap: bool
) -> Persons:
    """Persons in the order of the inputs; those of a single batch, which detectors sort by score, by place.

    Parameters
    ----------
    batches : sequence of Tensor [persons, height, width] or None
        By socket, from person 1 on; one mask may lack its batch.
    background : Tensor [1, height, width], optional
    allow_overlap : bool
        As in `persons_from_masks`.

    Raises
    ------
    MultiTalkError
        For masks that mark no persons.
    """
    linked = [batch for batch in batches if batch is not None]
    if not linked:
        raise MultiTalkError("There is no mask: connect one for each person, or choose another method.")
    empty = [number for number, batch in enumerate(batches, 1) if batch is None]
    if empty and empty[0] <= len(linked):
        raise MultiTalkError(
            f"Person {empty[0]} has no mask, but a later person has: connect one to person_{empty[0]}, "
            "so that each voice stays with its person."
        )
    masks = [mask for batch in linked for mask in _mask_list(batch)]
    if len(masks) > MOST_SPEAKERS:
        raise MultiTalkError(
            f"There are {len(masks)} masks, and at most {MOST_SPEAKERS} persons in a film. A batch is one "
            "mask per person: connect those of a single picture, of the people who speak or listen."
        )
    return persons_from_masks(
        masks,
        None if background is None else _mask_list(background)[0],
        order=PersonOrder.LEFT_TO_RIGHT if len(linked) == 1 else PersonOrder.GIVEN,
        allow_overlap=allow_overlap,
    )


def _mask_list(batch: Tensor) -> list[Tensor]:
    """Masks [height, width] of a batch, or of a single mask without a batch."""
    return list(batch.cpu().reshape(-1, *batch.shape[-2:]))


def persons_of_boxes(boxes: object, height: int, width: int, *, order: str) -> Persons:
    """Persons from a BOUNDING_BOX on a picture of this size; raises as `persons_from_boxes`."""
    return persons_from_boxes([_box(box) for box in box_list(boxes)], height, width, order=order)


def _box(box: dict[str, float]) -> Box:
    x, y, width, height = (float(box[key]) for key in BOX_KEYS)
    return Box(x, y, x + width, y + height)


def other_kinds(boxes: object) -> Iterator[str]:
    """A sentence where a detector has boxed more than one kind of thing."""
    labels = sorted({str(box["label"]) for box in box_list(boxes) if box.get("label")})
    if len(labels) > 1:
        yield (
            f"The boxes are labelled {quoted(', '.join(labels))}, and each is taken for a person: set the "
            "class name to person in the node that finds them."
        )
