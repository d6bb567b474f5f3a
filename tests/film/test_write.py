"""A written film: whole, ended early, or given up; and what is left on disk each time."""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
import torch
from torch import Tensor

from helpers.signing_keys import write_keys
from helpers.tiny_film import RecordingListener, TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clip_inputs import ClipInputs
from multitalk_core.film.film import FinishedClip
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import ClipOverride, RecordedStep
from multitalk_core.film.write import write_film
from multitalk_core.guards.stopping import stoppable
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.video_writer import read_video
from multitalk_core.origin.film_mark import FilmMark
from multitalk_core.origin.signing_identity import read_identity


@pytest.fixture(scope="module")
def film() -> Iterator[TinyFilm]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield TinyFilm(clips=3)
    torch.set_num_threads(threads)


class Failing:
    """The film's model, until it has to sample a clip that it fails at."""

    def __init__(self, film: TinyFilm, clip: int, error: BaseException) -> None:
        self.encode, self.decode = film.model.encode, film.model.decode
        self.film, self.clip, self.error = film, clip, error

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent, or the error."""
        if inputs.clip.index == self.clip:
            raise self.error
        return self.film.model.sample(inputs)


def test_the_result_tells_what_was_written(film, tmp_path):
    listener = RecordingListener()
    result = write_film(
        film.stored(tmp_path / "store", recorded=RecordedStep(block=3, step=0)),
        film.model,
        tmp_path / "film.mp4",
        listener=listener,
        in_memory=True,
    )
    assert (result.path, result.frames, result.clips) == (tmp_path / "film.mp4", 17, 3)
    assert result.ended is None and sorted(result.records) == [0, 1, 2]
    assert (
        result.steadiness.starts
        == [0, 9, 13]
        == [clip.clip.start + clip.clip.motion_frames for clip in listener.clips]
    )
    assert torch.equal(result.images, torch.cat([clip.frames for clip in listener.clips]))
    assert (read_video(result.path)[0] - result.images).abs().mean() < 0.06  # noise, through H.264
    assert listener.notes == [f"clips are stored in {next((tmp_path / 'store').iterdir())}"]
    assert write_film(film.spec, film.model, tmp_path / "other.mp4").images is None


@pytest.mark.parametrize("error", [KeyError("a bug"), KeyboardInterrupt(), SystemExit()])
def test_what_ends_a_film_is_in_the_result_and_its_whole_clips_are_a_video(film, tmp_path, error):
    result = write_film(film.spec, Failing(film, 1, error), tmp_path / "film.mp4")
    assert result.ended is error
    assert (result.frames, result.clips) == (9, 1)
    assert result.path == tmp_path / "film.unfinished-9-of-17-frames.mp4"
    assert list(tmp_path.iterdir()) == [result.path] and len(read_video(result.path)[0]) == 9


def test_in_the_first_clip_it_is_raised_and_nothing_is_left(film, tmp_path):
    error = KeyError("a bug")
    with pytest.raises(KeyError) as raised:
        write_film(film.spec, Failing(film, 0, error), tmp_path / "film.mp4")
    assert raised.value is error and not list(tmp_path.iterdir())


def test_a_retake_that_fails_leaves_the_old_film_and_nothing_else(film, tmp_path):
    """Until a new clip is finished: that one is worth a video."""
    spec, path, error = film.stored(tmp_path / "store"), tmp_path / "film.mp4", KeyError("a bug")
    write_film(spec, film.model, path)
    whole, before = path.read_bytes(), sorted(tmp_path.iterdir())
    retake = replace(spec, overrides={1: ClipOverride(seed=7)})
    for ending in (error, KeyboardInterrupt()):
        with pytest.raises(type(ending)):
            write_film(retake, Failing(film, 1, ending), path)
        assert path.read_bytes() == whole and sorted(tmp_path.iterdir()) == before
    result = write_film(retake, Failing(film, 2, error), path)
    assert result.ended is error and result.path.name == "film.unfinished-13-of-17-frames.mp4"
    assert path.read_bytes() == whole


def test_a_listener_that_raises_ends_the_film_after_the_clip_that_it_was_shown(film, tmp_path):
    class Stopping(RecordingListener):
        def clip(self, finished: FinishedClip) -> None:
            raise KeyError("stopped")

    result = write_film(film.spec, film.model, tmp_path / "film.mp4", listener=Stopping())
    assert isinstance(result.ended, KeyError) and result.clips == 1 and result.path.exists()


def test_a_film_that_stops_for_approval_does_not_take_the_films_name(film, tmp_path):
    result = write_film(replace(film.spec, stop_after=1), film.model, tmp_path / "film.mp4", in_memory=True)
    assert result.ended is None and (result.clips, result.frames) == (2, 13) and len(result.images) == 13
    assert result.path.name == "film.unfinished-13-of-17-frames.mp4"


class StoppedWhenOpened(type(Path())):
    """The dubbed video, which a signature reads; Ctrl-C or SIGTERM comes at that moment."""

    def open(self, *arguments: object, **options: object) -> IO:
        """Open it as any file."""
        os.kill(os.getpid(), signal.SIGTERM)
        return super().open(*arguments, **options)


@pytest.mark.parametrize("authority", [None, "http://127.0.0.1:9"])
def test_a_stop_while_a_film_is_signed_waits_for_the_signature_but_not_for_an_authority(
    film, tmp_path, authority
):
    pytest.importorskip("c2pa", reason="no c2pa-python here")
    keys = write_keys(tmp_path / "keys")
    identity = replace(read_identity(keys.key, keys.certificate), authority=authority)
    video = write_film(film.spec, film.model, tmp_path / "talk.mp4").path
    mark, listener = FilmMark(identity=identity, dubbed=StoppedWhenOpened(video)), RecordingListener()
    with stoppable():
        result = write_film(film.spec, film.model, tmp_path / "film.mp4", listener=listener, mark=mark)
    signature = inspect_media(result.path).origin.signature
    assert isinstance(result.ended, KeyboardInterrupt) and result.path.name == "film.mp4"
    if authority is None:
        assert signature.state == "Valid" and not listener.notes
    else:
        assert signature is None and listener.notes == ["film.mp4 is not signed."]


@pytest.fixture
def full_disk() -> Iterator[object]:
    """Give it the bytes beyond which no file can grow, as on a full disk."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda room: resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)


class Noise:
    """A model whose frames hardly compress, and that may fail at its second clip."""

    def __init__(self, film: TinyFilm, fail: object = None) -> None:
        self.encode, self.fail = film.model.encode, fail

    def decode(self, latent: Tensor) -> Tensor:
        """Noise."""
        return torch.rand(1, 3, 4 * latent.shape[2] - 3, 32, 48) * 2 - 1

    def sample(self, inputs: ClipInputs) -> Tensor:
        """Nothing, or a failure."""
        if inputs.clip.index == 1 and self.fail is not None:
            self.fail()
        return inputs.noise


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_where_the_file_fails_its_error_is_raised_and_no_half_file_is_left(film, tmp_path, full_disk):
    spec, listener = replace(film.spec, seams=SeamCorrection(colour_strength=0.0)), RecordingListener()
    full_disk(8_000)
    with pytest.raises(MultiTalkError, match=r"cannot be written \(File too large\)"):
        write_film(spec, Noise(film), tmp_path / "film.mp4", listener=listener)
    assert not list(tmp_path.iterdir()) and not listener.notes


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_where_both_fail_the_files_error_is_noted_and_the_films_is_raised(film, tmp_path, full_disk):
    listener, error = RecordingListener(), KeyError("a bug")

    def fail() -> None:
        full_disk(0)
        raise error

    with pytest.raises(KeyError) as raised:
        write_film(film.spec, Noise(film, fail), tmp_path / "film.mp4", listener=listener)
    assert raised.value is error and not list(tmp_path.iterdir())
    (note,) = listener.notes
    assert "cannot be written (File too large)" in note


def test_a_second_run_says_where_it_resumes(film: TinyFilm, tmp_path: Path) -> None:
    film.make(tmp_path / "store", stop_after=0)
    _, listener = film.write(tmp_path / "store", tmp_path / "film.mp4")
    assert [clip.from_store for clip in listener.clips] == [True, False, False]
    assert listener.notes[0].startswith("resumes after clip 1 of 3; clips are stored in ")
