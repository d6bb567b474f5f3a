"""Where a film and its drawings go."""

from dataclasses import dataclass
from pathlib import Path

from ...files.whole import is_taken
from ...film.store import Json, output_claim
from ...media.video_writer import being_written


@dataclass(frozen=True, kw_only=True)
class FilmFiles:
    """Where a film and its pictures go.

    Attributes
    ----------
    film, persons, localization, timeline, drift : Path
    request : str or None
        Identifies what was asked for, so that the store recognises the film's own file.
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
    def beside(cls, film: Path, *, request: str | None = None, replaces: bool = True) -> "FilmFiles":
        """The drawings in the film's folder, named after it."""

        def drawing(name: str) -> Path:
            return film.with_name(f"{film.stem}.{name}.png")

        return cls(
            film=film,
            persons=drawing("persons"),
            localization=drawing("localization"),
            timeline=drawing("timeline"),
            drift=drawing("drift"),
            request=request,
            replaces=replaces,
        )

    @classmethod
    def inside(cls, folder: Path) -> "FilmFiles":
        """Film and drawings under plain names in a folder of their own."""
        return cls(
            film=folder / "film.mp4",
            persons=folder / "persons.png",
            localization=folder / "localization.png",
            timeline=folder / "timeline.png",
            drift=folder / "drift.png",
        )

    def all(self) -> list[Path]:
        """Every file of a whole film."""
        return [self.film, self.persons, self.localization, self.timeline, self.drift]

    def free(self) -> bool:
        """Whether these names may be used: no file has them that must not be replaced."""
        taken = not self.replaces and any(map(is_taken, self.all()))
        return not taken and not being_written(self.film)

    def claim(self) -> Json:
        """What the store notes of the film's file."""
        return output_claim(self.film, self.request)
