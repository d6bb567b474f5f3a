"""An evaluation as JSON, as a table, and as a plot."""

from pathlib import Path

from torch import Tensor

from .. import __version__
from ..drawing.score_picture import ScoreLane, score_picture
from ..evaluation.evaluate import Evaluation
from ..evaluation.film_measures import FilmMeasures
from ..evaluation.score import SEED, Score
from ..evaluation.track_sync import SHORTEST_TRACK
from ..evaluation.video_at_rate import RATE

NO_INTERVAL = "one film: no interval"


def described_evaluation(evaluation: Evaluation, failed: dict[Path, str]) -> dict[str, object]:
    """The scores with their protocol, and what is known of every film, as JSON."""
    films = evaluation.films
    return {
        "version": __version__,
        "protocol": {
            "split": evaluation.split,
            "fps": RATE,
            "films": len(films),
            "references": len(evaluation.references),
            "frames": sum(film.frames for film in films),
            "reference_frames": sum(film.frames for film in evaluation.references),
            "resampled_films": sum(film.resampled for film in films),
            "persons": sum(film.persons for film in films),
            "persons_without_face": sum(film.faceless for film in films),
            "frames_with_lost_faces": sum(film.lost for film in films),
            "drawn_faces": any(film.drawn for film in films),
            "shortest_track": SHORTEST_TRACK,
            "tracks_too_short": sum(film.short for film in films),
            "bootstrap_seed": SEED,
        },
        "scores": [score.described() for score in evaluation.scores],
        "films": [_described_film(film) for film in films],
        "failed": {str(path): sentence for path, sentence in failed.items()},
        "remarks": list(evaluation.remarks),
    }


def _described_film(film: FilmMeasures) -> dict[str, object]:
    listening = film.interaction
    return {
        "path": str(film.path),
        "frames": film.frames,
        "resampled": film.resampled,
        "persons": film.persons,
        "persons_without_face": film.faceless,
        "frames_with_lost_faces": film.lost,
        "tracks_too_short": film.short,
        "sync": [vars(track) | {"person": track.person + 1} for track in film.sync],
        "interaction": None if listening is None else vars(listening),
    }


def table(evaluation: Evaluation) -> list[str]:
    """A line a score, under a line of names."""
    rows: list[tuple[str, ...]] = [("score", "value", "95% interval", "better", "films", "measured")]
    rows += [_row(score) for score in evaluation.scores]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(score: Score) -> tuple[str, ...]:
    interval = NO_INTERVAL
    if score.low is not None:
        interval = f"{score.low:.3f} to {score.high:.3f} ({score.resamples} resamples of {score.over})"
    return score.name, f"{score.value:.3f}", interval, score.better, str(score.films), score.measured


def plot(evaluation: Evaluation) -> Tensor:
    """The scores as lanes, [height, width, 3] in 0..1."""
    return score_picture(
        [
            ScoreLane(
                score.name,
                f"{score.better} is better" if score.better else "",
                score.value,
                score.low,
                score.high,
            )
            for score in evaluation.scores
        ]
    )
