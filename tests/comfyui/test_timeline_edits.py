"""The demo's film after its turns were trimmed, split, muted and undone on the timeline: `make soak`."""

import numpy as np
import pytest
import torch
from comfy_page import BARS, FIT, click_run, complaints
from PIL import Image
from test_browser import load
from test_while_it_runs import FILM, FRAMES, PREPARE, WATCH
from timeline_page import LANES, OPTIONS, point, rows, undo

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.evaluation.film_score import measure_film
from multitalk_core.media.video_writer import read_video

pytestmark = pytest.mark.soak
TURNS = "speaker,start,end,voice_of,voice_start\n# 1,0,1.16,,0\n2,0,1.16,,1.4"
STARTS, ENDS = 0.4, 0.88  # seconds: what is left of the turn


def test_the_film_is_that_of_the_edited_turns(page, server, nodes_2):
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(FILM + "film.pos = [film.pos[0], 2000];")  # not over the wide encoder
    page.evaluate(PREPARE, turns=TURNS, frames=FRAMES, seed=920 + nodes_2)
    page.wait_for(f"{OPTIONS}.length === 2 && {LANES}.getBoundingClientRect().width > 200")
    edit(page)
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for("window.finished !== null && window.saved", 300)
    assert page.evaluate("return finished") == "" and complaints(page) == []
    check(server.path(page.evaluate("return saved")))


def edit(page) -> None:
    """Trim the end, split, mute the first part; the mute of the second is taken back."""
    longest = 1.16
    page.drag(*(point(page, 2, second, longest=longest) for second in (1.155, 1.0, ENDS)))
    assert rows(page)[1] == f"2,0,{ENDS},,1.4"
    page.drag(point(page, 2, STARTS, longest=longest))  # the play head
    page.press("s")
    first, second = f"2,0,{STARTS},,1.4", f"2,{STARTS},{ENDS},,1.8"
    assert rows(page)[1:] == [first, second]
    page.drag(point(page, 2, 0.2, longest=longest))
    page.press("m")
    page.drag(point(page, 2, 0.6, longest=longest))
    page.press("m")
    assert rows(page)[1:] == [f"# {first}", f"# {second}"]
    undo(page, "table")
    assert rows(page)[1:] == [f"# {first}", second]


def check(film) -> None:
    """The mouth of speaker 2 is open, and the voice is heard, in what is left of the turn."""
    frames, fps, sound = read_video(film)
    assert len(frames) == FRAMES
    with Image.open(EMBEDDED / "picture.png") as picture:
        source = torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32) / 255)
    silence = np.zeros(round(FRAMES / fps * 16000), np.float32)
    mouth = measure_film(frames, source, [silence, silence], fps=fps).openness[1]
    starts, ends = round(STARTS * fps), round(ENDS * fps)
    before, spoken, after = mouth[2 : starts - 1], mouth[starts + 2 : ends], mouth[ends + 3 :]
    assert spoken.mean() > 2 * before.mean() and spoken.mean() > 1.5 * after.mean(), mouth
    loudness, edge = np.abs(sound.samples).max(axis=0), sound.rate // 20
    starts, ends = round(STARTS * sound.rate), round(ENDS * sound.rate)
    quiet = max(loudness[: starts - edge].max(), loudness[ends + edge :].max())
    assert loudness[starts:ends].max() > 0.05 > 5 * quiet
