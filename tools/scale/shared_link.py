"""The store's bandwidth, divided evenly among all that read and write at a moment."""

import heapq
import itertools

import simpy


class SharedLink:
    """Transfers of a simulated store.

    Parameters
    ----------
    env : simpy.Environment
    total, each : float
        Bytes a second: of the store, and of one transfer at most.

    Attributes
    ----------
    bytes : float
        Moved or begun.
    """

    def __init__(self, env: simpy.Environment, *, total: float, each: float) -> None:
        self.env, self.total, self.each = env, total, each
        self.bytes = 0.0
        self._moved = 0.0  # what a transfer would have moved that has been going since the start
        self._since = env.now
        self._waiting: list[tuple[float, int, simpy.Event]] = []
        self._order = itertools.count()
        self._timer = 0

    @property
    def transfers(self) -> int:
        """How many are going."""
        return len(self._waiting)

    def transfer(self, size: float) -> simpy.Event:
        """Begin a transfer; the event comes when it is complete. One that nobody awaits goes on."""
        self._advance()
        self.bytes += size
        done = self.env.event()
        heapq.heappush(self._waiting, (self._moved + size, next(self._order), done))
        self._schedule()
        return done

    def _rate(self) -> float:
        return min(self.each, self.total / len(self._waiting)) if self._waiting else 0.0

    def _advance(self) -> None:
        self._moved += (self.env.now - self._since) * self._rate()
        self._since = self.env.now

    def _schedule(self) -> None:
        """Wake at the next end; a timer that was set before is void."""
        self._timer += 1
        if self._waiting:
            delay = max(0.0, (self._waiting[0][0] - self._moved) / self._rate())
            timeout = self.env.timeout(delay, value=self._timer)
            timeout.callbacks.append(self._ended)

    def _ended(self, timeout: simpy.Event) -> None:
        if timeout.value != self._timer:
            return
        self._advance()
        end, _, done = heapq.heappop(self._waiting)
        self._moved = end  # not a rounding error before it
        done.succeed()
        self._schedule()
