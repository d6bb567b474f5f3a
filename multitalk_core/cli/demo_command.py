"""The demo: a film of two people from what is shipped, through every part that a real film goes through."""

import shlex
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..demo.boxes import BOXES
from ..demo.files import EMBEDDED
from ..errors import MultiTalkError
from ..files.whole import is_taken

if TYPE_CHECKING:
    from ..evaluation.binding_score import BindingScore
    from .job import FilmJob

# What the embedded models were trained for: their VAE knows no longer clips.
SIZES = ("--size", "144x96", "--clip-frames", "13", "--motion-frames", "5")
SAMPLING = ("--steps", "12", "--shift", "3", "--text-scale", "1", "--audio-scale", "4")
# So small a model forgets a face within some clips: each clip sees the picture.
JOINS = ("--continuation", "infinitetalk", "--colour-method", "mean")
SETTINGS = ("--order", "together", *SIZES, *SAMPLING, *JOINS, "--no-store")
NAMES = ("film.mp4", "persons.png", "localization.png", "timeline.png", "drift.png")


def demo_arguments() -> list[str]:
    """The arguments of `generate` that the demo stands for, without its output."""
    voices = [str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
    inputs = ["--picture", str(EMBEDDED / "picture.png"), "--boxes", *BOXES]
    return [*inputs, "--voice", voices[0], "--voice", voices[1], *SETTINGS]


def make_demo(folder: Path) -> None:
    """Make the demo's film and drawings in a folder.

    Raises
    ------
    MultiTalkError
        When the folder cannot be made or the disk does not take the files.
    """
    from .generate import SAVED, generate
    from .generate_command import make_job
    from .main import make_parser
    from .options.film_files import FilmFiles
    from .summary import print_lines

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultiTalkError(
            f"The folder {folder} cannot be made ({error.strerror}): choose another."
        ) from error
    files = FilmFiles(*(folder / name for name in NAMES))
    picture, film = folder / "mouths.png", folder / "film_with_mouths.mp4"
    check_own(folder, [*files.all(), picture, film])
    command = ["generate", *demo_arguments(), "--output", str(files.film)]
    print("This is the same as\n  python -m multitalk_core", shlex.join(command))
    job = make_job(make_parser().parse_args(command), files)
    generate(job)
    try:
        score = draw_mouths(job, picture, film)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(SAVED.format(files.film)) from interrupt
    print_lines({"mouths": f"{picture}, {film}", "binding": f"{score}; 95 % intervals"})


def check_own(folder: Path, files: list[Path]) -> None:
    """Refuse to replace files of the demo's names that the demo did not make.

    It made them where there is a localization, which is the first of them that it finishes.

    Raises
    ------
    MultiTalkError
    """
    taken = [file for file in files if is_taken(file)]
    if taken and not (folder / "localization.png").is_file():
        raise MultiTalkError(f"{taken[0]} exists, and the demo did not make it: choose another --folder.")


def draw_mouths(job: "FilmJob", picture: Path, film: Path) -> "BindingScore":
    """Draw both mouths of a job's finished film of cartoon people against both voices.

    Parameters
    ----------
    job : FilmJob
    picture, film : Path
        For the drawing, and for the film with it underneath.

    Returns
    -------
    BindingScore
        How well the mouths follow their own voices.
    """
    from ..drawing.mouth_lanes import frames_with_mouths, mouths_picture
    from ..evaluation.film_score import measure_film
    from ..media.picture import write_picture
    from ..media.video_writer import VideoWriter, read_video

    frames, fps, _ = read_video(job.files.film)
    conversation = job.conversation
    tracks = conversation.timeline.tracks(seconds=len(frames) / fps)
    mouths = measure_film(frames, job.picture, list(tracks), fps=fps)
    write_picture(picture, mouths_picture(mouths.openness, mouths.loudness, fps=fps))
    drawn = frames_with_mouths(frames, mouths.openness, mouths.loudness, columns=mouths.columns, fps=fps)
    first = next(drawn)
    with VideoWriter(film, first.shape[1], first.shape[0], fps=fps, sound=conversation.sound) as writer:
        for frame in chain([first], drawn):
            writer.append(frame[None])
    return mouths.score()
