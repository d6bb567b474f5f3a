"""A film in the making, shown."""

import time

from ..film.clips import ClipPlan


class FilmProgress:
    """A bar over all steps of all clips, with the time left; an `on_step` of MultiTalkPipeline.

    A context manager.

    Parameters
    ----------
    plan : ClipPlan
    steps : int
        Of each clip.
    """

    def __init__(self, plan: ClipPlan, steps: int):
        from tqdm import tqdm

        self.clips, self.steps = len(plan.clips), steps
        self._bar = tqdm(total=self.clips * steps, unit="step", dynamic_ncols=True)
        self._started = self._last_step = time.monotonic()
        self._step_seconds: list[float] = []
        self._show(0, "preparing")

    def __enter__(self) -> "FilmProgress":
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.close()

    def __call__(self, clip: int, step: int) -> None:
        """One step is finished."""
        now = time.monotonic()
        if step:
            self._step_seconds.append(now - self._last_step)
        self._last_step = now
        self._bar.update()
        self._show(clip, "sampling" if step + 1 < self.steps else "decoding")

    def skip(self, clip: int) -> None:
        """A clip need not be made."""
        self._bar.total -= self.steps
        self._show(clip, "kept")

    def tell(self, note: str) -> None:
        """Print a line above the bar."""
        self._bar.write(note)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    @property
    def seconds_per_step(self) -> float:
        """Mean of all steps but the first of each clip, which waits for the VAE."""
        measured = self._step_seconds or [self.seconds / max(1, self._bar.n)]
        return sum(measured) / len(measured)

    def _show(self, clip: int, doing: str) -> None:
        self._bar.set_description(f"clip {clip + 1} of {self.clips}, {doing}")
