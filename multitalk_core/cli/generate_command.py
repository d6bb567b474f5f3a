"""The command `generate`: its arguments, and the job they mean."""

import argparse
from typing import TYPE_CHECKING

from ..files.outputs import check_folder, film_bytes
from ..guards.memory import check_memory, clip_bytes
from ..method.labels import LabelRanges
from ..persons.masks import check_speakers
from .options import (
    dubbing_options,
    film_options,
    model_options,
    output_options,
    person_options,
    sampling_options,
    seam_options,
    store_options,
    voice_options,
)

if TYPE_CHECKING:
    from ..film.clips import ClipPlan
    from .job import FilmJob
    from .options.film_files import FilmFiles

# In the order in which their checks run.
OPTIONS = (
    output_options,
    voice_options,
    person_options,
    film_options,
    dubbing_options,
    sampling_options,
    model_options,
)

DESCRIPTION = """\
Make a film in which each person of a picture speaks with their own voice.
Beside it appear drawings of the persons, of where the model located them, of
who speaks when, and of how steady its colours are."""

EXAMPLES = """\
examples:
  two people in turn, found by their faces, in the miniature model:
    python -m multitalk_core generate --picture two.jpg --voice a.wav --voice b.wav --order in-turn

  the same with Wan2.1 and MultiTalk's weights, loaded layer by layer:
    python -m multitalk_core generate --picture two.jpg --voice a.wav --voice b.wav --order in-turn \\
        --prompt "Two friends talk in a kitchen." --model Wan2.1-I2V-14B-480P-Diffusers \\
        --adapter multitalk.safetensors --audio-encoder chinese-wav2vec2-base --offload sequential

  one recording and a table of turns, persons given as boxes:
    python -m multitalk_core generate --picture two.jpg --recording talk.mp3 --table talk.csv \\
        --boxes 40,60,300,480 340,50,620,480

  the second person answers at 1.5 s, the third listens:
    python -m multitalk_core generate --picture three.jpg --persons parts \\
        --place 1:0:a.wav --place 2:1.5:b.wav --place 3:0:none

  a video is dubbed, its motion kept:
    python -m multitalk_core generate --video talk.mp4 --voice a.wav --voice b.wav --denoise 0.4"""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "generate",
        help="make a film from a picture, or a video, and voices",
        usage="%(prog)s (--picture | --video) FILE --voice FILE [--voice FILE ...] [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    person_options.add_arguments(parser)
    voice_options.add_arguments(parser)
    output_options.add_arguments(parser)
    film_options.add_arguments(parser)
    seam_options.add_arguments(parser)
    dubbing_options.add_arguments(parser)
    sampling_options.add_arguments(parser)
    store_options.add_arguments(parser)
    model_options.add_arguments(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the film that the arguments describe."""
    from .generate import generate

    check(arguments)
    store = store_options.store(arguments)
    files = output_options.film_files(arguments, store)
    if store is None and arguments.keep:
        print("No clips are kept, as there is no home folder to keep them in: name a folder with --store.")
    generate(make_job(arguments, files))


def check(arguments: argparse.Namespace) -> None:
    """What the arguments alone tell.

    Raises
    ------
    MultiTalkError
        For what does not go together.
    """
    for part in OPTIONS:
        part.check(arguments)
    speakers = voice_options.known_speakers(arguments)
    if speakers is not None:
        LabelRanges.parse(arguments.label_ranges, speakers)


def make_job(arguments: argparse.Namespace, files: "FilmFiles") -> "FilmJob":
    """Read all inputs, the quick ones first.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    from ..audio.conversation import encode_conversation
    from ..hosts.diffusers.video_model import NEGATIVE_PROMPT
    from .job import FilmJob

    timeline = voice_options.read_timeline(arguments)
    ranges = LabelRanges.parse(arguments.label_ranges, timeline.speakers)
    picture, video = person_options.read_source(arguments)
    length = dubbing_options.asked_frames(arguments, video)
    height, width = film_options.film_size(arguments, picture)
    plan, prolonged = film_options.plan_film(arguments, timeline, length)
    takes = store_options.read_takes(arguments, plan, arguments.fps)
    check_room(arguments, plan, height, width, files)
    store_options.check(arguments, height, width)
    persons = person_options.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    persons.token_masks(height, width)
    dubbing = dubbing_options.dubbing(arguments, video, (height, width))
    encoder = model_options.load_encoder(arguments)
    if not arguments.ignore_memory:
        voice_options.check_memory(timeline, encoder, arguments.fps, plan.frames)
    models, adapter = model_options.load(arguments, encoder)
    conversation = encode_conversation(
        timeline,
        encoder,
        fps=arguments.fps,
        frames=length if arguments.ending == "silence" else None,
        normalise=arguments.loudness,
        seconds_per_piece=arguments.seconds_per_piece,
    )
    negative_prompt = arguments.negative_prompt
    return FilmJob(
        picture=picture,
        persons=persons,
        size=(height, width),
        conversation=conversation,
        plan=plan,
        prolonged=prolonged,
        models=models,
        adapter=adapter,
        prompt=arguments.prompt,
        negative_prompt=NEGATIVE_PROMPT if negative_prompt is None else negative_prompt,
        settings=sampling_options.sampling_settings(arguments, ranges, height * width),
        colour_strength=arguments.colour_strength,
        continuation=arguments.continuation,
        seed=arguments.seed,
        watched_step=(arguments.localization_step or arguments.steps) - 1,
        files=files,
        takes=takes,
        stop_after=None if arguments.stop_after is None else arguments.stop_after - 1,
        store=store_options.store(arguments),
        store_limit=round(arguments.store_limit * store_options.GIGABYTE),
        sources=model_options.signatures(arguments),
        dubbing=dubbing,
        joins=seam_options.joins(arguments),
    )


def check_room(
    arguments: argparse.Namespace, plan: "ClipPlan", height: int, width: int, files: "FilmFiles"
) -> None:
    """Refuse a film that the disk or the main memory cannot hold."""
    check_folder(files.film.parent, film_bytes(plan.frames, height, width, fps=arguments.fps))
    if not arguments.ignore_memory:
        frames = plan.clips[0].frames
        check_memory(
            clip_bytes(frames, height, width, dubbed=arguments.video is not None),
            f"A clip of {frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory tries it all the same)",
        )
