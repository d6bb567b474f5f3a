"""The command `generate`: its arguments, and the job they mean."""

import argparse
from typing import TYPE_CHECKING

from ..errors import MultiTalkError
from ..persons import check_speakers
from . import (
    cli_dubbing,
    cli_film,
    cli_joins,
    cli_models,
    cli_persons,
    cli_sampling,
    cli_store,
    cli_voices,
)
from .cli_types import label_ranges

if TYPE_CHECKING:
    from .job import FilmFiles, FilmJob

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
    from .job import FilmFiles

    generate(make_job(arguments, FilmFiles.beside(arguments.output)))


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

    _check(arguments, files)
    timeline = cli_voices.read_timeline(arguments)
    ranges = label_ranges(arguments.label_ranges, timeline.speakers)
    picture, video = cli_persons.read_source(arguments)
    length = cli_dubbing.asked_frames(arguments, video)
    cli_film.plan_film(arguments, round(timeline.seconds * arguments.fps), length)
    persons = cli_persons.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    height, width = cli_film.film_size(arguments, picture)
    persons.token_masks(height, width)
    cli_store.check(arguments, height, width)
    models, adapter, encoder = cli_models.load(arguments)
    conversation = encode_conversation(
        timeline,
        encoder,
        arguments.fps,
        length if arguments.ending == "silence" else None,
        arguments.loudness,
        arguments.seconds_per_piece,
    )
    plan, prolonged = cli_film.plan_film(arguments, conversation.frames, length)
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
        takes=cli_store.read_takes(arguments, plan, arguments.fps),
        stop_after=None if arguments.stop_after is None else arguments.stop_after - 1,
        store=arguments.store,
        store_limit=round(arguments.store_limit * cli_store.GIGABYTE),
        sources=cli_models.signatures(arguments),
        dubbing=cli_dubbing.dubbing(arguments, video, (height, width)),
        joins=cli_joins.joins(arguments),
    )


def _check(arguments: argparse.Namespace, files: "FilmFiles") -> None:
    """What must be right before anything is read."""
    cli_dubbing.check(arguments)
    if files.film.suffix.lower() != ".mp4":
        raise MultiTalkError(f"The film {files.film} must be an .mp4 file: name it so.")
    if not files.film.parent.is_dir():
        raise MultiTalkError(f"The folder {files.film.parent} does not exist: create it first.")
    if (arguments.localization_step or 1) > arguments.steps:
        raise MultiTalkError(
            f"The localization of step {arguments.localization_step} cannot be drawn, "
            f"there are {arguments.steps} steps: choose one of them."
        )
