"""Times as tables write them: seconds, a clock, milliseconds, with a point or a comma."""

import math
import re

NUMBER = re.compile(r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?)\s*(s|secs?|seconds?|ms|msec)?")
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d+)?)")
ISO = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:(\d+(?:\.\d+)?)S)?")
NANO = 1e-9
MILLI = 1e-3
DIGITS = 6  # of a second: none is lost, and sums stay readable


def seconds_of(value: object) -> float | None:
    """A finite number of seconds; None for anything else.

    Parameters
    ----------
    value : object
        A number; a text such as 12.5, 12,5, 0.5s, 250 ms, 1:02.5, 0:01:02,5 or PT1M2.5S; or an object
        {"seconds": "1", "nanos": 500000000}.
    """
    if isinstance(value, dict):
        seconds, nanos = (seconds_of(value.get(key, 0)) for key in ("seconds", "nanos"))
        return None if seconds is None or nanos is None else seconds + nanos * NANO
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = _parsed(value.strip()) if isinstance(value, str) else float(value)
    except OverflowError:
        return None
    return round(seconds, DIGITS) if math.isfinite(seconds) else None


def is_time(text: str) -> bool:
    """Whether a cell of a table can be a time."""
    return seconds_of(text) is not None


def _parsed(text: str) -> float:
    """NaN if the text is no time."""
    if match := NUMBER.fullmatch(text):
        number, unit = match.groups()
        return float(number.replace(",", ".")) * (MILLI if unit in ("ms", "msec") else 1)
    if match := CLOCK.fullmatch(text) or ISO.fullmatch(text):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups())
        clock = ":" in text
        if clock and (seconds >= 60 or (match[1] and minutes >= 60)):
            return math.nan
        return 3600 * hours + 60 * minutes + seconds
    return math.nan
