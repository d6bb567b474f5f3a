"""The measures of docs/results.md; each is made once and stored, so that a stopped run continues."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from ..files.whole import whole_file
from ..method.guidance import GuidanceScales
from ..method.labels import spread_ranges
from ..method.schedule import TIMESTEPS, released_timesteps
from .apart import APART_PICTURE, draw_apart
from .locating import ShareRecorder, faces_on_tokens
from .relocating import LOCALIZATIONS, relocated
from .scoring import LATER_MOTION, LATER_PICTURE, Filming, Measured, Sampler, measure
from .stages import SEEDED, SEEDS
from .talks import UNSEEN_SEEDS, Kind, Size, random_talk
from .toy_models import BLOCKS
from .world import LARGE, World

RESULTS = "results.json"
TALKING = Kind(persons=(2,))
CROSSING = Kind(persons=(2,), crossing=1.0)
ACTING = Kind(persons=(2,), acting=0.7)
ALONE = Kind(persons=(1,))
THREE = Kind(persons=(3,))
WAYS = {"talking": TALKING, "crossing": CROSSING}
LISTENING = Kind(persons=(2,), listeners=1)

SCHEMES = ("two", "routed", "routed-unturned", "split", "concat", "add")
LABELS = ("two", "narrow")
PROMPTED = ("base", "two", "plain", "full", "full-plain")
LOCALIZED_TALKS = 8
DRAWN_SEED = UNSEEN_SEEDS + 1
ONE_VOICE = (("ranges", None),)
SWAPPED = Filming(swapped=True)
SCORES = frozenset({"own", "other", "difference", "performed", "unasked", "openness", "movement"})
NUMBERS = SCORES | {"looks", "arrived", "seam", "seconds"}
OF_NO_MEASURE = {"localization": frozenset({"shares", "levels"}), "apart": frozenset({"picture"})}


@dataclass(frozen=True)
class Measure:
    """One measure: a kind of talk, the stage that films it, and changed settings.

    Attributes
    ----------
    stage : str or None
        None measures the rendered films.
    kind : Kind
    filming : Filming
    relocated : str or None
        Name of another localization.
    size : Size or None
        None is the world's.
    binding, sampling : tuples of (name, value)
        Changes to the stage's own options.
    """

    stage: str | None
    kind: Kind
    filming: Filming = Filming()  # noqa: RUF009
    relocated: str | None = None
    size: Size | None = None
    binding: tuple[tuple[str, Any], ...] = ()
    sampling: tuple[tuple[str, Any], ...] = ()


def measures() -> dict[str, Measure]:
    """Every measure by name."""
    kinds = WAYS | {"three": THREE, "acting": ACTING, "listening": LISTENING}
    real = {f"real {way}": Measure(None, kind) for way, kind in kinds.items()}
    return real | _of_schemes() | _of_training() | _of_crossing() | _of_seeds()


def _of_schemes() -> dict[str, Measure]:
    """Who follows which voice, and who stays still."""
    made = {}
    for stage in dict.fromkeys(SCHEMES + LABELS):
        ordered = stage == "split"  # it assigns voice i to column i
        for way, kind in WAYS.items():
            made[f"{stage} {way}"] = Measure(stage, replace(kind, left_to_right=ordered))
    for stage in SCHEMES:
        listening = replace(LISTENING, left_to_right=stage == "split")
        three = replace(listening, persons=THREE.persons)
        made[f"{stage} listening"] = Measure(stage, listening)
        made[f"{stage} beside one"] = Measure(stage, listening, filming=Filming(marked=1), binding=ONE_VOICE)
        made[f"{stage} beside two"] = Measure(stage, three, filming=Filming(marked=2))
    made["two swapped"] = Measure("two", TALKING, filming=SWAPPED)
    return made


def _of_training() -> dict[str, Measure]:
    """Prompts, and numbers of persons that were not trained together."""
    made = {f"{stage} acting": Measure(stage, ACTING) for stage in PROMPTED}
    made["base acting"] = replace(
        made["base acting"],
        binding=(("strength", 0.0),),
        sampling=(("scales", GuidanceScales(1.0, 1.0)),),
    )
    made["full talking"] = Measure("full", TALKING)
    for stage in ("one", "two"):
        made[f"{stage} alone"] = Measure(stage, ALONE, binding=ONE_VOICE)
    made["two three"] = Measure("two", THREE, binding=(("ranges", spread_ranges(3)),))
    routed = (("scheme", "routed"), ("ranges", None))
    made["two three routed"] = Measure("two", THREE, binding=routed)
    made["two talking routed"] = Measure("two", TALKING, binding=routed)
    made["routed three"] = Measure("routed", THREE, binding=routed)
    return made


def _of_crossing() -> dict[str, Measure]:
    """Other localizations, finer tokens, later clips, and two films beside each other."""
    made = {}
    for way, kind in WAYS.items():
        made[f"two apart {way}"] = Measure("two", kind, filming=Filming(apart=True), binding=ONE_VOICE)
        made[f"large {way}"] = Measure("large", kind, size=LARGE)
        for other in LOCALIZATIONS:
            scheme = (("scheme", other.name),)
            made[f"{other.name} {way}"] = Measure("two", kind, relocated=other.name, binding=scheme)
    for later in (LATER_PICTURE, LATER_MOTION):
        made[f"two later {later}"] = Measure("two", CROSSING, filming=Filming(later=later))
    return made


def _of_seeds() -> dict[str, Measure]:
    """The same stages, trained with other seeds."""
    made = {}
    for seed in SEEDS:
        for name, (way, kind) in product((f"{stage}-seed-{seed}" for stage in SEEDED), WAYS.items()):
            made[f"{name} {way}"] = Measure(name, kind)
        made[f"two-seed-{seed} swapped"] = Measure(f"two-seed-{seed}", TALKING, filming=SWAPPED)
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
    path = folder / RESULTS
    results = read_results(path) if path.exists() else {}
    for name, measured in _missing(world, folder, talks=talks, results=results):
        results[name] = measured
        with whole_file(path) as part:
            part.write_text(json.dumps(results, indent=1))
        report(name)
    return results


def read_results(path: Path) -> dict[str, Any]:
    """The results of a file, without those that lack a number: they are of an older version."""
    results = json.loads(path.read_text())
    return {name: made for name, made in results.items() if OF_NO_MEASURE.get(name, NUMBERS) <= made.keys()}


def _missing(
    world: World, folder: Path, *, talks: int, results: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, wanted in measures().items():
        trained = wanted.stage is None or world.is_trained(folder, wanted.stage)
        if name not in results and trained:
            yield name, numbers(_measured(world, folder, wanted, talks=talks))
    if "localization" not in results and world.is_trained(folder, "two"):
        yield "localization", localization(world.sampler(folder, "two"), world.sway)
    if "apart" not in results and world.is_trained(folder, "two"):
        talk = random_talk(DRAWN_SEED, world.size, CROSSING, sway=world.sway, given=1)
        draw_apart(world.sampler(folder, "two"), talk, DRAWN_SEED, path=folder / APART_PICTURE)
        yield "apart", {"picture": APART_PICTURE}


def _measured(world: World, folder: Path, wanted: Measure, *, talks: int) -> Measured:
    size, sampler, on_talk = wanted.size or world.size, None, None
    with ExitStack() as stack:
        if wanted.relocated is not None:
            scheme = stack.enter_context(relocated(wanted.relocated, size, BLOCKS))
            on_talk = scheme.begin
        if wanted.stage is not None:
            sampler = world.sampler(folder, wanted.stage, size)
            sampler = replace(
                sampler,
                binding=replace(sampler.binding, **dict(wanted.binding)),
                sampling=replace(sampler.sampling, **dict(wanted.sampling)),
            )
        return measure(
            sampler,
            wanted.kind,
            talks=talks,
            size=size,
            sway=world.sway,
            filming=wanted.filming,
            on_talk=on_talk,
        )


def numbers(measured: Measured) -> dict[str, Any]:
    """A measure as JSON: [value, low, high] of each binding score, [count, total] of actions and walks."""
    binding = measured.binding
    return {
        **{name: [part.value, part.low, part.high] for name, part in vars(binding).items()},
        "performed": list(measured.performed),
        "unasked": list(measured.unasked),
        "openness": measured.openness,
        "movement": measured.movement,
        "looks": measured.looks,
        "arrived": [sum(measured.arrived), len(measured.arrived)],
        "seam": sum(measured.seams) / len(measured.seams),
        "seconds": measured.seconds / len(measured.seams),
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
