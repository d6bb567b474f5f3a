"""Where a film and its pictures go."""

from dataclasses import dataclass
from pathlib import Path

from ...files.outputs import free_name
from ...files.whole import is_taken
from ...film.store import Json
from ...media.video_writer import being_written


@dataclass(frozen=True)
class FilmFiles:
    """Where a film and its pictures go.

    Attributes
    ----------
    film, persons, localization, timeline, drift : Path
    request : str or None
        Tells what was asked for, so that the store knows the film's own file again.
    replaces : bool
        Whether earlier files of these names are replaced.
    """

    film: Path
    persons: Path
    localization: Path
    timeline: Path
    drift: Path
    request: str | None = None
    replaces: bool = True

    @classmethod
    def beside(cls, film: Path, request: str | None = None, replaces: bool = True) -> "FilmFiles":
        """The pictures in the film's folder, named after it."""
        names = ("persons", "localization", "timeline", "drift")
        pictures = (film.with_name(f"{film.stem}.{name}.png") for name in names)
        return cls(film, *pictures, request, replaces)

    def all(self) -> list[Path]:
        """Every file that is there at the end, but the film's beginning where it ends early."""
        return [self.film, self.persons, self.localization, self.timeline, self.drift]

    def free(self) -> bool:
        """Whether these names can be had: nothing has them that may not be replaced."""
        taken = not self.replaces and any(map(is_taken, self.all()))
        return not taken and not being_written(self.film)

    def unfinished(self, frames: int, of: int) -> Path:
        """Where the finished clips of an interrupted film are kept: in place of no other's."""
        return free_name(self.film.with_name(f"{self.film.stem}.unfinished-{frames}-of-{of}-frames.mp4"))

    def claim(self) -> Json:
        """What the store notes of the film's file: where it is, what asked for it, and what it is now."""
        status = self.film.stat() if self.film.exists() else None
        return {
            "path": str(self.film.absolute()),
            "request": self.request,
            "file": None if status is None else [status.st_size, status.st_mtime_ns],
        }
