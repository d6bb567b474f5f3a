"""Moments and stretches of a video, put into words."""

from collections.abc import Iterable, Iterator

NAMED = 5  # places; the others are counted
ONE_PLACE = 0.5  # seconds between moments that are one stretch


def listed(places: Iterable[str]) -> str:
    """The first few of some places, and how many more there are."""
    places = list(places)
    more = [f"in {len(places) - NAMED} more places"] if len(places) > NAMED else []
    return ", ".join([*places[:NAMED], *more])


def stretches(seconds: list[float]) -> Iterator[str]:
    """Ascending moments as places; those close together are one."""
    start = 0
    for index, moment in enumerate(seconds):
        if index + 1 == len(seconds) or seconds[index + 1] - moment > ONE_PLACE:
            first = seconds[start]
            yield f"at {moment:.1f} s" if first == moment else f"from {first:.1f} to {moment:.1f} s"
            start = index + 1
