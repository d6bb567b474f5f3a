"""Persons as somebody marked them: by masks, by boxes, or by equal parts of the picture."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ..errors import MultiTalkError, quoted
from ..guards.words import Word
from ..limits import MOST_SPEAKERS
from ..media.picture import check_pixels
from .box import Box
from .masks import Finding, Persons
from .painted_mask import inside

PART_MARGIN = 0.05  # left free on each side of a part, as face_scale in the reference implementation
OUTSIDE_LIMIT = 0.1  # how far a box may extend beyond the picture, as a share of its side
EDGES = "in the order left, top, right, bottom (in MultiTalk's own JSON top, left, bottom, right)"
OVERLAP_LIMIT = 0.1  # of the smaller mask: soft edges may touch


class PersonOrder(Word):
    """How boxes or masks are assigned to speakers."""

    LEFT_TO_RIGHT = "left-to-right"
    GIVEN = "given"


def persons_from_masks(
    masks: Iterable[Tensor],
    background: Tensor | None = None,
    *,
    order: PersonOrder | str = PersonOrder.LEFT_TO_RIGHT,
    allow_overlap: bool = False,
    findings: Sequence[Finding] = (),
) -> Persons:
    """Make persons from masks that were painted by hand or found by another tool.

    Parameters
    ----------
    masks : iterable of Tensor [height, width]
        One per person; bool, or numbers that are inside above half of the largest.
    background : Tensor [height, width], optional
        By default all pixels of no person.
    order : PersonOrder or str
    allow_overlap : bool
        Accept masks that share more than a tenth of the smaller one.
    findings : sequence of Finding
        One for each mask that a detector found.

    Returns
    -------
    Persons

    Raises
    ------
    MultiTalkError
        For no masks or too many, empty, faint, grey or huge ones, different sizes, an unknown order, or
        persons that overlap.
    """
    given = list(masks)
    if not given:
        raise MultiTalkError("There is no person: give one mask for each person.")
    _check_count(len(given))
    sizes = [*given, *([] if background is None else [background])]
    for mask in sizes:
        if mask.ndim != 2:
            raise MultiTalkError(
                f"A mask has the shape {list(mask.shape)}: give one height × width mask for each person."
            )
        check_pixels(mask.shape[1], mask.shape[0], "A mask")
        if mask.shape != given[0].shape:
            raise MultiTalkError(
                f"The masks differ in size ({_size(given[0])} and {_size(mask)}): "
                "draw all on the same picture."
            )
    stacked = torch.stack([inside(mask, number) for number, mask in enumerate(given, start=1)])
    if not allow_overlap:
        _check_overlap(stacked)
    outside = None if background is None else background > 0.5
    return _persons(stacked, outside, order=order, findings=tuple(findings))


def persons_from_boxes(
    boxes: Sequence[Box],
    height: int,
    width: int,
    *,
    order: PersonOrder | str = PersonOrder.LEFT_TO_RIGHT,
) -> Persons:
    """Make persons from boxes, which may overlap, as in the reference implementation.

    Parameters
    ----------
    boxes : sequence of Box
        One per person; edges are truncated to whole pixels.
    height, width : int
        Size of the source picture.
    order : PersonOrder or str
        The reference implementation keeps the given one.

    Returns
    -------
    Persons

    Raises
    ------
    MultiTalkError
        For no boxes or too many, a box that extends far beyond the picture or contains no pixel of it, or
        an unknown order.
    """
    if not boxes:
        raise MultiTalkError("There is no person: give one box for each person.")
    _check_count(len(boxes))
    masks = torch.zeros(len(boxes), height, width, dtype=torch.bool)
    for number, (mask, box) in enumerate(zip(masks, boxes, strict=True), start=1):
        edges = (box.left, box.top, box.right, box.bottom)
        described = (
            f"The box of person {number} (left {box.left:g}, top {box.top:g}, right {box.right:g}, "
            f"bottom {box.bottom:g})"
        )
        if all(math.isfinite(edge) for edge in edges):
            left, top, right, bottom = (max(0, int(edge)) for edge in edges)
            mask[top:bottom, left:right] = True
        if not mask.any():
            raise MultiTalkError(
                f"{described} contains no pixel of the {width}×{height} picture: draw it again, and give its "
                f"edges {EDGES}."
            )
        if _far_outside(box.left, box.right, width) or _far_outside(box.top, box.bottom, height):
            raise MultiTalkError(
                f"{described} extends far beyond the {width}×{height} picture: give pixels of this picture, "
                f"{EDGES}."
            )
    return _persons(masks, None, order=order)


def _far_outside(first: float, last: float, side: int) -> bool:
    return min(first, side - last) < -OUTSIDE_LIMIT * side


def _check_count(count: int) -> None:
    if count > MOST_SPEAKERS:
        raise MultiTalkError(
            f"There are {quoted(count)} persons, and at most {MOST_SPEAKERS} in a film: mark those who speak."
        )


def persons_from_parts(count: int, height: int, width: int) -> Persons:
    """Cut the picture into equal vertical parts, one per person, as the reference implementation cuts halves.

    Each mask leaves 5 % of the rows and of its part's columns free on each side. A single person is the whole
    picture, without background.

    Parameters
    ----------
    count : int
        Number of persons.
    height, width : int
        Size of the source picture.

    Returns
    -------
    Persons
        From left to right.

    Raises
    ------
    MultiTalkError
        For no persons, too many, or more than fit into the picture.
    """
    if count < 1:
        raise MultiTalkError("There is no person: cut the picture into at least one part.")
    _check_count(count)
    masks = torch.zeros(count, height, width, dtype=torch.bool)
    for mask, box in zip(masks, part_boxes(count, height, width), strict=True):
        mask[box.top : box.bottom, box.left : box.right] = True
    if not masks.flatten(1).any(dim=1).all():
        raise MultiTalkError(
            f"A {width}×{height} picture is too small for {count} persons: use a larger one or fewer persons."
        )
    return _persons(masks, None, order=PersonOrder.GIVEN)


def part_boxes(count: int, height: int, width: int) -> list[Box]:
    """The box of each person in a picture that is cut into equal parts, as in `persons_from_parts`."""
    if count == 1:
        return [Box(0, 0, width, height)]
    part, far = width // count, 1 - PART_MARGIN
    top, bottom = int(height * PART_MARGIN), int(height * far)
    edges = (
        (int(part * PART_MARGIN + index * part), int(part * far + index * part)) for index in range(count)
    )
    return [Box(left, top, right, bottom) for left, right in edges]


def _persons(
    masks: Tensor,
    background: Tensor | None,
    *,
    order: PersonOrder | str,
    findings: tuple[Finding, ...] = (),
) -> Persons:
    """Persons in the requested order; without a background, that is all pixels of no person."""
    persons = Persons(masks, ~masks.any(dim=0) if background is None else background, findings)
    if PersonOrder(order) is PersonOrder.GIVEN:
        return persons
    columns = torch.arange(masks.shape[-1], dtype=torch.float64, device=masks.device)
    areas = masks.sum(dim=1).double()  # pixels of each column
    centres = (areas @ columns) / areas.sum(dim=1)
    return persons.ordered(centres.argsort(stable=True).tolist())


def _check_overlap(masks: Tensor) -> None:
    areas = masks.flatten(1).sum(dim=1)
    for first in range(len(masks)):
        for second in range(first + 1, len(masks)):
            shared = (masks[first] & masks[second]).sum() / torch.minimum(areas[first], areas[second])
            if shared > OVERLAP_LIMIT:
                raise MultiTalkError(
                    f"The masks of persons {first + 1} and {second + 1} overlap by {shared:.0%} of the "
                    "smaller one: paint them apart, so that each pixel belongs to one person, or invert them "
                    "if they are white where the person is not."
                )


def _size(mask: Tensor) -> str:
    return f"{mask.shape[1]}×{mask.shape[0]}"
