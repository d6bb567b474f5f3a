"""The tables of docs/speed.md: floors and predictions from `costs`, figures from the files in docs/speed."""

import json
import re
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from multitalk_core.errors import MultiTalkError

from . import costs
from .cards import CARDS, SHOWN, Card, card_named
from .model_size import SIZES, ModelSize

ROOT = Path(__file__).parents[2]
PAGE, FOLDER = ROOT / "docs" / "speed.md", ROOT / "docs" / "speed"
BEGIN, END = "<!-- figures: written by tools/gpu_day.py -->", "<!-- end of figures -->"
UNMEASURED = (
    "**Nothing here was measured: no GPU was at hand.** All times above are computed by\n"
    "`tools/gpu_day/costs.py`; the shares of a card that it assumes are estimates."
)
TITLES = {
    "triton": "Triton",
    "sdpa": "torch's fused attention",
    "twin": "twin, float32",
    "released": "released code",
    "comfyui": "ComfyUI's node",
}
GOALS = {1: 1.10, 2: 1.12, 4: 1.13}
Files = list[dict[str, Any]]


class Row(NamedTuple):
    """One item: its title, its name in the files, what must be done, and what this way does."""

    title: str
    item: str
    least: costs.Stages
    stages: costs.Stages


def write(files: list[Path]) -> None:
    """Take files into docs/speed and write the page from all that lie there.

    Raises
    ------
    MultiTalkError
        For a file that was not measured on a GPU at a real size.
    """
    for path in files:
        known = _read(path)
        if "architecture" not in known["machine"] or known["size"]["name"] == "tiny":
            raise MultiTalkError(
                f"{path.name} was not measured on a GPU at a model's own size: give files of a run without "
                "--device cpu and --tiny."
            )
        FOLDER.mkdir(exist_ok=True)
        card = re.sub(r"\W+", "-", known["machine"]["card"])
        (FOLDER / f"{card}_{path.name}").write_text(path.read_text())
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{rendered(measured_files())}\n\n{END}{after}")


def _read(path: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(path.read_text())
        return {key: known[key] for key in ("machine", "size", "part", "items", "failed", "left_out")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MultiTalkError(f"{path} is no file of this tool: give the JSON that a part wrote.") from error


def measured_files() -> Files:
    """What lies in docs/speed."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def rendered(files: Files) -> str:
    """All tables."""
    parts = [_expected(name) for name in ("480", "720")]
    parts.append(UNMEASURED if not files else "\n\n".join(_measured(files)))
    return "\n\n".join(parts)


def rows(size: ModelSize, *, ways: tuple[str, ...] = tuple(TITLES)) -> Iterator[Row]:
    """Items of a block that are computed and timed alike."""
    attention = costs.self_attention(size)
    yield Row("self-attention", "self-attention", attention, attention)
    for way in ways:
        least, stages = costs.localization_least(size), costs.localization(size, way, 2)
        yield Row(f"localization, {TITLES[way]}", f"localization/{way}/2", least, stages)
    for way in ways:
        if way != "comfyui":  # rotates and attends as the released code does
            name = "peers" if way == "released" else way
            least, stages = costs.audio_layer_least(size), costs.audio_layer(size, way, 2)
            title = "others" if way == "released" else TITLES[way]
            yield Row(f"audio layer, {title}", f"audio layer/{name}/2", least, stages)
    plain = costs.plain_block(size)
    yield Row("whole block, plain Wan", "block/plain", plain, plain)
    for way in ways:
        least = [*plain, *costs.localization_least(size), *costs.audio_layer_least(size)]
        yield Row(f"whole block, {TITLES[way]}", f"block/{way}/2", least, costs.block(size, way, 2))


def _expected(name: str) -> str:
    """Floors and predictions at one size."""
    size = SIZES[name]
    cards = [card for card in CARDS if card.name in SHOWN]
    table = [["ms a block, two persons: floor / predicted", *(card.name for card in cards)]]
    for row in rows(size):
        times = [
            f"{_ms(costs.floor(row.least, card))} / {_ms(costs.predicted(row.stages, card))}"
            for card in cards
        ]
        table.append([row.title, *times])
    ratios = [["step with voices ÷ plain step, predicted", "goal", *(card.name for card in cards)]]
    for persons, goal in GOALS.items():
        found = [f"{costs.step_ratio(size, 'triton', persons, card):.3f}" for card in cards]
        ratios.append([_persons(persons), f"≤ {goal:.2f}", *found])
    for way in ("sdpa", "twin", "released", "comfyui"):
        found = [f"{costs.step_ratio(size, way, 2, card):.2f}" for card in cards]
        ratios.append([f"2 persons, {TITLES[way]}", "", *found])
    memory = [["MiB beside queries and keys, two persons", "localization, predicted"]]
    memory += [[TITLES[way], f"{costs.extra_mib(size, way, 2):,.0f}"] for way in TITLES]
    heading = f"### {name}p: floor and prediction"
    return "\n\n".join([heading, _table(table), _table(ratios), _table(memory)])


def _measured(files: Files) -> Iterator[str]:
    """Everything that was measured, card by card."""
    for card in sorted({known["machine"]["card"] for known in files}):
        of_card = [known for known in files if known["machine"]["card"] == card]
        versions = of_card[0]["machine"]
        yield f"### Measured on one {card}"
        yield f"Torch {versions['torch']}, Triton {versions.get('triton', 'not installed')}."
        for known in of_card:
            yield from _part(known, card_named(card))


def _part(known: dict[str, Any], card: Card | None) -> Iterator[str]:
    items, name = known["items"], known["size"]["name"]
    if known["part"].startswith("bench"):
        yield f"**{name}p**, bf16: {_ceilings(items)}"
        yield _table(_timed_rows(items, SIZES[name], card))
        yield _table(_blocks(items, "block/", "one block"))
    elif known["part"] == "whole-model":
        yield _table(_blocks(items, "", f"whole model, {name}p"))
    elif known["part"] == "check":
        yield _table(_checks(items))
    elif known["part"] == "sweep":
        yield _table(_fastest(items))
    elif known["part"] == "profile":
        yield _table(_profiles(items))
    elif known["part"] == "two-cards" and items:
        yield _table(_two_cards(items))
    missing = [*known["failed"].items(), *((each, "left out for time") for each in known["left_out"])]
    if missing:
        yield (
            f"Not measured in `{known['part']}`: "
            + "; ".join(f"{item} ({why})" for item, why in missing)
            + "."
        )


def _ceilings(items: dict[str, Any]) -> str:
    units = (
        ("ceiling/matmul", "tflops", "TFLOP/s in a large product"),
        ("ceiling/memory", "gb_per_s", "GB/s in a copy"),
        ("ceiling/launch", "us_per_launch", "µs a launch"),
        ("self-attention", "fastest", "attention is the fastest"),
    )
    found = [f"{_text(items[item][key])} {text}" for item, key, text in units if item in items]
    return ", ".join(found) + "."


def _timed_rows(items: dict[str, Any], size: ModelSize, card: Card | None) -> list[list[str]]:
    table = [["ms a block, two persons", "floor", "predicted", "measured", "gap: ÷ floor", "MiB beside"]]
    for row in rows(size):
        least = None if card is None else costs.floor(row.least, card)
        stages = None if card is None else costs.predicted(row.stages, card)
        figures = items.get(row.item)
        gap = "" if figures is None or least is None else f"{figures['ms'] / least:.1f}"
        table.append([row.title, _ms(least), _ms(stages), _spread(figures), gap, _mib(figures)])
    known = {row.item for row in rows(size)}
    for item, figures in items.items():
        if "ms" in figures and item not in known and not item.startswith(("ceiling/", "block/")):
            table.append([item, "", "", _spread(figures), "", _mib(figures)])
    return table


def _blocks(items: dict[str, Any], prefix: str, title: str) -> list[list[str]]:
    """Times beside the plain ones of the same kind."""
    table = [[title, "ms", "÷ plain", "MiB beside the weights"]]
    for item, figures in items.items():
        if not item.startswith(prefix) or "ms" not in figures or item.startswith("self-attention"):
            continue
        folder = next((each for each in ("compiled/", "comfyui's model/") if item.startswith(each)), prefix)
        plain = items.get(f"{folder}plain")
        ratio = "" if plain is None else f"{figures['ms'] / plain['ms']:.3f}"
        table.append([item.removeprefix(prefix), _spread(figures), ratio, _mib(figures)])
    return table


def _checks(items: dict[str, Any]) -> list[list[str]]:
    """Of each kernel, way and type the case that is nearest to its bound, or furthest beyond."""
    table = [["checked against float64", "items", "error nearest its bound", "bound", "out of bounds"]]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for item, figures in items.items():
        if "bound" in figures:
            first, *_, way, dtype = item.split("/") if item.count("/") > 1 else (item, "", "")
            kinds.setdefault(f"{first} {way} {dtype}".strip(), []).append(figures)
    for kind, cases in kinds.items():
        worst = max(cases, key=lambda case: inf if case["error"] is None else case["error"] / case["bound"])
        error = "not finite" if worst["error"] is None else f"{worst['error']:.1e}"
        wrong = sum(not case["ok"] for case in cases)
        table.append([kind, str(len(cases)), error, f"{worst['bound']:.1e}", str(wrong)])
    broken = ", ".join(items.get("fallbacks", {}).get("sentences", [])) or "none"
    return [*table, ["kernels that do not run", broken, "", "", ""]]


def _fastest(items: dict[str, Any]) -> list[list[str]]:
    table = [["kernel", "fastest launch", "ms", "ms with the launch in use that day"]]
    for item, figures in items.items():
        if item.startswith("best/"):
            times = [_ms(figures[name]) for name in ("ms", "in_table_ms")]
            table.append([item.removeprefix("best/"), f"`{figures['launch']}`", *times])
    return table


def _profiles(items: dict[str, Any]) -> list[list[str]]:
    table = [["profile", "kernel", "calls", "ms"]]
    for item, figures in items.items():
        for kernel in figures.get("kernels", [])[:12]:
            name = kernel["kernel"][:70].replace("|", " ")
            table.append([item, f"`{name}`", str(kernel["calls"]), _ms(kernel["us"] / 1000)])
    return table


def _two_cards(items: dict[str, Any]) -> list[list[str]]:
    table = [["two cards", "ms on one", "ms on two", "times as fast", "error", "MiB of weights on each"]]
    for item, figures in items.items():
        times, error = f"{figures['times']:.2f}", f"{figures['error']:.1e}"
        one, two = figures["one"], figures["two"]
        table.append([item, _spread(one), _spread(two), times, error, f"{two['weights_mib']:,.1f}"])
    return table


def _persons(count: int) -> str:
    return f"{count} person" if count == 1 else f"{count} persons"


def _ms(milliseconds: float | None) -> str:
    """Two or three figures."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.1f}"


def _spread(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return "–"
    if "low" not in figures:
        return _ms(figures["ms"])
    return f"{_ms(figures['ms'])} ({_ms(figures['low'])}–{_ms(figures['high'])})"


def _mib(figures: dict[str, Any] | None) -> str:
    peak = None if figures is None else figures.get("peak_mib")
    return "–" if peak is None else f"{peak:,.0f}"


def _text(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def _table(lines: list[list[str]]) -> str:
    head, *rest = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest])
