"""Values that come over links: constants, switches and small sums are computed."""

import ast
import math
import operator
from collections.abc import Callable, Mapping

from .helper_nodes import CONSTANTS, FIRST_OF, FORMULAS, RESIZERS, SWITCHES
from .source_graph import Link, SourceGraph, SourceNode

OPERATORS: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS: dict[str, Callable] = {
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "float": float,
    "min": min,
    "max": max,
    "abs": abs,
}
SIZES = ("GetImageSizeAndCount", "GetImageSize", "GetImageSize+", "easy imageSize", *RESIZERS)
FIRST_SIZE_SLOT = {"GetImageSizeAndCount": 1, **dict.fromkeys(RESIZERS, 1)}
DEEPEST = 60  # links that a value may come over


def value_of(graph: SourceGraph, value: object, depth: int = 0) -> object:
    """A value, or what comes over a link; None where it is known only when the graph runs."""
    if not isinstance(value, Link):
        return value
    node = graph.behind(value)
    if node is None or depth > DEEPEST:
        return None

    def inner(name: str) -> object:
        return value_of(graph, node.inputs.get(name), depth + 1)

    if node.kind in CONSTANTS:
        return inner(CONSTANTS[node.kind])
    if node.kind in FORMULAS:
        names = {name.rpartition(".")[2]: inner(name) for name in node.inputs if name != FORMULAS[node.kind]}
        result = _computed(str(inner(FORMULAS[node.kind])), names)
        return _whole(result) if value.slot == 0 else result
    if node.kind in SIZES:
        return _size(graph, node, value.slot, depth=depth + 1)
    if node.kind in SWITCHES or node.kind in FIRST_OF:
        return value_of(graph, chosen(graph, node), depth + 1)
    return _lone_value(node)


def chosen(graph: SourceGraph, node: SourceNode) -> object:
    """What a switch hands on."""
    if node.kind in FIRST_OF:
        return next((link for link in node.linked().values() if graph.behind(link)), None)
    switch, off, on = SWITCHES[node.kind]
    return node.inputs.get(on if value_of(graph, node.inputs.get(switch)) else off)


def _lone_value(node: SourceNode) -> object:
    """The value of an unknown node that has one and no links: it can be nothing but a constant."""
    values = [value for value in node.inputs.values() if isinstance(value, int | float | str)]
    return values[0] if len(values) == 1 and not node.linked() else None


def _computed(formula: str, names: Mapping[str, object]) -> int | float | None:
    try:
        return _evaluated(ast.parse(formula, mode="eval").body, names)
    except (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError):
        return None


def _evaluated(part: ast.AST, names: Mapping[str, object]) -> int | float:
    match part:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            value = names[name]
            if not isinstance(value, int | float):
                raise TypeError(name)
            return value
        case ast.BinOp(left=left, op=sign, right=right):
            return OPERATORS[type(sign)](_evaluated(left, names), _evaluated(right, names))
        case ast.UnaryOp(op=sign, operand=operand):
            return OPERATORS[type(sign)](_evaluated(operand, names))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(_evaluated(argument, names) for argument in arguments))
    raise ValueError(ast.dump(part))


def rounded_down(side: int, step: object) -> int:
    """A side as a node leaves it that divides sides by a step."""
    return side - side % step if isinstance(step, int) and step > 1 else side


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _size(graph: SourceGraph, node: SourceNode, slot: int, *, depth: int) -> object:
    """Width or height of a picture, where a node before sets it."""
    side = slot - FIRST_SIZE_SLOT.get(node.kind, 0)
    if side not in (0, 1):
        return None
    current: SourceNode | None = node
    while current is not None and depth < DEEPEST:
        depth += 1
        if current.kind in RESIZERS or current.kind == "ImageScale":
            given = value_of(graph, current.inputs.get(("width", "height")[side]), depth)
            step = value_of(graph, current.inputs.get("divisible_by", 1), depth)
            fits_within = current.inputs.get("keep_proportion") in ("resize", "total_pixels", True)
            if fits_within or not isinstance(given, int) or not given:
                return None
            return rounded_down(given, step)
        current = graph.behind(
            next((current.inputs[name] for name in ("image", "images") if name in current.inputs), None)
        )
    return None
