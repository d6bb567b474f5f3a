"""What a user should look at before a film is made: uncertain persons, and persons whom the crop cuts."""

from collections.abc import Iterator

from .masks import Persons

DOUBTFUL = 0.9  # certainty; nearly all true faces are above it (docs/persons.md)
MOSTLY_SHOWN = 0.9  # of a person; less is reported


def doubts(persons: Persons) -> Iterator[str]:
    """A sentence for each person of low certainty."""
    for number, finding in enumerate(persons.findings, start=1):
        if finding.certainty < DOUBTFUL:
            yield (
                f"Person {number} is uncertain ({finding.certainty:.2f} of 1): look at the drawing of the "
                "persons, and draw boxes if it is wrong."
            )


def cut_away(persons: Persons, height: int, width: int) -> Iterator[str]:
    """A sentence for each person whom a film of another shape cuts."""
    rows, columns = persons.size
    for number, share in enumerate(persons.shown(height, width), start=1):
        if share < MOSTLY_SHOWN:
            yield (
                f"Person {number} is cropped: the video shows {share:.0%} of their mask. Choose a width and "
                f"height closer to the picture's proportions, {columns}×{rows}."
            )
