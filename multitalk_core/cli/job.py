"""What a film is made from."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import diffusers
from diffusers.utils.constants import DIFFUSERS_ATTN_BACKEND
from torch import Tensor

from ..audio.conversation import Conversation
from ..film.clips import ClipPlan
from ..film.dubbing import Dubbing
from ..film.film import MATHS_VERSION, Take, clip_links
from ..film.seams import Joins
from ..film.store import FilmClips, Json, computed_on, digest, open_film, release
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import SamplingSettings
from ..media.picture import resize_and_crop
from ..method.adapter import AudioAdapter
from ..persons.masks import Persons
from .options.film_files import FilmFiles


@dataclass(frozen=True)
class FilmJob:
    """Everything a film is made from.

    Attributes
    ----------
    picture : Tensor [height, width, 3], in 0..1
        The source picture, or the first one of the video that is dubbed.
    persons : Persons
        On the source picture, one a speaker.
    size : (int, int)
        Height and width of the film.
    conversation : Conversation
    plan : ClipPlan
    prolonged : int
        As in `make_film`.
    models : Models
    adapter : AudioAdapter
    prompt, negative_prompt : str
    settings : SamplingSettings
    colour_strength : float
    continuation : str
        One of CONTINUATIONS.
    seed : int
    watched_step : int
        Step, from 0, whose localization is drawn; of the adapter's middle block.
    files : FilmFiles
    takes : dict of clip index to Take
    stop_after : int or None
        Clip after which to stop.
    store : Path or None
        Folder of all films whose clips are kept.
    store_limit : int
        Bytes.
    sources : plain values by name
        Tell the files of models and video from others.
    dubbing : Dubbing or None
    joins : Joins
    """

    picture: Tensor
    persons: Persons
    size: tuple[int, int]
    conversation: Conversation
    plan: ClipPlan
    prolonged: int
    models: Models
    adapter: AudioAdapter
    prompt: str
    negative_prompt: str
    settings: SamplingSettings
    colour_strength: float
    continuation: str
    seed: int
    watched_step: int
    files: FilmFiles
    takes: dict[int, Take]
    stop_after: int | None
    store: Path | None
    store_limit: int
    sources: dict[str, Json]
    dubbing: Dubbing | None
    joins: Joins

    @property
    def cropped(self) -> Tensor:
        """The picture at the film's size."""
        return resize_and_crop(self.picture.movedim(-1, 0), *self.size).movedim(0, -1)

    def kept(self) -> AbstractContextManager[FilmClips | None]:
        """The film's place in the store."""
        if self.store is None:
            return nullcontext()
        window = self.adapter.shape.window
        links = clip_links(self.conversation, self.plan, window, self.prolonged, self.takes)
        title, output = self.files.film.name, self.files.claim()
        return open_film(self.store, title, self.description(), links, self.store_limit, output)

    def description(self) -> Json:
        """What shapes the whole film, but never a result of the models."""
        settings = asdict(self.settings)
        del settings["rows_at_once"]  # which only saves memory
        return {
            "version": MATHS_VERSION,
            **computed_on(self.models.device),
            "diffusers": release(diffusers.__version__),
            "attention": DIFFUSERS_ATTN_BACKEND,
            "picture": digest(self.cropped),
            "persons": digest(self.persons.token_masks(*self.size)),
            "prompt": self.prompt,
            "negative prompt": self.negative_prompt,
            **settings,
            "colour strength": self.colour_strength,
            **{name.replace("_", " "): value for name, value in asdict(self.joins).items()},
            "continuation": self.continuation,
            "seed": self.seed,
            "precision": str(self.models.dtype),
            **({"denoise": self.dubbing.denoise} if self.dubbing else {}),
            **self.sources,
        }
