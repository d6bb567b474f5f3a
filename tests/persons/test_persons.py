"""Persons: where each speaker is, from pixels to tokens."""

import json
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import resize_and_crop
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import (
    PersonOrder,
    persons_from_boxes,
    persons_from_masks,
    persons_from_parts,
)
from multitalk_core.persons.masks import Persons, check_same_size, check_speakers

GOLDEN = Path(__file__).parents[1] / "golden"
JOBS = next(c for c in json.loads((GOLDEN / "manifest.json").read_text())["cases"] if c["case"] == "masks")[
    "config"
]["jobs"]
EXPECTED = load_file(GOLDEN / "masks.safetensors")


@pytest.mark.parametrize("name", [name for name in JOBS if JOBS[name]["persons"] > 1])
def test_masks_are_the_released_ones(name):
    job = JOBS[name]
    height, width = job["source"]["height"], job["source"]["width"]
    if job["bbox"]:
        boxes = [Box(left, top, right, bottom) for top, left, bottom, right in job["bbox"].values()]
        persons = persons_from_boxes(boxes, height, width, order=PersonOrder.GIVEN)
    else:
        persons = persons_from_parts(job["persons"], height, width)
    pixels = torch.cat([persons.masks, persons.background[None]]).flatten(1).sum(dim=1)
    assert pixels.tolist() == job["pixels_set_in_source"]
    fitted = persons.fitted(*job["bucket"])
    latent = torch.cat([fitted.masks, fitted.background[None]])[:, ::8, ::8]
    assert torch.equal(latent, EXPECTED[f"{name}_latent"].bool())
    assert torch.equal(persons.token_masks(*job["bucket"]), EXPECTED[f"{name}_tokens"].float())


def test_one_part_is_one_person_and_nobody_elses():
    """The reference implementation's lone person, whose masks it does not read, without its ties."""
    persons = persons_from_parts(1, 64, 96)
    assert persons.masks.all()
    assert not persons.background.any()


sides = st.integers(20, 120)
targets = st.integers(2, 8).map(lambda tokens: 16 * tokens)
fractions = st.floats(0, 1)


def box_in(height, width, fraction):
    """A box half as large as the picture, somewhere in it."""
    left, top = round(fraction[0] * width / 2), round(fraction[1] * height / 2)
    return Box(left, top, left + width // 2, top + height // 2)


@given(sides, sides, targets, targets, st.tuples(fractions, fractions))
@settings(max_examples=60, deadline=None)
def test_masks_follow_the_very_crop_of_the_picture(source_height, source_width, height, width, fraction):
    box = box_in(source_height, source_width, fraction)
    persons = persons_from_boxes([box], source_height, source_width)
    painted = resize_and_crop(persons.masks.float(), height, width)[0]
    mask = persons.fitted(height, width).masks.float()
    # Nearest and bilinear sampling differ by half a source pixel, so only the edge may disagree.
    reach = 2 + int(max(height / source_height, width / source_width))
    near_inside = F.max_pool2d(mask[None], 2 * reach + 1, 1, reach)[0, 0] > 0
    near_outside = F.max_pool2d(1 - mask[None], 2 * reach + 1, 1, reach)[0, 0] > 0
    inner = (slice(reach, -reach), slice(reach, -reach))  # an edge may lie just outside the crop
    assert (painted[inner][~near_outside[inner]] > 0.5).all()
    assert (painted[inner][~near_inside[inner]] < 0.5).all()


@given(st.permutations(range(4)), st.lists(st.tuples(fractions, fractions), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_permuted_persons_have_permuted_token_masks(order, fractions_of_boxes):
    boxes = [box_in(90, 130, fraction) for fraction in fractions_of_boxes]
    persons = persons_from_boxes(boxes, 90, 130, order=PersonOrder.GIVEN)
    tokens = persons.token_masks(96, 128)
    assert torch.equal(persons.ordered(order).token_masks(96, 128), tokens[[*order, 4]])


def test_persons_are_ordered_left_to_right_by_default():
    right, left = Box(60, 0, 90, 50), Box(5, 10, 30, 40)
    assert persons_from_boxes([right, left], 50, 100).masks[0, 20, 10]
    assert persons_from_boxes([right, left], 50, 100, order=PersonOrder.GIVEN).masks[0, 20, 70]
    masks = persons_from_boxes([right, left], 50, 100, order=PersonOrder.GIVEN).masks.float()
    assert persons_from_masks(masks).masks[0, 20, 10]
    assert persons_from_masks(masks, order=PersonOrder.GIVEN).masks[0, 20, 70]
    with pytest.raises(MultiTalkError, match='no person order "by height"'):
        persons_from_masks(masks, order="by height")
    with pytest.raises(MultiTalkError, match="exactly once"):
        persons_from_masks(masks).ordered([0, 0])


def test_background_is_what_is_in_no_person():
    persons = persons_from_masks(halves())
    assert torch.equal(persons.background, ~persons.masks.any(dim=0))
    own = torch.zeros(20, 40)
    own[:5] = 1
    assert torch.equal(persons_from_masks(halves(), own).background, own.bool())


def test_parts_cover_the_picture_evenly():
    persons = persons_from_parts(4, 100, 400)
    assert persons.masks.flatten(1).sum(dim=1).tolist() == [90 * 90] * 4
    assert (persons.masks.sum(dim=0) <= 1).all()
    with pytest.raises(MultiTalkError, match="at least one"):
        persons_from_parts(0, 100, 100)
    with pytest.raises(MultiTalkError, match="too small for 8 persons"):
        persons_from_parts(8, 50, 6)


def halves() -> torch.Tensor:
    """Two persons of 10 columns each in a 20×40 picture."""
    masks = torch.zeros(2, 20, 40)
    masks[0, :, 2:12] = 1
    masks[1, :, 22:32] = 1
    return masks


def test_bad_masks_get_a_sentence():
    masks = halves()
    with pytest.raises(MultiTalkError, match="no person"):
        persons_from_masks([])
    with pytest.raises(MultiTalkError, match="person 2 is empty"):
        persons_from_masks([masks[0], torch.zeros(20, 40)])
    with pytest.raises(MultiTalkError, match="differ in size"):
        persons_from_masks([masks[0], torch.ones(40, 20)])
    with pytest.raises(MultiTalkError, match="differ in size"):
        persons_from_masks(masks, background=torch.ones(4, 4))
    with pytest.raises(MultiTalkError, match="shape"):
        persons_from_masks(masks[None])
    with pytest.raises(MultiTalkError, match=r"differ|marked on a 40×20 picture.*64×32"):
        check_same_size(persons_from_masks(masks), 32, 64)


def test_a_soft_mask_keeps_its_shape_and_a_faint_one_gets_a_sentence():
    masks = halves()
    soft = F.avg_pool2d(masks, 5, 1, 2) * 0.45
    assert torch.equal(persons_from_masks(soft).masks[:, 2:-2], masks[:, 2:-2].bool())
    with pytest.raises(MultiTalkError, match=r"person 1 is faint.*only 5% white"):
        persons_from_masks(masks * 0.05)


def test_a_photograph_given_as_a_mask_gets_a_sentence():
    photograph = torch.linspace(0, 1, 800).view(20, 40)
    with pytest.raises(MultiTalkError, match=r"person 1 looks like a photograph.*neither black nor white"):
        persons_from_masks([photograph])


def test_masks_may_touch_but_not_cover_each_other():
    masks = halves()
    masks[0, :, 12:23] = 1  # one column is shared
    assert persons_from_masks(masks).count == 2
    masks[0, :, 22:26] = 1
    with pytest.raises(MultiTalkError, match="persons 1 and 2 overlap by 40%"):
        persons_from_masks(masks)
    assert persons_from_masks(masks, allow_overlap=True).masks.all(dim=0).any()


@pytest.mark.parametrize(
    "box",
    [
        Box(10, 10, 10, 20),
        Box(30, 5, 10, 20),
        Box(200, 0, 300, 20),
        Box(-9, -9, -2, -2),
        Box(0, 0, float("nan"), 9),
    ],
)
def test_boxes_without_a_pixel_get_a_sentence(box):
    with pytest.raises(MultiTalkError, match="box of person 2"):
        persons_from_boxes([Box(0, 0, 9, 9), box], 50, 100)


def test_a_box_far_outside_names_both_orders():
    with pytest.raises(
        MultiTalkError, match=r"order left, .* \(in MultiTalk's own JSON top, left, bottom, right"
    ):
        persons_from_boxes([Box(50, 34, 40 * 3, 58)], 50, 100)


def test_boxes_are_cut_at_the_pictures_edge():
    persons = persons_from_boxes([Box(-10, -5, 20.9, 55)], 50, 100)
    assert persons.masks.sum() == 50 * 20


def test_a_person_without_a_token_gets_a_sentence_but_an_empty_background_passes():
    speck = torch.zeros(256, 256)
    speck[3:6, 3:6] = 1
    with pytest.raises(MultiTalkError, match="Person 1 vanishes at 64×64"):
        persons_from_masks([speck]).token_masks(64, 64)
    everyone = persons_from_masks([torch.ones(64, 64)])
    assert everyone.token_masks(64, 64)[-1].sum() == 0


def test_one_voice_for_each_person():
    persons = Persons(halves().bool(), torch.zeros(20, 40, dtype=torch.bool))
    check_speakers(persons, 2)
    with pytest.raises(MultiTalkError, match="3 voices but only 2 person"):
        check_speakers(persons, 3)
    with pytest.raises(MultiTalkError, match=r"2 persons but only 1 voice.*silent voice"):
        check_speakers(persons, 1)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("box", "read"),
    [
        (
            Box(160, 1320, 1280, 2280),
            "top 1320, right 1280, bottom 2280",
        ),  # rows first, as MultiTalk has them
        (Box(-300, 0, 400, 400), "left -300"),
        (Box(0, 0, 1e308, 400), "right 1e"),
        (Box(-1e308, -1e308, 1e308, 1e308), "left -1e"),
        (Box(0, 0, INF, 400), "right inf"),
        (Box(NAN, 0, 400, 400), "left nan"),
        (Box(0, 0, 100, 1600), "bottom 1600"),
    ],
)
def test_a_box_far_out_of_the_picture_is_reported_as_it_was_read(box, read):
    with pytest.raises(MultiTalkError, match=rf"box of person 2 .*{re.escape(read)}.* 2400×1440"):
        persons_from_boxes([Box(120, 160, 1080, 1280), box], 1440, 2400)


@pytest.mark.parametrize(
    "build",
    [
        lambda: persons_from_boxes([Box(0, 0, 9, 9)] * 9, 20, 40),
        lambda: persons_from_masks([torch.ones(4, 4)] * 9),
        lambda: persons_from_parts(9, 20, 4000),
        lambda: persons_from_parts(10**400, 20, 4000),
    ],
)
def test_more_persons_than_a_film_has(build):
    with pytest.raises(MultiTalkError, match="persons, and at most 8 in a film"):
        build()


def test_a_mask_of_an_absurd_size_is_reported():
    with pytest.raises(MultiTalkError, match="A mask is 40000×1"):
        persons_from_masks([torch.ones(1, 40_000)])
