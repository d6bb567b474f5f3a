"""Labels of Audacity: start, end and name, separated by tabs, without a header."""

import re
from collections.abc import Iterator

from .turn import Row, Sheet

LABEL = re.compile(r"[\d.,]+\t[\d.,]+(?:\t(.*))?")
SPECTRUM = "\\"  # begins the line of a label's frequencies


def is_audacity(text: str) -> bool:
    """Whether every line is a label."""
    lines = list(_labels(text))
    return bool(lines) and all(LABEL.fullmatch(line) for _, line in lines)


def audacity_sheet(text: str, name: str) -> Sheet:
    """One turn a label; a label at a point in time is no turn."""
    return Sheet(_rows(text, name))


def _rows(text: str, name: str) -> Iterator[Row]:
    for number, (line, label) in enumerate(_labels(text), start=1):
        start, end, *speaker = label.split("\t", 2)
        if start != end:
            yield Row(f"Turn {number} of {name} (line {line})", "".join(speaker), start, end)


def _labels(text: str) -> Iterator[tuple[int, str]]:
    for line, label in enumerate(text.splitlines(), start=1):
        if label.strip() and not label.startswith(SPECTRUM):
            yield line, label.rstrip("\r\n")
