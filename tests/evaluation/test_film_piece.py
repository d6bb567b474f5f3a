"""Long films in pieces: every frame once, and no end of a track left out."""

import pytest
import torch

from helpers.talking_films import write_film
from multitalk_core.evaluation.film_piece import film_pieces, track_parts
from multitalk_core.evaluation.track_sync import SHORTEST_TRACK
from multitalk_core.evaluation.video_at_rate import VideoAtRate
from multitalk_core.media.video_file import VideoFile


def read(path, count):
    """The pieces of a film of so many frames that grow lighter."""
    frames = torch.linspace(0, 1, count)[:, None, None, None].expand(-1, 16, 16, 3)
    return [*film_pieces(VideoAtRate(VideoFile.open(write_film(path, frames))))]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """Those of 1030 frames."""
    return read(tmp_path_factory.mktemp("long") / "long.mp4", 1030)


def test_each_frame_is_in_one_piece(pieces):
    assert [(piece.first, piece.stop) for piece in pieces] == [(0, 480), (480, 960), (960, 1030)]
    light = torch.cat([piece.pixels for piece in pieces]).float().mean((1, 2, 3)) / 255
    torch.testing.assert_close(light, torch.linspace(0, 1, 1030), atol=0.02, rtol=0)


def test_a_last_piece_that_is_in_memory_already(tmp_path):
    first, last = read(tmp_path / "long.mp4", 500)
    assert (last.first, last.stop, len(last.pixels)) == (480, 500, 20)
    assert first.parts((0, 500)) == [(0, 500)] and last.parts((0, 500)) == []
    assert torch.equal(first.between(480, 500), last.pixels)


@pytest.mark.parametrize(
    ("stretch", "parts"),
    [
        ((0, 500), [(0, 500)]),
        ((470, 990), [(470, 990)]),
        ((431, 529), [(431, 529)]),
        ((400, 600), [(400, 480), (480, 600)]),
        ((0, 1030), [(0, 480), (480, 960), (960, 1030)]),
        ((470, 500), [(470, 500)]),  # too short as a whole, and counted once
        ((600, 610), [(600, 610)]),
    ],
)
def test_a_part_too_short_is_scored_with_its_neighbour(pieces, stretch, parts):
    assert track_parts(*stretch) == parts
    assert [part for piece in pieces for part in piece.parts(stretch)] == parts
    for piece in pieces:
        for start, stop in piece.parts(stretch):
            assert len(piece.between(start, stop)) == stop - start
            assert stop - start >= SHORTEST_TRACK or len(parts) == 1
