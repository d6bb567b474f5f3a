"""What is said of persons before a film is made."""

import pytest
import torch

from multitalk_core.method.wan import nearest_bucket
from multitalk_core.persons.box import Box
from multitalk_core.persons.concerns import cut_away, doubts
from multitalk_core.persons.marking import (
    PersonOrder,
    persons_from_boxes,
    persons_from_masks,
    persons_from_parts,
)
from multitalk_core.persons.masks import Finding


def test_only_uncertain_persons_are_mentioned():
    masks = torch.eye(2, dtype=torch.bool).repeat_interleave(20, 0).repeat_interleave(20, 1).view(2, 20, 40)
    findings = [Finding(None, 0.99), Finding(None, 0.74)]
    persons = persons_from_masks(masks, order=PersonOrder.GIVEN, findings=findings)
    (sentence,) = doubts(persons)
    assert sentence.startswith("Person 2 is uncertain (0.74 of 1)")
    (sentence,) = doubts(persons.ordered([1, 0]))
    assert sentence.startswith("Person 1 is")
    assert not list(doubts(persons_from_masks(masks)))


def test_heads_that_a_landscape_film_cuts_off_a_tall_picture_are_mentioned():
    persons = persons_from_boxes([Box(20, 100, 180, 400), Box(220, 350, 380, 500)], 800, 400)
    (sentence,) = cut_away(persons, 320, 480)
    assert sentence.startswith("Person 1 is cropped: a video of 480×320 shows") and "400×800" in sentence
    assert not list(cut_away(persons, 800, 400))


@pytest.mark.parametrize(("height", "width"), [(853, 1280), (1280, 853), (851, 1277)])
def test_a_film_of_very_nearly_the_picture_s_shape_cuts_nobody(height, width):
    """1280×853 scaled to 768×512 leaves a little less than nothing over."""
    persons = persons_from_parts(2, height, width)
    assert not list(cut_away(persons, *nearest_bucket(height, width)))


def test_an_inverted_mask_and_a_speck_are_mentioned():
    mask = torch.zeros(100, 100)
    mask[20:, 30:70] = 1
    assert not list(doubts(persons_from_masks([mask])))
    corner_free = mask.clone()
    corner_free[-10:] = 0
    (sentence,) = doubts(persons_from_masks([1 - corner_free]))
    assert "covers 72% of the picture and all its corners" in sentence and "invert it" in sentence
    assert not list(doubts(persons_from_masks([torch.ones(100, 100)])))
    speck = torch.zeros(100, 100)
    speck[50, 40:44] = 1
    (sentence,) = doubts(persons_from_masks([speck]))
    assert "covers only 4 pixels" in sentence
