"""The tables of docs/scale.md, each between two marks."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from tools.gpu_day.cards import card_named

from . import inputs
from .film_minute import PLANNED, SETTINGS, clip_bytes, clips_of, film_bytes, minute_seconds
from .outcome import Outcome
from .plant import DAY, HOUR, INPUT_BYTES, LENGTHS, planned_plant
from .scenarios import PART, SEED, clips_in_flight, day, limits, scenarios

ROOT = Path(__file__).parents[2]
PAGE, PLOT = ROOT / "docs" / "scale.md", ROOT / "docs" / "scale.png"
SIMULATED = ("inputs", "outcome", "plant", "scenarios", "shared_link", "simulation", "scale_plot")
Rows = list[list[str]]


def mark(name: str) -> str:
    """Where a table begins."""
    return f"<!-- {name}: written by tools/scale.py -->"


def block(page: str, name: str) -> str:
    """A table of a page."""
    return page.partition(mark(name))[2].partition("<!-- end -->")[0].strip()


def written(page: str, blocks: dict[str, str]) -> str:
    """The page with new tables."""
    for name, text in blocks.items():
        pattern = re.compile(rf"{re.escape(mark(name))}.*?<!-- end -->", re.DOTALL)
        page, found = pattern.subn(
            lambda _, name=name, text=text: f"{mark(name)}\n\n{text}\n\n<!-- end -->", page
        )
        assert found == 1, name
    return page


def computed() -> dict[str, str]:
    """The tables that need no simulation."""
    return {
        "plan": plan(),
        "stages": stages(),
        "settings": settings(),
        "traffic": traffic(),
        "failures": failures(),
        "limits": full_at(),
        "inputs": sources(),
    }


def simulated() -> dict[str, str]:
    """The table of the simulated days; `digest` says of which figures and code."""
    table = [
        [
            f"A day, {PART} GPUs stand for all",
            "delivered",
            "given up",
            "wait, half of the films",
            "wait, 1 of 20",
            "most that wait",
            "at midnight",
            "GPUs make clips",
            "drivers work",
            "store",
        ]
    ]
    for scenario in scenarios():
        table.append([scenario.title, *_day(day(scenario), scenario.plant.gpus)])
    return {"simulation": f"Seed {SEED}, digest {digest()}.\n\n{_table(table)}"}


def digest() -> str:
    """Of everything that the simulated days depend on."""
    parts = [(Path(__file__).parent / f"{name}.py").read_text() for name in SIMULATED]
    clips = {length: clips_of(length) for length in LENGTHS}
    return hashlib.sha256("".join([*parts, repr(planned_plant()), repr(clips)]).encode()).hexdigest()[:16]


def _day(outcome: Outcome, gpus: int) -> list[str]:
    whole, waits = gpus / outcome.plant.gpus, outcome.waits()
    seconds = outcome.hours * HOUR
    return [
        _thousands(len(outcome.finished) * whole),
        _thousands(len(outcome.failed) * whole),
        _duration(waits[len(waits) // 2]),
        _duration(waits[len(waits) * 19 // 20]),
        _thousands(outcome.most_waiting * whole),
        _thousands(outcome.samples[-1].waiting * whole),
        _percent(outcome.busy),
        _percent(min(1.0, outcome.driver / seconds)),
        _percent(outcome.bytes / seconds / outcome.plant.bandwidth),
    ]


def plan() -> str:
    """The plan in a sentence."""
    plant = planned_plant()
    card = card_named("H100")
    seconds = sum(minute_seconds(PLANNED, card).values())
    dollars = plant.gpus * 24 * inputs.PRICE["H100"] / inputs.FILMS
    return (
        f"**{plant.gpus:,} H100s** in {plant.gpus // int(inputs.NODE):,} nodes and {plant.farms} farms make\n"
        f"a million minutes a day at 480p in 4 steps: {seconds:.0f} GPU seconds for a film of one minute,\n"
        f"GPUs busy {plant.load:.0%} of the time, **{dollars:.2f} USD a minute** for GPUs alone. Of\n"
        "this only the DiT's passes were measured on a GPU ([speed.md](speed.md))."
    )


def stages() -> str:
    """Seconds of a GPU, by stage."""
    card = card_named("H100")
    columns = [minute_seconds(setting, card) for setting in SETTINGS]
    table = [["H100 seconds, a film of 1 min", *(setting.title for setting in SETTINGS)]]
    table.append(["passes a clip", *(f"{setting.passes * setting.computed:.0f}" for setting in SETTINGS)])
    for stage in columns[0]:
        table.append([stage, *(_seconds(column[stage]) for column in columns)])
    table.append(["**all**", *(f"**{_seconds(sum(column.values()))}**" for column in columns)])
    table.append(
        ["of it not DiT", *(_percent(1 - column["DiT"] / sum(column.values())) for column in columns)]
    )
    return _table(table)


def settings() -> str:
    """GPUs and money for a million films of a minute a day."""
    names = list(inputs.PRICE)
    heads = [f"{name}: {what}" for name in names for what in ("s a minute", "GPUs", "USD a minute")]
    table = [["A million a day", *heads]]
    for setting in SETTINGS:
        row = [setting.title]
        for name in names:
            seconds = sum(minute_seconds(setting, card_named(name)).values())
            gpus = seconds * inputs.FILMS / DAY / inputs.BUSY
            dollars = seconds / HOUR / inputs.BUSY * inputs.PRICE[name]
            row += [_seconds(seconds), f"{gpus:,.0f}", f"{dollars:.2f}"]
        table.append(row)
    return _table(table)


def traffic() -> str:
    """Bytes a film and a day."""
    plant = planned_plant()
    minutes = inputs.FILMS
    table = [["480p", "a minute of film", "a day", "a second, on average"]]
    amounts = {
        "uploads: a picture and two voices": INPUT_BYTES,
        "stored clips, written": clips_of(60) * clip_bytes("480"),
        "films, written": film_bytes("480"),
        "films, downloaded once": film_bytes("480"),
    }
    for title, size in amounts.items():
        table.append([title, _bytes(size), _bytes(size * minutes), f"{_bytes(size * minutes / DAY)}/s"])
    in_flight = plant.gpus * clips_in_flight() * plant.clip_bytes
    table.append(["stored clips of films in flight", "", _bytes(in_flight), ""])
    table.append(["every server's weights, once", "", _bytes(plant.gpus * inputs.WEIGHTS), ""])
    return _table(table)


def failures() -> str:
    """How often what fails, in the planned plant."""
    plant = planned_plant()
    nodes = plant.gpus / inputs.NODE
    failed, crashed = nodes * 24 / inputs.NODE_HOURS, plant.gpus * 24 / inputs.CRASH
    away = failed * inputs.NODE * inputs.REPAIR / 24
    restart = inputs.START + inputs.WEIGHTS / inputs.DISK
    table = [
        ["A day of the planned plant", ""],
        ["nodes that fail", f"{failed:.1f}"],
        ["GPUs that wait for repair, on average", f"{away:.0f} ({away / plant.gpus:.1%})"],
        ["servers that crash", f"{crashed:,.0f}"],
        ["a server's restart, weights from the node's disk", f"{restart:.0f} s"],
        ["a clip begun again, on average", f"{plant.clip / 2:.0f} s"],
        [
            "GPU time that crashes and failures cost",
            _percent(crashed * (restart + plant.clip / 2) / (plant.gpus * DAY) + away / plant.gpus),
        ],
        [
            "all servers' weights at once from the store",
            _duration(plant.gpus * inputs.WEIGHTS / plant.bandwidth),
        ],
        ["bad films", f"{inputs.FILMS * inputs.BAD:,.0f}"],
    ]
    return _table(table)


def full_at() -> str:
    """What is full first."""
    plant = planned_plant()
    table = [["Shared", "full at so many GPUs", "at so many films a day", "of the plan"]]
    for title, gpus in limits(plant).items():
        times = gpus / plant.gpus
        films = f"{times * inputs.FILMS / 1e6:,.2f} million"
        table.append([title, f"{gpus:,.0f}", films, f"{times:.1f} times"])
    return _table(table)


def sources() -> str:
    """Every input."""
    table = [["Input", "", "Unit", "Kind", "Where from"]]
    for name, value in _inputs():
        table.append([f"`{name}`", _number(value), value.unit, str(value.kind), value.source])
    return _table(table)


def _inputs() -> Iterator[tuple[str, inputs.Input]]:
    for name, value in vars(inputs).items():
        if isinstance(value, inputs.Input):
            yield name, value
    for card, price in inputs.PRICE.items():
        yield f"PRICE, {card}", price


def _number(value: float) -> str:
    if value >= 1e6:
        return f"{value / 10 ** int(f'{value:e}'[-2:]):.3g}e{int(f'{value:e}'[-2:])}"
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _thousands(value: float) -> str:
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1000:,.0f} k"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / HOUR:.1f} h"


def _bytes(size: float) -> str:
    for unit, factor in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1e6:.3g} MB"


def _table(lines: Rows) -> str:
    head, *rest = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest])
