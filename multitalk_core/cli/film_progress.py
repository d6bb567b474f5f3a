"""A film in the making, shown on the terminal."""

import time
from pathlib import Path

from torch import Tensor

from ..drawing.strip import localization_strip
from ..film.film import FinishedClip
from ..film.spec import FilmSpec
from ..film.write import digital_source
from ..media.picture import write_picture
from ..method.wan import latent_frames


class FilmProgress:
    """The command line's `FilmListener`: a bar over all steps of all clips, with the time left.

    A context manager. It draws the localization of the first clip as soon as there is one.

    Parameters
    ----------
    spec : FilmSpec
    localization : Path
        Of the drawing.
    """

    def __init__(self, spec: FilmSpec, localization: Path) -> None:
        from tqdm import tqdm

        self.persons, self.localization = spec.persons, localization
        self._source = digital_source(spec)
        self.clips, self.steps = len(spec.plan.clips), spec.sampling.steps
        self._bar = tqdm(total=spec.runs * self.steps, unit="step", dynamic_ncols=True)
        self._started = self._last_step = time.monotonic()
        self._step_seconds: list[float] = []
        self._show(0, "preparing")

    def __enter__(self) -> "FilmProgress":
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.close()

    def note(self, sentence: str) -> None:
        """Print a line above the bar."""
        self._bar.write(sentence)

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """Move the bar."""
        now = time.monotonic()
        if step:
            self._step_seconds.append(now - self._last_step)
        self._last_step = now
        self._bar.update()
        self._show(clip, "sampling" if step + 1 < self.steps else "decoding")

    def clip(self, finished: FinishedClip) -> None:
        """Shorten the bar by a clip from the store; draw the first clip's localization."""
        if finished.from_store:
            self._bar.total -= self.steps * finished.restored
            self._show(finished.clip.index, "stored")
        if finished.clip.index == 0 and finished.record is not None:
            # As far as the film goes.
            classes = finished.record.classes[: latent_frames(len(finished.frames) + 3)]
            strip = localization_strip(finished.frames, classes, self.persons)
            write_picture(self.localization, strip, self._source)

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
