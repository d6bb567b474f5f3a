"""The demo: a film of two people from what is shipped, through every part that a real film goes through."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError
from .models import EMBEDDED

if TYPE_CHECKING:
    from ..evaluation.binding import BindingScore
    from .job import FilmJob

# What the embedded models were trained for: their VAE knows no longer clips.
SIZES = ("--size", "96x64", "--clip-frames", "13", "--motion-frames", "5")
SAMPLING = ("--steps", "12", "--shift", "3", "--text-scale", "1", "--audio-scale", "2")
SETTINGS = ("--order", "together", *SIZES, *SAMPLING, "--no-store")
# The two cartoon people of the shipped picture.
BOXES = ("64,56,300,400", "340,50,576,400")


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
    from .cli import make_parser
    from .cli_generate import make_job
    from .generate import generate
    from .job import FilmFiles
    from .summary import print_lines

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultiTalkError(
            f"The folder {folder} cannot be made ({error.strerror}): choose another."
        ) from error
    command = ["generate", *demo_arguments(), "--output", str(folder / "film.mp4")]
    print("This is the same as\n  python -m multitalk_core", shlex.join(command))
    names = ("film.mp4", "persons.png", "localization.png", "timeline.png")
    job = make_job(make_parser().parse_args(command), FilmFiles(*(folder / name for name in names)))
    generate(job)
    print_lines({"binding": f"{film_binding(job)}; 95 % intervals"})


def film_binding(job: "FilmJob") -> "BindingScore":
    """How well the mouths in a job's finished film of cartoon people follow their own voices."""
    from ..evaluation.film import score_film
    from .video import read_video

    frames, fps, _ = read_video(job.files.film)
    tracks = job.conversation.timeline.tracks(seconds=len(frames) / fps)
    return score_film(frames, job.picture, list(tracks), fps)
