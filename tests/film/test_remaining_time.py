"""The remaining time that a film's node shows."""

import json
from pathlib import Path

import pytest

from multitalk_core.film.remaining_time import RemainingTime, in_words

LOADING, STEP, DECODING = 90.0, 10.0, 30.0
# Of the demo in ComfyUI on two cores that others used too, and of its first 29 frames in one clip: seconds.
RECORDED = json.loads((Path(__file__).parent / "recorded_times.json").read_text())


def watched(runs, steps, *, stored=0):
    """Yield the estimate and the true rest after each step of a film that takes these times."""
    remaining, now, estimates = RemainingTime(runs, steps), LOADING, []
    if stored:
        remaining.from_store(stored)
    for _ in range(runs - stored):
        for _ in range(steps):
            now += STEP
            remaining.step(now)
            estimates.append((remaining.seconds, now))
        now += DECODING
    return [(estimate, now - then) for estimate, then in estimates]


@pytest.mark.parametrize(("runs", "steps", "stored"), [(1, 40, 0), (5, 40, 0), (3, 8, 2), (9, 8, 4)])
def test_the_first_estimate_is_within_a_factor_of_two_and_the_later_ones_are_close(runs, steps, stored):
    (none, _), (first, true), *later = watched(runs, steps, stored=stored)
    assert none is None  # models are loaded before the first step
    assert true / 2 < first < true * 2
    for estimate, rest in later[steps:]:
        assert estimate == pytest.approx(rest, abs=STEP + 1)


@pytest.mark.parametrize("film", RECORDED.values(), ids=RECORDED)
def test_the_demos_estimates_are_within_a_factor_of_two_from_the_first_on(film):
    """Its miniature model samples in less time than the VAE takes."""
    remaining = RemainingTime(film["clips"], film["steps"])
    encodings = [
        (ended, lambda _, seconds=seconds: remaining.encoded(seconds)) for ended, seconds in film["encodings"]
    ]
    steps = [(ended, remaining.step) for ended in film["step_ends"]]
    ratios = []
    for now, report in sorted(encodings + steps, key=lambda event: event[0]):
        report(now)
        if report == remaining.step and remaining.seconds is not None:
            ratios.append(remaining.seconds / (film["finished"] - now))
    whole = ratios[: -film["steps"]] or ratios[:1]  # not the seconds at the end
    assert min(whole) > 0.5 and max(whole) < 2, ratios


def test_films_of_one_step_a_clip_are_judged_by_whole_clips():
    estimates = watched(4, 1)
    assert estimates[0][0] is None
    assert estimates[1][0] == pytest.approx(estimates[1][1], abs=STEP + 1)
    assert RemainingTime(1, 1).seconds is None


def test_reading_stored_clips_does_not_count():
    remaining = RemainingTime(3, 4)
    for now in (100.0, 110.0, 120.0, 130.0):
        remaining.step(now)
    remaining.from_store(1)
    remaining.step(5000.0)
    assert remaining.seconds == pytest.approx(3 * STEP + STEP)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (14, "about 10 seconds"),
        (89, "about 90 seconds"),
        (90, "about 2 minutes"),
        (3599, "about 60 minutes"),
        (5400, "about 1 h 30 min"),
        (86400, "about 24 h 0 min"),
    ],
)
def test_durations_read_as_people_say_them(seconds, words):
    assert in_words(seconds) == words
