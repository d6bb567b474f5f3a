"""Values of a node's widgets by input id: the page stores them as a list, in the order of the widgets."""

from collections.abc import Iterable, Sequence
from typing import Any

AFTER_GENERATE = ("fixed", "increment", "decrement", "randomize")  # stored behind a seed, and no input


def named_values(node: dict[str, Any], order: Sequence[str]) -> dict[str, object]:
    """The values of a node of the page.

    Parameters
    ----------
    node : dict
        As the page stores it.
    order : sequence of str
        The widgets' ids as far as they are known.

    Returns
    -------
    dict of input id to value
    """
    values = node.get("widgets_values_named") or node.get("widgets_values") or []
    if isinstance(values, dict):
        return dict(values)
    if not isinstance(values, list):
        return {}
    given = list(_without_after_generate(values))
    stacked = [value for value in given if isinstance(value, dict) and "lora" in value]
    if stacked:  # a list of LoRAs that grows, as rgthree's
        return {f"lora_{number}": value for number, value in enumerate(stacked, start=1)}
    return dict(zip(_fitting(widget_inputs(node), order, count=len(given)), given, strict=False))


def widget_inputs(node: dict[str, Any]) -> list[str]:
    """The widgets that the page lists among the inputs: all of them in recent files only."""
    return [entry["widget"]["name"] for entry in node.get("inputs") or [] if entry.get("widget")]


def _fitting(listed: Sequence[str], known: Sequence[str], *, count: int) -> Sequence[str]:
    """The names that belong to `count` values."""
    if len(listed) == count or not known:
        return listed
    return listed if len(listed) > count > len(known) else known


def _without_after_generate(values: Iterable[object]) -> Iterable[object]:
    before: object = None
    for value in values:
        if not (value in AFTER_GENERATE and isinstance(before, int | float)):
            yield value
        before = value
