"""Where mouths move."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from faces_of import face
from hypothesis import given, settings
from hypothesis import strategies as st

from multitalk_core.media.picture import read_picture
from multitalk_core.media.region import fitted_region
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import follow_video
from multitalk_core.persons.mouth_region import MouthRegion, mouth_mask

PICTURES = Path(__file__).parent / "pictures"


@pytest.mark.parametrize("name", ["s01.jpg", "s05.jpg", "s13.jpg"])
def test_mouths_are_white_and_eyes_black(name):
    picture = read_picture(PICTURES / name)
    faces = FaceDetector().faces(picture)
    mask = mouth_mask(faces, *picture.shape[:2])
    for found in faces:
        for column, row in found.mouth:
            assert mask[int(row), int(column)] > 0.9
        for column, row in found.eyes:
            assert mask[int(row), int(column)] == 0
    assert mask.mean() < 0.03 and (mask > 0).any()


@given(st.floats(80, 320), st.floats(80, 220), st.floats(10, 80), st.floats(-1, 1))
@settings(max_examples=50, deadline=None)
def test_the_edge_is_soft_and_the_size_goes_with_the_face(column, row, size, looks):
    one = face(column, row, size, looks)
    mask = mouth_mask([one], 300, 400)
    assert mask.min() == 0 and mask.max() <= 1
    steps = torch.cat([mask.diff(dim=0).flatten(), mask.diff(dim=1).flatten()]).abs()
    assert steps.max() < 16 / size
    assert mask.sum() == pytest.approx(0.22 * one.size**2, rel=0.25)


def test_a_mouth_turns_with_its_head():
    upright = face(100, 100, 80)

    def lain(*points):
        return tuple((row, 200 - column) for column, row in points)

    lying = replace(upright, eyes=lain(*upright.eyes), mouth=lain(*upright.mouth))
    mask = mouth_mask([lying], 200, 200)
    assert torch.allclose(mask, mouth_mask([upright], 200, 200).rot90(), atol=1e-4)


def test_mouths_of_a_video_are_fitted_as_the_video_is():
    picture = read_picture(PICTURES / "s16.jpg")
    images = torch.stack([picture.roll(30 * index, dims=1) for index in range(3)])
    video = VideoInMemory(images, Fraction(5))
    region = MouthRegion(video, follow_video(FaceDetector(), video).faces)
    frames = fitted_region(region, FittedVideo(video, 96, 160, 5.0)).frames(0, 3)
    assert frames.shape == (3, 96, 160, 3)
    columns = (frames[..., 0].sum(dim=1) @ torch.arange(160.0)) / frames[..., 0].sum(dim=(1, 2))
    assert columns.diff().tolist() == pytest.approx([30 * 160 / 512] * 2, abs=1.5)


def test_the_lost_have_no_mouth():
    video = VideoInMemory(torch.zeros(2, 64, 64, 3), Fraction(1))
    region = MouthRegion(video, ((face(30, 30, 20),), (None,)))
    shown, lost = region.pictures(video.times)
    assert shown.max() == 1 and lost.max() == 0
