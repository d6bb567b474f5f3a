"""A film and the pictures beside it, from everything it needs to the files on disk."""

from dataclasses import replace

import torch

from ..audio.waveform import SPEECH_RATE
from ..drawing.drift import drift_picture
from ..drawing.overlay import persons_overlay
from ..drawing.timeline_picture import timeline_picture
from ..film.steadiness import Steadiness
from ..film.write import FilmResult, write_film
from ..media.picture import write_picture
from ..origin.digital_source import DigitalSource
from .film_progress import FilmProgress
from .options.film_files import FilmFiles
from .planned_film import PlannedFilm
from .summary import account, outlook, print_lines

SAVED = "the film is saved in {}; drawings beside it may be missing."
NOTHING_FINISHED = "no new clip was finished yet, so nothing was saved."


def generate(film: PlannedFilm) -> None:
    """Make the film, draw the pictures beside it, and print what is about to happen and what did.

    Raises
    ------
    MultiTalkError
        When a file cannot be written, or the film ends early.
    KeyboardInterrupt
        With a sentence that says what was saved.
    """
    print_lines(outlook(film))
    with FilmProgress(film.spec, film.files.localization) as progress:
        try:
            result = write_film(
                film.spec,
                film.model,
                film.files.film,
                listener=progress,
                replaces=film.files.replaces,
                mark=film.mark,
            )
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(NOTHING_FINISHED) from interrupt
        if result.ended is not None:
            raise _reported(result.ended, film, result, progress=progress)
    if result.path != film.files.film and result.frames == film.spec.plan.frames:
        print(f"Something else is named {film.files.film} by now: the film is {result.path}.")
        film = replace(film, files=FilmFiles.beside(result.path))
    try:
        draw(film, result.steadiness)
        print_lines(account(film, result, progress))
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(SAVED.format(result.path)) from interrupt


def draw(film: PlannedFilm, steadiness: Steadiness) -> None:
    """Draw what is known when the film is finished."""
    spec, files = film.spec, film.files
    fps = spec.conversation.fps
    overlay = persons_overlay(film.picture, film.persons, spec.size)
    write_picture(files.persons, overlay, DigitalSource.MIXED)
    tracks = spec.conversation.timeline.tracks(False, spec.plan.frames / fps)
    write_picture(files.timeline, timeline_picture(torch.from_numpy(tracks), SPEECH_RATE, fps=fps))
    write_picture(files.drift, drift_picture(steadiness.drift, steadiness.change, steadiness.starts, fps=fps))


def _reported(
    ended: BaseException, film: PlannedFilm, result: FilmResult, *, progress: FilmProgress
) -> BaseException:
    """What ended the film early, once the user is told what was saved."""
    spec = film.spec
    saved = SAVED.format(result.path)
    if result.frames < spec.plan.frames:
        resumes = "" if spec.store is None else "; the same command resumes there"
        saved = f"the first {result.frames} of {spec.plan.frames} frames are saved in {result.path}{resumes}."
    if isinstance(ended, KeyboardInterrupt):
        return KeyboardInterrupt(saved)
    progress.note(saved)
    return ended
