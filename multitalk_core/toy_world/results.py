"""What docs/results.md is about: every measure, made once and kept, so that a stopped run goes on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..files.whole import whole_file
from ..method.guidance import GuidanceScales, released_timesteps
from ..method.labels import spread_ranges
from .locating import ShareRecorder, faces_on_tokens
from .scoring import Measured, Sampler, measure
from .talks import UNSEEN_SEEDS, Kind, random_talk
from .world import World

TALKING = Kind(persons=(2,))
CROSSING = Kind(persons=(2,), crossing=1.0)
ACTING = Kind(persons=(2,), acting=0.7)
ALONE = Kind(persons=(1,))
THREE = Kind(persons=(3,))

SCHEMES = ("two", "routed", "routed-unturned", "split", "concat", "add")
LABELS = ("two", "narrow")
PROMPTED = ("base", "two", "plain", "full", "full-plain")
LOCALIZED_TALKS = 8


@dataclass(frozen=True)
class Measure:
    """One measure: what is filmed, by which stage, and with what changed.

    Attributes
    ----------
    stage : str or None
        None measures the real films.
    kind : Kind
    swapped : bool
        Each person has the other's voice.
    settings : dict
        Changes of the stage's own sampling settings.
    """

    stage: str | None
    kind: Kind
    swapped: bool = False
    settings: tuple[tuple[str, Any], ...] = ()


def measures() -> dict[str, Measure]:
    """Every measure by its name."""
    made = {"real talking": Measure(None, TALKING), "real crossing": Measure(None, CROSSING)}
    made["real three"] = Measure(None, THREE)
    made["real acting"] = Measure(None, ACTING)
    for stage in dict.fromkeys(SCHEMES + LABELS):
        ordered = stage == "split"  # voice i is taken for part i's
        made[f"{stage} talking"] = Measure(stage, replace(TALKING, left_to_right=ordered))
        made[f"{stage} crossing"] = Measure(stage, replace(CROSSING, left_to_right=ordered))
    made["two swapped"] = Measure("two", TALKING, swapped=True)
    made["full talking"] = Measure("full", TALKING)
    for stage in PROMPTED:
        silent = (("audio_strength", 0.0), ("scales", GuidanceScales(1.0, 1.0)))
        made[f"{stage} acting"] = Measure(stage, ACTING, settings=silent if stage == "base" else ())
    for stage in ("one", "two"):
        made[f"{stage} alone"] = Measure(stage, ALONE, settings=(("ranges", None),))
    made["two three"] = Measure("two", THREE, settings=(("ranges", spread_ranges(3)),))
    routed = (("scheme", "routed"), ("ranges", None))
    made["two three routed"] = Measure("two", THREE, settings=routed)
    made["two talking routed"] = Measure("two", TALKING, settings=routed)
    made["routed three"] = Measure("routed", THREE, settings=routed)
    return made


def make_results(world: World, folder: Path, talks: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Make what is not yet in the folder's results.json, and read the rest.

    Parameters
    ----------
    world : World
    folder : Path
        Of the training.
    talks : int
        Unseen talks of a measure.
    report : callable
        Told what is done.
    """
    path = folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name, measured in _missing(world, folder, talks, results):
        results[name] = measured
        with whole_file(path) as part:
            part.write_text(json.dumps(results, indent=1))
        report(name)
    return results


def _missing(
    world: World, folder: Path, talks: int, results: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, wanted in measures().items():
        trained = wanted.stage is None or world.is_trained(folder, wanted.stage)
        if name not in results and trained:
            sampler = None if wanted.stage is None else world.sampler(folder, wanted.stage)
            if sampler is not None:
                sampler = replace(sampler, settings=replace(sampler.settings, **dict(wanted.settings)))
            yield (
                name,
                numbers(measure(sampler, wanted.kind, talks, world.size, world.sway, wanted.swapped)),
            )
    if "localization" not in results and world.is_trained(folder, "two"):
        yield "localization", localization(world.sampler(folder, "two"), world.sway)


def numbers(measured: Measured) -> dict[str, Any]:
    """A measure as JSON: [value, low, high] of the binding, [count, of] of the actions."""
    binding = measured.binding
    return {
        **{name: [part.value, part.low, part.high] for name, part in vars(binding).items()},
        "performed": list(measured.performed),
        "unasked": list(measured.unasked),
    }


def localization(sampler: Sampler, sway: float) -> dict[str, Any]:
    """Share of the tokens on faces that are given to the right person, [blocks][steps]; people cross."""
    recorder = ShareRecorder(0, 0)
    size = sampler.size
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + LOCALIZED_TALKS):
        talk = random_talk(seed, size, sway, CROSSING, given=1)
        recorder.truth = faces_on_tokens(talk.scene, size.frames, size.height, size.width)
        sampler.film(talk, seed, recorder=recorder)
    blocks = sorted({block for block, _ in recorder.counts})
    steps = range(sampler.settings.steps)
    levels = released_timesteps(sampler.settings.steps, sampler.settings.shift)[:-1] / 1000
    shares = [
        [recorder.counts[block, step][0] / recorder.counts[block, step][1] for step in steps]
        for block in blocks
    ]
    return {"shares": shares, "levels": levels.tolist()}
