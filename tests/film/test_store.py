"""The store: what comes back is what was stored, and what is broken is named and never comes back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.files import lock as locking
from multitalk_core.film.store import (
    BrokenClip,
    Cleared,
    StoredClip,
    chain,
    clear_film,
    clear_films,
    digest,
    open_film,
    read_clip,
    stored_films,
    survey,
    write_clip,
)

KEY = "a" * 64
LINKS = [{"clip": 0, "voices": "x"}, {"clip": 1, "voices": "y"}, {"clip": 2, "voices": "z"}]


@pytest.fixture
def notes() -> list[str]:
    """What the store reports."""
    return []


def clip_to_store(seed: int = 0) -> StoredClip:
    generator = torch.Generator().manual_seed(seed)
    return StoredClip(
        frames=torch.rand(9, 32, 48, 3, generator=generator),
        latent=torch.randn(1, 16, 3, 4, 6, generator=generator),
        motion=torch.randn(1, 3, 5, 32, 48, generator=generator),
        noise=generator.get_state(),
        located={"labels": torch.rand(3, 2, 3, generator=generator)},
    )


def same(one: StoredClip, other: StoredClip) -> bool:
    tensors = [{**vars(clip), **clip.located} for clip in (one, other)]
    return all(
        torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items() if name != "located"
    )


def test_a_stored_clip_comes_back_bitwise(tmp_path):
    path = tmp_path / "clip.safetensors"
    original = clip_to_store()
    stored = write_clip(path, KEY, original)
    read = read_clip(path, KEY)
    assert same(read, stored)
    assert torch.equal(read.motion, original.motion) and torch.equal(read.latent, original.latent)
    assert (read.frames - original.frames).abs().max() <= 0.5 / 255 + 1e-6
    assert [file.name for file in tmp_path.iterdir()] == ["clip.safetensors"]


def test_a_stored_clip_of_a_film_of_one_clip_has_no_motion_frames(tmp_path):
    path = tmp_path / "clip.safetensors"
    stored = write_clip(
        path,
        KEY,
        StoredClip(
            *[*vars(clip_to_store()).values()][:2], torch.zeros(1, 3, 0, 32, 48), clip_to_store().noise
        ),
    )
    assert same(read_clip(path, KEY), stored)


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "clip.safetensors"
    stored = write_clip(path, KEY, clip_to_store())
    content = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    header = 8 + int.from_bytes(content[:8], "little")
    places = [*range(0, header, 7), *torch.randint(header, len(content), (60,), generator=generator).tolist()]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(torch.randint(8, (1,), generator=generator))
        path.write_bytes(flipped)
        try:
            read = read_clip(path, KEY)
        except BrokenClip:
            continue
        assert same(read, stored), f"byte {place} of {len(content)}"


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.999])
def test_a_stored_clip_cut_short_is_noticed(tmp_path, share):
    path = tmp_path / "clip.safetensors"
    write_clip(path, KEY, clip_to_store())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BrokenClip, match="cut short or altered"):
        read_clip(path, KEY)


def test_a_stored_clip_of_another_clip_is_noticed(tmp_path):
    path = tmp_path / "clip.safetensors"
    write_clip(path, KEY, clip_to_store())
    with pytest.raises(BrokenClip, match="another clip's"):
        read_clip(path, "b" * 64)


def test_keys_depend_on_all_that_came_before():
    keys = chain({"seed": 1}, LINKS)
    assert len(set(keys)) == 3
    assert chain({"seed": 1}, LINKS[:2]) == keys[:2]
    changed = chain({"seed": 1}, [LINKS[0], {**LINKS[1], "voices": "other"}, LINKS[2]])
    assert changed[0] == keys[0] and changed[1] != keys[1] and changed[2] != keys[2]
    assert not set(chain({"seed": 2}, LINKS)) & set(keys)
    assert digest(torch.zeros(2, 3)) != digest(torch.zeros(3, 2)) != digest(torch.zeros(3, 2).double())


def test_clips_after_a_broken_one_are_generated_again_and_named(tmp_path, notes):
    with open_film(tmp_path, "film.mp4", {"seed": 1}, links=LINKS) as stored:
        for clip in range(3):
            assert stored.read(clip) is None
            stored.write(clip, clip_to_store(clip))
        broken = stored.path(1)
    content = bytearray(broken.read_bytes())
    content[-1000] ^= 4
    broken.write_bytes(content)
    with open_film(tmp_path, "film.mp4", {"seed": 1}, links=LINKS, note=notes.append) as stored:
        assert stored.read(0) is not None
        assert stored.read(1) is None and stored.read(2) is None
        assert notes == ["clip 2 and those that follow it are generated again: the stored clip is altered"]
        stored.write(1, clip_to_store(1))
    notes.clear()
    with open_film(tmp_path, "film.mp4", {"seed": 1}, links=LINKS, note=notes.append) as stored:
        assert all(stored.read(clip) is not None for clip in range(3)) and notes == []


def test_what_changed_is_named(tmp_path, notes):
    with open_film(tmp_path, "film.mp4", {"seed": 1, "prompt": "a"}, links=LINKS) as stored:
        stored.write(0, clip_to_store())
    with open_film(tmp_path, "film.mp4", {"seed": 1, "prompt": "b"}, links=LINKS, note=notes.append):
        assert notes == ["every clip differs from the last film.mp4: prompt changed"]
    notes.clear()
    tail = [*LINKS[:2], {"clip": 2, "voices": "other"}]
    with open_film(tmp_path, "film.mp4", {"seed": 1, "prompt": "a"}, links=tail, note=notes.append) as stored:
        assert notes == ["clips from 3 on differ from the last film.mp4: voices changed"]
        assert stored.read(0) is not None


HOLD = """
import sys
from pathlib import Path
from multitalk_core.film.store import open_film
with open_film(Path(sys.argv[1]), "film", {"seed": 1}, links=[{"clip": 0}]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_runs_at_once_and_the_lock_of_a_killed_one(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(MultiTalkError, match=f"Process {other.pid} is making the same film"),
            open_film(tmp_path, "film", {"seed": 1}, links=[{"clip": 0}]),
        ):
            pytest.fail("both would write the same clips")
        cleared = clear_films(tmp_path)
        assert cleared.films == [] and f"stays: process {other.pid} is making it" in cleared.stay[0]
        other.kill()
    with open_film(tmp_path, "film", {"seed": 1}, links=[{"clip": 0}]) as stored:
        stored.write(0, clip_to_store())


@pytest.mark.skipif(sys.platform == "win32", reason="removes no open file")
def test_a_lock_that_was_removed_before_it_was_taken_is_taken_again(tmp_path, monkeypatch):
    lock = tmp_path / "lock"
    take = locking._take

    def removed_just_before(descriptor: int) -> bool:
        monkeypatch.setattr(locking, "_take", take)
        lock.unlink()
        return take(descriptor)

    monkeypatch.setattr(locking, "_take", removed_just_before)
    with locking.locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n"
        with pytest.raises(locking.Locked, match=str(os.getpid())), locking.locked(lock):
            pytest.fail("two would hold it")


def test_the_least_recently_used_films_go_first_whatever_the_clock_says(tmp_path, notes):
    for seed in (1, 2, 3, 1):
        with open_film(tmp_path, f"film {seed}", {"seed": seed}, links=LINKS) as stored:
            stored.write(0, clip_to_store(seed))
        for file in stored.folder.iterdir():  # a clock that runs backwards
            os.utime(file, (2_000_000_000 - seed, 2_000_000_000 - 10 * seed))
    films = stored_films(tmp_path)
    assert [film.title for film in films] == ["film 1", "film 3", "film 2"]
    assert all((film.clips, film.planned) == (1, 3) and film.size > 30_000 for film in films)
    room = films[0].size + films[1].size + 1000  # and the manifest of a fourth
    with open_film(tmp_path, "film 4", {"seed": 4}, links=LINKS, limit=room, note=notes.append) as stored:
        assert [film.title for film in stored_films(tmp_path)] == ["film 4", "film 1", "film 3"]
        assert notes[0].startswith('the film "film 2" was cleared, 1 clips of 0.0')
        stored.write(0, clip_to_store())
        assert [film.title for film in stored_films(tmp_path)] == ["film 4", "film 1"]
        assert len(notes) == 2 and '"film 3" was cleared' in notes[1]
    with open_film(tmp_path, "film 4", {"seed": 4}, links=LINKS, limit=0) as stored:
        assert [film.title for film in stored_films(tmp_path)] == ["film 4"] and stored.clips_on_disk == 1
    assert len(clear_films(tmp_path).films) == 1 and list(tmp_path.iterdir()) == []


def test_a_film_made_again_or_just_now_stays_and_its_bytes_count(tmp_path, notes):
    def make(seed: int) -> None:
        with open_film(tmp_path, f"film {seed}", {"seed": seed}, links=LINKS) as other:
            other.write(0, clip_to_store(seed))

    def titles() -> list[str]:
        return [film.title for film in stored_films(tmp_path)]

    for seed in (1, 2, 3):
        make(seed)
    (before,) = (film for film in stored_films(tmp_path) if film.title == "film 1")
    with (
        open_film(tmp_path, "film 0", {"seed": 0}, links=LINKS) as busy,
        open_film(tmp_path, "film 4", {"seed": 4}, links=LINKS, note=notes.append) as stored,
    ):
        busy.write(0, clip_to_store())
        make(1)
        with pytest.raises(MultiTalkError, match="stays: it was made again meanwhile"):
            clear_film(before)
        stored.limit = sum(film.size for film in stored_films(tmp_path)) + 1000
        stored.write(0, clip_to_store(4))
        assert titles() == ["film 1", "film 4", "film 0", "film 3"], "film 1 is the newest by now"
        stored.limit = 0
        stored.write(1, clip_to_store(5))
        stored.write(2, clip_to_store(6))
        assert titles() == ["film 4", "film 0"]
        (once,) = (note for note in notes if "stays" in note)
        assert once.endswith(f"stays: process {os.getpid()} is making it.")


@pytest.mark.parametrize("left", [[], ["lock"], ["lock", ".film.json.0123abcd.part"]])
def test_a_folder_that_a_killed_run_left_is_not_listed_and_goes_with_the_films(tmp_path, left):
    folder = tmp_path / "0123456789abcdef"
    folder.mkdir()
    for name in left:
        (folder / name).touch()
    assert survey(tmp_path).ignored == [] and folder.exists()
    assert clear_films(tmp_path) == Cleared() and not folder.exists()


def test_what_a_killed_run_left_half_written_is_cleared(tmp_path, notes):
    with open_film(tmp_path, "film", {"seed": 1}, links=LINKS) as stored:
        half = stored.path(0).with_name(f".{stored.path(0).name}.0123abcd.part")
        half.write_bytes(b"half")
        (stored.folder / "film.json").unlink()
    with open_film(tmp_path, "film", {"seed": 1}, links=LINKS, note=notes.append):
        assert not half.exists() and notes == []


@pytest.mark.parametrize("name", ["latent", "motion", "similarity"])
def test_a_stored_clip_that_is_not_finite_is_not_served(tmp_path, name):
    original = clip_to_store()
    tensors = original.located if name == "similarity" else vars(original)
    tensors[name] = torch.tensor([1.0, float("nan")])
    write_clip(tmp_path / "clip.safetensors", KEY, original)
    with pytest.raises(BrokenClip, match="not finite"):
        read_clip(tmp_path / "clip.safetensors", KEY)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc cannot be written to, not even by root")
def test_a_folder_that_cannot_be_written_to():
    with (
        pytest.raises(MultiTalkError, match="cannot be written to"),
        open_film(Path("/proc/films"), "film", {"seed": 1}, links=LINKS),
    ):
        pytest.fail("nothing could be stored")


FULL_DISK = """
import resource, sys
from pathlib import Path
import torch
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.store import StoredClip, open_film

resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
small, large = (torch.rand(9, side, side, 3) for side in (32, 256))
with open_film(Path(sys.argv[1]), "film", {"seed": 1}, links=[{"clip": 0}, {"clip": 1}]) as stored:
    stored.write(0, StoredClip(small, small + 0, small + 1, torch.zeros(9).byte()))
    try:
        stored.write(1, StoredClip(large, large + 0, large + 1, torch.zeros(9).byte()))
    except MultiTalkError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Clip 2 cannot be stored" in result.stdout and "1 clips are stored" in result.stdout
    assert not list(tmp_path.glob("*/*.part"))
    with open_film(tmp_path, "film", {"seed": 1}, links=[{"clip": 0}, {"clip": 1}]) as stored:
        assert stored.read(0) is not None and stored.read(1) is None
