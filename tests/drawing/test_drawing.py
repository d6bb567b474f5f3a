"""Drawings: what a user reads off them."""

import colorsys
from itertools import combinations

import pytest
import torch

from multitalk_core.drawing.drift import SEAM, drift_picture
from multitalk_core.drawing.lanes import AXIS, LANE_GAP, LANE_HEIGHT, LEFT, RIGHT
from multitalk_core.drawing.mouth_lanes import frames_with_mouths, mouths_picture
from multitalk_core.drawing.overlay import persons_overlay
from multitalk_core.drawing.palette import BACKGROUND, LANE, SPEAKERS, TEXT, class_colours, speaker_colour
from multitalk_core.drawing.strip import localization_strip
from multitalk_core.drawing.timeline_picture import timeline_picture
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes, persons_from_masks
from multitalk_core.persons.masks import Finding


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


def test_overlay_writes_how_certain_a_found_person_is():
    picture = torch.full((400, 600, 3), 0.3)
    mask = torch.zeros(400, 600, dtype=torch.bool)
    mask[100:, 200:400] = True
    by_hand = persons_overlay(picture, persons_from_masks([mask]))
    found = persons_overlay(picture, persons_from_masks([mask], findings=[Finding(None, 0.74)]))
    below_the_badge = (slice(115, 160), slice(270, 330))
    assert (found != by_hand)[below_the_badge].any() and found[below_the_badge].amin(dim=-1).max() > 0.95
    assert torch.equal(found[200:], by_hand[200:])


def test_overlay_darkens_what_the_film_cuts_off():
    picture = torch.full((800, 400, 3), 0.6)
    persons = persons_from_boxes([Box(100, 50, 300, 700)], 800, 400)
    drawn = persons_overlay(picture, persons, film_size=(320, 480))
    assert drawn[300:520, :90].min() > 0.3 and drawn[540:, :90].max() < 0.1
    assert drawn[266:268].min() > 0.99  # the line along the cut
    whole = persons_overlay(picture, persons)
    assert torch.equal(persons_overlay(picture, persons, film_size=(160, 80)), whole)


def test_speakers_keep_their_colour_when_the_order_changes():
    picture = torch.full((400, 600, 3), 0.6)
    boxes = [Box(350, 100, 550, 350), Box(50, 100, 250, 350)]
    drawn = persons_overlay(picture, persons_from_boxes(boxes, 400, 600, order=PersonOrder.GIVEN))
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
    strip = localization_strip(torch.zeros(9, 64, 96, 3), classes, 2)
    tints = [tuple(round(0.62 * level) for level in colour) for colour in class_colours(2)]
    width = strip.shape[1]
    first, last = strip[:, : width // 3], strip[:, -(width // 3) :]
    assert share(first, tints[0]) > 0.1 and share(first, tints[1]) == 0
    assert share(last, tints[1]) > 0.1 and share(last, tints[0]) == 0
    assert share(strip, tints[2]) > 0.2
    for colour in class_colours(2):
        assert share(strip[-60:], colour) > 0.001  # the legend


@pytest.mark.parametrize("persons", [2, 5])
def test_strip_of_a_short_film_is_as_wide_as_its_legend(persons):
    strip = localization_strip(torch.zeros(5, 96, 64, 3), torch.full((1, 6, 4), persons), persons)
    legend, edge = strip[-60:], strip[-60:, -4:]
    assert share(legend[:, -200:], TEXT) > 0.001  # the last name
    assert share(edge, TEXT) == 0


def test_strip_of_a_long_clip_stays_readable():
    strip = localization_strip(torch.rand(81, 32, 32, 3), torch.randint(0, 3, (21, 4, 4)), 2)
    assert strip.shape[1] < 1400  # a node shows it some 400 pixels wide


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


def talking(frames=50):
    """Two voices that take turns, [speakers, frames]."""
    loudness = torch.zeros(2, frames)
    loudness[0, : frames // 2] = loudness[1, frames // 2 :] = 0.1
    return loudness


def test_mouths_are_drawn_over_their_voices():
    loudness = talking()
    drawn = mouths_picture(0.1 + loudness, loudness)
    assert drawn.shape[1] == 1280
    lanes = drawn[40:132], drawn[142:234]
    for lane, speaks, quiet in zip(lanes, ((100, 580), (620, 1100)), ((620, 1100), (100, 580)), strict=True):
        assert share(lane[:, slice(*quiet)], LANE) > 0.8 > 0.3 > share(lane[:, slice(*speaks)], LANE)
        # The mouth's line runs at the top while the voice sounds, and at the bottom while it does not.
        assert (
            share(lane[:20, slice(*speaks)], TEXT) > 0.05 and share(lane[-20:, slice(*speaks)], TEXT) < 0.02
        )
        assert share(lane[-20:, slice(*quiet)], TEXT) > 0.05 and share(lane[:20, slice(*quiet)], TEXT) < 0.02


def test_the_correlations_beside_the_lanes_tell_whose_voice_a_mouth_follows():
    loudness = talking()
    bound, swapped = mouths_picture(loudness, loudness), mouths_picture(loudness.flip(0), loudness)
    beside = slice(1140, None)
    assert not torch.equal(bound[40:132, beside], swapped[40:132, beside])
    assert torch.equal(bound[40:50, beside], swapped[40:50, beside])
    for speaker in range(2):
        assert share(bound[40:132, beside], speaker_colour(speaker)) > 0.005
    assert mouths_picture(torch.zeros(2, 50), loudness).isfinite().all()  # mouths that never move


def test_a_film_above_its_mouths_is_enlarged_and_its_cursor_moves():
    loudness = talking()
    frames = torch.full((50, 64, 96, 3), 0.5)
    shown = torch.stack(list(frames_with_mouths(frames, loudness, loudness, columns=(0.3, 0.7))))
    assert shown.shape[2] >= 640 and shown.shape[1] % 16 == shown.shape[2] % 16 == 0
    height = shown.shape[2] * 64 // 96
    assert share(shown[0, : height - 50], (128, 128, 128)) == 1
    for speaker, column in enumerate((0.3, 0.7)):
        middle = round(column * shown.shape[2])
        badge = shown[0, height - 50 : height, middle - 20 : middle + 20]
        assert share(badge, speaker_colour(speaker)) > 0.1
    lane = shown[:, height + 42 : height + 130]
    cursors = [(frame - torch.tensor(TEXT) / 255).abs().amax((0, 2)).argmin() for frame in lane]
    assert (torch.tensor(cursors).diff() >= 0).all() and cursors[-1] - cursors[0] > 400


def test_a_large_film_is_not_enlarged():
    loudness = talking(2)
    shown = next(frames_with_mouths(torch.zeros(2, 480, 832, 3), loudness, loudness, columns=(0.3, 0.7)))
    assert shown.shape[1] == 832


def test_drift_is_drawn_where_it_is_with_the_clips_borders():
    drift, change = torch.zeros(100, 3), torch.ones(100)
    drift[50:, 0], drift[50:, 1] = 8.0, 6.0
    drawn = drift_picture(drift, change, [0, 25, 75], width=1000)
    assert drawn.shape[1] == 1000

    def rows_of_line(columns: slice, lane: int) -> float:
        top = AXIS + lane * (LANE_HEIGHT + LANE_GAP)
        bright = (drawn[top : top + LANE_HEIGHT, columns] - torch.tensor(TEXT) / 255).abs().amax(-1) < 0.1
        return float(bright.nonzero()[:, 0].float().mean()) / LANE_HEIGHT

    left, right = slice(120, 260), slice(600, 700)
    assert abs(rows_of_line(left, 0) - 0.5) < 0.05 and rows_of_line(right, 0) < 0.2, "brighter is above"
    assert rows_of_line(left, 1) > 0.9 and rows_of_line(right, 1) < 0.2
    seams = (drawn[AXIS + 40] - torch.tensor(SEAM) / 255).abs().amax(-1) < 0.3
    borders = (seams.nonzero()[:, 0] - LEFT) / (1000 - LEFT - RIGHT)
    assert set((100 * borders).round().tolist()) == {25, 75}
    assert not torch.equal(drawn[:40], drift_picture(drift, change, [0], fps=50)[:40, :1000])
