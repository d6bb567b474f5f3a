"""What happens to the planned plant over a day, and how far it grows with the same driver and store."""

from dataclasses import dataclass, replace
from functools import cache

from . import inputs
from .film_minute import clips_of
from .plant import DAY, HOUR, INPUT_BYTES, LENGTHS, Plant, planned_plant
from .simulation import Farm, Outcome

SEED = 20
PART = 64  # GPUs that are simulated
HOURS = 24.0
GROWN = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6)
GROWN_HOURS, WARM_UP = 5.0, 1.0


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
        "one film in ten is bad": {"failures": replace(failures, bad=0.1)},
        "driver away from 12:00 to 12:30": {"failures": away},
        "all servers restarted at 12:00": {"failures": noon},
        "the same, weights from the store": {"failures": noon, "weights_from_store": True},
        "a store of 10 GB/s": {"bandwidth": 10e9},
        "one store folder for all films": {"clip": plant.clip + listing_seconds(plant)},
    }
    return [Scenario(title=title, plant=replace(plant, **change)) for title, change in changes.items()]


def listing_seconds(plant: Plant) -> float:
    """What a stored clip costs where the films in flight lie in one store: it lists them all each time."""
    return plant.gpus * inputs.AHEAD * (inputs.LISTED + 3 * inputs.TRIP)


@cache
def day(scenario: Scenario) -> Outcome:
    """Simulate a part of the plant for a day."""
    planned = planned_plant().gpus
    return Farm(scenario.plant.part(round(PART * scenario.plant.gpus / planned)), SEED).run(HOURS)


def delivered(plant: Plant) -> float:
    """Films a day that a plant delivers, simulated without the wave of a day."""
    steady = replace(plant, arrivals=replace(plant.arrivals, wave=0.0))
    films = Farm(steady.part(PART), SEED).run(GROWN_HOURS).finished
    counted = sum(film.delivered[0] > WARM_UP * HOUR for film in films)
    return counted / (GROWN_HOURS - WARM_UP) * 24 * plant.gpus / PART


@cache
def growth(progress: bool) -> list[tuple[float, float]]:
    """Films a day that are ordered, and delivered, with or without a message to the driver for each step."""
    plant = planned_plant()
    if not progress:
        plant = replace(plant, progress=0.0)
    grown = [plant.grown(times) for times in GROWN]
    return [(each.arrivals.a_day, delivered(each)) for each in grown]


def mean_clips() -> float:
    """Clips of a film."""
    return sum(share * clips_of(length) for length, share in LENGTHS.items())


def limits(plant: Plant) -> dict[str, float]:
    """Films a day at which each thing that all share is full, however many GPUs there are; lowest first."""
    clips = mean_clips()
    of_driver = plant.dispatch + clips * plant.steps * plant.progress
    of_store = clips * plant.clip_bytes + plant.minute_bytes + INPUT_BYTES
    found = {
        "actors in one Ray cluster": plant.arrivals.a_day * inputs.ACTORS / plant.gpus,
        "the driver": DAY / of_driver,
        "the driver, without a message for each step": DAY / plant.dispatch,
        "the store's bandwidth": DAY * plant.bandwidth / of_store,
        "one store folder, where listing takes half of a GPU's time": (
            plant.arrivals.a_day * plant.clip / listing_seconds(plant)
        ),
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))
