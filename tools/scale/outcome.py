"""What comes of a simulated plant: its films, and samples of it."""

from dataclasses import dataclass, field

from .plant import HOUR, Plant


@dataclass(eq=False)
class Film:
    """A film on its way.

    Attributes
    ----------
    arrived : float
    length : float
        Seconds of film.
    clips : int
    bad : bool
        Whether it fails after its first clip.
    stored : int
        Clips in the store, after which the next attempt goes on.
    losses : int
        How often its server was lost.
    delivered : list of float
        When it was delivered; once, where nothing is wrong.
    began, clip_began : float or None
        When its first attempt began, and its clip that is being made.
    """

    arrived: float
    length: float
    clips: int
    bad: bool
    stored: int = 0
    losses: int = 0
    delivered: list[float] = field(default_factory=list)
    began: float | None = None
    clip_began: float | None = None


@dataclass(frozen=True)
class Sample:
    """The plant at a moment: films that wait, servers that make one, and transfers of the store."""

    hour: float
    waiting: int
    making: int
    transfers: int
    backlog: float
    stored: float


@dataclass
class Outcome:
    """What came of a run.

    Attributes
    ----------
    plant : Plant
    hours : float
    films : list of Film
        All that arrived.
    failed : list of Film
        Given up.
    samples : list of Sample
    useful, lost : float
        GPU seconds of clips that were finished, and of clips that were not.
    crashes, node_failures : int
    driver : float
        Seconds that the driver worked, its waits among them.
    bytes : float
        Of the store.
    """

    plant: Plant
    hours: float
    films: list[Film] = field(default_factory=list)
    failed: list[Film] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    useful: float = 0.0
    lost: float = 0.0
    crashes: int = 0
    node_failures: int = 0
    driver: float = 0.0
    bytes: float = 0.0

    @property
    def finished(self) -> list[Film]:
        """Films that were delivered."""
        return [film for film in self.films if film.delivered]

    def waits(self) -> list[float]:
        """Seconds from order to first attempt, sorted; of films that still wait, as long as they have."""
        end = self.hours * HOUR
        return sorted((end if film.began is None else film.began) - film.arrived for film in self.films)

    @property
    def busy(self) -> float:
        """Share of the GPUs' time that went into finished clips."""
        return self.useful / (self.plant.gpus * self.hours * HOUR)

    @property
    def most_waiting(self) -> int:
        """At any sample."""
        return max(sample.waiting for sample in self.samples)
