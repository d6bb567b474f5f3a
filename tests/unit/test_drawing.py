"""Drawings: what a user reads off them."""

import colorsys
from itertools import combinations

import pytest
import torch

from multitalk_core.drawing.overlay import persons_overlay
from multitalk_core.drawing.palette import BACKGROUND, LANE, SPEAKERS, class_colours, speaker_colour
from multitalk_core.drawing.strip import localization_strip
from multitalk_core.drawing.timeline import timeline_picture
from multitalk_core.persons import GIVEN, Box, persons_from_boxes


def share(picture: torch.Tensor, colour: tuple[int, int, int], tolerance: float = 0.02) -> float:
    """Part of a picture's pixels that have a colour."""
    return float(((picture - torch.tensor(colour) / 255).abs().amax(dim=-1) < tolerance).float().mean())


def hue(picture: torch.Tensor) -> float:
    return colorsys.rgb_to_hsv(*picture.flatten(0, -2).mean(dim=0).tolist())[0]


def test_colours_are_distinct_also_without_red_and_green():
    # Deuteranopia after Viénot, Brettel and Mollon (1999), on linear light.
    blind = torch.tensor([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    colours = torch.tensor([*SPEAKERS, BACKGROUND]) / 255
    seen = ((colours**2.2) @ blind.T).clamp(0, 1) ** (1 / 2.2)
    for first, second in combinations(range(len(colours)), 2):
        assert (colours[first] - colours[second]).norm() > 0.2
        assert (seen[first] - seen[second]).norm() > 0.2
    assert len({speaker_colour(index) for index in range(21)}) == 21
    assert class_colours(2) == [speaker_colour(0), speaker_colour(1), BACKGROUND]


def test_overlay_tints_each_person_in_their_colour_and_dims_the_rest():
    picture = torch.full((400, 600, 3), 0.6)
    persons = persons_from_boxes([Box(50, 100, 250, 350), Box(350, 100, 550, 350)], 400, 600)
    drawn = persons_overlay(picture, persons)
    assert drawn.shape == picture.shape
    for index, column in enumerate((150, 450)):
        expected = torch.tensor(speaker_colour(index)) / 255
        assert hue(drawn[200:300, column - 50 : column + 50]) == pytest.approx(hue(expected[None]), abs=0.02)
    assert drawn[50, 300].max() < 0.6
    assert share(drawn[200:250, 45:55], speaker_colour(0)) > 0.1  # the outline


def test_speakers_keep_their_colour_when_the_order_changes():
    picture = torch.full((400, 600, 3), 0.6)
    boxes = [Box(350, 100, 550, 350), Box(50, 100, 250, 350)]
    drawn = persons_overlay(picture, persons_from_boxes(boxes, 400, 600, order=GIVEN))
    assert hue(drawn[200:300, 400:500]) == pytest.approx(
        hue(torch.tensor(speaker_colour(0))[None] / 255), abs=0.02
    )


def test_small_pictures_are_enlarged_and_badges_stay_inside():
    picture = torch.zeros(64, 96, 3)
    boxes = [Box(0, 0, 2, 2), Box(94, 62, 96, 64)]
    drawn = persons_overlay(picture, persons_from_boxes(boxes, 64, 96))
    assert drawn.shape == (384, 576, 3)
    for index, corner in enumerate((drawn[:40, :40], drawn[-40:, -40:])):
        assert share(corner, speaker_colour(index)) > 0.15
        assert corner[2:-2, 2:-2].amax() == 1  # the badge's white ring


def test_strip_shows_the_classes_of_first_and_last_latent_frame():
    classes = torch.full((3, 4, 6), 2)
    classes[0, :, :3] = 0
    classes[-1, :, 3:] = 1
    strip = localization_strip(torch.zeros(9, 64, 96, 3), classes, ["Anna", "Ben", "background"])
    tints = [tuple(round(0.62 * level) for level in colour) for colour in class_colours(2)]
    width = strip.shape[1]
    first, last = strip[:, : width // 3], strip[:, -(width // 3) :]
    assert share(first, tints[0]) > 0.1 and share(first, tints[1]) == 0
    assert share(last, tints[1]) > 0.1 and share(last, tints[0]) == 0
    assert share(strip, tints[2]) > 0.2
    for colour in class_colours(2):
        assert share(strip[-60:], colour) > 0.001  # the legend


def test_strip_of_a_long_clip_stays_readable():
    strip = localization_strip(torch.rand(81, 32, 32, 3), torch.randint(0, 3, (21, 4, 4)))
    assert strip.shape[1] < 2400


def test_timeline_draws_each_voice_where_it_sounds():
    rate = 16000
    tracks = torch.zeros(3, 4 * rate)
    sound = torch.sin(torch.arange(2 * rate) * 0.2) * 0.5
    tracks[0, : 2 * rate] = sound
    tracks[1, 2 * rate :] = sound
    drawn = timeline_picture(tracks, rate, width=1000)
    assert drawn.shape[1] == 1000
    left, right = drawn[:, 100:480], drawn[:, 600:960]
    for index, (speaking, quiet) in enumerate(((left, right), (right, left))):
        assert share(speaking, speaker_colour(index)) > 0.1
        assert share(quiet, speaker_colour(index)) < 0.02
    assert share(drawn, LANE) > 0.2


def test_timeline_axis_counts_seconds_and_frames():
    tracks = torch.zeros(1, 16000 * 4)
    drawn = timeline_picture(tracks, 16000)
    assert not torch.equal(drawn[:40], timeline_picture(tracks, 16000, fps=50)[:40])  # frames, above
    assert torch.equal(drawn[-40:], timeline_picture(tracks, 16000, fps=50)[-40:])  # seconds, below
    minutes = timeline_picture(torch.zeros(1, 100 * 600), 100)
    assert not torch.equal(drawn[-40:], minutes[-40:])
