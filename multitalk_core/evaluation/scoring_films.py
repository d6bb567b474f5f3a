"""From what was measured of every film to the lines of the table."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..measures.frechet import few_samples_warning
from .binding_score import binding_score
from .film_measurer import CLIP
from .film_measures import FilmMeasures
from .film_score import BLOCK_FRAMES
from .metric import Metric
from .score import Score, binding_lines, frechet_score, mean_score
from .track_sync import SMALL_FACE

Films = Sequence[FilmMeasures]
Lines = tuple[list[Score], list[str]]


def scores_of(films: Films, references: Films, metrics: Sequence[Metric]) -> Lines:
    """The scores of some metrics, and a sentence for each thing to know about them."""
    scores: list[Score] = []
    remarks: list[str] = []
    for metric in metrics:
        try:
            lines, said = SCORED[metric](films, references)
        except MultiTalkError as error:
            remarks.append(f"{metric}: {error}")
        else:
            scores += lines
            remarks += said or ([] if lines else [f"{metric}: no film could be scored."])
    return scores, remarks


def _fid(films: Films, references: Films) -> Lines:
    sets = [[torch.cat(film.pictures) for film in those if film.pictures] for those in (films, references)]
    return _distance("fid", [sets], biased=False, unit="frames")


def _fvd(films: Films, references: Films) -> Lines:
    sets = [[torch.cat(film.clips) for film in those if film.clips] for those in (films, references)]
    return _distance("fvd", [sets], biased=True, unit=f"clips of {CLIP} frames")


def _efid(films: Films, references: Films) -> Lines:
    groups = sorted({group for film in (*films, *references) for group in film.expressions})
    sets = [
        [
            [torch.cat(film.expressions[group]) for film in those if group in film.expressions]
            for those in (films, references)
        ]
        for group in groups
    ]
    return _distance("e-fid", sets, biased=False, unit="faces")


def _distance(name: str, groups: Sequence[Sequence[list[Tensor]]], *, biased: bool, unit: str) -> Lines:
    """The mean over groups of the distance between two sets, each a list of features by film."""
    if not groups or not all(own and other for own, other in groups):
        return [], [f"{name}: films or references have nothing to compare."]
    references = [torch.cat(other) for _, other in groups]
    counts = sum(len(part) for own, _ in groups for part in own), sum(map(len, references))
    measured = f"{counts[0]} and {counts[1]} {unit}"
    score = frechet_score(name, [own for own, _ in groups], references, biased=biased, measured=measured)
    warnings = (
        few_samples_warning(torch.cat(own), reference)
        for (own, _), reference in zip(groups, references, strict=True)
    )
    return [score], [f"{name}: {warning}" for warning in dict.fromkeys(warnings) if warning]


def _sync(films: Films, references: Films) -> Lines:
    scored = [film for film in films if film.sync]
    if not scored:
        return [], []
    tracks = [track for film in scored for track in film.sync]
    measured = f"{len(tracks)} tracks, {sum(track.windows for track in tracks)} windows"
    lines = [
        mean_score(name, [film.mean_sync(part) for film in scored], better=better, measured=measured)
        for name, part, better in (("sync-c", "confidence", "higher"), ("sync-d", "distance", "lower"))
    ]
    small = sum(track.small for track in tracks)
    if not small:
        return lines, []
    return lines, [
        f"sync: the faces of {small} of {len(tracks)} tracks are at most {SMALL_FACE} pixels large; "
        "SyncNet's own pipeline leaves such out."
    ]


def _binding(films: Films, references: Films) -> Lines:
    known = [film for film in films if film.mouths is not None]
    if not known:
        return [], []
    mouths, loudness = (
        [torch.from_numpy(getattr(film, part)) for film in known] for part in ("mouths", "loudness")
    )
    found = binding_score(mouths, loudness, block_frames=BLOCK_FRAMES)
    measured = f"{sum(part.numel() for part in mouths)} frames of mouths"
    return binding_lines(
        found, films=len(known), measured=measured, over=f"blocks of {BLOCK_FRAMES} frames"
    ), []


def _interaction(films: Films, references: Films) -> Lines:
    known = [film.interaction for film in films if film.interaction is not None]
    measured = f"{sum(each.frames for each in known)} frames of listening"
    lines = []
    for part, better in (("mouth", "lower"), ("eyes", ""), ("head", "")):
        values = [getattr(each, part) for each in known if getattr(each, part) is not None]
        if values:
            lines.append(mean_score(f"listening {part}", values, better=better, measured=measured))
    return lines, []


SCORED: dict[Metric, Callable[[Films, Films], Lines]] = {
    Metric.FID: _fid,
    Metric.FVD: _fvd,
    Metric.SYNC: _sync,
    Metric.EFID: _efid,
    Metric.BINDING: _binding,
    Metric.INTERACTION: _interaction,
}
