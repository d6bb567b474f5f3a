"""The plant at work, on SimPy: drivers hand out films, servers make them clip by clip and fail."""

import random
from collections.abc import Generator

import simpy

from . import inputs
from .film_minute import clips_of
from .outcome import Film, Outcome, Sample
from .plant import HOUR, INPUT_BYTES, LENGTHS, Plant
from .shared_link import SharedLink

SAMPLED = 600.0  # seconds between two samples

Steps = Generator[simpy.Event, None, None]


class Driver:
    """One process, which does one thing after another.

    Parameters
    ----------
    env : simpy.Environment
    waits : float
        Share of its time that is taken before any work.

    Attributes
    ----------
    worked : float
        Seconds, without the waits.
    """

    def __init__(self, env: simpy.Environment, waits: float) -> None:
        self.env, self.waits, self.worked, self._free_at = env, waits, 0.0, 0.0

    @property
    def backlog(self) -> float:
        """Seconds of work that wait for it."""
        return max(0.0, self._free_at - self.env.now)

    def post(self, seconds: float) -> float:
        """Give it work that nobody awaits; returns the seconds until it is done."""
        self._free_at = max(self._free_at, self.env.now) + seconds / (1 - self.waits)
        self.worked += seconds
        return self._free_at - self.env.now

    def away(self, seconds: float) -> None:
        """Let it do nothing for so long."""
        self._free_at = max(self._free_at, self.env.now) + seconds


class Farm:
    """A run of the plant.

    Parameters
    ----------
    plant : Plant
        Part of a plant, small enough to be simulated clip by clip.
    seed : int
        The same gives the same run, and the same films in every scenario.
    """

    def __init__(self, plant: Plant, seed: int) -> None:
        self.env, self.plant = simpy.Environment(), plant
        self.store = SharedLink(self.env, total=plant.bandwidth, each=plant.link)
        self.driver = Driver(self.env, plant.waits)
        self.waiting, self.ready = simpy.Store(self.env), simpy.Store(self.env)
        self.places = simpy.Container(self.env, capacity=plant.gpus, init=plant.gpus)
        self.outcome = Outcome(plant, 0.0)
        self.stored_bytes, self.making = 0.0, 0
        self._up: dict[simpy.Process, None] = {}  # in order: the same seed gives the same run
        self._chance = {name: random.Random(f"{seed} {name}") for name in ("films", "crashes", "nodes")}

    def run(self, hours: float) -> Outcome:
        """Simulate from midnight on, when every server runs."""
        nodes: dict[int, list[simpy.Process]] = {}
        for gpu in range(self.plant.gpus):
            server = self.env.process(self._server())
            nodes.setdefault(gpu // int(inputs.NODE), []).append(server)
            self.env.process(self._crashes(server))
        for servers in nodes.values():
            self.env.process(self._node(servers))
        for process in (self._arrivals(), self._dispatching(), self._samples(), self._events()):
            self.env.process(process)
        self.env.run(hours * HOUR)
        self.outcome.hours = hours
        self.outcome.driver = self.driver.worked + self.plant.waits * hours * HOUR
        self.outcome.bytes = self.store.bytes
        return self.outcome

    def _arrivals(self) -> Steps:
        """Poisson at the rate of each moment, by thinning."""
        chance, arrivals = self._chance["films"], self.plant.arrivals
        lengths, shares = list(LENGTHS), list(LENGTHS.values())
        while True:
            yield self.env.timeout(chance.expovariate(arrivals.most))
            if chance.random() * arrivals.most < arrivals.rate(self.env.now):
                (length,) = chance.choices(lengths, shares)
                bad = chance.random() < self.plant.failures.bad
                film = Film(self.env.now, length, clips_of(length), bad)
                self.outcome.films.append(film)
                self.waiting.put(film)

    def _dispatching(self) -> Steps:
        """The drivers: one film in flight a server."""
        while True:
            film = yield self.waiting.get()
            yield self.places.get(1)
            yield self.env.timeout(self.driver.post(self.plant.dispatch))
            self.ready.put(film)

    def _server(self) -> Steps:
        """One GPU: makes one film after another until something ends it, and starts again."""
        server = self.env.active_process
        while True:
            asked = self.ready.get()
            self._up[server] = None
            try:
                while True:
                    yield from self._film((yield asked))
                    asked = self.ready.get()
            except simpy.Interrupt as ended:
                if asked.triggered:
                    self._interrupted(asked.value)
                else:
                    asked.cancel()
                away = ended.cause
            yield self.env.timeout(away)
            yield from self._start()

    def _start(self) -> Steps:
        """A server answers, and loads the weights."""
        yield self.env.timeout(inputs.START)
        if self.plant.weights_from_store:
            yield self.store.transfer(inputs.WEIGHTS)
        else:
            yield self.env.timeout(inputs.WEIGHTS / inputs.DISK)

    def _film(self, film: Film) -> Steps:
        """A film from its last stored clip on."""
        if film.began is None:
            film.began = self.env.now
        self.making += 1
        try:
            yield self.store.transfer(INPUT_BYTES + film.stored * self.plant.clip_bytes)
            yield self.env.timeout(self.plant.film + film.stored * inputs.RESUMED / inputs.THREADS)
            while film.stored < film.clips:
                film.clip_began = self.env.now
                yield self.env.timeout(self.plant.clip)
                self.driver.post(self.plant.steps * self.plant.report)
                if film.bad:
                    self._give_up(film)
                    return
                yield self.env.timeout(self.plant.listing)
                yield self.store.transfer(self.plant.clip_bytes)
                film.stored, film.clip_began = film.stored + 1, None
                self.stored_bytes += self.plant.clip_bytes
                self.outcome.useful += self.plant.clip
            yield self.store.transfer(film.length / 60 * self.plant.minute_bytes)
            film.delivered.append(self.env.now)
            self._left(film)
        finally:
            self.making -= 1

    def _interrupted(self, film: Film) -> None:
        """A server has ended that had this film: another goes on after its last stored clip."""
        began = film.clip_began
        self.outcome.lost += 0.0 if began is None else self.env.now - began
        film.clip_began = None
        film.losses += 1
        if film.losses <= inputs.RETRIES:
            self.ready.put(film)
        else:
            self._give_up(film)

    def _give_up(self, film: Film) -> None:
        self.outcome.failed.append(film)
        self._left(film)

    def _left(self, film: Film) -> None:
        """The store forgets its clips, and its place is free."""
        self.stored_bytes -= film.stored * self.plant.clip_bytes
        self.places.put(1)

    def _end(self, server: simpy.Process, away: float) -> bool:
        """End a server that is up, for so many seconds."""
        if server not in self._up:
            return False
        del self._up[server]
        server.interrupt(away)
        return True

    def _crashes(self, server: simpy.Process) -> Steps:
        while True:
            yield self.env.timeout(self._chance["crashes"].expovariate(1 / self.plant.failures.crash))
            self.outcome.crashes += self._end(server, 0.0)

    def _node(self, servers: list[simpy.Process]) -> Steps:
        failures = self.plant.failures
        while True:
            yield self.env.timeout(self._chance["nodes"].expovariate(1 / failures.node))
            self.outcome.node_failures += any([self._end(server, failures.repair) for server in servers])
            yield self.env.timeout(failures.repair)

    def _events(self) -> Steps:
        """What happens once: the driver is away, or all servers are restarted."""
        failures = self.plant.failures
        begin, seconds = failures.driver_away
        yield self.env.timeout(begin)
        self.driver.away(seconds)
        if failures.all_at is not None:
            yield self.env.timeout(failures.all_at - begin)
            for server in list(self._up):
                self._end(server, 0.0)

    def _samples(self) -> Steps:
        while True:
            self.outcome.samples.append(
                Sample(
                    self.env.now / HOUR,
                    len(self.waiting.items) + len(self.ready.items),
                    self.making,
                    self.store.transfers,
                    self.driver.backlog,
                    self.stored_bytes,
                )
            )
            yield self.env.timeout(SAMPLED)
