"""Scores over films: means and Fréchet distances with their intervals, and what is said of few samples."""

from pathlib import Path

import numpy as np
import pytest
import torch

from multitalk_core.evaluation.film_measures import FilmMeasures
from multitalk_core.evaluation.interaction import turns_of
from multitalk_core.evaluation.metric import Metric
from multitalk_core.evaluation.person_track import PersonTrack
from multitalk_core.evaluation.reference_normal import ReferenceNormal
from multitalk_core.evaluation.score import frechet_score, mean_score
from multitalk_core.evaluation.scoring_films import scores_of
from multitalk_core.evaluation.track_sync import TrackSync, shared
from multitalk_core.measures.frechet import frechet_distance


def measures(**parts):
    given = {"frames": 10, "persons": 2, "resampled": False, "drawn": False, "faceless": 0, "lost": 0}
    return FilmMeasures(path=Path("a.mp4"), **given, **parts)


def test_the_interval_of_a_mean_holds_it_and_one_film_has_none():
    values = list(np.linspace(1, 3, 21))
    score = mean_score("sync-c", values, better="higher", measured="21 tracks")
    assert score.value == pytest.approx(2) and score.films == 21 and score.resamples == 1000
    error = np.std(values) / np.sqrt(21)
    assert score.low == pytest.approx(2 - 1.96 * error, abs=0.05)
    assert score.high == pytest.approx(2 + 1.96 * error, abs=0.05)
    again = mean_score("sync-c", values, better="higher", measured="21 tracks")
    assert (score.low, score.high) == (again.low, again.high)
    alone = mean_score("sync-c", [2.0], better="higher", measured="1 track")
    assert (alone.low, alone.high, alone.resamples) == (None, None, 0)


def test_a_distance_is_the_mean_over_halves():
    generator = torch.Generator().manual_seed(0)
    left, right, reference = (torch.randn(6, 3, generator=generator) for _ in range(3))
    films = [[left[:3], left[3:]], [right[:3], right[3:]]]
    score = frechet_score("e-fid", films, [reference, reference], biased=False, measured="12 faces")
    expected = [frechet_distance(half, reference) for half in (left, right)]
    assert score.value == pytest.approx(np.mean(expected)) and score.low is not None


@pytest.mark.parametrize("samples", [(40, 30), (5, 30), (40, 6), (5, 6)])
@pytest.mark.parametrize("biased", [False, True])
def test_resamples_are_compared_quickly_and_rightly(samples, biased):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(count, 12, generator=generator) + 0.1 * count for count in samples)
    quick = ReferenceNormal(y, biased=biased).distance(x)
    assert quick == pytest.approx(frechet_distance(x, y, biased=biased), rel=1e-6)


def test_fewer_samples_than_dimensions_are_scored_with_a_warning():
    generator = torch.Generator().manual_seed(0)
    films = [measures(pictures=[torch.randn(4, 16, generator=generator)]) for _ in range(2)]
    scores, said = scores_of(films, films, [Metric.FID])
    assert scores[0].value == pytest.approx(0, abs=1e-9) and scores[0].measured == "8 and 8 frames"
    assert len(said) == 1 and "8 and 8 samples in 16 dimensions" in said[0]


def test_sync_is_averaged_over_tracks_by_length_then_persons_then_films():
    def track(person, confidence, windows):
        return TrackSync(person, confidence, 10 - confidence, 0, windows, small=True)

    films = [
        measures(sync=[track(0, 2.0, 30), track(0, 6.0, 10), track(1, 5.0, 10)]),
        measures(sync=[track(0, 6.0, 10)]),
    ]
    (confidence, distance), said = scores_of(films, [], [Metric.SYNC])
    assert confidence.value == pytest.approx((4 + 6) / 2) and distance.value == pytest.approx(5)
    assert "4 of 4 tracks" in said[0]


def test_nothing_measured_is_said():
    scores, said = scores_of([measures()], [measures()], [*Metric])
    assert not scores and len(said) == 6


def test_who_speaks_and_who_listens():
    loudness = np.zeros((2, 20))
    loudness[0, :8], loudness[1, 8:], loudness[0, 15] = 1.0, 0.5, 0.05
    speaks, listens = turns_of(loudness)
    assert speaks[0].tolist() == [True] * 8 + [False] * 12  # a tenth of the loudest is silence
    assert not listens[0, :13].any() and listens[0, 13:].all()  # five frames after the own voice
    assert listens[1, :8].all() and not listens[1, 8:].any()


def test_unbroken_parts_of_a_track():
    boxes = np.zeros((7, 4))
    boxes[[0, 3, 4]] = np.nan
    assert PersonTrack(boxes, np.zeros((7, 5, 2))).stretches() == [(1, 3), (5, 7)]


def test_boxes_of_two_detectors_share_what_they_cover():
    assert shared(np.array([0, 0, 2, 2.0]), np.array([1, 0, 3, 2.0])) == pytest.approx(1 / 3)
    assert shared(np.array([0, 0, 1, 1.0]), np.array([5, 5, 6, 6.0])) == 0
    assert shared(np.array([3, 3, 3, 3.0]), np.array([3, 3, 3, 3.0])) == 0
