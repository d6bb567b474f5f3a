"""Disks that fill up or may only be read: small file systems, mounted for real. And clocks that jump."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from helpers.tiny_film import TinyFilm
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.film import FinishedClip
from multitalk_core.film.store import stored_films
from multitalk_core.media.video_writer import VideoWriter, read_video

MEGABYTE = 2**20


class Disk:
    """A file system in memory, of 4 MB."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def leave(self, size: int) -> None:
        """Fill it up, but for `size` bytes."""
        self.free()
        status = os.statvfs(self.path)
        (self.path / "filler").write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - size)))

    def free(self) -> None:
        """Make space again."""
        (self.path / "filler").unlink(missing_ok=True)

    def lock(self) -> None:
        """Nothing can be written any more, not even by root."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: that takes Linux and root")
    yield Disk(path)
    gc.collect()  # clips that lie in memory as files, held by a failure's traceback
    subprocess.run(["umount", str(path)], check=True)


@pytest.fixture(scope="module")
def film() -> Iterator[TinyFilm]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield TinyFilm(clips=4)
    torch.set_num_threads(threads)


def written(film: TinyFilm, store: Path, video: Path) -> list[FinishedClip]:
    """Make the film, store and all."""
    return film.write(store, video)[1].clips


def whole(film: TinyFilm, folder: Path) -> torch.Tensor:
    """The frames of a run that nothing disturbs."""
    return torch.cat([clip.frames for clip in film.make(folder / "undisturbed")[0]])


def test_a_store_that_fills_up_keeps_its_clips_and_goes_on(film, disk, tmp_path):
    video = tmp_path / "film.mp4"
    disk.leave(300_000)
    with pytest.raises(MultiTalkError, match=r"cannot be stored in .*or choose another store"):
        written(film, disk.path / "store", video)
    (left,) = stored_films(disk.path / "store")
    assert 0 < left.clips < 4 and not list(disk.path.rglob("*.part"))
    (beginning,) = tmp_path.glob("film*")
    assert beginning != video and len(read_video(beginning)[0]) == 9 + 4 * (left.clips - 1)
    disk.free()
    made = written(film, disk.path / "store", video)
    assert [clip.from_store for clip in made] == [True] * left.clips + [False] * (4 - left.clips)
    assert torch.equal(torch.cat([clip.frames for clip in made]), whole(film, tmp_path))
    assert len(read_video(video)[0]) == film.spec.plan.frames


def test_a_film_whose_disk_fills_up_goes_on_from_its_store(film, disk, tmp_path):
    store, video = tmp_path / "store", disk.path / "film.mp4"
    disk.leave(8192)
    with pytest.raises(MultiTalkError, match=r"film.mp4 cannot be written .*free some space"):
        written(film, store, video)
    (left,) = stored_films(store)
    assert left.clips > 0
    assert {file.name for file in disk.path.iterdir()} == {"filler"}, "no half a film"
    disk.free()
    made = written(film, store, video)
    assert sum(clip.from_store for clip in made) == left.clips
    assert torch.equal(torch.cat([clip.frames for clip in made]), whole(film, tmp_path))
    assert len(read_video(video)[0]) == film.spec.plan.frames


@pytest.fixture
def generate(capsys) -> Callable[..., str]:
    """The command, store and film in one folder by default; what it said."""
    voices = [f"{EMBEDDED}/voice_{number}.flac" for number in (1, 2)]
    people = ["--boxes", "64,56,300,400", "340,50,576,400", "--voice", voices[0], "--voice", voices[1]]
    lengths = ["--size", "48x32", "--frames", "13", "--clip-frames", "5", "--motion-frames", "1"]
    command = ["generate", "--picture", f"{EMBEDDED}/picture.png", *people, *lengths, "--steps", "1"]

    def said(store: Path, code: int, film: Path | None = None) -> str:
        arguments = ["--store", str(store / "store"), "--output", str((film or store) / "film.mp4")]
        assert main([*command, *arguments]) == code
        printed = capsys.readouterr()
        return printed.out if code == 0 else printed.out + printed.err

    return said


@pytest.mark.parametrize("space", [0, 40_000, 90_000])
def test_on_a_full_disk_the_command_ends_in_one_sentence_and_goes_on(generate, disk, space):
    disk.leave(space)
    said = generate(disk.path, code=2)
    assert said.count("Error: ") == 1 and "Traceback" not in said
    assert "free some space" in said.splitlines()[-1]
    kept = len(list(disk.path.rglob("clip-*")))
    assert not list(disk.path.rglob("*.part")) and not list(disk.path.glob("*.mp4"))
    disk.free()
    said = generate(disk.path, code=0)
    assert ("clips are stored in" if kept == 0 else f"resumes after clip {kept} of 3") in said
    assert len(read_video(disk.path / "film.mp4")[0]) == 13


def test_where_only_the_store_fills_up_the_command_leaves_the_film_so_far(generate, disk, tmp_path):
    disk.leave(60_000)
    said = generate(disk.path, code=2, film=tmp_path)
    kept = len(list(disk.path.rglob("clip-*")))
    (unfinished,) = tmp_path.glob("*.mp4")
    assert 0 < kept < 3 and len(read_video(unfinished)[0]) == 1 + 4 * kept
    assert f"are saved in {unfinished}; the same command resumes there." in " ".join(said.split())
    assert "free some space" in said.splitlines()[-1]
    disk.free()
    assert f"resumes after clip {kept} of 3" in generate(disk.path, code=0, film=tmp_path)


def test_a_folder_that_may_only_be_read(film, disk, tmp_path):
    film.make(disk.path / "store", stop_after=0)
    disk.lock()
    with pytest.raises(MultiTalkError, match=r"cannot be written to .*choose a folder that you may write to"):
        film.make(disk.path / "store")
    with (
        pytest.raises(MultiTalkError, match=r"cannot be written .*a folder that you may write to"),
        VideoWriter(disk.path / "film.mp4", 48, 32),
    ):
        pytest.fail("hours of sampling would begin here")


@pytest.mark.parametrize("moment", [0, 4_000_000_000], ids=["1970", "2096"])
def test_a_clock_that_jumps_changes_nothing(film, tmp_path, moment):
    before = torch.cat([clip.frames for clip in film.make(tmp_path, stop_after=2)[0]])
    for file in tmp_path.rglob("*"):
        os.utime(file, (moment, moment))
    clips, notes = film.make(tmp_path)
    assert [clip.from_store for clip in clips] == [True, True, True, False] and notes == []
    assert torch.equal(torch.cat([clip.frames for clip in clips[:3]]), before)
