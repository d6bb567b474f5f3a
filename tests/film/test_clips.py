"""The plan of a film: every frame and every audio sample once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multitalk_core.audio.conversation import mirrored_indices
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import ClipPlan, EvenClips, plan_clips, plan_mirrored

FOUR_N_PLUS_ONE = st.integers(0, 30).map(lambda n: 4 * n + 1)


@given(frames=st.integers(1, 2000), motion=FOUR_N_PLUS_ONE, more=st.integers(1, 20))
def test_every_frame_comes_once_and_belongs_to_its_audio(frames: int, motion: int, more: int) -> None:
    plan = plan_clips(frames, motion + 4 * more, motion)
    film = []
    for clip in plan.clips:
        first = clip.start + clip.motion_frames
        film += range(first, first + clip.new_frames)
    assert film == list(range(frames))
    assert plan.end >= frames


@given(frames=st.integers(82, 2000), motion=st.sampled_from([1, 5, 9, 25]))
def test_every_later_clip_repeats_the_end_of_the_one_before(frames: int, motion: int) -> None:
    clips = plan_clips(frames, 81, motion).clips
    for before, after in pairwise(clips):
        assert after.motion_frames == motion
        assert after.start + motion == before.start + before.frames
    assert all(clip.new_frames > 0 for clip in clips)


def test_the_supplements_305_frames() -> None:
    assert [clip.start for clip in plan_clips(305, 81, 25).clips] == [0, 56, 112, 168, 224]
    assert plan_clips(305, 81, 25).end == 305
    paper = plan_clips(305, 81, 5)
    assert len(paper.clips) == 4
    assert paper.end == 309
    assert paper.clips[-1].new_frames == 305 - 81 - 2 * 76


def test_a_plan_of_any_length_takes_no_time_and_no_memory() -> None:
    plan = ClipPlan(10**15, EvenClips(10**15, 5, 1))  # a list of its clips would fill every machine
    assert len(plan.clips) == 25 * 10**13 and plan.overlap == 1
    assert plan.clips[-1] == plan.clip_at(10**15 - 1) and plan.clip_at(3).index == 0
    with pytest.raises(IndexError):
        plan.clips[len(plan.clips)]


def test_a_film_of_one_clip_or_less() -> None:
    assert len(plan_clips(81).clips) == 1
    assert plan_clips(30).clips[0].new_frames == 30


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((100, 80, 5), "clip frames"),
        ((100, 81, 6), "motion frames"),
        ((0, 81, 5), "no frames"),
        ((2_160_000, 81, 5), "2160000: give a whole number from 1 to 900000"),  # ten hours at 60 a second
        ((100, 25, 25), "nothing new"),
    ],
)
def test_impossible_plans_are_refused(arguments: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(MultiTalkError, match=sentence):
        plan_clips(*arguments)


@given(first=st.integers(90, 900), second=st.integers(90, 900))
def test_the_released_plan_is_whole_where_it_is_not_refused(first: int, second: int) -> None:
    try:
        mirrored = plan_mirrored([first, second])
    except MultiTalkError:
        return
    plan = mirrored.plan
    assert sum(clip.new_frames for clip in plan.clips) == plan.frames
    for frames, prolonged in zip((first, second), mirrored.prolonged, strict=True):
        assert len(mirrored_indices(frames, prolonged)) >= min(plan.end, 2 * frames)


def test_mirrored_voices_run_backwards_from_their_end() -> None:
    assert mirrored_indices(4, 3) == [0, 1, 2, 3, 3, 2, 1]
    assert mirrored_indices(2, 9) == [0, 1, 1, 0]
