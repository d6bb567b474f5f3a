"""The two cartoon people in the shipped picture."""

from ..persons.box import Box

BOXES = (Box(64, 56, 300, 400), Box(340, 50, 576, 400))
