"""A film and the pictures beside it, from everything it needs to the files on disk."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..audio.waveform import SPEECH_RATE
from ..drawing.drift import drift_picture
from ..drawing.overlay import persons_overlay
from ..drawing.strip import localization_strip
from ..drawing.timeline_picture import timeline_picture
from ..film.early_end import until_ended
from ..film.film import FinishedClip, make_film
from ..film.steadiness import Steadiness, colour_goal
from ..film.store import FilmClips, note_output
from ..film.store.stored_film import PassedOver
from ..guards.stopping import delayed_interrupt
from ..hosts.diffusers.video_model import MultiTalkPipeline
from ..media.picture import write_picture
from ..media.video_writer import VideoWriter
from ..method.recorder import BindingRecorder
from ..method.wan import latent_frames
from .film_progress import FilmProgress
from .job import FilmJob
from .options.film_files import FilmFiles
from .summary import account, outlook, print_lines

SAVED = "the film is saved in {}; drawings beside it may be missing."


def generate(job: FilmJob) -> None:
    """Make the film, draw the pictures beside it, and print what is about to happen and what did.

    Raises
    ------
    MultiTalkError
        When a person has no token at the film's size, or a file cannot be written.
    KeyboardInterrupt
        With a sentence that says what was kept.
    """
    masks = job.persons.token_masks(*job.size)
    blocks = job.adapter.shape.blocks
    recorder = BindingRecorder(blocks[len(blocks) // 2], job.watched_step)
    with job.kept() as segments:
        print_lines(outlook(job, segments))
        while segments is not None and segments.notes:
            print(segments.notes.pop(0))
        with FilmProgress(job.plan, job.settings.steps) as progress:
            pipeline = MultiTalkPipeline(
                job.models,
                job.adapter,
                masks,
                job.prompt,
                job.negative_prompt,
                job.settings,
                recorder,
                progress,
            )
            film, steadiness = write_film(job, pipeline, segments, progress)
    if film != job.files.film and job.stop_after is None:
        print(f"Something else has the name {job.files.film} by now: the film is {film}.")
        job = replace(job, files=FilmFiles.beside(film))
    try:
        draw(job, steadiness)
        print_lines(account(job, film, steadiness, progress, recorder))
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(SAVED.format(film)) from interrupt


def draw(job: FilmJob, steadiness: Steadiness) -> None:
    """Draw what is known when the film is finished."""
    write_picture(job.files.persons, persons_overlay(job.picture, job.persons))
    tracks = job.conversation.timeline.tracks(False, job.plan.frames / job.conversation.fps)
    drawn = timeline_picture(torch.from_numpy(tracks), SPEECH_RATE, fps=job.conversation.fps)
    write_picture(job.files.timeline, drawn)
    drawn = drift_picture(steadiness.drift, steadiness.change, steadiness.starts, fps=job.conversation.fps)
    write_picture(job.files.drift, drawn)


def write_film(
    job: FilmJob, pipeline: MultiTalkPipeline, segments: FilmClips | None, progress: FilmProgress
) -> tuple[Path, Steadiness]:
    """Stream the film to disk, and draw the first clip's localization as soon as there is one.

    Returns
    -------
    film : Path
        Its beginning where it stops for approval.
    steadiness : Steadiness
        Of its clips.

    Raises
    ------
    KeyboardInterrupt, or what else ends the film early
        After keeping the finished clips as a film of their own.
    """
    (height, width), picture = job.size, job.cropped
    steadiness = Steadiness()
    films = make_film(
        pipeline,
        picture,
        job.conversation,
        job.plan,
        job.seed,
        job.adapter.shape.window,
        job.colour_strength,
        job.prolonged,
        job.takes,
        segments,
        job.continuation,
        pipeline.recorder,
        job.dubbing,
        job.joins,
    )
    ended: list[BaseException] = []
    fps, sound, replaces = job.conversation.fps, job.conversation.sound, job.files.replaces
    writer = VideoWriter(job.files.film, width, height, fps=fps, sound=sound, replaces=replaces)
    try:
        with writer:
            try:
                for finished in until_ended(films, ended, KeyboardInterrupt):
                    with delayed_interrupt():
                        writer.append(finished.frames)
                        steadiness.append(finished.frames, colour_goal(finished, picture, job.dubbing))
                        _tell(job, pipeline.recorder, segments, progress, finished)
                    if finished.clip.index == job.stop_after:
                        break
            except KeyboardInterrupt as interrupt:
                if not writer.frames:
                    raise KeyboardInterrupt("no clip was finished yet, so nothing was kept.") from interrupt
                ended.append(interrupt)
            if writer.frames < job.plan.frames:
                writer.path = job.files.unfinished(writer.frames, job.plan.frames)
    except KeyboardInterrupt as interrupt:
        if not writer.whole:
            raise
        ended.append(interrupt)  # held back while the film was finished
    if writer.frames == job.plan.frames and segments is not None:
        # Where it cannot be noted, the next run asks before it replaces the film.
        with suppress(OSError, PassedOver):
            note_output(segments.folder, replace(job.files, film=writer.path).claim())
    if ended:
        onward = "" if segments is None else "; the same command goes on from there"
        kept = f"the first {writer.frames} of {job.plan.frames} frames are kept in {writer.path}{onward}."
        if writer.frames == job.plan.frames:
            kept = SAVED.format(writer.path)
        if isinstance(ended[0], KeyboardInterrupt):
            raise KeyboardInterrupt(kept)
        progress.tell(kept)
        raise ended.pop()
    return writer.path, steadiness


def _tell(
    job: FilmJob,
    recorder: BindingRecorder,
    segments: FilmClips | None,
    progress: FilmProgress,
    finished: FinishedClip,
) -> None:
    """Show what a finished clip brought."""
    while segments is not None and segments.notes:
        progress.tell(segments.notes.pop(0))
    if finished.kept:
        progress.skip(finished.clip.index)
    if finished.clip.index == 0 and recorder.records:
        write_picture(job.files.localization, _strip(job, finished.frames, recorder))


def _strip(job: FilmJob, frames: Tensor, recorder: BindingRecorder) -> Tensor:
    """The localization of the first clip, as far as the film goes."""
    classes = recorder.records[0].classes[: latent_frames(len(frames) + 3)]
    return localization_strip(frames, classes, job.persons.count)
