"""The tables of docs/results.md, from measured results; the text around them is hand-written."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from .apart import APART_PICTURE
from .relocating import LOCALIZATIONS
from .report_plots import draw_localization, draw_schemes
from .results import LABELS, PROMPTED, RESULTS, SCHEMES, WAYS, read_results
from .scoring import LATER_MOTION, LATER_PICTURE
from .stages import SEEDS

Results = dict[str, Any]
NAMES = {
    "two": "l-rope",
    "routed": "routed, turned",
    "routed-unturned": "routed, unturned",
    "split": "split",
    "concat": "concat",
    "add": "add",
}
LARGE_NAME = "the demo's model, 192 × 128"
LOOKS = ("hair", "skin", "shirt", "wall", "missing mouths", "missing eyes")
NOT_YET = "not measured yet"
NOTHING_YET = "Not measured yet.\n"
APART_SHOWN = (
    "\n![People who change sides: the real film, one film of both, and two films of one beside each other]"
    f"({APART_PICTURE})\n"
)


def write_report(folder: Path, page: Path) -> None:
    """Insert every table into its place on the page, and draw the plots beside it.

    What is not measured yet says so, and a plot without its measures stays as it is.
    """
    results = read_results(folder / RESULTS)
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = before + start + table(results) + end + after
    page.write_text(text, encoding="utf-8")
    if all(f"{stage} {way}" in results for stage in SCHEMES for way in WAYS):
        by_way = {
            way: {NAMES[stage]: results[f"{stage} {way}"]["difference"] for stage in SCHEMES} for way in WAYS
        }
        draw_schemes(by_way, page.with_name("results_schemes.png"))
    if "localization" in results:
        draw_localization(results["localization"], page.with_name("results_localization.png"))
    if (folder / APART_PICTURE).exists():
        page.with_name(APART_PICTURE).write_bytes((folder / APART_PICTURE).read_bytes())


def detector(results: Results) -> str:
    """Scores of the rendered films, which bound what a model can reach."""
    rows = [(way, *_binding(results, f"real {way}")) for way in ("talking", "crossing", "three")]
    seen = _cell(results, "real acting", lambda shown: "{} of {}".format(*shown["performed"]))
    return (
        _table(("real films", "own voice", "other voice", "difference"), rows)
        + f"\nActions seen as asked: {seen}.\n"
    )


def binding(results: Results) -> str:
    """L-RoPE."""
    rows = [(way, *_binding(results, f"two {way}")) for way in ("talking", "swapped", "crossing")]
    rows.append(("talking, everything trained", *_binding(results, "full talking")))
    return _table(("l-rope", "own voice", "other voice", "difference"), rows)


def seeds(results: Results) -> str:
    """The adapter's stage with several seeds."""
    rows: list[tuple[str, ...]] = []
    for stage, way in (
        ("two", "talking"),
        ("two", "swapped"),
        ("two", "crossing"),
        ("routed", "talking"),
        ("routed", "crossing"),
    ):
        names = [f"{stage} {way}", *(f"{stage}-seed-{seed} {way}" for seed in SEEDS)]
        shown = [_cell(results, name, lambda each: f"{each['difference'][0]:+.2f}") for name in names]
        rows.append((f"{NAMES[stage]}, {way}", *shown))
    return _table(("own − other", "seed 0", *(f"seed {seed}" for seed in SEEDS)), rows)


def looks(results: Results) -> str:
    """Colours, mouths and eyes that stay."""
    names = {
        "real": "real films",
        "two": "l-rope",
        "routed": "routed",
        "large": "the demo's model, 192 × 128",
    }
    rows = [
        (name, *(_cell(results, f"{stage} talking", partial(_look, kind=kind)) for kind in LOOKS))
        for stage, name in names.items()
    ]
    return _table(("talking", *LOOKS), rows)


def schemes(results: Results) -> str:
    """Fig. 3."""
    rows = [(NAMES[stage], *(_difference(results, f"{stage} {way}") for way in WAYS)) for stage in SCHEMES]
    return _table(("own − other", *WAYS), rows)


def crossing(results: Results) -> str:
    """What better localization brings while people change sides."""
    names = {
        "two": "as in the paper",
        **{other.name: other.name for other in LOCALIZATIONS},
        "large": f"finer tokens ({LARGE_NAME})",
        "routed": "routed, as in section 2",
    }
    rows = [(name, *(_difference(results, f"{key} {way}") for way in WAYS)) for key, name in names.items()]
    return _table(("own − other", *WAYS), rows)


def later(results: Results) -> str:
    """The clip after people have changed sides, by where they are marked."""
    names = {LATER_PICTURE: "in the picture, before", LATER_MOTION: "in the motion frames"}
    rows = [(name, *_binding(results, f"two later {key}")) for key, name in names.items()]
    return _table(("marked", "own voice", "other voice", "difference"), rows)


def apart(results: Results) -> str:
    """Fig. 7: one film of two people, or two films of one beside each other."""
    names = {"real": "real films", "two": "one film of both", "two apart": "two films of one"}
    rows: list[tuple[str, ...]] = []
    for key, name in names.items():
        walked = _cell(results, f"{key} crossing", lambda shown: _share(*shown["arrived"]))
        seam = _cell(results, f"{key} talking", lambda shown: f"{shown['seam']:.1f}")
        seconds = _cell(results, f"{key} talking", lambda shown: f"{shown['seconds']:.1f} s")
        cost = "" if key == "real" else seconds
        rows.append((name, _difference(results, f"{key} talking"), walked, seam, cost))
    head = ("", "own − other, talking", "people who change sides", "step of the wall", "CPU time")
    return _table(head, rows) + (APART_SHOWN if "apart" in results else "")


def listening(results: Results) -> str:
    """How shut a listener's mouth is and how still a bystander's, by scheme."""
    rows: list[tuple[str, ...]] = [("real films", *_silent(results, "real listening"), "", "")]
    for stage in SCHEMES:
        beside = (_silent(results, f"{stage} beside {voices}")[1] for voices in ("one", "two"))
        rows.append((NAMES[stage], *_silent(results, f"{stage} listening"), *beside))
    head = ("listener open", "listener moves", "bystander of one moves", "of two moves")
    return _table(("share of the speakers'", *head), rows)


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
    rows: list[tuple[str, ...]] = []
    for stage in PROMPTED:
        performed, unasked = (
            _cell(results, f"{stage} acting", partial(_counted, part=part))
            for part in ("performed", "unasked")
        )
        rows.append((names[stage], performed, unasked))
    return _table(("trained", "done as asked", "done unasked"), rows)


def three(results: Results) -> str:
    """Films of three people."""
    names = {
        "two three": "trained with l-rope, spread ranges",
        "two three routed": "trained with l-rope, routed",
        "routed three": "trained and routed",
    }
    rows = [(name, *_binding(results, key)) for key, name in names.items()]
    return _table(("three people", "own voice", "other voice", "difference"), rows)


def alone(results: Results) -> str:
    """Films of one person."""
    names = {"one": "one-person adapter", "two": "two-person adapter"}
    rows = [
        (name, _cell(results, f"{stage} alone", lambda shown: _interval(shown["own"])))
        for stage, name in names.items()
    ]
    return _table(("one person", "own voice"), rows)


def located(results: Results) -> str:
    """Accuracy of the localization in every block."""
    if "localization" not in results:
        return NOTHING_YET
    rows = [
        (str(block), f"{row[0]:.0%}", f"{sum(row) / len(row):.0%}", f"{row[-1]:.0%}")
        for block, row in enumerate(results["localization"]["shares"])
    ]
    return _table(("block", "first step", "mean", "last step"), rows)


TABLES: dict[str, Callable[[Results], str]] = {
    table.__name__: table
    for table in (
        detector,
        binding,
        seeds,
        looks,
        schemes,
        crossing,
        later,
        apart,
        listening,
        labels,
        prompts,
        three,
        alone,
        located,
    )
}


def _cell(results: Results, name: str, shown: Callable[[dict[str, Any]], str]) -> str:
    """A measure as `shown`, or that it is not made yet."""
    return shown(results[name]) if name in results else NOT_YET


def _binding(results: Results, name: str) -> tuple[str, str, str]:
    own, other, difference = (
        _cell(results, name, partial(_scored, part=part)) for part in ("own", "other", "difference")
    )
    return own, other, difference


def _difference(results: Results, name: str) -> str:
    return _cell(results, name, lambda shown: _interval(shown["difference"]))


def _scored(shown: dict[str, Any], *, part: str) -> str:
    return _interval(shown[part])


def _counted(shown: dict[str, Any], *, part: str) -> str:
    return _share(*shown[part])


def _interval(value: list[float]) -> str:
    return "{:+.2f} ({:+.2f} to {:+.2f})".format(*value)


def _look(shown: dict[str, Any], *, kind: str) -> str:
    value = shown["looks"][kind]
    return f"{value:.1%}" if "missing" in kind else f"{value:.1f}"


def _silent(results: Results, name: str) -> tuple[str, str]:
    """Openness and movement of the last person's mouth, as shares of the others'."""

    def share(shown: dict[str, Any], *, part: str) -> str:
        *speakers, silent = shown[part]
        return f"{silent * len(speakers) / sum(speakers):.0%}"

    opened, moves = (_cell(results, name, partial(share, part=part)) for part in ("openness", "movement"))
    return opened, moves


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "0 of 0"


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [tuple(head), *rows]
    if all(cell in (NOT_YET, "") for _, *cells in lines[1:] for cell in cells):
        return NOTHING_YET
    lines.insert(1, ("---",) * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
