"""What a film's summary says of its steadiness."""

import torch

from multitalk_core.film.steadiness import Steadiness

GREY = torch.full((8, 8, 3), 0.5)


def film_of(*brighter: float) -> Steadiness:
    """Clips of four frames, each so much brighter than the picture."""
    film = Steadiness()
    for more in brighter:
        film.append((GREY + more).expand(4, -1, -1, -1), GREY[None])
    return film


def test_the_summary_names_the_clip_that_drifts_and_the_jump_between_clips():
    reported = film_of(0.0, 0.1).report(dubbed=False)
    assert reported["drift"] == (
        "9.8 in clip 2, of the mean colour from the picture's in CIE Lab; about 2 is just visible"
    )
    assert reported["seams"] == (
        "a frame changes by at most 25.5 of 255 levels from one clip to the next, and by 0.0 inside clips"
    )


def test_one_clip_has_no_seams_and_a_dubbed_film_is_measured_against_its_video():
    reported = film_of(0.0).report(dubbed=True)
    assert set(reported) == {"drift"} and "from the video's" in reported["drift"]
