"""What the command line says before and after a film."""

import shlex
import sys
from collections.abc import Mapping

import torch

from ..drawing.palette import class_names
from ..film.dubbing import Dubbing
from ..film.spec import FilmSpec
from ..film.write import FilmResult
from ..guards.memory import GIGABYTE
from ..media.video_file import VideoFile
from ..media.video_source import film_frames
from ..method.recorder import BindingRecord
from ..method.schedule import TIMESTEPS, released_timesteps
from ..method.schemes import find_scheme
from ..method.wan import Grid
from ..persons.concerns import cut_away, doubts
from .film_progress import FilmProgress
from .planned_film import PlannedFilm


def outlook(film: PlannedFilm) -> dict[str, str]:
    """What is about to be made, by name."""
    spec, models = film.spec, film.model.models
    plan, sampling, scales = spec.plan, spec.sampling, spec.sampling.scales
    height, width = spec.size
    frames = plan.clips[0].frames
    fps = spec.conversation.fps
    tokens, passes = Grid.of_video(frames, height, width).tokens, len(scales.passes())
    concerns = [*doubts(film.persons), *cut_away(film.persons, height, width)]
    concerns += [*spec.conversation.notes, *spec.conversation.timeline.notes, *spec.conversation.sound.notes]
    if spec.dubbing is not None:
        concerns += spec.dubbing.concerns
    if film.video is not None:
        concerns += [*film.video.notes(), *film.video.damage()]
    return {
        "film": f"{film.files.film}, {plan.frames} frames, {plan.frames / fps:.2f} s at {fps:g} frames/s, "
        f"{width}×{height}",
        **({} if film.video is None or spec.dubbing is None else _dubbed(spec, film.video, spec.dubbing)),
        "persons": f"{spec.persons}, the voices {spec.conversation.timeline.seconds:.2f} s long",
        "clips": f"{len(plan.clips)} of {frames} frames, {tokens:,} tokens each",
        **({"retakes": overrides} if (overrides := _overrides(film)) else {}),
        "sampling": f"{sampling.steps} step{'s' if sampling.steps > 1 else ''} of {passes} "
        f"pass{'es' if passes > 1 else ''} each, shift {sampling.shift:g}, text scale {scales.text:g}, "
        f"audio scale {scales.audio:g}, scheme {spec.binding.scheme}, seed {spec.seed}",
        **({"look at": "\n          ".join(concerns)} if concerns else {}),
        "model": f"{models.name}, on {models.device} in {str(models.dtype).removeprefix('torch.')}",
    }


def _dubbed(spec: FilmSpec, video: VideoFile, dubbing: Dubbing) -> dict[str, str]:
    sampling, fps = spec.sampling, spec.conversation.fps
    resampled = f", resampled by their times to {fps:g}" if round(video.fps, 2) != round(fps, 2) else ""
    beyond = spec.conversation.timeline.seconds - spec.plan.frames / fps
    still = "; its last picture stays to the film's end" if spec.plan.frames > film_frames(video, fps) else ""
    cut = f"; their last {beyond:.2f} s fall after the film's end" if beyond > 1 / fps else ""
    noise = released_timesteps(sampling.steps, sampling.shift, dubbing.denoise)[0] / TIMESTEPS
    masked = "" if dubbing.region is None else ", only where the region is white"
    return {
        "video": f"{video.path}, {video.seconds:.2f} s at {video.fps:.4g} pictures/s{resampled}; the voices "
        f"replace its sound{cut}{still}",
        "dubbing": f"denoise {dubbing.denoise:g}{masked}: the steps begin at {noise:.0%} noise, "
        f"continuation {spec.continuation}",
    }


def _overrides(film: PlannedFilm) -> str:
    retakes = [shlex.quote(f"{retake.place}:{retake.override.seed}") for retake in film.retakes]
    overrides = film.spec.overrides.items()
    prompts = [f"clip {clip + 1} {own.prompt!r}" for clip, own in overrides if own.prompt is not None]
    return ", ".join([*(f"--retake {retake}" for retake in retakes), *prompts])


def account(film: PlannedFilm, result: FilmResult, progress: FilmProgress) -> dict[str, str]:
    """What was made, by name."""
    spec, files, clips = film.spec, film.files, len(film.spec.plan.clips)
    drawings = [files.persons, files.timeline, files.drift] + [files.localization] * (0 in result.records)
    damage = [] if film.video is None else film.video.damage()
    stopped = f"after clip {result.clips} of {clips}: without --stop-after the film continues"
    return {
        "film": f"{result.path}, {result.frames} frames, {result.frames / spec.conversation.fps:.2f} s, "
        f"{result.path.stat().st_size / 1e6:.1f} MB",
        **({} if film.mark.identity is None else {"signed": f"with C2PA, {film.mark.identity.algorithm}"}),
        **({"stopped": stopped} if result.frames < spec.plan.frames else {}),
        **({"damaged": ", ".join(damage)} if damage else {}),
        **result.steadiness.report(dubbed=spec.dubbing is not None),
        "drawings": ", ".join(map(str, drawings)),
        "time": f"{progress.seconds:.0f} s, {progress.seconds_per_step:.2f} s a step",
        "memory": f"{peak_memory(film.model.models.device) / GIGABYTE:.1f} GB at most",
        "located": located(spec, result.records) or _not_recorded(film, result),
    }


def located(spec: FilmSpec, records: Mapping[int, BindingRecord]) -> str:
    """Share of the tokens that the recorded block assigned to each person, over all recorded clips."""
    if not records or spec.recorded is None:
        return ""
    classes = torch.cat([record.classes.flatten() for record in records.values()])
    shares = torch.bincount(classes, minlength=spec.persons + 1) / len(classes)
    named = zip(class_names(spec.persons), shares, strict=True)
    where = f"block {spec.recorded.block}, step {spec.recorded.step + 1}"
    return ", ".join(f"{name} {share:.0%}" for name, share in named) + f" of the tokens ({where})"


def _not_recorded(film: PlannedFilm, result: FilmResult) -> str:
    """Why no localization was drawn."""
    spec = film.spec
    if spec.recorded is None or not find_scheme(spec.binding.scheme).needs_localization(spec.persons):
        return "nobody: this scheme does not locate persons"
    step = spec.recorded.step + 1
    if result.sampled:
        return (
            f"not drawn: the cache {film.model.step_cache} skipped step {step}, the one to be recorded; "
            "choose another --recorded-step"
        )
    return f"not drawn: the stored clips have no record of step {step}; choose the --recorded-step of before"


def peak_memory(device: torch.device) -> int:
    """Most bytes in use so far: on the GPU where there is one, else by the process."""
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
