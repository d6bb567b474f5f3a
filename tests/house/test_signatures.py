"""Signatures, classes and their documentation, read from the syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.rooms import modules

PACK = Path(__file__).parents[2]
MOST_POSITIONAL, MOST_FIELDS = 7, 20

Function = ast.FunctionDef | ast.AsyncFunctionDef


def nodes_of(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """All syntax nodes of some kinds, each with its file."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, kinds):
                yield path.relative_to(PACK).as_posix(), node


def positional(function: Function) -> list[str]:
    """Parameters that may be given without their name; not `self` and `cls`."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def fields(node: ast.ClassDef) -> list[str]:
    """Annotated names of a class body."""
    return [
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]


def documented(docstring: str) -> list[str]:
    """Names under `Parameters`, of which several may share a line."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", docstring, re.DOTALL | re.MULTILINE)
    lines = section[1].splitlines() if section else []
    heads = [line.partition(" : ")[0] for line in lines if line and not line.startswith(" ")]
    return [name.strip(" *") for head in heads for name in head.split(",")]


def parameters(function: Function) -> list[str]:
    """All parameters by name, `*args` and `**options` too."""
    extra = [each.arg for each in (function.args.vararg, function.args.kwarg) if each]
    return positional(function) + [argument.arg for argument in function.args.kwonlyargs] + extra


def test_no_signature_is_longer_than_seven():
    """ComfyUI reads the positional names of `validate_inputs`; Triton's kernels have nothing else."""
    found = {
        f"{path}:{node.name}"
        for path, node in nodes_of(ast.FunctionDef, ast.AsyncFunctionDef)
        if len(positional(node)) > MOST_POSITIONAL
        and node.name != "validate_inputs"
        and not path.startswith("multitalk_core/kernels/compiled/")
    }
    assert not found


def test_no_class_has_more_than_twenty_fields():
    found = {
        f"{path}:{node.name}" for path, node in nodes_of(ast.ClassDef) if len(fields(node)) > MOST_FIELDS
    }
    assert not found


def test_documented_parameters_are_those_of_the_signature():
    """Where a docstring has a section of parameters, it names each of them and no other."""
    found = set()
    for path, node in nodes_of(ast.FunctionDef, ast.AsyncFunctionDef):
        names = documented(ast.get_docstring(node) or "")
        if names and set(names) != set(parameters(node)):
            found.add(f"{path}:{node.name}")
    assert not found
