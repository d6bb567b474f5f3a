"""How long the rest of a film takes, judged by its finished steps."""

from dataclasses import dataclass

DECODING = 1.5  # times the encoding of the same frames: Wan's VAE, whose decoder has more layers


@dataclass
class RemainingTime:
    """Averages what steps take inside a sampling run, and from one run to the next.

    The first step is not counted, because models are loaded before it. Until a second run begins, what lies
    between two runs is judged by the encoding of the first.

    Parameters
    ----------
    runs : int
        Sampling runs of the film.
    steps : int
        Of each run.
    """

    runs: int
    steps: int
    _made: int = 0
    _from_store: int = 0  # runs
    _last: float | None = None
    _encoding: float = 0.0  # seconds, of a clip's frames
    _inside: tuple[float, int] = (0.0, 0)  # seconds, and how many steps they took
    _between: tuple[float, int] = (0.0, 0)  # decoding and encoding included

    def encoded(self, seconds: float) -> None:
        """Note how long an encoding took; the longest is that of all frames of a clip."""
        self._encoding = max(self._encoding, seconds)

    def step(self, now: float) -> None:
        """Count a step that is finished at this time, in seconds."""
        if self._last is not None and self._made % self.steps:
            self._inside = _longer(self._inside, now - self._last)
        elif self._last is not None:
            self._between = _longer(self._between, now - self._last)
        self._made += 1
        self._last = now

    def from_store(self, runs: int) -> None:
        """Leave out runs that need no sampling, and what it took to read them."""
        self._from_store += runs
        if self._made % self.steps == 0:
            self._last = None

    @property
    def seconds(self) -> float | None:
        """Until the film is finished; None until a step was measured."""
        left = self.runs - self._from_store - -(-self._made // self.steps)  # whole runs
        inside, between = _mean(self._inside), _mean(self._between)
        if inside is None and between is None:
            return None
        steps = left * (self.steps - 1) + -self._made % self.steps
        if between is None:
            decoding = DECODING * self._encoding
            return (steps + left + 1) * (inside or 0.0) + left * self._encoding + (left + 1) * decoding
        return steps * (inside or 0.0) + (left + 1) * between


def _longer(total: tuple[float, int], seconds: float) -> tuple[float, int]:
    return total[0] + seconds, total[1] + 1


def _mean(total: tuple[float, int]) -> float | None:
    return total[0] / total[1] if total[1] else None


def in_words(seconds: float) -> str:
    """A duration as people say it, such as "about 3 minutes"."""
    minutes = round(seconds / 60)
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} seconds"
    if minutes < 90:
        return f"about {minutes} minutes"
    return f"about {minutes // 60} h {minutes % 60} min"
