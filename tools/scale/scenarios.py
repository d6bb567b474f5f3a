"""What happens to the planned plant over a day, and how far it grows with the same store."""

import math
from dataclasses import dataclass, replace
from functools import cache

from . import inputs
from .film_minute import clips_of
from .outcome import Outcome
from .plant import HOUR, INPUT_BYTES, LENGTHS, Plant, planned_plant
from .simulation import Farm

SEED = 20
PART = 64  # GPUs that are simulated
HOURS = 24.0
GROWN = (0.1, 0.25, 0.4, 0.5, 0.75, 1, 2, 3, 4, 5, 6, 7)
GROWN_HOURS, WARM_UP = 9.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A day of a plant."""

    title: str
    plant: Plant


def scenarios() -> list[Scenario]:
    """The planned day first, then what may happen to it."""
    plant = planned_plant()
    failures, arrivals = plant.failures, plant.arrivals
    often = replace(failures, crash=failures.crash / 50, node=failures.node / 50)
    noon = replace(failures, all_at=12 * HOUR)
    away = replace(failures, driver_away=(12 * HOUR, HOUR / 2))
    changes = {
        "as planned": {},
        "half the GPUs": {"gpus": plant.gpus // 2},
        "five times the films from 9 to 10": {"arrivals": replace(arrivals, bursts=((9, 10, 5),))},
        "failures fifty times as often": {"failures": often},
        "drivers away from 12:00 to 12:30": {"failures": away},
        "all servers restarted at 12:00": {"failures": noon},
        "all restarted, weights from the store": {"failures": noon, "weights_from_store": True},
        "a store of 10 GB/s": {"bandwidth": 10e9},
        "one store folder for all films": {"stores": 1},
        "one driver for all GPUs": {"farms": 1, "stores": plant.farms},
    }
    return [Scenario(title=title, plant=replace(plant, **change)) for title, change in changes.items()]


@cache
def day(scenario: Scenario) -> Outcome:
    """Simulate a part of the plant for a day."""
    planned = planned_plant().gpus
    return Farm(scenario.plant.part(round(PART * scenario.plant.gpus / planned)), SEED).run(HOURS)


def delivered(plant: Plant) -> float:
    """Films a day that a plant delivers, simulated without the wave of a day."""
    steady = replace(plant, arrivals=replace(plant.arrivals, wave=0.0))
    outcome, begin = Farm(steady.part(PART), SEED).run(GROWN_HOURS), WARM_UP * HOUR
    came = sum(film.arrived > begin for film in outcome.films)
    return plant.arrivals.a_day * sum(film.delivered[0] > begin for film in outcome.finished) / came


@cache
def growth(farms: bool) -> list[tuple[float, float]]:
    """Films a day that are ordered, and delivered, by one farm or by as many as the GPUs need."""
    found = []
    for times in GROWN:
        plant = planned_plant().grown(times)
        plant = replace(plant, farms=math.ceil(plant.gpus / inputs.FARM) if farms else 1)
        found.append((plant.arrivals.a_day, delivered(plant)))
    return found


def mean_clips() -> float:
    """Clips of a film."""
    return sum(share * clips_of(length) for length, share in LENGTHS.items())


def clips_in_flight() -> float:
    """Stored clips of a film that is being made, on average: long films are being made for longer."""
    squares = sum(share * clips_of(length) ** 2 for length, share in LENGTHS.items())
    return squares / mean_clips() / 2


def limits(plant: Plant) -> dict[str, float]:
    """GPUs at which each thing that GPUs share is full; lowest first."""
    clips = mean_clips()
    written = (clips * plant.clip_bytes + plant.minute_bytes + INPUT_BYTES) / plant.mean_seconds
    found = {
        "one driver": _full_driver(plant, clips),
        "one store folder: listing takes as long as making": (
            plant.clip / inputs.LISTED_FILMS / (inputs.LISTED + 3 * inputs.TRIP)
        ),
        "one Ray cluster": inputs.ACTORS,
        "the store's bandwidth": plant.bandwidth / written,
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _full_driver(plant: Plant, clips: float) -> float:
    """GPUs whose work, each * GPUs, is what waits leave: GATHER / (GATHER + WAIT + WATCHED * GPUs)."""
    each = (clips * plant.steps * inputs.REPORT + inputs.DISPATCH) / plant.mean_seconds
    half = (inputs.GATHER + inputs.WAIT) / inputs.WATCHED / 2
    return math.sqrt(half**2 + inputs.GATHER / inputs.WATCHED / each) - half
