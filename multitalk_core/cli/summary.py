"""What the command line says before and after a film."""

import sys
from pathlib import Path

import torch

from ..drawing.palette import class_names
from ..film.dubbing import Dubbing
from ..film.film import Take
from ..film.steadiness import Steadiness
from ..film.store import FilmClips
from ..method.recorder import BindingRecorder
from ..method.schedule import TIMESTEPS, released_timesteps
from ..method.wan import Grid
from .film_progress import FilmProgress
from .job import FilmJob


def outlook(job: FilmJob, segments: FilmClips | None) -> dict[str, str]:
    """What is about to be made, by name."""
    plan, settings, models, scales = job.plan, job.settings, job.models, job.settings.scales
    height, width = job.size
    frames = plan.clips[0].frames
    fps = job.conversation.fps
    tokens = Grid.of_video(frames, height, width).tokens
    return {
        "film": f"{job.files.film}, {plan.frames} frames, {plan.frames / fps:.2f} s at {fps:g} frames/s, "
        f"{width}×{height}",
        **({} if job.dubbing is None else _dubbed(job, job.dubbing)),
        "persons": f"{job.persons.count}, the voices {job.conversation.timeline.seconds:.2f} s long",
        "clips": f"{len(plan.clips)} of {frames} frames, {tokens:,} tokens each",
        **({} if segments is None else {"kept": _kept(segments)}),
        **({"takes": _takes(job.takes)} if job.takes else {}),
        "sampling": f"{settings.steps} steps, {len(scales.conditions())} conditions, shift "
        f"{settings.shift:g}, text scale {scales.text:g}, audio scale {scales.audio:g}, "
        f"scheme {settings.scheme}, seed {job.seed}",
        "model": f"{models.name}, on {models.device} in {str(models.dtype).removeprefix('torch.')}",
    }


def _dubbed(job: FilmJob, dubbing: Dubbing) -> dict[str, str]:
    video, settings, fps = dubbing.video.video, job.settings, job.conversation.fps
    resampled = f", resampled by their times to {fps:g}" if round(video.fps, 2) != round(fps, 2) else ""
    unheard = job.conversation.timeline.seconds - job.plan.frames / fps
    cut = f", whose last {unheard:.2f} s lie behind the film's end" if unheard > 1 / fps else ""
    noise = released_timesteps(settings.steps, settings.shift, dubbing.denoise)[0] / TIMESTEPS
    masked = "" if dubbing.region is None else ", only where the region is white"
    return {
        "video": f"{video.path}, {video.seconds:.2f} s at {video.fps:.4g} pictures/s{resampled}; the voices "
        f"replace its sound{cut}",
        "dubbing": f"denoise {dubbing.denoise:g}{masked}: the steps begin at {noise:.0%} noise, "
        f"continuation {job.continuation}",
    }


def _kept(segments: FilmClips) -> str:
    there = segments.there
    first = "clips are kept" if there == 0 else f"goes on after clip {there} of {len(segments.keys)}, kept"
    return f"{first} in {segments.folder}"


def _takes(takes: dict[int, Take]) -> str:
    seeds = [f"--retake {clip + 1}:{take.seed}" for clip, take in takes.items() if take.seed is not None]
    prompts = [f"clip {clip + 1} {take.prompt!r}" for clip, take in takes.items() if take.prompt is not None]
    return ", ".join([*seeds, *prompts])


def account(
    job: FilmJob, film: Path, steadiness: Steadiness, progress: FilmProgress, recorder: BindingRecorder
) -> dict[str, str]:
    """What was made, by name."""
    files = job.files
    drawings = [files.persons, files.timeline, files.drift] + [files.localization] * bool(recorder.records)
    clips = job.plan.clips if job.stop_after is None else job.plan.clips[: job.stop_after + 1]
    frames = sum(clip.new_frames for clip in clips)
    stopped = f"after clip {len(clips)} of {len(job.plan.clips)}: without --stop-after the film goes on"
    return {
        "film": f"{film}, {frames} frames, {frames / job.conversation.fps:.2f} s, "
        f"{film.stat().st_size / 1e6:.1f} MB",
        **({"stopped": stopped} if frames < job.plan.frames else {}),
        **steadiness.told(dubbed=job.dubbing is not None),
        "drawings": ", ".join(map(str, drawings)),
        "time": f"{progress.seconds:.0f} s, {progress.seconds_per_step:.2f} s a step",
        "memory": f"{peak_memory(job.models.device) / 1e9:.1f} GB at most",
        "located": located(job.persons.count, recorder),
    }


def located(persons: int, recorder: BindingRecorder) -> str:
    """Share of the tokens that the watched block gave to each person, over all clips."""
    if not recorder.records:
        return "nobody: this scheme does not ask where the persons are"
    classes = torch.cat([record.classes.flatten() for record in recorder.records.values()])
    shares = torch.bincount(classes, minlength=persons + 1) / len(classes)
    named = zip(class_names(persons), shares, strict=True)
    where = f"block {recorder.block}, step {recorder.recorded_step + 1}"
    return ", ".join(f"{name} {share:.0%}" for name, share in named) + f" of the tokens ({where})"


def peak_memory(device: torch.device) -> int:
    """Most bytes held so far: on the GPU where there is one, else by the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_lines(rows: dict[str, str]) -> None:
    """Names and values in two columns."""
    print()
    for name, value in rows.items():
        print(f"{name:<10}{value}", flush=True)
