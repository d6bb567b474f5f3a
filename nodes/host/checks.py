"""The border of the nodes: what a node is given is checked by what its schema says of each input.

When a graph is queued, ComfyUI checks numbers and words itself and shows them at their input, but for those
that the node's `validate_inputs` names: `check_queued` is for these. What is linked is known only when the
node runs, where `checked` looks at everything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from comfy_api.latest import io

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.limits import LONGEST_TABLE, LONGEST_TEXT, Limit
from .kinds import check_kind

TABLES = ("turns",)  # texts that may be longer than others


def check_queued(node: type[io.ComfyNode], **given: object) -> None:
    """Check values of a queued graph.

    Parameters
    ----------
    node : type
    given : values by id
        What `validate_inputs` got; None is a value that is linked, or missing, which ComfyUI tells itself.

    Raises
    ------
    MultiTalkError
        It begins with the id of the input that is wrong.
    """
    for described in node.define_schema().inputs:
        if described.id in given or isinstance(described, io.DynamicCombo.Input):
            _check(described, described.id, given.get(described.id), queued=True)


def checked(execute: Callable[..., io.NodeOutput]) -> Callable[..., io.NodeOutput]:
    """A node's `execute` that checks all of its inputs first, and gets numbers as Python's own."""

    @wraps(execute)
    def check_and_execute(node: type[io.ComfyNode], **given: object) -> io.NodeOutput:
        for described in node.define_schema().inputs:
            if described.id in given or not described.optional:
                value = given.get(described.id)
                given[described.id] = _check(described, described.id, value, queued=False)
        return execute(node, **given)

    return check_and_execute


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put an input's id before what is said of its text."""
    try:
        yield
    except MultiTalkError as error:
        raise MultiTalkError(f"{name}: {error}") from error


def _check(described: io.Input, name: str, value: Any, *, queued: bool) -> object:
    """The value as the node gets it."""
    if isinstance(described, io.DynamicCombo.Input):
        return _check_choice(described, name, value, queued=queued)
    if isinstance(described, io.Autogrow.Input):
        grown = described.template.input
        return {
            key: _check(grown, f"{name}.{key}", each, queued=queued) for key, each in (value or {}).items()
        }
    if value is not None:
        return _check_value(described, name, value)
    if not queued and (isinstance(described, io.WidgetInput) or not described.optional):
        raise MultiTalkError(f"{name}: nothing comes from what is connected here.")
    return None


def _check_choice(described: io.DynamicCombo.Input, name: str, value: Any, *, queued: bool) -> dict[str, Any]:
    """ComfyUI leaves out a word that it does not know, and all that goes with it."""
    word = value.get(described.id) if isinstance(value, dict) else None
    option = next((option for option in described.options if option.key == word), None)
    if option is None:
        words = ", ".join(f'"{option.key}"' for option in described.options)
        raise MultiTalkError(f"{name}: this is missing, or not one of the words {words}; choose one of them.")
    checks = {
        each.id: _check(each, f"{name}.{each.id}", value.get(each.id), queued=queued)
        for each in option.inputs
    }
    return value | checks


def _check_value(described: io.Input, name: str, value: object) -> object:
    match described:
        case io.Int.Input() | io.Float.Input():
            return Limit(described.min, described.max).check(name, value)
        case io.String.Input():
            _check_text(name, value, LONGEST_TABLE if described.id in TABLES else LONGEST_TEXT)
        case io.Combo.Input():
            if value not in described.options:
                raise MultiTalkError(f"{name} is {quoted(value)}: choose one from its list.")
        case io.Boolean.Input():
            if not isinstance(value, bool):
                raise MultiTalkError(f"{name} is {quoted(value)}: give true or false.")
        case _:
            check_kind(name, described.get_io_type(), value)
    return value


def _check_text(name: str, value: object, longest: int) -> None:
    if not isinstance(value, str):
        raise MultiTalkError(f"{name} is {quoted(value)}: give a text.")
    if len(value) > longest:
        raise MultiTalkError(f"{name} has {len(value):,} characters: give at most {longest:,}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        wrong = quoted(value[error.start])
        raise MultiTalkError(f"{name} holds {wrong}, which is half a character: type it anew.") from error
