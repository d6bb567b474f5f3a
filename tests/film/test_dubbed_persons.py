"""The persons of a dubbed video are followed, clip by clip."""

from dataclasses import replace

import pytest
import torch

from helpers.crossing_people import MAN_AT, MAN_LEAVES, MAN_SPEED, WOMAN_AT, WOMAN_SPEED, crossing_people
from helpers.tiny_film import TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import ClipPlan, plan_clips
from multitalk_core.film.dubbed_persons import dub
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import make_film
from multitalk_core.film.spec import Continuation
from multitalk_core.film.store import chain
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.persons.box import Box
from multitalk_core.persons.detection import find_persons
from multitalk_core.persons.marking import persons_from_boxes
from multitalk_core.persons.masks import Persons

FPS = 25
SIZE = HEIGHT, WIDTH = 64, 160  # a token is 64 pixels of the video wide
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def video() -> FittedVideo:
    return FittedVideo(crossing_people(rate=5), *SIZE, FPS)


@pytest.fixture(scope="module")
def persons(video) -> Persons:
    return find_persons(video.video.picture())


@pytest.fixture(scope="module")
def plan() -> ClipPlan:
    return plan_clips(75, clip_frames=25, motion_frames=5)


@pytest.fixture(scope="module")
def dubbing(video, persons, plan) -> Dubbing:
    return dub(video, persons, plan, denoise=0.4)


def test_each_clip_has_the_persons_where_its_first_frame_shows_them(dubbing, plan):
    for clip in plan.clips[1:]:
        second = clip.start / FPS
        woman, man, background = dubbing.masks[clip.index].unflatten(-1, (HEIGHT // 16, WIDTH // 16))
        face = int((WOMAN_AT + WOMAN_SPEED * second) / 64)
        assert woman[1, face] and not man[1, face] and not background[1, face]
        if second > MAN_LEAVES:
            assert not man.any()
        elif second < 0.8 or second > 1.5:  # he is not behind her
            face = int((MAN_AT + MAN_SPEED * second) / 64)
            assert man[1, face] and not woman[1, face] and not background[1, face]


def test_what_became_of_whom_is_said_with_its_second_and_the_clips(dubbing):
    said = " ".join(dubbing.concerns)
    assert "Persons 1 and 2 change sides at 1.4 s." in said
    assert "Person 2 leaves the picture and is lost from 2.0 s on." in said
    assert dubbing.concerns[-1] == (
        "Person 2 is not shown where clip 4 begins, so their voice moves nobody there."
    )


def test_clips_in_a_row_are_named_as_a_range(video, persons):
    """The voices last longer than the video, whose last picture stays."""
    said = dub(video, persons, plan_clips(135, clip_frames=25, motion_frames=5), denoise=0.4).concerns
    assert said[-1].startswith("Person 2 is not shown where clips 4 to 7 begin")


def test_the_model_gets_each_clips_masks_and_they_are_part_of_its_key(video, monkeypatch):
    film, seen = TinyFilm(clips=2), []
    sample = film.model.sample
    monkeypatch.setattr(
        film.model, "sample", lambda inputs: seen.append(inputs.audio.masks) or sample(inputs)
    )
    small = FittedVideo(video.video, *film.spec.size, FPS)
    spec = replace(film.spec, dubbing=Dubbing(small, 0.4, masks={1: film.spec.masks.flip(0)}))
    list(make_film(spec, film.model))
    assert torch.equal(seen[0], spec.masks) and torch.equal(seen[1], spec.masks.flip(0))
    still = replace(spec, dubbing=Dubbing(small, 0.4))
    moving, staying = (chain(each.description(), list(each.links())) for each in (spec, still))
    assert moving[0] == staying[0] and moving[1] != staying[1]


@pytest.mark.parametrize(
    ("changes", "follows"),
    [
        ({"denoise": 0.4}, True),
        ({"denoise": 1.0}, False),  # nothing of the video is left
        ({"denoise": 1.0, "continuation": Continuation.INFINITETALK}, True),
        ({"denoise": 0.4, "localizes": False}, False),
    ],
)
def test_persons_are_followed_where_the_film_depends_on_it(video, persons, plan, changes, follows):
    short = FittedVideo(VideoInMemory(video.video.images[:2], video.video.rate), *SIZE, FPS)
    notes = []
    masks = dub(short, persons, plan, **changes, note=notes.append).masks
    assert [*masks] == ([1, 2, 3] if follows else [])
    assert notes == ["Follows the persons' faces through 2 pictures of the video."] * follows


def test_one_clip_needs_nobody_followed_but_for_the_mouths(video, persons):
    one = plan_clips(9, clip_frames=9, motion_frames=5)
    assert dub(video, persons, one, denoise=0.4) == Dubbing(video, 0.4)
    notes = []
    mouths = dub(video, persons, one, denoise=0.4, mouths=True, note=notes.append)
    assert not mouths.masks and mouths.region.frames(0, 9).shape == (9, HEIGHT, WIDTH, 3)
    assert notes == ["Follows the persons' faces through 2 pictures of the video."]  # as long as the film


def test_where_nobody_has_a_face_nobody_moves_and_nothing_is_said(video, plan):
    nobody = persons_from_boxes([Box(250, 0, 330, 40), Box(250, 200, 330, 256)], 256, 640)
    notes = []
    assert dub(video, nobody, plan, denoise=0.4, note=notes.append) == Dubbing(video, 0.4) and not notes
    with pytest.raises(MultiTalkError, match="No face of person 1 was found in the video's first picture"):
        dub(video, nobody, plan, denoise=0.4, mouths=True)
