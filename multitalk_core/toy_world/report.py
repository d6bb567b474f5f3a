"""The tables and plots of docs/results.md, from what was measured; the text around them is by hand."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .results import LABELS, PROMPTED, SCHEMES

Results = dict[str, Any]
NAMES = {
    "two": "l-rope",
    "routed": "routed, turned",
    "routed-unturned": "routed, unturned",
    "split": "split",
    "concat": "concat",
    "add": "add",
}
WAYS = ("talking", "crossing")


def write_report(folder: Path, page: Path) -> None:
    """Put every table of the folder's results into its place on the page, and draw the plots beside it."""
    results = json.loads((folder / "results.json").read_text())
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = mark.sub(lambda found, table=table: f"{found[1]}{table(results)}{found[2]}", text)
    page.write_text(text, encoding="utf-8")
    draw_schemes(results, page.with_name("results_schemes.png"))
    draw_localization(results["localization"], page.with_name("results_localization.png"))


def detector(results: Results) -> str:
    """The real films."""
    rows = [(way, *_binding(results, f"real {way}")) for way in ("talking", "crossing", "three")]
    performed, asked = results["real acting"]["performed"]
    return (
        _table(("real films", "own voice", "other voice", "difference"), rows)
        + f"\nActions seen as asked: {performed} of {asked}.\n"
    )


def binding(results: Results) -> str:
    """L-RoPE, the demo's stage."""
    rows = [(way, *_binding(results, f"two {way}")) for way in ("talking", "swapped", "crossing")]
    rows.append(("talking, everything trained", *_binding(results, "full talking")))
    return _table(("l-rope", "own voice", "other voice", "difference"), rows)


def schemes(results: Results) -> str:
    """Fig. 3."""
    rows = [(NAMES[stage], *(_difference(results, f"{stage} {way}") for way in WAYS)) for stage in SCHEMES]
    return _table(("own − other", *WAYS), rows)


def labels(results: Results) -> str:
    """Table 3."""
    names = {"two": "0–4 and 20–24, background 12", "narrow": "0–2 and 2–4, background 12"}
    rows = [(names[stage], *(_difference(results, f"{stage} {way}") for way in WAYS)) for stage in LABELS]
    return _table(("own − other", *WAYS), rows)


def prompts(results: Results) -> str:
    """Fig. 5 and 9."""
    names = {
        "base": "base, before any audio",
        "two": "audio layers, with the I2V task",
        "plain": "audio layers, without",
        "full": "everything, with the I2V task",
        "full-plain": "everything, without",
    }
    rows = []
    for stage in PROMPTED:
        measured = results[f"{stage} acting"]
        rows.append((names[stage], _share(*measured["performed"]), _share(*measured["unasked"])))
    return _table(("trained", "done as asked", "done unasked"), rows)


def three(results: Results) -> str:
    """Three people."""
    names = {
        "two three": "trained with l-rope, spread ranges",
        "two three routed": "trained with l-rope, routed",
        "routed three": "trained and routed",
    }
    rows = [(name, *_binding(results, key)) for key, name in names.items()]
    return _table(("three people", "own voice", "other voice", "difference"), rows)


def alone(results: Results) -> str:
    """One person."""
    names = {"one": "one-person adapter", "two": "two-person adapter"}
    rows = [(name, _interval(results[f"{stage} alone"]["own"])) for stage, name in names.items()]
    return _table(("one person", "own voice"), rows)


def located(results: Results) -> str:
    """Localization, the steps' mean for every block."""
    shares = results["localization"]["shares"]
    rows = [
        (str(block), f"{row[0]:.0%}", f"{sum(row) / len(row):.0%}", f"{row[-1]:.0%}")
        for block, row in enumerate(shares)
    ]
    return _table(("block", "first step", "mean", "last step"), rows)


TABLES: dict[str, Callable[[Results], str]] = {
    table.__name__: table for table in (detector, binding, schemes, labels, prompts, three, alone, located)
}


def draw_schemes(results: Results, path: Path) -> None:
    """Own − other of every scheme, with intervals."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    for offset, way in enumerate(WAYS):
        values = [results[f"{stage} {way}"]["difference"] for stage in SCHEMES]
        places = [index + 0.4 * (offset - 0.5) for index in range(len(SCHEMES))]
        spread = [
            [value - low for value, low, _ in values],
            [high - value for value, _, high in values],
        ]
        axes.bar(places, [value for value, _, _ in values], 0.38, yerr=spread, capsize=2, label=way)
    axes.set_xticks(range(len(SCHEMES)), [NAMES[stage] for stage in SCHEMES])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel("own − other")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_localization(localization: dict[str, Any], path: Path) -> None:
    """Share of face tokens given to the right person, over blocks and noise levels."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 2.4), layout="constrained")
    drawn = axes.imshow(localization["shares"], vmin=0, vmax=1, aspect="auto", cmap="viridis")
    levels = localization["levels"]
    axes.set_xticks(range(len(levels)), [f"{level:.2f}" for level in levels])
    axes.set_yticks(range(len(localization["shares"])))
    axes.set_xlabel("noise level")
    axes.set_ylabel("block")
    figure.colorbar(drawn, label="right person")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _binding(results: Results, name: str) -> tuple[str, str, str]:
    return tuple(_interval(results[name][part]) for part in ("own", "other", "difference"))


def _difference(results: Results, name: str) -> str:
    return _interval(results[name]["difference"])


def _interval(value: list[float]) -> str:
    return "{:+.2f} ({:+.2f} to {:+.2f})".format(*value)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})"


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [tuple(head)]
    lines += [("---",) * len(lines[0]), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
