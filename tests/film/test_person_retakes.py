"""Retakes of one person: their mouth is regenerated in finished clips; all else stays, bit for bit."""

import shutil
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor

from helpers.tiny_film import RecordingListener, TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.person_retake import RETURN_FRAMES, PersonRetake
from multitalk_core.film.spec import ClipOverride, Continuation
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import follow_video
from multitalk_core.persons.marking import persons_from_parts
from multitalk_core.persons.person_region import FoundMouth, GivenRegion

PICTURES = Path(__file__).parents[1] / "persons" / "pictures"
HEIGHT, WIDTH = 32, 48
MOUTHS = torch.zeros(HEIGHT, WIDTH)
MOUTHS[16:24, 8:16] = MOUTHS[16:24, 32:40] = 1.0
MOUTHS[16:24, 31] = 0.5
LEFT, RIGHT = MOUTHS.clone(), MOUTHS.clone()
LEFT[:, 24:], RIGHT[:, :24] = 0, 0


@pytest.fixture(scope="module")
def film(one_thread) -> TinyFilm:
    return TinyFilm(clips=4, clip_frames=13)


@pytest.fixture(scope="module")
def stored(film: TinyFilm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FinishedClip]]:
    store = tmp_path_factory.mktemp("whole")
    return store, film.make(store)[0]


@pytest.fixture
def whole(stored: tuple[Path, list[FinishedClip]]) -> list[FinishedClip]:
    return stored[1]


@pytest.fixture
def store(stored: tuple[Path, list[FinishedClip]], tmp_path: Path) -> Path:
    """A store of a test's own with the whole film."""
    return Path(shutil.copytree(stored[0], tmp_path / "store"))


def given(mask: Tensor = MOUTHS) -> GivenRegion:
    still = VideoInMemory(mask[None, ..., None].expand(-1, -1, -1, 3), Fraction(25))
    return GivenRegion(FittedVideo(still, HEIGHT, WIDTH, 25.0))


def retake(person: int, *clips: int, seed: int = 7, **own: object) -> PersonRetake:
    overrides = dict.fromkeys(clips, ClipOverride(seed=seed))
    return PersonRetake(**{"person": person, "clips": overrides, "region": given(), "identity": "mask"} | own)


def changed(clips: list[FinishedClip], before: list[FinishedClip]) -> list[Tensor]:
    """Where each clip's frames differ, [new frames, height, width]."""
    return [(clip.frames != old.frames).any(dim=-1) for clip, old in zip(clips, before, strict=True)]


def restored(clips: list[FinishedClip]) -> list[int]:
    return [clip.restored for clip in clips]


def test_one_mouth_of_one_clip_changes_and_all_else_stays_bit_for_bit(film, whole, store):
    clips, notes = film.make(store, person_retakes=[retake(1, 1)])
    assert restored(clips) == [1, 1, 1, 1] and notes == []
    first, second, *later = changed(clips, whole)
    assert not first.any() and not any(each.any() for each in later)
    assert not second[:, RIGHT == 0].any()
    assert second[0, RIGHT == 1].float().mean() > 0.5
    half = (clips[1].frames - whole[1].frames).abs()[..., 31, :].mean()
    assert 0 < half < (clips[1].frames - whole[1].frames).abs()[..., 32, :].mean()


def test_it_returns_to_the_next_clip(film, whole, store):
    """Conditioned on the old frames at its end, and mixed with them more and more."""
    clips, _ = film.make(store, person_retakes=[retake(1, 1)])
    distance = (clips[1].frames - whole[1].frames)[:, RIGHT == 1].abs().mean(dim=(1, 2))
    assert distance[-1] < 0.4 * distance[-RETURN_FRAMES]
    assert (distance[-RETURN_FRAMES:].diff() < 0).all()
    chained, _ = film.make(store, person_retakes=[retake(1, 1, 2)])
    assert not torch.equal(chained[1].frames[-1], clips[1].frames[-1])
    assert changed(chained, whole)[1][-1, RIGHT == 1].float().mean() > 0.5


def test_it_resumes_and_the_film_of_before_is_still_there(film, whole, store):
    clips, _ = film.make(store, person_retakes=[retake(1, 1, 2)])
    again, notes = film.make(store, person_retakes=[retake(1, 1, 2)])
    assert restored(again) == [1, 2, 2, 1] and notes == []
    assert all(torch.equal(one.frames, other.frames) for one, other in zip(clips, again, strict=True))
    before, notes = film.make(store)
    assert restored(before) == [1, 1, 1, 1] and notes == []
    assert not any(each.any() for each in changed(before, whole))


def test_another_seed_region_or_clip_before_is_another_retake(film, store):
    film.make(store, person_retakes=[retake(1, 2)])
    again = {"stop_after": 2}
    for other in (retake(1, 2, seed=8), retake(1, 2, identity="another mask"), retake(1, 1, 2)):
        assert restored(film.make(store, person_retakes=[other], **again)[0])[2] == 1
    clips, _ = film.make(store, person_retakes=[retake(1, 0, 2)], **again)
    assert restored(clips) == [1, 1, 2]  # two clips on it is the same as before


def test_two_persons_are_retaken_one_after_the_other(film, whole, store):
    clips, _ = film.make(store, person_retakes=[retake(0, 1), retake(1, 1, 2)])
    first, second, third, fourth = changed(clips, whole)
    assert not first.any() and not fourth.any() and not second[:, MOUTHS == 0].any()
    assert second[0, LEFT == 1].any() and second[0, RIGHT == 1].any() and not third[:, RIGHT == 0].any()


def test_a_harmed_retake_is_named_and_made_again(film, store):
    clips, _ = film.make(store, person_retakes=[retake(1, 1, 2)])
    file = max(store.glob("*/clip-0002-*"), key=lambda path: path.stat().st_mtime_ns)
    file.write_bytes(file.read_bytes()[:-9])
    again, notes = film.make(store, person_retakes=[retake(1, 1, 2)])
    assert notes == ["the retake in clip 2 is generated again: the stored clip is cut short or altered"]
    assert restored(again) == [1, 1, 1, 1]
    assert all(torch.equal(one.frames, other.frames) for one, other in zip(clips, again, strict=True))


def test_a_prompt_of_its_own_and_that_of_its_time(film, store):
    nodding = {"overrides": {1: ClipOverride(prompt="they nod")}}
    film.make(store, **nodding)
    clips, _ = film.make(store, **nodding, person_retakes=[retake(1, 1)])
    laughs = {1: ClipOverride(seed=7, prompt="he laughs")}
    other, _ = film.make(store, **nodding, person_retakes=[retake(1, 1, clips=laughs)])
    assert restored(other)[1] == 1 and not torch.equal(clips[1].frames, other[1].frames)


def test_without_a_store_frames_stay_bit_for_bit_too(film):
    spec = replace(film.spec, continuation=Continuation.INFINITETALK, stop_after=1)
    before = list(make_film(spec, film.model))
    clips = list(make_film(replace(spec, person_retakes=[retake(0, 0)]), film.model))
    first, second = changed(clips, before)
    assert not second.any() and not first[:, LEFT == 0].any() and first[1, LEFT == 1].any()


def test_a_region_that_does_not_touch_the_person(film, store):
    with pytest.raises(MultiTalkError, match="Clip 2: the region holds nothing of person 1: make it white"):
        film.make(store, person_retakes=[retake(0, 1, region=given(RIGHT))])


@dataclass
class Leaving:
    """A mouth that the second clip does not show."""

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """As in `PersonRegion`."""
        if start == 8:
            raise MultiTalkError(f"no face of person {person + 1} is seen; give a region.")
        return LEFT.repeat(len(frames), 1, 1)


def test_a_later_clip_that_does_not_show_the_mouth_stays_as_it_was(film, whole, store):
    everywhere = [retake(0, 0, 1, 2, 3, region=Leaving())]
    clips, _ = film.make(store, person_retakes=everywhere)
    assert [bool(each.any()) for each in changed(clips, whole)] == [True, False, True, True]
    again, _ = film.make(store, person_retakes=everywhere)
    assert restored(again) == [2, 1, 2, 2]
    assert not any(each.any() for each in changed(again, clips))
    with pytest.raises(MultiTalkError, match=r"^Clip 2: no face of person 1 is seen"):
        film.make(store, person_retakes=[retake(0, 1, 2, region=Leaving())])
    listener = RecordingListener()
    list(
        make_film(replace(film.spec, person_retakes=everywhere, stop_after=1), film.model, listener=listener)
    )
    assert listener.notes == ["clip 2 stays as it was: no face of person 1 is seen; give a region"]


@dataclass
class Appearing:
    """A mouth that is seen in the last frames only."""

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """As in `PersonRegion`."""
        region = LEFT.repeat(len(frames), 1, 1)
        region[:-2] = 0
        return region


def test_frames_without_the_mouth_are_counted(film):
    spec = replace(film.spec, person_retakes=[retake(0, 0, region=Appearing())], stop_after=0)
    listener = RecordingListener()
    assert len(list(make_film(spec, film.model, listener=listener))) == 1
    assert listener.notes == [
        "the mouth of person 1 is not seen in 11 of 13 new frames of clip 1: these stay as they were"
    ]


def test_the_mouth_of_a_real_face_is_found_and_followed(film):
    """A photograph of two that slides sideways, of which a corner is dubbed; then one mouth is retaken."""
    picture = read_picture(PICTURES / "s13.jpg")
    still = resize_and_crop(picture.movedim(-1, 0), HEIGHT * 2, WIDTH * 2).movedim(0, -1)
    slide = torch.stack([still.roll(2 * index, dims=1) for index in range(5)])
    video, corner = VideoInMemory(slide, Fraction(25)), torch.zeros(1, HEIGHT * 2, WIDTH * 2, 3)
    corner[:, :16, :16] = 1
    fitted = FittedVideo(video, HEIGHT * 2, WIDTH * 2, 25.0)
    region = FittedVideo(VideoInMemory(corner, Fraction(25)), HEIGHT * 2, WIDTH * 2, 25.0)
    spec = replace(
        film.spec,
        picture=still,
        masks=persons_from_parts(2, HEIGHT * 2, WIDTH * 2).token_masks(HEIGHT * 2, WIDTH * 2),
        dubbing=Dubbing(fitted, 0.5, region),
        plan=plan_clips(5, 5, 1),
    )
    before = list(make_film(spec, film.model))
    detector = FaceDetector()
    found = FoundMouth(detector, 25.0)
    clips = list(make_film(replace(spec, person_retakes=[retake(1, 0, region=found)]), film.model))
    (moved,) = changed(clips, before)
    for seen, faces in zip(moved, follow_video(detector, video).faces, strict=True):
        (column, row), size = faces[1].centre, faces[1].size
        rows, columns = seen.nonzero().T.float()
        assert len(rows) and (rows + 1 > row).all() and rows.max() < row + 1.2 * size
        assert (columns - column).abs().max() < 0.8 * size
