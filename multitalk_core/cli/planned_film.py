"""A film as the command line makes it."""

from dataclasses import dataclass

import diffusers
from diffusers.utils.constants import DIFFUSERS_ATTN_BACKEND
from torch import Tensor

from ..film.retakes import Retake
from ..film.spec import FilmSpec
from ..film.store import Json, computed_on, release
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import DiffusersVideoModel
from ..media.video_file import VideoFile
from ..origin.film_mark import UNSIGNED, FilmMark
from ..persons.masks import Persons
from .options.film_files import FilmFiles


@dataclass(frozen=True, kw_only=True)
class PlannedFilm:
    """A film, what makes it, and what is drawn beside it.

    Attributes
    ----------
    spec : FilmSpec
    model : DiffusersVideoModel
    files : FilmFiles
    picture : Tensor [height, width, 3], in 0..1
        The source picture, or the first one of the video that is dubbed; uncropped.
    persons : Persons
        On `picture`.
    retakes : list of Retake
        As the user asked for them.
    video : VideoFile or None
        What is dubbed, as the user has it.
    mark : FilmMark
        What the film says about itself, and who signs it.
    """

    spec: FilmSpec
    model: DiffusersVideoModel
    files: FilmFiles
    picture: Tensor
    persons: Persons
    retakes: list[Retake]
    video: VideoFile | None = None
    mark: FilmMark = UNSIGNED


def computed_with(models: Models) -> dict[str, Json]:
    """What changes a film's numbers besides its inputs, by the name that a user reads."""
    return {
        **computed_on(models.device),
        "diffusers": release(diffusers.__version__),
        "attention": DIFFUSERS_ATTN_BACKEND,
        "precision": str(models.dtype),
    }
