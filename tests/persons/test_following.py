"""Persons through a video: kept apart where they cross, missed where they leave."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from faces_of import face
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.crossing_people import crossing_people
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_source import VideoInMemory
from multitalk_core.persons.box import Box
from multitalk_core.persons.cuts import Cut
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import Loss, Swap, follow_faces, follow_video
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes

FPS = 25
SIZE = 200, 400
PICTURES = Path(__file__).parent / "pictures"


def seconds_of(pictures: list) -> list[float]:
    return [index / FPS for index in range(len(pictures))]


def followed(pictures: list):
    return follow_faces(pictures[0], pictures[1:], seconds_of(pictures), size=SIZE)


def crossing(count: int = 76, near: float = 60, far: float = 45) -> list:
    """A larger face that goes right and a smaller one that goes left behind it, hidden while they meet."""
    pictures = []
    for index in range(count):
        ahead = face(50 + 4 * index, 100, near)
        behind = face(350 - 4 * index, 95, far)
        hidden = abs(ahead.centre[0] - behind.centre[0]) < 0.6 * near
        pictures.append([ahead] if hidden else [ahead, behind])
    return pictures


def test_two_who_cross_stay_who_they_are_and_it_is_said():
    result = followed(crossing())
    assert result.faces[-1][0].size > result.faces[-1][1].size
    assert result.faces[-1][0].centre[0] == 350 and result.faces[-1][1].centre[0] == 50
    assert all(row[1] is not None for row in result.faces)  # hidden for a moment only
    (swap,) = result.events
    assert swap == Swap((0, 1), pytest.approx(1.5, abs=0.3))
    assert str(swap) == f"Persons 1 and 2 change sides at {swap.second:.1f} s."


def test_who_leaves_is_lost_from_then_on():
    pictures = [[face(80, 80, 50), face(200 + 5 * index, 80, 50)] for index in range(40)]
    pictures += [[face(80, 80, 50)]] * 30
    result = followed(pictures)
    assert result.events == (Loss(1, 39 / FPS, None, leaves=True),)
    assert str(result.events[0]) == "Person 2 leaves the picture and is lost from 1.6 s on."
    assert result.faces[-1][1] is None and result.faces[-1][0] == face(80, 80, 50)


def test_who_comes_back_is_who_they_were():
    here, there = face(80, 80, 50), face(250, 80, 50)
    result = followed([[here, there]] * 10 + [[here]] * 40 + [[here, face(262, 84, 52)]] * 5)
    assert result.events == (Loss(1, 9 / FPS, 2.0),)
    assert str(result.events[0]) == "Person 2 is lost from 0.4 s to 2.0 s."
    assert result.faces[30][1] is None and result.faces[-1][1] == face(262, 84, 52)


def test_a_face_unseen_for_a_moment_goes_on():
    here, there = face(80, 80, 50), face(100, 80, 50)
    result = followed([[here]] * 5 + [[]] * 4 + [[there]] * 5)
    assert result.events == ()
    assert [row[0].centre[0] for row in result.faces[4:10]] == pytest.approx([80, 84, 88, 92, 96, 100])


def test_a_passer_by_takes_nobodys_place():
    persons = [face(80, 80, 50), face(250, 80, 50)]
    pictures = [[*persons, face(10 + 3 * index, 70, 22)] for index in range(80)]
    result = followed([persons, *pictures])
    assert result.events == ()
    assert all(list(row) == persons for row in result.faces)


def test_without_faces_nobody_is_followed():
    result = followed([[], [face(80, 80, 50)]])
    assert result.faces == ((), ()) and result.events == ()


@given(
    st.lists(st.floats(0, 0.6), min_size=2, max_size=4),
    st.lists(st.permutations(range(4)), min_size=3, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_the_order_of_detection_does_not_matter(steps, orders):
    """Persons two faces apart, each walking at a pace of its own, told in any order."""
    starts = [face(60 + 200 * person, 80, 50) for person in range(len(steps))]
    pictures = [starts]
    for index, order in enumerate(orders, start=1):
        found = [face(60 + 200 * i + step * 5 * index, 80, 50) for i, step in enumerate(steps)]
        pictures.append([found[i] for i in order if i < len(found)])
    result = followed(pictures)
    for index, row in enumerate(result.faces):
        columns = [60 + 200 * i + step * 5 * index for i, step in enumerate(steps)]
        assert [one.centre[0] for one in row] == pytest.approx(columns)


def test_real_faces_that_cross_and_leave_are_followed():
    result = follow_video(FaceDetector(), crossing_people())
    assert [type(event) for event in result.events] == [Loss, Swap, Loss]
    hidden, swap, gone = result.events
    assert (hidden.person, hidden.second, hidden.until) == pytest.approx((1, 0.8, 1.4), abs=0.2)
    assert swap == Swap((0, 1), pytest.approx(1.4, abs=0.2))
    assert (gone.person, gone.until) == (1, None) and gone.second == pytest.approx(2.1, abs=0.2)
    woman, man = zip(*result.faces, strict=True)
    assert np.diff([one.centre[0] for one in woman]) == pytest.approx([13] * 29, abs=4)
    seen = {index: one.centre[0] for index, one in enumerate(man) if one is not None}
    assert seen == pytest.approx({index: 518 - 24 * index for index in seen}, abs=14)
    assert max(seen) <= 22


def test_a_cut_is_said_and_a_pan_is_none():
    """A fast camera on two people; then, from one picture to the next, on somebody else."""
    pair, other = (read_picture(PICTURES / name)[:376, :512] for name in ("s13.jpg", "s16.jpg"))
    panned = [pair.roll(12 * index, dims=1) for index in range(5)]
    video = VideoInMemory(torch.stack([*panned, *[other] * 5]), Fraction(25))
    (cut,) = (each for each in follow_video(FaceDetector(), video).events if isinstance(each, Cut))
    assert str(cut).startswith("The video seems to cut to another shot at 0.2 s")


def test_only_the_faces_of_the_persons_are_followed_in_their_order():
    picture = read_picture(PICTURES / "s13.jpg")
    height, width = picture.shape[:2]
    video = VideoInMemory(picture[None], Fraction(5))
    halves = [Box(width // 2, 0, width, height), Box(0, 0, width // 2, height)]
    persons = persons_from_boxes(halves, height, width, order=PersonOrder.GIVEN)
    ((right, left),) = follow_video(FaceDetector(), video, persons).faces
    assert left.centre[0] < width / 2 < right.centre[0]
    nobody = persons_from_boxes([Box(0, 0, 9, 9)], height, width)
    with pytest.raises(MultiTalkError, match="No face of person 1 was found in the video's first picture"):
        follow_video(FaceDetector(), video, nobody)
