"""What the arguments say of a film before any model is loaded: all of it can be refused at once."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from ..audio.timeline import Timeline
from ..files.outputs import check_folder, film_bytes
from ..film.clips import ClipPlan
from ..film.dubbing import Dubbing
from ..film.person_retake import PersonRetake
from ..film.retakes import Retake
from ..film.spec import ClipOverride
from ..guards.memory import check_memory, clip_bytes
from ..media.video_file import VideoFile
from ..method.audio_patch import BindingOptions
from ..persons.masks import Persons, check_speakers
from .options import (
    dubbing_options,
    film_options,
    parallel_options,
    person_options,
    retake_options,
    sampling_options,
    store_options,
    voice_options,
)
from .options.film_files import FilmFiles


@dataclass(frozen=True, kw_only=True)
class FilmOutline:
    """A film without its models.

    Attributes
    ----------
    timeline : Timeline
    picture : Tensor [height, width, 3], in 0..1
        The source picture, or the first one of the video that is dubbed; uncropped.
    video : VideoFile or None
        What is dubbed.
    frames : int or None
        As the user asks for them; None until the voices end.
    size : tuple of int
        Height and width of the film.
    plan : ClipPlan
    prolonged : int
        Frames over which the voices are mirrored in the last clip.
    persons : Persons
        On `picture`.
    binding : BindingOptions
    dubbing : Dubbing or None
    retakes : list of Retake
    overrides : mapping of clip index to ClipOverride
    person_retakes : tuple of PersonRetake
    """

    timeline: Timeline
    picture: Tensor
    video: VideoFile | None
    frames: int | None
    size: tuple[int, int]
    plan: ClipPlan
    prolonged: int
    persons: Persons
    binding: BindingOptions
    dubbing: Dubbing | None
    retakes: list[Retake]
    overrides: Mapping[int, ClipOverride]
    person_retakes: tuple[PersonRetake, ...]


def read_outline(arguments: argparse.Namespace, files: FilmFiles) -> FilmOutline:
    """Read voices, picture or video, and persons; the quick ones first.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    timeline = voice_options.read_timeline(arguments)
    picture, video = person_options.read_source(arguments)
    frames = dubbing_options.asked_frames(arguments, video)
    size = film_options.film_size(arguments, picture)
    plan, prolonged = film_options.plan_film(arguments, timeline, frames)
    retakes = store_options.read_retakes(arguments)
    overrides = store_options.read_overrides(arguments, retakes, plan)
    parallel_options.check_film(arguments, frames=plan.clips[0].frames, size=size)
    check_room(arguments, plan, size, files=files)
    store_options.check(arguments, *size)
    persons = person_options.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    binding = sampling_options.binding_options(arguments, persons)
    return FilmOutline(
        timeline=timeline,
        picture=picture,
        video=video,
        frames=frames,
        size=size,
        plan=plan,
        prolonged=prolonged,
        persons=persons,
        binding=binding,
        dubbing=dubbing_options.dubbing(arguments, video, size, plan=plan, persons=persons, binding=binding),
        retakes=retakes,
        overrides=overrides,
        person_retakes=retake_options.person_retakes(
            arguments, retakes, plan, picture=picture, persons=persons.count, size=size
        ),
    )


def check_room(
    arguments: argparse.Namespace, plan: ClipPlan, size: tuple[int, int], *, files: FilmFiles
) -> None:
    """Refuse a film of this height and width that the disk or the main memory cannot hold."""
    height, width = size
    check_folder(files.film.parent, film_bytes(plan.frames, height, width, fps=arguments.fps))
    if not arguments.ignore_memory:
        frames = plan.clips[0].frames
        dubbed = arguments.video is not None or store_options.retakes_person(arguments)
        check_memory(
            clip_bytes(frames, height, width, dubbed=dubbed),
            f"A clip of {frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory skips this check)",
        )
