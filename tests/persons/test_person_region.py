"""Where one person's mouth moves in a clip."""

from fractions import Fraction
from pathlib import Path

import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.marking import persons_from_parts
from multitalk_core.persons.person_region import FoundMouth, GivenRegion

PICTURES = Path(__file__).parent / "pictures"


def test_only_the_persons_mouth_is_white_and_it_moves_along():
    picture = read_picture(PICTURES / "s01.jpg")
    frames = torch.stack([picture, picture.roll(20, dims=1)])
    masks = persons_from_parts(2, *picture.shape[:2]).masks
    detector = FaceDetector()
    left, right = detector.faces(picture)
    region = FoundMouth(detector, 25.0).in_clip(frames, 0, masks, person=1)
    for shift, seen in zip((0, 20), region, strict=True):
        for column, row in right.mouth:
            assert seen[int(row), int(column) + shift] > 0.5
        for column, row in left.mouth:
            assert seen[int(row), int(column) + shift] == 0


def test_a_person_without_a_face_needs_a_region():
    frames = read_picture(PICTURES / "s01.jpg")[None]
    masks = torch.zeros(2, *frames.shape[1:3], dtype=torch.bool)
    masks[0, -5:, :5] = True
    with pytest.raises(MultiTalkError, match="no face of person 1 is seen where the clip begins; give a reg"):
        FoundMouth(FaceDetector(), 25.0).in_clip(frames, 0, masks, person=0)


def test_a_given_region_is_divided_among_the_persons():
    masks = torch.zeros(3, 4, 10, dtype=torch.bool)
    masks[0, :, 1:3], masks[1, :, 7:9] = True, True  # the third one is not there
    white = FittedVideo(VideoInMemory(torch.ones(1, 4, 10, 3), Fraction(1)), 4, 10, 25.0)
    left, right, nobody = (
        GivenRegion(white).in_clip(torch.zeros(3, 4, 10, 3), 5, masks, person=person) for person in range(3)
    )
    assert left.shape == (3, 4, 10) and (left[..., :5] == 1).all() and (left[..., 5:] == 0).all()
    assert torch.equal(right, 1 - left) and not nobody.any()
