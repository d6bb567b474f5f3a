"""The command `demo`: a film of two people from the shipped files, through every part of a real film."""

import argparse
import json
import shlex
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..demo.boxes import BOXES
from ..demo.files import EMBEDDED
from ..errors import MultiTalkError
from ..files.whole import is_taken, whole_file
from .library_loading import loading_libraries
from .options.paths import folder_path
from .options.types import box_text

if TYPE_CHECKING:
    from ..evaluation.binding_score import BindingScore
    from .planned_film import PlannedFilm

# What the embedded models were trained for; their VAE knows no longer clips.
SIZES = ("--size", "144x96", "--clip-frames", "13", "--motion-frames", "5")
SAMPLING = ("--steps", "12", "--shift", "3", "--text-scale", "1", "--audio-scale", "4")
# So small a model forgets a face within some clips: each clip is conditioned on the picture.
CLIPS = ("--continuation", "infinitetalk", "--colour-method", "mean")
SETTINGS = ("--order", "together", *SIZES, *SAMPLING, *CLIPS, "--no-store")


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "demo",
        help="make a small film from the shipped models; needs no downloads and no GPU",
        description="Make a small film on the CPU from the shipped picture, voices and miniature models.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--folder", type=folder_path, default=Path("demo"), help="output folder (default: %(default)s)"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the demo."""
    make_demo(arguments.folder)


def demo_arguments() -> list[str]:
    """The arguments of `generate` that make the demo's film, without --output."""
    voices = [str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
    inputs = ["--picture", str(EMBEDDED / "picture.png"), "--boxes", *map(box_text, BOXES)]
    return [*inputs, "--voice", voices[0], "--voice", voices[1], *SETTINGS]


def demo_input() -> dict[str, object]:
    """The demo's film in the form of `generate --input`, for `evaluate`."""
    voices = {f"person{number}": str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)}
    boxes = {
        f"person{number}": [box.top, box.left, box.bottom, box.right]
        for number, box in enumerate(BOXES, start=1)
    }
    picture = str(EMBEDDED / "picture.png")
    return {"cond_image": picture, "cond_audio": voices, "audio_type": "para", "bbox": boxes}


def make_demo(folder: Path) -> None:
    """Make the demo's film and drawings in a folder.

    Raises
    ------
    MultiTalkError
        When the folder cannot be created, or a file cannot be written.
    """
    from .generate_command import read_inputs
    from .main import make_parser
    from .options.film_files import FilmFiles
    from .summary import print_lines

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultiTalkError(
            f"The folder {folder} cannot be created ({error.strerror}): choose another --folder."
        ) from error
    files = FilmFiles.inside(folder)
    picture, film = folder / "mouths.png", folder / "film_with_mouths.mp4"
    description = folder / "film.json"
    check_own(folder, [*files.all(), picture, film, description])
    with loading_libraries():
        from .generate import SAVED, generate
    command = ["generate", *demo_arguments(), "--output", str(files.film)]
    print("Equivalent command:\n  python -m multitalk_core", shlex.join(command))
    planned = read_inputs(make_parser().parse_args(command), files)
    generate(planned)
    with whole_file(description) as part:
        part.write_text(json.dumps(demo_input(), indent=2) + "\n")
    try:
        score = draw_mouths(planned, picture, film)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(SAVED.format(files.film)) from interrupt
    print_lines({"mouths": f"{picture}, {film}", "binding": f"{score}; 95% intervals"})


def check_own(folder: Path, files: list[Path]) -> None:
    """Refuse to replace files that have the demo's names but are not the demo's.

    They are the demo's if there is a localization, the first file that it finishes.

    Raises
    ------
    MultiTalkError
    """
    taken = [file for file in files if is_taken(file)]
    if taken and not (folder / "localization.png").is_file():
        raise MultiTalkError(f"{taken[0]} exists and is not a file of the demo: choose another --folder.")


def draw_mouths(planned: "PlannedFilm", picture: Path, film: Path) -> "BindingScore":
    """Draw both mouths of a finished film of cartoon people against both voices.

    Parameters
    ----------
    planned : PlannedFilm
    picture, film : Path
        Files for the drawing, and for the film above the drawing.

    Returns
    -------
    BindingScore
        How well the mouths follow their own voices.
    """
    from ..drawing.mouth_lanes import frames_with_mouths, mouths_picture
    from ..evaluation.film_score import measure_film
    from ..media.picture import write_picture
    from ..media.video_writer import VideoWriter, read_video

    frames, fps, _ = read_video(planned.files.film)
    conversation = planned.spec.conversation
    tracks = conversation.timeline.tracks(seconds=len(frames) / fps)
    mouths = measure_film(frames, planned.picture, list(tracks), fps=fps)
    write_picture(picture, mouths_picture(mouths.openness, mouths.loudness, fps=fps))
    drawn = frames_with_mouths(frames, mouths.openness, mouths.loudness, columns=mouths.columns, fps=fps)
    first = next(drawn)
    with VideoWriter(film, first.shape[1], first.shape[0], fps=fps, sound=conversation.sound) as writer:
        for frame in chain([first], drawn):
            writer.append(frame[None])
    return mouths.score()
