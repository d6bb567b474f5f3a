"""Films that resume: after a stop, a broken clip, a retake; always the frames of an undisturbed run."""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers.tiny_film import TinyFilm, voices
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.spec import ClipOverride

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def film() -> Iterator[TinyFilm]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield TinyFilm(clips=4)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def stored_whole(film: TinyFilm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FinishedClip]]:
    """A store with the whole film, and its clips."""
    store = tmp_path_factory.mktemp("whole")
    return store, film.make(store)[0]


@pytest.fixture
def whole(stored_whole: tuple[Path, list[FinishedClip]]) -> list[FinishedClip]:
    return stored_whole[1]


@pytest.fixture
def store(stored_whole: tuple[Path, list[FinishedClip]], tmp_path: Path) -> Path:
    """A store of a test's own with the whole film."""
    return Path(shutil.copytree(stored_whole[0], tmp_path / "store"))


def frames(clips: list[FinishedClip]) -> torch.Tensor:
    return torch.cat([clip.frames for clip in clips])


def from_store(clips: list[FinishedClip]) -> list[bool]:
    return [clip.from_store for clip in clips]


def test_a_stopped_film_goes_on_after_its_last_whole_clip(film, whole, tmp_path):
    film.make(tmp_path, stop_after=1)
    clips, notes = film.make(tmp_path)
    assert from_store(clips) == [True, True, False, False] and notes == []
    assert torch.equal(frames(clips), frames(whole))
    assert all(torch.equal(clip.latent, other.latent) for clip, other in zip(clips, whole, strict=True))
    assert frames(clips).shape[0] == film.spec.plan.frames


def test_a_store_changes_frames_only_by_rounding(film, whole):
    alone = frames(make_film(film.spec, film.model))
    assert torch.equal((alone * 255).round() / 255, frames(whole))


@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "foreign"])
def test_a_harmed_clip_is_named_and_generated_again(film, whole, store, harm):
    _, _, third, fourth = sorted(store.glob("*/clip-*"))
    for file in store.rglob("*"):  # a clock that jumped twenty years back
        os.utime(file, (1e9, 1e9))
    content = third.read_bytes()
    if harm == "cut":
        third.write_bytes(content[: len(content) // 2])
    elif harm == "flipped":
        third.write_bytes(content[:-5000] + bytes([content[-5000] ^ 1]) + content[-4999:])
    elif harm == "gone":
        third.unlink()
    else:
        third.write_bytes(fourth.read_bytes())
    clips, notes = film.make(store)
    assert from_store(clips) == [True, True, False, False]
    reason = {
        "cut": "cut short or altered",
        "flipped": "altered",
        "gone": "missing",
        "foreign": "another clip's",
    }
    assert notes == [
        f"clip 3 and those that follow it are generated again: the stored clip is {reason[harm]}"
    ]
    assert torch.equal(frames(clips), frames(whole))
    assert all(from_store(film.make(store)[0]))


def test_a_retake_changes_its_clip_and_what_follows(film, whole, store):
    clips, notes = film.make(store, overrides={2: ClipOverride(seed=7)})
    assert from_store(clips) == [True, True, False, False]
    assert notes == ["clips from 3 on differ from the last tiny film: seed of its own changed"]
    assert torch.equal(frames(clips[:2]), frames(whole[:2]))
    assert not torch.equal(clips[2].frames, whole[2].frames)
    assert not torch.equal(clips[3].frames, whole[3].frames)
    again, _ = film.make(store, overrides={2: ClipOverride(seed=7)})
    assert all(from_store(again)) and torch.equal(frames(again), frames(clips))
    before, _ = film.make(store)
    assert all(from_store(before)) and torch.equal(frames(before), frames(whole))


def test_a_clip_with_its_own_prompt_is_generated_again(film, store):
    clips, notes = film.make(store, overrides={3: ClipOverride(prompt="they laugh")})
    assert from_store(clips) == [True, True, True, False]
    assert notes == ["clips from 4 on differ from the last tiny film: prompt of its own changed"]


@pytest.mark.parametrize(("seconds_per_piece", "there"), [(None, 0), (1.0, 3)])
def test_a_longer_film_keeps_its_clips_where_voices_are_encoded_in_pieces(
    film, tmp_path, seconds_per_piece, there
):
    short, longer = copy.copy(film), copy.copy(film)
    short_voices, longer_voices = (
        voices(seconds, seconds_per_piece=seconds_per_piece) for seconds in (8.0, 9.0)
    )
    short_plan = plan_clips(film.spec.plan.clips[2].start + 9, 9, 5)
    short.spec = replace(film.spec, plan=short_plan, conversation=short_voices)
    longer.spec = replace(film.spec, conversation=longer_voices)
    before, _ = short.make(tmp_path)
    clips, notes = longer.make(tmp_path)
    assert from_store(clips) == [True] * there + [False] * (4 - there)
    if there:
        assert notes == [] and torch.equal(frames(clips[:3]), frames(before))
    else:
        assert notes == ["clips from 1 on differ from the last tiny film: voices changed"]


def test_another_seed_is_another_film(film, whole, store):
    clips, notes = film.make(store, seed=1, stop_after=0)
    assert not any(from_store(clips)) and notes == [
        "every clip differs from the last tiny film: seed changed"
    ]
    assert not torch.equal(clips[0].frames, whole[0].frames)


@pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
def test_killed_at_any_moment_it_goes_on(tmp_path):
    options = ["--kills", "3", "--clips", "4", "--seed", "1"]
    command = [sys.executable, "-m", "tests.soak.kills", str(tmp_path), *options]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 kills" in result.stdout
