"""The measures of docs/results.md; each is made once and stored, so that a stopped run continues."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..files.whole import whole_file
from ..method.guidance import GuidanceScales
from ..method.labels import spread_ranges
from ..method.schedule import TIMESTEPS, released_timesteps
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
    """One measure: a kind of talk, the stage that films it, and changed settings.

    Attributes
    ----------
    stage : str or None
        None measures the rendered films.
    kind : Kind
    swapped : bool
        Whether each person gets the other's voice.
    binding, sampling : tuples of (name, value)
        Changes to the stage's own options.
    """

    stage: str | None
    kind: Kind
    swapped: bool = False
    binding: tuple[tuple[str, Any], ...] = ()
    sampling: tuple[tuple[str, Any], ...] = ()


def measures() -> dict[str, Measure]:
    """Every measure by name."""
    made = {"real talking": Measure(None, TALKING), "real crossing": Measure(None, CROSSING)}
    made["real three"] = Measure(None, THREE)
    made["real acting"] = Measure(None, ACTING)
    for stage in dict.fromkeys(SCHEMES + LABELS):
        ordered = stage == "split"  # it assigns voice i to column i
        made[f"{stage} talking"] = Measure(stage, replace(TALKING, left_to_right=ordered))
        made[f"{stage} crossing"] = Measure(stage, replace(CROSSING, left_to_right=ordered))
    made["two swapped"] = Measure("two", TALKING, swapped=True)
    made["full talking"] = Measure("full", TALKING)
    for stage in PROMPTED:
        made[f"{stage} acting"] = Measure(stage, ACTING)
    made["base acting"] = replace(
        made["base acting"],
        binding=(("strength", 0.0),),
        sampling=(("scales", GuidanceScales(1.0, 1.0)),),
    )
    for stage in ("one", "two"):
        made[f"{stage} alone"] = Measure(stage, ALONE, binding=(("ranges", None),))
    made["two three"] = Measure("two", THREE, binding=(("ranges", spread_ranges(3)),))
    routed = (("scheme", "routed"), ("ranges", None))
    made["two three routed"] = Measure("two", THREE, binding=routed)
    made["two talking routed"] = Measure("two", TALKING, binding=routed)
    made["routed three"] = Measure("routed", THREE, binding=routed)
    return made


def make_results(world: World, folder: Path, *, talks: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Make the measures that are missing in the folder's results.json, and read the others.

    Parameters
    ----------
    world : World
    folder : Path
        Folder of the training.
    talks : int
        Unseen talks per measure.
    report : callable
        Called with the name of each finished measure.
    """
    path = folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name, measured in _missing(world, folder, talks=talks, results=results):
        results[name] = measured
        with whole_file(path) as part:
            part.write_text(json.dumps(results, indent=1))
        report(name)
    return results


def _missing(
    world: World, folder: Path, *, talks: int, results: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, wanted in measures().items():
        trained = wanted.stage is None or world.is_trained(folder, wanted.stage)
        if name not in results and trained:
            sampler = None if wanted.stage is None else world.sampler(folder, wanted.stage)
            if sampler is not None:
                sampler = replace(
                    sampler,
                    binding=replace(sampler.binding, **dict(wanted.binding)),
                    sampling=replace(sampler.sampling, **dict(wanted.sampling)),
                )
            measured = measure(
                sampler,
                wanted.kind,
                talks=talks,
                size=world.size,
                sway=world.sway,
                swapped=wanted.swapped,
            )
            yield name, numbers(measured)
    if "localization" not in results and world.is_trained(folder, "two"):
        yield "localization", localization(world.sampler(folder, "two"), world.sway)


def numbers(measured: Measured) -> dict[str, Any]:
    """A measure as JSON: [value, low, high] of each binding score, [count, total] of actions."""
    binding = measured.binding
    return {
        **{name: [part.value, part.low, part.high] for name, part in vars(binding).items()},
        "performed": list(measured.performed),
        "unasked": list(measured.unasked),
    }


def localization(sampler: Sampler, sway: float) -> dict[str, Any]:
    """Share of face tokens assigned to the right person, [blocks][steps], while people cross."""
    recorder = ShareRecorder(0, 0)
    size = sampler.size
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + LOCALIZED_TALKS):
        talk = random_talk(seed, size, CROSSING, sway=sway, given=1)
        recorder.truth = faces_on_tokens(talk.scene, size.frames, height=size.height, width=size.width)
        sampler.film(talk, seed, recorder=recorder)
    blocks = sorted({block for block, _ in recorder.counts})
    steps = range(sampler.sampling.steps)
    levels = released_timesteps(sampler.sampling.steps, sampler.sampling.shift)[:-1] / TIMESTEPS
    shares = [
        [recorder.counts[block, step][0] / recorder.counts[block, step][1] for step in steps]
        for block in blocks
    ]
    return {"shares": shares, "levels": levels.tolist()}
