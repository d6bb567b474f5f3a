"""Person masks through a video."""

import pytest
import torch
from faces_of import face
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.crossing_people import MAN_AT, MAN_SPEED, WOMAN_AT, WOMAN_SPEED, crossing_people
from multitalk_core.persons.box import Box
from multitalk_core.persons.detection import find_persons
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import follow_faces, follow_video
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes, persons_from_masks
from multitalk_core.persons.masks import Finding
from multitalk_core.persons.moving_persons import MovingPersons

HEIGHT, WIDTH = 200, 400
HERE, THERE = face(100, 80, 50), face(300, 80, 50)
BOXES = [Box(60, 40, 140, 200), Box(260, 40, 340, 200)]


def moving(pictures, *, boxes=BOXES, findings=()) -> MovingPersons:
    """Persons of boxes, whose faces in each of some pictures, 0.2 s apart, were detected."""
    persons = persons_from_boxes(boxes, HEIGHT, WIDTH, order=PersonOrder.GIVEN)
    if findings:
        persons = persons_from_masks(persons.masks, order=PersonOrder.GIVEN, findings=findings)
    later = [[one for one in row if one is not None] for row in pictures[1:]]
    seconds = [0.2 * index for index in range(len(pictures))]
    return MovingPersons(persons, follow_faces(pictures[0], later, seconds, size=(HEIGHT, WIDTH)))


def edges(mask: torch.Tensor) -> tuple[int, ...]:
    """Left, top, right and bottom of what is inside."""
    rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


@pytest.fixture(scope="module")
def people() -> MovingPersons:
    video = crossing_people()
    persons = find_persons(video.picture())
    return MovingPersons(persons, follow_video(FaceDetector(), video, persons))


@pytest.mark.parametrize(("index", "hidden"), [(0, False), (5, False), (8, False), (11, True), (16, False)])
def test_two_who_cross_have_their_own_masks_in_every_picture(people, index, hidden):
    second = index / 10
    woman, man = people.in_picture(index).masks
    for mask, other, column in (
        (woman, man, WOMAN_AT + WOMAN_SPEED * second),
        (man, woman, MAN_AT + MAN_SPEED * second),
    ):
        if mask is woman or not hidden:
            at_face = (slice(95, 125), slice(int(column) - 15, int(column) + 15))
            assert mask[at_face].all() and not other[at_face].any()


def test_who_has_left_has_no_mask_and_it_is_said(people):
    shown = people.in_picture(26)
    assert shown.masks[0].any() and not shown.masks[1].any()
    assert torch.equal(shown.background, ~shown.masks[0])
    assert [*people.reports()] == [
        "Person 2 is lost from 0.8 s to 1.4 s.",
        "Persons 1 and 2 change sides at 1.4 s.",
        "Person 2 leaves the picture and is lost from 2.1 s on.",
    ]


def test_the_first_picture_has_the_persons_as_they_were_given(people):
    assert people.in_picture(0) is people.persons


def test_a_mask_by_hand_moves_and_grows_with_its_face():
    shown = moving([[HERE, THERE], [face(110, 85, 50), face(300, 80, 75)]]).in_picture(1)
    assert edges(shown.masks[0]) == (70, 45, 150, 200)  # the body goes on below the picture
    assert edges(shown.masks[1]) == pytest.approx((240, 20, 360, 200), abs=1)
    assert torch.equal(shown.background, ~shown.masks.any(dim=0))


def test_where_masks_by_hand_meet_the_nearer_face_covers_the_other():
    near, far = face(100, 80, 80), face(300, 80, 40)
    walk = [[face(100 + 10 * i, 80, 80), face(300 - 10 * i, 80, 40)] for i in range(1, 8)]
    first, second = moving([[near, far], *walk], boxes=[Box(60, 20, 140, 200), BOXES[1]]).in_picture(7).masks
    assert not (first & second).any()
    assert first[80, 170] and second[80, 230] and first[80, 202] and not second[80, 202]


def test_a_lost_face_within_the_picture_keeps_its_mask_but_covers_nobody():
    hidden = [[face(100 + 40 * i, 80, 50)] for i in range(1, 6)]
    shown = moving([[HERE, THERE], *hidden])
    last = shown.in_picture(5)
    assert edges(last.masks[0])[0] == 260 and not last.masks[1].any()
    alone = moving([[HERE, THERE], *[[HERE]] * 5]).in_picture(5)
    assert torch.equal(alone.masks[1], moving([[HERE, THERE]]).persons.masks[1])


def test_who_has_no_face_stays_and_it_is_said():
    shown = moving([[HERE, None], [face(120, 80, 50)]])
    assert torch.equal(shown.in_picture(1).masks[1], shown.persons.masks[1])
    assert [*shown.reports()] == [
        "Person 2 has no face in the video's first picture, so their mask stays where it is there."
    ]


def test_where_nobody_has_a_face_nothing_is_said():
    shown = moving([[None, None], [HERE, THERE]])
    assert torch.equal(shown.in_picture(1).masks, shown.persons.masks)
    assert not shown.any_moves and [*shown.reports()] == []


def test_of_many_losses_only_the_first_are_said():
    away = [[HERE, THERE], *[[HERE]] * 3] * 20
    *said, last = moving(away).reports()
    assert len(said) == 12 and last == "Persons are lost or change sides 8 more times."


@given(
    st.lists(st.tuples(st.floats(0, WIDTH), st.floats(0, HEIGHT), st.floats(35, 70)), min_size=2, max_size=2),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_pixel_is_one_persons_or_the_background(faces, found):
    findings = [Finding(each.box, 0.99) for each in (HERE, THERE)] if found else ()
    shown = moving([[HERE, THERE], [face(*where) for where in faces]], findings=findings).in_picture(1)
    assert torch.equal(shown.masks.sum(dim=0) + shown.background, torch.ones(HEIGHT, WIDTH).long())
