"""Arguments that are numbers within limits."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable

from ...errors import MultiTalkError, quoted
from ...limits import Limit

LONGEST_NUMBER = 40  # characters


def within(limit: Limit, above: float | None = None) -> Callable[[str], int | float]:
    """The type of a number within `limit`; `above`, if given, is excluded too."""

    def number(text: str) -> int | float:
        value = _number(text, limit.whole)
        try:
            limit.check("it", value)
        except MultiTalkError as error:
            raise ArgumentTypeError(f"{quoted(text)} is not {limit}") from error
        if value == above:
            raise ArgumentTypeError(f"{quoted(text)} is not above {above:g}")
        return value

    return number


def _number(text: str, whole: bool) -> int | float:
    """The number in a text; NaN if it is none."""
    try:
        return (int if whole else float)(text) if len(text) <= LONGEST_NUMBER else math.nan
    except ValueError:
        return math.nan
