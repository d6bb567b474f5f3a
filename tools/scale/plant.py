"""A plant that makes films: GPUs with a server each, one driver, one shared store, and what fails."""

import math
from dataclasses import dataclass, field, replace

from tools.gpu_day.cards import Card, card_named

from . import inputs
from .film_minute import PLANNED, clip_bytes, clip_seconds, clips_of, film_bytes, film_seconds

DAY, HOUR = 86_400.0, 3_600.0
LENGTHS = {20: 0.5, 60: 0.3, 160: 0.2}  # seconds of film, and how many of the films; a minute on average
INPUT_BYTES = 3e6  # a picture and two voices


def planned_card() -> Card:
    """The plan's."""
    card = card_named("H100")
    assert card is not None
    return card


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Films that are ordered.

    Attributes
    ----------
    a_day : float
    wave : float
        How far the rate swings over a day, as a share of the mean; it peaks at 18 o'clock.
    bursts : tuple of (hour, hour, float)
        Between these hours so many times as many.
    """

    a_day: float
    wave: float = 0.0
    bursts: tuple[tuple[float, float, float], ...] = ()

    def rate(self, seconds: float) -> float:
        """Films a second, at so many seconds after midnight."""
        hour = seconds / HOUR
        times = math.prod(factor for begin, end, factor in self.bursts if begin <= hour < end)
        return self.a_day / DAY * (1 + self.wave * math.sin((hour - 12) / 24 * math.tau)) * times

    @property
    def most(self) -> float:
        """A rate that is never exceeded."""
        return self.a_day / DAY * (1 + self.wave) * max((1.0, *(factor for *_, factor in self.bursts)))


@dataclass(frozen=True, kw_only=True)
class Failures:
    """What fails, and how often.

    Attributes
    ----------
    crash, node, repair : float
        Seconds between crashes of a server, between failures of a node, and until a node works again.
    bad : float
        Share of the films that fail wherever they run.
    all_at : float or None
        Second at which every server is restarted.
    driver_away : tuple of float
        From which second, and for how many, the driver does nothing.
    """

    crash: float = inputs.CRASH * HOUR
    node: float = inputs.NODE_HOURS * HOUR
    repair: float = inputs.REPAIR * HOUR
    bad: float = inputs.BAD
    all_at: float | None = None
    driver_away: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Sizes and seconds.

    Attributes
    ----------
    gpus : int
    arrivals : Arrivals
    failures : Failures
    film, clip : float
        Seconds of a GPU once a film, and for each clip.
    steps : int
        Of a clip, each of which is reported to the driver.
    clip_bytes, minute_bytes : float
        A stored clip, and a minute of film.
    bandwidth, link : float
        Bytes a second of the store, and of one GPU.
    farms : int
        Each with a driver, a store folder and as many of the GPUs.
    share : float
        Of the whole plant; smaller in a part of it.
    weights_from_store : bool
        Whether servers load the weights from the shared store, or from their node's disk.
    stores : int
        Store folders, if they are not as many as farms.
    """

    gpus: int
    arrivals: Arrivals
    failures: Failures = field(default_factory=Failures)
    film: float
    clip: float
    steps: int
    clip_bytes: float
    minute_bytes: float
    bandwidth: float = inputs.BANDWIDTH
    link: float = inputs.LINK
    farms: int = 1
    share: float = 1.0
    weights_from_store: bool = False
    stores: int | None = None

    @property
    def dispatch(self) -> float:
        """Seconds that a film takes of all drivers together, as if they were one."""
        return inputs.DISPATCH / self.farms / self.share

    @property
    def report(self) -> float:
        """The same of a step."""
        return inputs.REPORT / self.farms / self.share

    @property
    def waits(self) -> float:
        """Share of each driver's time that its waits take: each is a moment, and work for all its servers."""
        work = inputs.WAIT + inputs.WATCHED * self.gpus / self.share / self.farms
        return work / (inputs.GATHER + work)

    @property
    def listing(self) -> float:
        """Seconds that a stored clip takes because its store lists all films in it."""
        films = self.gpus / self.share / (self.stores or self.farms) * inputs.LISTED_FILMS
        return films * (inputs.LISTED + 3 * inputs.TRIP)

    def seconds_of(self, length: float) -> float:
        """Seconds that a film takes of a GPU when nothing stands in its way."""
        return self.film + clips_of(length) * (self.clip + self.listing + self.clip_bytes / self.link)

    @property
    def mean_seconds(self) -> float:
        """Of the films that come, on average."""
        return sum(share * self.seconds_of(length) for length, share in LENGTHS.items())

    @property
    def load(self) -> float:
        """GPU seconds that are ordered, of those that there are."""
        return self.arrivals.a_day / DAY * self.mean_seconds / self.gpus

    def part(self, gpus: int) -> "Plant":
        """A part of the plant with so many GPUs, and as much of everything that is shared.

        Films come by chance and independently, so a part of them does too; a share of bandwidth and driver
        serves it as the whole serves all. Only chance weighs more: queues of a part are longer.
        """
        share = gpus / self.gpus
        return replace(
            self,
            gpus=gpus,
            share=self.share * share,
            arrivals=replace(self.arrivals, a_day=self.arrivals.a_day * share),
            bandwidth=self.bandwidth * share,
        )

    def grown(self, times: float) -> "Plant":
        """So many times the films and GPUs, with the same farms and store bandwidth."""
        arrivals = replace(self.arrivals, a_day=self.arrivals.a_day * times)
        return replace(self, gpus=round(self.gpus * times), arrivals=arrivals)


def planned_plant() -> Plant:
    """A million films a day on H100s, with as many GPUs as are `inputs.BUSY` of the time busy."""
    card = planned_card()
    plant = Plant(
        gpus=1,
        arrivals=Arrivals(a_day=inputs.FILMS, wave=inputs.WAVE),
        film=sum(film_seconds(card).values()),
        clip=sum(clip_seconds(PLANNED, card).values()),
        steps=PLANNED.steps,
        clip_bytes=clip_bytes(PLANNED.size),
        minute_bytes=film_bytes(PLANNED.size),
    )
    farm = replace(plant, gpus=int(inputs.FARM))  # for the seconds that its store takes
    needed = plant.arrivals.a_day / DAY * farm.mean_seconds / inputs.BUSY
    farms = math.ceil(needed / inputs.FARM)
    return replace(plant, gpus=farms * int(inputs.FARM), farms=farms)
