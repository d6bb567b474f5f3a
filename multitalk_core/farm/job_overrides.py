"""Overrides of a job: values of a graph's inputs, by "NODE.input"; a node is named by its id or its title."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import MultiTalkError, quoted
from .api_graph import ApiGraph, is_link, node_title

MOST_NAMED = 12  # inputs in a sentence


Place = tuple[str, str]  # a node's id, an input's name


def placed_overrides(graph: ApiGraph, overrides: Mapping[str, Any]) -> dict[Place, Any]:
    """The overrides by their places in a graph; what the graph says already is left out.

    Parameters
    ----------
    graph : ApiGraph
    overrides : mapping of str to JSON value
        "10.seed", or "MultiTalk Long Video.seed" by the node's title.

    Raises
    ------
    MultiTalkError
        When there is no such input, several nodes have the title, two overrides name the same input, or the
        value is of another kind.
    """
    placed = {}
    keys: dict[Place, str] = {}
    for key, value in overrides.items():
        number, name = place = _place(graph, key)
        if (first := keys.setdefault(place, key)) != key:
            raise MultiTalkError(f'"{quoted(first)}" and "{quoted(key)}" are one input: write one of them.')
        before = graph[number]["inputs"][name]
        _check_kind(graph, key, before=before, value=value)
        if value != before:
            placed[number, name] = value
    return placed


def with_overrides(graph: ApiGraph, placed: Mapping[Place, Any]) -> ApiGraph:
    """The graph with other values; the one that is given stays as it is."""
    changed = dict(graph)
    for (number, name), value in placed.items():
        node = changed[number]
        changed[number] = {**node, "inputs": {**node["inputs"], name: value}}
    return changed


def _place(graph: ApiGraph, key: str) -> Place:
    """The node's id and the input's name; both titles and inputs may contain dots."""
    named = list(_named(graph, key))
    places = [(number, name) for number, name in named if name in graph[number]["inputs"]]
    if len(places) == 1:
        return places[0]
    if places:
        ways = " or ".join(f'"{number}.{name}"' for number, name in places)
        raise MultiTalkError(f'"{quoted(key)}" names an input of {len(places)} nodes: write {ways}.')
    if not named:
        raise MultiTalkError(
            f'"{quoted(key)}" names no node of the graph: write "ID.input" or "TITLE.input", as in '
            f'"{_example(graph)}".'
        )
    number, name = named[0]
    known = ", ".join(list(graph[number]["inputs"])[:MOST_NAMED]) or "none"
    raise MultiTalkError(
        f'node {number} ({quoted(node_title(graph, number))}) has no input "{quoted(name)}": it has {known}.'
    )


def _named(graph: ApiGraph, key: str) -> Iterator[Place]:
    """Each node that the part before a dot names, and the part behind; an id goes before titles."""
    for dot in (place for place, character in enumerate(key) if character == "."):
        node, name = key[:dot], key[dot + 1 :]
        if node in graph:
            yield node, name
        else:
            yield from ((number, name) for number in graph if node_title(graph, number) == node)


def _example(graph: ApiGraph) -> str:
    number, name = next(
        ((number, name) for number, node in graph.items() for name in node["inputs"]), ("10", "seed")
    )
    return f"{number}.{name}"


def _check_kind(graph: ApiGraph, key: str, *, before: object, value: Any) -> None:
    """Refuse a value that the input cannot take, as far as the graph shows it."""
    if is_link(value):
        if (origin := str(value[0])) not in graph:
            raise MultiTalkError(
                f'"{quoted(key)}" is linked to node {quoted(origin)}, which is not in the graph.'
            )
        return
    kinds = _kind(before), _kind(value)
    if not is_link(before) and kinds[0] != kinds[1]:
        raise MultiTalkError(f'"{quoted(key)}" is {quoted(value)}, {kinds[1]}: it takes {kinds[0]}.')


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "nothing" if value is None else "a list or an object"
