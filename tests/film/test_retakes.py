"""Retakes and prompts from a time on, as users write them."""

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.retakes import (
    check_clip,
    parse_prompts,
    parse_retakes,
    person_clips,
    plan_overrides,
    whole_clips,
)
from multitalk_core.film.spec import ClipOverride

PLAN = plan_clips(33, 9, 1)  # four clips: frames 0-8, 9-16, 17-24, 25-32


@pytest.mark.parametrize(
    ("line", "seed", "prompt"),
    [
        ("3: 42", 42, None),
        (" 3 :42 ", 42, None),
        ("3: 42, She laughs.", 42, "She laughs."),
        ("3: She laughs.", None, "She laughs."),
        ("3: 2 people nod, slowly.", None, "2 people nod, slowly."),
        ("3: 2. She nods.", None, "2. She nods."),
    ],
)
def test_a_retake_has_a_seed_a_prompt_or_both(line, seed, prompt):
    assert whole_clips(parse_retakes(f"\n{line}\n")) == {2: ClipOverride(seed=seed, prompt=prompt)}


@pytest.mark.parametrize(
    "line",
    [
        "3",
        "3:",
        f"3: {2**64}",
        "3: -4",
        "3: 1.5, She laughs.",
        "3 person 2",
        "3: 42 person 2",
        "3: 42 Person 2",
    ],
)
def test_what_is_no_retake(line):
    with pytest.raises(MultiTalkError, match="is not a retake: write a clip and its seed"):
        parse_retakes(line)


@pytest.mark.parametrize(
    "line",
    [
        "three: 42",
        "3 person: 42",
        "person 2: 42",
        "3 persons 1 2: 42",
        "3 2: 42",
        "every person 2: 42",
        ": 4",
    ],
)
def test_what_is_no_clip(line):
    with pytest.raises(MultiTalkError, match="is not a clip: write a clip as in 3, one person in it as in 3"):
        parse_retakes(line)


def test_all_is_of_one_person():
    with pytest.raises(MultiTalkError, match="for another whole film choose another seed"):
        parse_retakes("all: 42")


def test_one_person_is_retaken_in_a_clip_or_in_all():
    retakes = parse_retakes("4: 5\nAll Person 2: 7\n2 person 2: 9, She smiles.\n3 person 1 : He nods.")
    assert whole_clips(retakes) == {3: ClipOverride(seed=5)}
    seven, nine = ClipOverride(seed=7), ClipOverride(seed=9, prompt="She smiles.")
    assert person_clips(PLAN, retakes, 2) == {
        1: {0: seven, 1: nine, 2: seven, 3: seven},
        0: {2: ClipOverride(prompt="He nods.")},
    }
    assert [each.place for each in retakes] == ["4", "all person 2", "2 person 2", "3 person 1"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1 person 3: 1", "There is no person 3: the film has 2"),
        ("1 person 0: 1", "There is no person 0"),
        ("5 person 1: 1", "There is no clip 5: the film has 4"),
        ("0 person 1: 1", "There is no clip 0"),
    ],
)
def test_a_person_or_clip_that_is_not_there(line, sentence):
    with pytest.raises(MultiTalkError, match=sentence):
        person_clips(PLAN, parse_retakes(line), 2)


def test_a_person_is_retaken_in_short_clips_only_throughout():
    short = plan_clips(21, 9, 5)
    assert person_clips(short, parse_retakes("all person 1: 1"), 2)
    with pytest.raises(MultiTalkError, match="adds only 4 frames, too few to retake a person in it"):
        person_clips(short, parse_retakes("2 person 1: 1"), 2)


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
    retakes = {1: ClipOverride(seed=7), 2: ClipOverride(prompt="He coughs.")}
    assert plan_overrides(PLAN, 25, retakes, prompts=prompts) == {
        1: ClipOverride(seed=7, prompt="She nods."),
        2: ClipOverride(prompt="He coughs."),
        3: ClipOverride(prompt="They laugh."),
    }


def test_a_clip_or_second_that_is_not_there():
    with pytest.raises(MultiTalkError, match="There is no clip 5: the film has 4"):
        plan_overrides(PLAN, 25, {4: ClipOverride(seed=1)})
    with pytest.raises(MultiTalkError, match="There is no clip 0"):
        check_clip(-1, PLAN)
    with pytest.raises(MultiTalkError, match=r"lies after the film's end at 1\.32 seconds"):
        plan_overrides(PLAN, 25, {}, prompts=[(2.0, "Late.")])
