"""What a film of several clips has besides the settings of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...multitalk_core.film.film import MULTITALK, Take
from ...multitalk_core.film.seams import Joins
from ...multitalk_core.film.steadiness import Steadiness
from .film_identity import FilmOfNode


@dataclass(frozen=True)
class ClipSettings:
    """What a film of several clips has besides.

    Attributes
    ----------
    continuation : str
        One of CONTINUATIONS.
    takes : mapping of clip index to Take
    prompts : mapping of str to CONDITIONING
        Every prompt of the takes, encoded.
    stop_after : int, optional
        Index of the clip after which the film stops.
    kept : FilmOfNode, optional
        Keep its clips on disk, and go on after those that are there.
    held : int, optional
        Frames that will be in memory at once; by default those of two clips, and of a dubbed
        video under one.
    told : str, optional
        What the node says besides.
    joins : Joins
        Corrections from clip to clip.
    steadiness : Steadiness, optional
        Measured while the film is made; the node says the result at its end.
    """

    continuation: str = MULTITALK
    takes: Mapping[int, Take] = field(default_factory=dict)
    prompts: Mapping[str, list] = field(default_factory=dict)
    stop_after: int | None = None
    kept: FilmOfNode | None = None
    held: int | None = None
    told: str | None = None
    joins: Joins = field(default_factory=Joins)
    steadiness: Steadiness | None = None
