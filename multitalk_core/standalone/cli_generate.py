"""The command `generate`: its arguments, and the job they mean."""

import argparse
from typing import TYPE_CHECKING

from ..memory import check_memory, clip_bytes
from ..persons import check_speakers
from . import (
    cli_dubbing,
    cli_film,
    cli_joins,
    cli_models,
    cli_output,
    cli_persons,
    cli_sampling,
    cli_store,
    cli_voices,
)
from .cli_types import label_ranges
from .outputs import check_folder, film_bytes

if TYPE_CHECKING:
    from ..clips import ClipPlan
    from .film_files import FilmFiles
    from .job import FilmJob

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
    cli_persons.add_arguments(parser)
    cli_voices.add_arguments(parser)
    cli_output.add_arguments(parser)
    cli_film.add_arguments(parser)
    cli_joins.add_arguments(parser)
    cli_dubbing.add_arguments(parser)
    cli_sampling.add_arguments(parser)
    cli_store.add_arguments(parser)
    cli_models.add_arguments(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the film that the arguments describe."""
    from .generate import generate

    check(arguments)
    store = cli_store.store(arguments)
    files = cli_output.film_files(arguments, store)
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
    for part in (cli_output, cli_voices, cli_persons, cli_film, cli_dubbing, cli_sampling, cli_models):
        part.check(arguments)
    speakers = cli_voices.known_speakers(arguments)
    if speakers is not None:
        label_ranges(arguments.label_ranges, speakers)


def make_job(arguments: argparse.Namespace, files: "FilmFiles") -> "FilmJob":
    """Read all inputs, the quick ones first.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    from ..audio.conversation import encode_conversation
    from .job import FilmJob
    from .pipeline import NEGATIVE_PROMPT

    timeline = cli_voices.read_timeline(arguments)
    ranges = label_ranges(arguments.label_ranges, timeline.speakers)
    picture, video = cli_persons.read_source(arguments)
    length = cli_dubbing.asked_frames(arguments, video)
    height, width = cli_film.film_size(arguments, picture)
    plan, prolonged = cli_film.plan_film(arguments, timeline, length)
    takes = cli_store.read_takes(arguments, plan, arguments.fps)
    check_room(arguments, plan, height, width, files)
    cli_store.check(arguments, height, width)
    persons = cli_persons.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    persons.token_masks(height, width)
    dubbing = cli_dubbing.dubbing(arguments, video, (height, width))
    encoder = cli_models.load_encoder(arguments)
    if not arguments.ignore_memory:
        cli_voices.check_memory(timeline, encoder, arguments.fps, plan.frames)
    models, adapter = cli_models.load(arguments, encoder)
    conversation = encode_conversation(
        timeline,
        encoder,
        arguments.fps,
        length if arguments.ending == "silence" else None,
        arguments.loudness,
        arguments.seconds_per_piece,
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
        settings=cli_sampling.sampling_settings(arguments, ranges, height * width),
        colour_strength=arguments.colour_strength,
        continuation=arguments.continuation,
        seed=arguments.seed,
        watched_step=(arguments.localization_step or arguments.steps) - 1,
        files=files,
        takes=takes,
        stop_after=None if arguments.stop_after is None else arguments.stop_after - 1,
        store=cli_store.store(arguments),
        store_limit=round(arguments.store_limit * cli_store.GIGABYTE),
        sources=cli_models.signatures(arguments),
        dubbing=dubbing,
        joins=cli_joins.joins(arguments),
    )


def check_room(
    arguments: argparse.Namespace, plan: "ClipPlan", height: int, width: int, files: "FilmFiles"
) -> None:
    """Refuse a film that the disk or the main memory cannot hold."""
    check_folder(files.film.parent, film_bytes(plan.frames, height, width, arguments.fps))
    if not arguments.ignore_memory:
        frames = plan.clips[0].frames
        check_memory(
            clip_bytes(frames, height, width, dubbed=arguments.video is not None),
            f"A clip of {frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory tries it all the same)",
        )
