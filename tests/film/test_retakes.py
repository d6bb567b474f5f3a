"""Retakes and prompts from a time on, as users write them."""

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import Take
from multitalk_core.film.retakes import check_clip, parse_prompts, parse_retakes, plan_takes

PLAN = plan_clips(33, 9, 1)  # four clips: frames 0-8, 9-16, 17-24, 25-32


@pytest.mark.parametrize(
    ("line", "take"),
    [
        ("3: 42", Take(42)),
        (" 3 :42 ", Take(42)),
        ("3: 42, She laughs.", Take(42, "She laughs.")),
        ("3: She laughs.", Take(None, "She laughs.")),
        ("3: 2 people nod, slowly.", Take(None, "2 people nod, slowly.")),
    ],
)
def test_a_retake_has_a_seed_a_prompt_or_both(line, take):
    assert parse_retakes(f"\n{line}\n") == {2: take}


@pytest.mark.parametrize("line", ["3", "three: 42", "3:", f"3: {2**64}"])
def test_what_is_no_retake(line):
    with pytest.raises(MultiTalkError, match="is no retake: write a clip and its seed"):
        parse_retakes(line)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("0:05 She nods.", 5), ("75 She nods.", 75), ("1:02.5 She nods.", 62.5), ("1:00:01 She nods.", 3601)],
)
def test_a_prompt_has_a_time(line, seconds):
    assert parse_prompts(line) == [(seconds, "She nods.")]


@pytest.mark.parametrize("line", ["She nods.", "0:05", "0:05:"])
def test_what_is_no_prompt_from_a_time_on(line):
    with pytest.raises(MultiTalkError, match="write the time in the video"):
        parse_prompts(line)


def test_prompts_hold_until_the_next_and_a_retake_keeps_its_own():
    prompts = [(1.1, "They laugh."), (0.4, "She nods.")]
    takes = plan_takes(PLAN, 25, {1: Take(7), 2: Take(None, "He coughs.")}, prompts)
    assert takes == {1: Take(7, "She nods."), 2: Take(None, "He coughs."), 3: Take(None, "They laugh.")}


def test_a_clip_or_second_that_is_not_there():
    with pytest.raises(MultiTalkError, match="There is no clip 5: the film has 4"):
        plan_takes(PLAN, 25, {4: Take(1)}, [])
    with pytest.raises(MultiTalkError, match="There is no clip 0"):
        check_clip(-1, PLAN)
    with pytest.raises(MultiTalkError, match=r"lies behind the film's end at 1\.32 seconds"):
        plan_takes(PLAN, 25, {}, [(2.0, "Late.")])
