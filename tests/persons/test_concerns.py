"""What is said of persons before a film is made."""

import torch

from multitalk_core.persons.concerns import cut_away, doubts
from multitalk_core.persons.masks import Box, Finding, PersonOrder, persons_from_boxes, persons_from_masks


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
    assert sentence.startswith("Person 1 is cropped: the video shows") and "400×800" in sentence
    assert not list(cut_away(persons, 800, 400))
