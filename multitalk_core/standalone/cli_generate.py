"""The command `generate`: its arguments, and the job they mean."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from ..clips import ClipPlan, plan_clips, plan_mirrored
from ..errors import MultiTalkError
from ..film import CONTINUATIONS, MULTITALK
from ..guidance import GuidanceScales
from ..labels import LabelRanges
from ..persons import check_speakers
from ..picture import SIZE_STEP, nearest_bucket
from ..schemes import SCHEMES
from . import cli_dubbing, cli_joins, cli_models, cli_persons, cli_store, cli_voices
from .cli_types import finite, frame_count, label_ranges, positive, seed, size, whole_number

if TYPE_CHECKING:
    from .job import FilmFiles, FilmJob
    from .pipeline import SamplingSettings

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

SMALL_AREA = 256 * 160  # pixels of a film by the miniature model
AREA_720 = 600_000  # pixels; trained 480p sizes lie below, 720p sizes above
SHIFT_480, SHIFT_720 = 7.0, 11.0
UNLIMITED = 10**9


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
    _add_film(parser)
    cli_joins.add_arguments(parser)
    cli_dubbing.add_arguments(parser)
    _add_sampling(parser)
    _add_binding(parser)
    cli_store.add_arguments(parser)
    cli_models.add_arguments(parser)
    parser.set_defaults(command=run)


def _add_film(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the film")
    group.add_argument(
        "--output",
        type=Path,
        default=Path("film.mp4"),
        metavar="FILE",
        help="the film, .mp4; drawings are named after it (default: %(default)s)",
    )
    sizes = group.add_mutually_exclusive_group()
    sizes.add_argument("--size", type=size, metavar="WxH", help="in pixels, divisible by 16")
    sizes.add_argument(
        "--resolution",
        type=int,
        choices=(480, 720),
        help="the trained size nearest to the picture's shape (default: 480; about 256x160 in the "
        "miniature model)",
    )
    group.add_argument(
        "--frames",
        type=frame_count,
        metavar="N",
        help="length in frames, 4n + 1 (default: until the voices end, or the --video)",
    )
    group.add_argument("--fps", type=positive, default=25.0, help="frames per second (default: 25)")
    group.add_argument(
        "--clip-frames",
        type=frame_count,
        default=81,
        metavar="N",
        help="frames made at once, 4n + 1; a shorter film is one shorter clip (default: %(default)s)",
    )
    group.add_argument(
        "--motion-frames",
        type=frame_count,
        default=5,
        metavar="N",
        help="last frames of a clip that the next one starts from, 4n + 1 (default: %(default)s)",
    )
    group.add_argument(
        "--continuation",
        choices=CONTINUATIONS,
        default=MULTITALK,
        help="how a clip goes on from the one before, as the adapter learnt it; with infinitetalk, 9 motion "
        "frames are usual (default: %(default)s)",
    )
    group.add_argument(
        "--ending",
        choices=("silence", "mirror"),
        default="silence",
        help="what is heard past the voices' end: silence, or the voices backwards as in the released code "
        "(default: %(default)s)",
    )


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the prompt and the sampling")
    group.add_argument(
        "--prompt",
        default="",
        help="what happens in the film (miniature model: left, right or they; nods, hops, reddens, cross)",
    )
    group.add_argument("--negative-prompt", help="what must not (default: the paper's)")
    group.add_argument(
        "--steps", type=whole_number, default=40, metavar="N", help="of each clip (default: 40)"
    )
    group.add_argument(
        "--shift",
        type=positive,
        help="of the timesteps towards noise; 2 with few-step LoRAs (default: 7 at 480p, 11 at 720p)",
    )
    group.add_argument(
        "--text-scale", type=finite, default=5.0, metavar="SCALE", help="guidance by the prompt (default: 5)"
    )
    group.add_argument(
        "--audio-scale", type=finite, default=4.0, metavar="SCALE", help="guidance by the voices (default: 4)"
    )
    group.add_argument("--apg", action="store_true", help="adaptive projected guidance")
    group.add_argument("--seed", type=seed, default=0, metavar="N", help="same seed, same film (default: 0)")


def _add_binding(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the binding of voices to persons")
    group.add_argument(
        "--scheme",
        choices=SCHEMES,
        default="l-rope",
        help="l-rope is the paper's; routed lets each person hear only their own voice, and the background "
        "none; the others are the paper's comparisons (default: %(default)s)",
    )
    group.add_argument(
        "--label-ranges",
        default="paper",
        metavar="RANGES",
        help="paper: persons 0-4 and 20-24; narrow: 0-2 and 2-4, Table 3's other variant; or "
        "LOW:HIGH,LOW:HIGH/BACKGROUND/VOICE,VOICE (default: %(default)s)",
    )
    group.add_argument(
        "--audio-strength",
        type=finite,
        default=1.0,
        metavar="FACTOR",
        help="of what the audio layers add (default: 1)",
    )
    group.add_argument(
        "--localization-step",
        type=whole_number,
        metavar="N",
        help="step whose localization is drawn, from 1 (default: the last)",
    )


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
    plan_film(arguments, round(timeline.seconds * arguments.fps), length)
    persons = cli_persons.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    height, width = film_size(arguments, picture)
    persons.token_masks(height, width)
    models, adapter, encoder = cli_models.load(arguments)
    conversation = encode_conversation(
        timeline,
        encoder,
        arguments.fps,
        length if arguments.ending == "silence" else None,
        arguments.loudness,
        arguments.seconds_per_piece,
    )
    plan, prolonged = plan_film(arguments, conversation.frames, length)
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
        settings=sampling_settings(arguments, ranges, height * width),
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


def film_size(arguments: argparse.Namespace, picture: Tensor) -> tuple[int, int]:
    """Height and width of the film: as asked, else of the picture's shape and of a size the model knows."""
    if arguments.size:
        return arguments.size
    height, width = picture.shape[:2]
    if arguments.model or arguments.resolution:
        return nearest_bucket(height, width, arguments.resolution or 480)
    scale = (SMALL_AREA / (height * width)) ** 0.5
    return tuple(max(1, round(side * scale / SIZE_STEP)) * SIZE_STEP for side in (height, width))


def plan_film(arguments: argparse.Namespace, voice_frames: int, length: int | None) -> tuple[ClipPlan, int]:
    """The clips, and the frames by which the last one's voices are mirrored."""
    overlap = arguments.motion_frames
    if arguments.ending == "mirror":
        limit = length or UNLIMITED
        mirrored = plan_mirrored([voice_frames], arguments.clip_frames, overlap, limit)
        return mirrored.plan, mirrored.prolonged[0]
    return plan_clips(length or voice_frames, arguments.clip_frames, overlap), 0


def sampling_settings(arguments: argparse.Namespace, ranges: LabelRanges, area: int) -> "SamplingSettings":
    """The settings that the arguments mean for a film of `area` pixels."""
    from .pipeline import SamplingSettings

    return SamplingSettings(
        steps=arguments.steps,
        shift=arguments.shift or (SHIFT_720 if area > AREA_720 else SHIFT_480),
        scales=GuidanceScales(arguments.text_scale, arguments.audio_scale),
        projected=arguments.apg,
        scheme=arguments.scheme,
        ranges=ranges,
        audio_strength=arguments.audio_strength,
        rows_at_once=arguments.rows_at_once or (1 if arguments.model else 3),
    )
