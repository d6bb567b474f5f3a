"""How persons listen, on films of the toy world, where it is known, and on a photograph."""

import pytest

from helpers.crossing_people import PICTURES
from helpers.talking_films import (
    FIRST,
    FRAMES,
    SECOND,
    TALKING,
    picture,
    talking_frames,
    voice,
    voices,
    write_film,
)
from multitalk_core.audio.timeline import Timeline
from multitalk_core.evaluation.evaluate import evaluate
from multitalk_core.evaluation.evaluated_film import EvaluatedFilm
from multitalk_core.media.picture import read_picture, resize_and_crop

pytestmark = pytest.mark.usefixtures("one_thread")
METRICS = ("binding", "interaction")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """The scores of films by name."""
    folder = tmp_path_factory.mktemp("films")
    silent = talking_frames(0 * FIRST, 0 * SECOND, sway=0.0)
    films = {
        "shut": talking_frames(FIRST, SECOND),
        "moving": talking_frames(TALKING, TALKING),
        "exchanged": talking_frames(SECOND, FIRST),
        "still": silent[:1].expand(FRAMES, -1, -1, -1),
    }
    scores = {}
    for name, frames in films.items():
        film = EvaluatedFilm(
            path=write_film(folder / f"{name}.mp4", frames), timeline=voices(), picture=picture()
        )
        found = evaluate([film], metrics=METRICS)
        assert not found.failed and found.films[0].drawn
        scores[name] = {score.name: score.value for score in found.scores}
    return scores


def test_a_listener_who_moves_the_mouth_scores_worse(scored):
    mouths = [scored[name]["listening mouth"] for name in ("shut", "moving", "exchanged")]
    assert mouths[0] < 0.4 and 0.8 < mouths[1] < 1.2 and mouths[2] > 2


def test_a_still_picture_has_no_movement_and_swaying_people_do(scored):
    assert "listening mouth" not in scored["still"]  # nobody's mouth moves
    assert scored["still"]["listening head"] == 0 and scored["still"]["listening eyes"] < 1e-3
    assert scored["shut"]["listening head"] > 0.02 and scored["shut"]["listening eyes"] > 0.1


def test_binding_tells_own_voices_from_exchanged_ones(scored):
    assert scored["shut"]["binding difference"] > 1 and scored["exchanged"]["binding difference"] < -1
    assert abs(scored["moving"]["binding difference"]) < 0.1
    assert scored["still"]["binding own"] == 0  # compression moves no mouth


def test_a_photograph_does_not_move_and_a_listener_is_needed(tmp_path):
    photograph = resize_and_crop(read_picture(PICTURES / "s01.jpg").movedim(-1, 0), 240, 416).movedim(0, -1)
    path = write_film(tmp_path / "still.mp4", photograph.expand(12, -1, -1, -1))
    film = EvaluatedFilm(path=path, timeline=Timeline.together([voice(TALKING), None]))
    found = evaluate([film], metrics=["interaction"], split="persons")
    assert not found.films[0].drawn and found.films[0].faceless == 0
    (measured,) = [film.interaction for film in found.films]
    assert measured.mouth is None and measured.head == 0 and measured.eyes < 1e-3
    alone = EvaluatedFilm(path=path, timeline=Timeline.together([voice(TALKING)]))
    left_out = evaluate([alone], metrics=["interaction"], split="persons")
    assert not left_out.scores and any("nobody is seen to listen" in said for said in left_out.remarks)
