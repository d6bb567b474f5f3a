"""Wan's geometry: frames, sizes, grids."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from multitalk_core.errors import MultiTalkError
from multitalk_core.method.wan import (
    BUCKETS_96,
    BUCKETS_480,
    BUCKETS_720,
    I2V_CHANNELS,
    Grid,
    check_frames,
    enough_frames,
    latent_frames,
    nearest_bucket,
    usual_resolution,
    video_frames,
)

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "manifest.json").read_text())["cases"]


@pytest.mark.parametrize(("frames", "nearest"), [(480, "477 or 481"), (80, "77 or 81"), (2, "1 or 5")])
def test_a_count_that_is_not_4n_plus_1_names_the_nearest(frames: int, nearest: str) -> None:
    with pytest.raises(MultiTalkError, match=f"use {nearest}"):
        check_frames(frames)


def test_latent_frames() -> None:
    assert [latent_frames(frames) for frames in (1, 5, 9, 25, 81)] == [1, 2, 3, 7, 21]


def test_latent_frames_and_back() -> None:
    for frames in range(1, 100):
        fitting = enough_frames(frames)
        check_frames(fitting)
        assert 0 <= fitting - frames < 4
        assert video_frames(latent_frames(fitting)) == fitting


def test_a_grid_knows_its_latent_and_its_video() -> None:
    grid = Grid.of_video(81, 448, 896)
    assert grid == Grid(21, 28, 56) == Grid.of_latent(torch.zeros(1, 16, *grid.latent_size))
    assert grid.latent_size == (21, 56, 112)
    assert grid.video_size == (81, 448, 896)
    assert grid.tokens == 21 * grid.tokens_per_frame == 32_928


def test_the_model_takes_36_channels() -> None:
    assert I2V_CHANNELS == 36


def test_buckets_are_those_of_the_reference_implementation() -> None:
    case = next(case for case in CASES if case["case"] == "masks")
    expected = load_file(GOLDEN / "masks.safetensors")
    for ours, name in ((BUCKETS_480, "buckets_480"), (BUCKETS_720, "buckets_720")):
        assert {f"{height / width:.2f}": [height, width] for height, width in ours} == case["config"][name]
    for resolution, height, width, *bucket in expected["bucket_choice"].tolist():
        assert nearest_bucket(height, width, resolution) == tuple(bucket)
    with pytest.raises(MultiTalkError, match="480 or 720"):
        nearest_bucket(100, 100, 1080)


def test_the_miniature_has_its_own_sizes_and_its_width_tells_it() -> None:
    area = 96 * 144
    assert all(0.8 * area < height * width < 1.12 * area for height, width in BUCKETS_96)
    assert {side % 16 for size in BUCKETS_96 for side in size} == {0}
    assert nearest_bucket(400, 640, usual_resolution(128)) == (96, 144)
    assert nearest_bucket(640, 400, usual_resolution(128)) == (144, 96)
    assert nearest_bucket(720, 1280, usual_resolution(1536)) == (448, 896)
