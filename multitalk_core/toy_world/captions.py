"""Captions of scenes, in a tiny vocabulary."""

import torch

from ..demo.text import NEGATIVE, DemoText
from .scene import STAYS, Scene

COUNTS = {1: "one person talks", 2: "two people talk", 3: "three people talk"}
PLACES = {1: ("person",), 2: ("left", "right"), 3: ("left", "middle", "right")}
CROSS = "they cross"
# Words, each with its other forms.
WORDS = (
    ("one",),
    ("two",),
    ("three",),
    ("person",),
    ("people", "persons", "friends"),
    ("talk", "talks", "talking", "speak", "speaks", "speaking"),
    ("left",),
    ("middle",),
    ("right",),
    ("they", "both"),
    ("cross", "crosses", "crossing"),
    ("nods", "nod", "nodding"),
    ("hops", "hop", "hopping", "jumps", "jump", "jumping"),
    ("reddens", "redden", "reddening"),
    (NEGATIVE,),
)
PEOPLE = frozenset(("person", "left", "middle", "right", "they", "both"))


def caption(scene: Scene) -> str:
    """Who is in the scene and what they do, such as "two people talk, left hops"."""
    count = len(scene.persons)
    clauses = [COUNTS[count]]
    if any(person.walk for person in scene.persons):
        clauses.append(CROSS)
    acting = sorted(zip(scene.places(), scene.persons, strict=True), key=lambda entry: entry[0])
    clauses += [
        f"{PLACES[count][place]} {person.action}" for place, person in acting if person.action != STAYS
    ]
    return ", ".join(clauses)


def make_text(channels: int, seed: int = 0) -> DemoText:
    """A random vector for every word."""
    vectors = torch.randn(len(WORDS), channels, generator=torch.Generator().manual_seed(seed))
    words = {form: row for row, forms in enumerate(WORDS) for form in forms}
    return DemoText(vectors, words, PEOPLE)
