"""The border of the nodes: values are checked against the schema of their inputs.

When a graph is queued, ComfyUI checks numbers and words itself and shows errors at their input, except for
inputs that the node's `validate_inputs` names: `check_queued` checks these. Linked values are known only when
the node runs; there `checked` checks everything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from comfy_api.latest import io

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.limits import LONGEST_TABLE, LONGEST_TEXT, Limit
from .kinds import check_kind
from .uploaded_file import uploaded_file

TABLES = ("turns",)  # texts that may be longer than others


def check_queued(node: type[io.ComfyNode], **given: object) -> None:
    """Check values of a queued graph.

    Parameters
    ----------
    node : type
    given : values by id
        What `validate_inputs` got; None is a linked value, or a missing one, which ComfyUI reports itself.

    Raises
    ------
    MultiTalkError
        It begins with the id of the wrong input.
    """
    for described in node.define_schema().inputs:
        if described.id in given or isinstance(described, io.DynamicCombo.Input):
            _check(described, described.id, given.get(described.id), queued=True)


def checked(execute: Callable[..., io.NodeOutput]) -> Callable[..., io.NodeOutput]:
    """A node's `execute` that checks all of its inputs first and gets Python's own numbers."""

    @wraps(execute)
    def check_and_execute(node: type[io.ComfyNode], **given: object) -> io.NodeOutput:
        schema = node.define_schema()
        for described in schema.inputs:
            if described.id in given or not described.optional:
                value = given.get(described.id)
                if schema.is_input_list:
                    given[described.id] = _check_list(described, value)
                else:
                    given[described.id] = _check(described, described.id, value, queued=False)
        return execute(node, **given)

    return check_and_execute


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put an input's id before errors about it."""
    try:
        yield
    except MultiTalkError as error:
        raise MultiTalkError(f"{name}: {error}") from error


def _check(described: io.Input, name: str, value: Any, *, queued: bool) -> object:
    """The value as the node gets it."""
    if isinstance(described, io.DynamicCombo.Input):
        return _check_choice(described, name, value, queued=queued)
    if value is not None:
        return _check_value(described, name, value)
    if not queued and (isinstance(described, io.WidgetInput) or not described.optional):
        raise MultiTalkError(f"{name}: the connected node returned nothing; check that node.")
    return None


def _check_list(described: io.Input, values: object) -> list[object]:
    """The values of an input that takes a list, each with its number where there are several."""
    listed = values if isinstance(values, list) else [values]
    several = len(listed) > 1
    return [
        _check(
            described, f"{described.id}, number {number}" if several else described.id, value, queued=False
        )
        for number, value in enumerate(listed, start=1)
    ]


def _check_choice(described: io.DynamicCombo.Input, name: str, value: Any, *, queued: bool) -> dict[str, Any]:
    """ComfyUI leaves out a word that it does not know, and all that goes with it."""
    word = value.get(described.id) if isinstance(value, dict) else None
    option = next((option for option in described.options if option.key == word), None)
    if option is None:
        words = ", ".join(f'"{option.key}"' for option in described.options)
        raise MultiTalkError(f"{name}: the value is missing or unknown; choose one of {words}.")
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
        case io.Combo.Input(upload=io.UploadType.audio):
            uploaded_file(name, value)
        case io.Combo.Input():
            if value not in described.options:
                raise MultiTalkError(f"{name} is {quoted(value)}: choose a value from the list.")
        case io.Boolean.Input():
            if not isinstance(value, bool):
                raise MultiTalkError(f"{name} is {quoted(value)}: give true or false.")
        case _:
            check_kind(name, described.get_io_type(), value)
    return value


def _check_text(name: str, value: object, longest: int) -> None:
    if not isinstance(value, str):
        raise MultiTalkError(f"{name} is {quoted(value)}: give text.")
    if len(value) > longest:
        raise MultiTalkError(f"{name} has {len(value):,} characters: give at most {longest:,}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        wrong = quoted(value[error.start])
        raise MultiTalkError(f"{name} contains {wrong}, which is half a character: type it again.") from error
