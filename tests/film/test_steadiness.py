"""What a film's summary says of its steadiness, and what it is measured against."""

from dataclasses import dataclass

import torch

from multitalk_core.film.clips import Clip
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import FinishedClip
from multitalk_core.film.steadiness import Steadiness, colour_goal

GREY = torch.full((8, 8, 3), 0.5)


def film_of(*brighter: float) -> Steadiness:
    """Clips of four frames, each so much brighter than the picture."""
    film = Steadiness()
    for more in brighter:
        film.append((GREY + more).expand(4, -1, -1, -1), GREY[None])
    return film


def test_the_summary_names_the_clip_that_drifts_and_the_jump_between_clips():
    told = film_of(0.0, 0.1).told(dubbed=False)
    assert told["drift"] == (
        "9.8 in clip 2, of the mean colour from the picture's in CIE Lab; about 2 can just be seen"
    )
    assert told["seams"] == (
        "a frame changes by 25.5 of 255 levels at most from one clip to the next, by 0.0 inside clips"
    )


def test_one_clip_has_no_seams_and_a_dubbed_film_is_measured_against_its_video():
    told = film_of(0.0).told(dubbed=True)
    assert set(told) == {"drift"} and "from the video's" in told["drift"]


@dataclass
class Brightening:
    """A video, each frame a level brighter than the one before."""

    def frames(self, start: int, count: int) -> torch.Tensor:
        return torch.arange(start, start + count).view(-1, 1, 1, 1).expand(-1, *GREY.shape) / 255


def test_a_clips_goal_is_the_picture_or_the_frames_of_the_video_under_it():
    frames = torch.zeros(6, *GREY.shape)
    finished = FinishedClip(Clip(1, 8, 9, 1, 6), frames, torch.empty(0))
    assert torch.equal(colour_goal(finished, GREY, None), GREY[None])
    goal = colour_goal(finished, GREY, Dubbing(Brightening(), 0.4))
    assert [round(255 * float(frame.mean())) for frame in goal] == [9, 10, 11, 12, 13, 14]
