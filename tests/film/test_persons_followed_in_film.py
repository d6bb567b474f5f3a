"""The persons of a film in the making are followed to the start of each clip."""

from dataclasses import replace

import pytest
import torch

from helpers.crossing_people import MAN_AT, MAN_LEAVES, MAN_SPEED, WOMAN_AT, WOMAN_SPEED, crossing_people
from helpers.tiny_film import TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import make_film
from multitalk_core.film.film_listener import SilentListener
from multitalk_core.film.followed_persons import FollowedPersons, check_following
from multitalk_core.film.spec import Continuation
from multitalk_core.persons.detection import find_persons
from multitalk_core.persons.face_detector import WEIGHTS

SIZE = HEIGHT, WIDTH = 256, 640
pytestmark = pytest.mark.usefixtures("one_thread")


class Notes(SilentListener):
    """A listener that keeps the sentences."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def note(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture(scope="module")
def film():
    """A film's spec, and its frames: a woman and a man who cross, and he leaves."""
    shown = crossing_people(rate=25)
    frames, persons = shown.images, find_persons(shown.picture())
    tiny = TinyFilm(2)
    spec = replace(
        tiny.spec,
        picture=frames[0],
        masks=persons.token_masks(*SIZE),
        plan=plan_clips(75, clip_frames=25, motion_frames=5),
        face_model=WEIGHTS,
    )
    return spec, frames


def test_each_clip_has_the_persons_where_its_first_frame_shows_them(film):
    spec, frames = film
    notes = Notes()
    following = FollowedPersons(spec, notes)
    assert torch.equal(following.masks, spec.masks)
    for clip, later in zip(spec.plan.clips, spec.plan.clips[1:], strict=False):
        new = clip.start + clip.motion_frames
        following.follow(clip, frames[new : clip.start + clip.frames])
        second = later.start / 25
        woman, man, background = following.masks.unflatten(-1, (HEIGHT // 16, WIDTH // 16))
        face = int((WOMAN_AT + WOMAN_SPEED * second) / 16)
        assert woman[6, face] and not man[6, face] and not background[6, face]
        if second < 0.8 or 1.5 < second < MAN_LEAVES:  # he is not behind her
            face = int((MAN_AT + MAN_SPEED * second) / 16)
            assert man[6, face] and not woman[6, face]
    assert notes.sentences == ["Persons 1 and 2 change sides at 1.2 s."]


def test_who_leaves_is_reported_once(film):
    """The man is gone for the last clips."""
    spec, _ = film
    shown = crossing_people(rate=10).images
    frames = torch.cat([shown, shown[-1:].expand(14, -1, -1, -1)])
    plan = plan_clips(len(frames), clip_frames=9, motion_frames=1)
    spec = replace(spec, plan=plan, conversation=replace(spec.conversation, fps=10.0))
    notes = Notes()
    following = FollowedPersons(spec, notes)
    for clip in plan.clips[:-1]:
        following.follow(clip, frames[clip.start + clip.motion_frames :][: clip.new_frames])
    assert notes.sentences == [
        "Person 2 is lost from 0.8 s to 1.4 s.",
        "Persons 1 and 2 change sides at 1.4 s.",
        "Person 2 leaves the picture and is lost from 2.1 s on.",
        "Person 2 is not shown where clip 5 begins, so their voice moves nobody until a clip begins with "
        "them again.",
    ]


def test_a_person_without_a_face_is_reported_and_so_is_a_film_without_faces(film):
    spec, _ = film
    woman, man, background = spec.masks
    for masks, sentences in (
        (
            [background, woman, man],
            ["Person 1 has no face in the picture, so their mask stays where it is there."],
        ),
        (
            [background, woman + man],
            ["No person has a face in the picture, so nobody is followed: their masks stay where they are."],
        ),
    ):
        notes = Notes()
        FollowedPersons(replace(spec, masks=torch.stack(masks)), notes)
        assert notes.sentences == sentences


def test_following_can_be_interrupted_in_the_middle_of_a_clip(film):
    spec, frames = film
    seen = []

    def interrupted() -> None:
        seen.append(None)
        if len(seen) == 3:
            raise KeyboardInterrupt

    following = FollowedPersons(spec, SilentListener(), interrupted)
    with pytest.raises(KeyboardInterrupt):
        following.follow(spec.plan.clips[0], frames[:25])
    assert torch.equal(following.masks, spec.masks)


def test_a_film_uses_them_and_without_faces_persons_stay_where_the_picture_shows_them(monkeypatch):
    tiny, seen = TinyFilm(2), []
    sample = tiny.model.sample
    monkeypatch.setattr(tiny.model, "sample", lambda given: seen.append(given.audio.masks) or sample(given))
    plain = [clip.frames for clip in make_film(tiny.spec, tiny.model)]
    followed = [clip.frames for clip in make_film(replace(tiny.spec, face_model=WEIGHTS), tiny.model)]
    assert all(torch.equal(one, other) for one, other in zip(plain, followed, strict=True))
    assert len(seen) == 4 and all(torch.equal(masks, tiny.spec.masks) for masks in seen)
    assert replace(tiny.spec, face_model=WEIGHTS).description() != tiny.spec.description()


@pytest.mark.parametrize(
    ("continuation", "dubbed", "reason"),
    [
        (Continuation.MULTITALK, True, "without being asked"),
        (Continuation.INFINITETALK, False, "choose the continuation multitalk"),
    ],
)
def test_following_that_changes_nothing_is_refused(continuation, dubbed, reason):
    with pytest.raises(MultiTalkError, match=reason):
        check_following(continuation, dubbed=dubbed)
    check_following(Continuation.MULTITALK, dubbed=False)
