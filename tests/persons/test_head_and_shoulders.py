"""From faces to persons."""

import pytest
import torch
from faces_of import face
from hypothesis import given, settings
from hypothesis import strategies as st

from multitalk_core.persons.face_detector import certain, distinct
from multitalk_core.persons.head_and_shoulders import head_and_shoulders, turn
from multitalk_core.persons.marking import PersonOrder, persons_from_masks

HEIGHT, WIDTH = 200, 300

faces = st.builds(
    face,
    column=st.floats(0, WIDTH - 1),
    row=st.floats(0, HEIGHT - 1),
    size=st.floats(12, 120),
    looks=st.floats(-1, 1),
)


@given(st.lists(faces, min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_each_face_lies_in_its_own_person_and_in_no_other(found):
    """Whatever faces a picture may have, once each is there once."""
    found = certain(distinct(found))
    masks = head_and_shoulders(found, HEIGHT, WIDTH)
    assert masks.shape == (len(found), HEIGHT, WIDTH)
    assert (masks.sum(dim=0) <= 1).all()
    for index, one in enumerate(found):
        column, row = (int(number) for number in one.centre)
        assert masks[:, row, column].nonzero().flatten().tolist() == [index]
    persons = persons_from_masks(masks, order=PersonOrder.GIVEN)
    assert torch.equal(persons.masks, masks)


@given(st.floats(12, 40), st.floats(12, 40), st.floats(-1, 1))
@settings(max_examples=25, deadline=None)
def test_a_person_does_not_depend_on_one_far_away(size, other_size, looks):
    one, other = face(60, 60, size, looks), face(240, 90, other_size)
    alone = head_and_shoulders([one], HEIGHT, WIDTH)[0]
    assert torch.equal(head_and_shoulders([one, other], HEIGHT, WIDTH)[0], alone)


def test_neighbours_of_one_size_share_evenly():
    masks = head_and_shoulders([face(110, 60, 50), face(190, 60, 50)], HEIGHT, WIDTH)
    assert torch.equal(masks[0], masks[1].flip(1))
    assert masks[0, 130, 149] and masks[1, 130, 150]


def test_the_larger_face_is_nearer_and_gets_more():
    far, near = head_and_shoulders([face(110, 60, 40), face(190, 60, 80)], HEIGHT, WIDTH)
    border = int(far[60:100].any(dim=0).nonzero().max())
    assert border < 140 and near[130, border + 10]


def test_a_face_before_the_chest_of_another_is_its_own():
    back, front = head_and_shoulders([face(150, 40, 50), face(160, 120, 60)], HEIGHT, WIDTH)
    assert front[100:145, 142:178].all() and not back[100:145, 142:178].any()


@pytest.mark.parametrize("looks", [-1, 1])
def test_the_back_of_a_head_in_profile_belongs_to_it(looks):
    one = face(150, 70, 60, looks=looks)
    assert turn(one) == pytest.approx(looks)
    columns = head_and_shoulders([one], HEIGHT, WIDTH)[0, 70].nonzero()
    middle = (columns.min() + columns.max()).item() / 2
    assert (middle - 150) * looks < -10


def test_no_faces_give_no_persons():
    assert head_and_shoulders([], 8, 9).shape == (0, 8, 9)
