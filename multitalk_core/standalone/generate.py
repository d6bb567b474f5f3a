"""A film and the pictures beside it, from everything it needs to the files on disk."""

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..adapter import AudioAdapter
from ..audio.conversation import Conversation
from ..audio.waveform import SPEECH_RATE
from ..clips import ClipPlan, latent_frames
from ..drawing.overlay import persons_overlay
from ..drawing.strip import localization_strip
from ..drawing.timeline import timeline_picture
from ..film import make_film
from ..persons import Persons
from ..picture import resize_and_crop, write_picture
from ..recording import BindingRecorder
from .models import Models
from .pipeline import MultiTalkPipeline, SamplingSettings
from .progress import FilmProgress, held_interrupt
from .video import VideoWriter


@dataclass(frozen=True)
class FilmFiles:
    """Where a film and its pictures go."""

    film: Path
    persons: Path
    localization: Path
    timeline: Path

    @classmethod
    def beside(cls, film: Path) -> "FilmFiles":
        """The pictures in the film's folder, named after it."""
        names = ("persons", "localization", "timeline")
        return cls(film, *(film.with_name(f"{film.stem}.{name}.png") for name in names))

    def unfinished(self, frames: int, of: int) -> Path:
        """Where the finished clips of an interrupted film are kept."""
        return self.film.with_name(f"{self.film.stem}.unfinished-{frames}-of-{of}-frames.mp4")


@dataclass(frozen=True)
class FilmJob:
    """Everything a film is made from.

    Attributes
    ----------
    picture : Tensor [height, width, 3], in 0..1
        The source picture.
    persons : Persons
        On the source picture, one a speaker.
    size : (int, int)
        Height and width of the film.
    conversation : Conversation
    plan : ClipPlan
    prolonged : int
        As in `make_film`.
    models : Models
    adapter : AudioAdapter
    prompt, negative_prompt : str
    settings : SamplingSettings
    colour_strength : float
    seed : int
    watched_step : int
        Step, from 0, whose localization is drawn; of the adapter's middle block.
    files : FilmFiles
    """

    picture: Tensor
    persons: Persons
    size: tuple[int, int]
    conversation: Conversation
    plan: ClipPlan
    prolonged: int
    models: Models
    adapter: AudioAdapter
    prompt: str
    negative_prompt: str
    settings: SamplingSettings
    colour_strength: float
    seed: int
    watched_step: int
    files: FilmFiles


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
    print_lines(outlook(job))
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
        first_frames = write_film(job, pipeline)
    write_picture(job.files.persons, persons_overlay(job.picture, job.persons))
    tracks = job.conversation.timeline.tracks(False, job.plan.frames / job.conversation.fps)
    drawn = timeline_picture(torch.from_numpy(tracks), SPEECH_RATE, job.conversation.fps)
    write_picture(job.files.timeline, drawn)
    if recorder.records:
        write_picture(job.files.localization, _strip(job, first_frames, recorder))
    print_lines(account(job, progress, recorder))


def write_film(job: FilmJob, pipeline: MultiTalkPipeline) -> Tensor:
    """Stream the film to disk and return the first clip's frames.

    Raises
    ------
    KeyboardInterrupt
        After keeping the finished clips as a film of their own.
    """
    height, width = job.size
    cropped = resize_and_crop(job.picture.movedim(-1, 0), height, width).movedim(0, -1)
    films = make_film(
        pipeline,
        cropped,
        job.conversation,
        job.plan,
        job.seed,
        job.adapter.shape.window,
        job.colour_strength,
        job.prolonged,
    )
    first_frames = None
    stopped = None
    with VideoWriter(job.files.film, width, height, job.conversation.fps, job.conversation.sound) as writer:
        try:
            for finished in films:
                first_frames = finished.frames if first_frames is None else first_frames
                with held_interrupt():
                    writer.append(finished.frames)
        except KeyboardInterrupt as interrupt:
            if not writer.frames:
                raise KeyboardInterrupt("no clip was finished yet, so nothing was kept.") from interrupt
            writer.path = job.files.unfinished(writer.frames, job.plan.frames)
            stopped = f"the first {writer.frames} of {job.plan.frames} frames are kept in {writer.path}."
    if stopped:
        raise KeyboardInterrupt(stopped)
    return first_frames


def _strip(job: FilmJob, frames: Tensor, recorder: BindingRecorder) -> Tensor:
    """The localization of the first clip, as far as the film goes."""
    classes = recorder.records[0].classes[: latent_frames(len(frames) + 3)]
    return localization_strip(frames, classes, _class_names(job.persons.count))


def outlook(job: FilmJob) -> dict[str, str]:
    """What is about to be made, by name."""
    plan, settings, models, scales = job.plan, job.settings, job.models, job.settings.scales
    height, width = job.size
    frames = plan.clips[0].frames
    fps = job.conversation.fps
    tokens = latent_frames(frames) * (height // 16) * (width // 16)
    return {
        "film": f"{job.files.film}, {plan.frames} frames, {plan.frames / fps:.2f} s at {fps:g} frames/s, "
        f"{width}×{height}",
        "persons": f"{job.persons.count}, the voices {job.conversation.timeline.seconds:.2f} s long",
        "clips": f"{len(plan.clips)} of {frames} frames, {tokens:,} tokens each",
        "sampling": f"{settings.steps} steps, {len(scales.conditions())} conditions, shift "
        f"{settings.shift:g}, text scale {scales.text:g}, audio scale {scales.audio:g}, "
        f"scheme {settings.scheme}, seed {job.seed}",
        "model": f"{models.name}, on {models.device} in {str(models.dtype).removeprefix('torch.')}",
        **({} if models.trained else {"note": UNTRAINED}),
    }


UNTRAINED = (
    "this model's weights are seeded random numbers, not trained ones: every part runs, but the film shows "
    "coloured noise and no talking faces"
)


def account(job: FilmJob, progress: FilmProgress, recorder: BindingRecorder) -> dict[str, str]:
    """What was made, by name."""
    files = job.files
    drawings = [files.persons, files.timeline] + [files.localization] * bool(recorder.records)
    return {
        "film": f"{files.film}, {job.plan.frames} frames, "
        f"{job.plan.frames / job.conversation.fps:.2f} s, {files.film.stat().st_size / 1e6:.1f} MB",
        "drawings": ", ".join(map(str, drawings)),
        "time": f"{progress.seconds:.0f} s, {progress.seconds_per_step:.2f} s a step",
        "memory": f"{peak_memory(job.models.device) / 1e9:.1f} GB at most",
        "located": located(job.persons.count, recorder),
        **({} if job.models.trained else {"note": UNTRAINED}),
    }


def located(persons: int, recorder: BindingRecorder) -> str:
    """Share of the tokens that the watched block gave to each person, over all clips."""
    if not recorder.records:
        return "nobody: this scheme does not ask where the persons are"
    classes = torch.cat([record.classes.flatten() for record in recorder.records.values()])
    shares = torch.bincount(classes, minlength=persons + 1) / len(classes)
    named = zip(_class_names(persons), shares, strict=True)
    where = f"block {recorder.block}, step {recorder.at_step + 1}"
    return ", ".join(f"{name} {share:.0%}" for name, share in named) + f" of the tokens ({where})"


def _class_names(persons: int) -> list[str]:
    return [*(f"person {number}" for number in range(1, persons + 1)), "background"]


def peak_memory(device: torch.device) -> int:
    """Most bytes held so far: on the GPU where there is one, else by the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_lines(rows: dict[str, str]) -> None:
    """Names and values in two columns."""
    print()
    for name, value in rows.items():
        print(f"{name:<10}{value}", flush=True)
