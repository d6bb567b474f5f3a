"""What a user should look at before a film is made: uncertain persons, odd masks, and whom the crop cuts."""

from collections.abc import Iterator

from .masks import Persons

DOUBTFUL = 0.9  # certainty; nearly all true faces are above it (docs/persons.md)
SPECK = 0.001  # of the picture
MOSTLY_SHOWN = 0.9  # of a person; less is reported
CORNERS = [0, 0, -1, -1], [0, -1, 0, -1]  # rows and columns


def doubts(persons: Persons) -> Iterator[str]:
    """A sentence for each person of low certainty, and for each mask by hand that may be a mistake."""
    for number, finding in enumerate(persons.findings, start=1):
        if finding.certainty < DOUBTFUL:
            yield (
                f"Person {number} is uncertain ({finding.certainty:.2f} of 1): look at the drawing of the "
                "persons, and draw boxes if it is wrong."
            )
    if not persons.findings and persons.background.any():
        yield from _odd_masks(persons)


def _odd_masks(persons: Persons) -> Iterator[str]:
    for number, mask in enumerate(persons.masks, start=1):
        share = float(mask.float().mean())
        if mask[CORNERS].all():
            yield (
                f"The mask of person {number} covers {share:.0%} of the picture and all its corners: if it "
                "is white where the person is not, invert it. ComfyUI's Load Image gives the mask of a "
                "cut-out that way."
            )
        elif share < SPECK:
            yield (
                f"The mask of person {number} covers only {int(mask.sum())} pixels of the picture: paint the "
                "whole head and shoulders."
            )


def cut_away(persons: Persons, height: int, width: int) -> Iterator[str]:
    """A sentence for each person whom a film of another shape cuts."""
    rows, columns = persons.size
    for number, share in enumerate(persons.shown(height, width), start=1):
        if share < MOSTLY_SHOWN:
            yield (
                f"Person {number} is cropped: a video of {width}×{height} shows {share:.0%} of their mask. "
                f"Choose a width and height closer to the picture's proportions, {columns}×{rows}."
            )
