"""A rectangle of a picture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle in source pixels; right and bottom are the first column and row outside."""

    left: float
    top: float
    right: float
    bottom: float
