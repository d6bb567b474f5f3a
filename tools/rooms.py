"""The rooms of the house and who imports whom, read from the syntax trees.

python tools/rooms.py            prints the graph and the table of rooms
python tools/rooms.py --write    puts them into docs/architecture.md
"""

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("multitalk_core", "nodes")
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: drawn by tools/rooms.py -->", "<!-- end of rooms -->"


def modules() -> Iterator[Path]:
    """Every module of the pack."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def room_of(path: Path) -> str:
    """The folder of a module, in dots; modules directly in `multitalk_core` are rooms of their own."""
    folder = path.relative_to(ROOT).parent.parts
    if folder[1:2] in (("method",), ("kernels",)):  # with their folders they are one room each
        return folder[1]
    if folder == ("multitalk_core",) and path.stem != "__init__":
        return path.stem
    return ".".join(folder if folder[0] == "nodes" or len(folder) == 1 else folder[1:])


def imported_modules(path: Path) -> Iterator[Path]:
    """The pack's modules that a module imports, wherever in it."""
    folder = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not 0 < node.level <= len(folder) + 1:
            continue
        base = folder[: len(folder) + 1 - node.level]
        base += tuple(node.module.split(".")) if node.module else ()
        for alias in node.names:
            for named in ((*base, alias.name), base):
                places = [ROOT.joinpath(*named).with_suffix(".py"), ROOT.joinpath(*named, "__init__.py")]
                if found := next(filter(Path.is_file, places), None):
                    yield found
                    break


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = {}
    for path in modules():
        room = room_of(path)
        found.setdefault(room, set()).update(map(room_of, imported_modules(path)))
        found[room].discard(room)
    return found


def floors(found: dict[str, set[str]]) -> list[list[str]]:
    """Rooms from the ground up: each stands on the first floor above all that it imports.

    Raises
    ------
    ValueError
        When rooms import in a circle.
    """
    left, done, standing = dict(found), set(), []
    while left:
        floor = sorted(room for room, imports in left.items() if imports <= done)
        if not floor:
            raise ValueError(f"rooms import in a circle: {', '.join(sorted(left))}")
        standing.append(floor)
        done.update(floor)
        for room in floor:
            del left[room]
    return standing


def reduced(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows that no longer path implies."""

    def reached(room: str) -> set[str]:
        return found[room].union(*map(reached, found[room]))

    return {room: imports - set().union(*map(reached, imports)) for room, imports in found.items()}


def purpose(room: str) -> str:
    """What a room says of itself: the first sentence of its docstring."""
    folder = ROOT.joinpath(*([] if room.partition(".")[0] in PACKAGES else PACKAGES[:1]), *room.split("."))
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return text.partition("\n\n")[0].replace("\n", " ")


def graph(found: dict[str, set[str]]) -> str:
    """The rooms as a Mermaid graph, without arrows that a longer path implies."""
    lines = ["```mermaid", "graph TD"]
    for room, imports in reduced(found).items():
        lines += [f'    {_key(room)}["{room}"]']
        lines += [f"    {_key(room)} --> {_key(each)}" for each in sorted(imports)]
    return "\n".join([*lines, "```"])


def _key(room: str) -> str:
    """A room's name as Mermaid takes it."""
    return room.strip("_").replace(".", "_")


def table(found: dict[str, set[str]]) -> str:
    """Every room with its floor, its purpose and its imports; highest floor first."""
    lines = ["| Floor | Room | What it is | Imports |", "|---|---|---|---|"]
    for number, floor in reversed(list(enumerate(floors(found)))):
        for room in floor:
            imports = ", ".join(f"`{each}`" for each in sorted(found[room]))
            lines.append(f"| {number} | `{room}` | {purpose(room)} | {imports} |")
    return "\n".join(lines)


def drawn(found: dict[str, set[str]]) -> str:
    """The page's section: how many rooms and arrows, the graph, the table."""
    arrows_count, floors_count = sum(map(len, found.values())), len(floors(found))
    counted = f"{len(found)} rooms on {floors_count} floors, {arrows_count} arrows: no circle, no arrow up."
    return "\n\n".join([counted, graph(found), table(found)])


def written(page: str, drawing: str) -> str:
    """The page with a new drawing."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{drawing}\n\n{END}{after}"


def main() -> None:
    """Print the drawing, or write it into the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    drawing = drawn(arrows())
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text(), drawing))
    else:
        print(drawing)


if __name__ == "__main__":
    main()
