"""Every film of the command line says that it is synthetic, and is signed where a key is given."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from helpers.exiftool import sources
from helpers.signing_keys import write_keys
from multitalk_core import register_watermark
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.origin.digital_source import DigitalSource

pytest.importorskip("c2pa", reason="no c2pa-python here")
pytestmark = pytest.mark.usefixtures("one_thread")
VOICES = [part for number in (1, 2) for part in ("--voice", f"{EMBEDDED}/voice_{number}.flac")]
SMALL = ["--boxes", "64,56,300,400", "340,50,576,400", "--size", "48x32", "--text-scale", "1", "--steps", "1"]
LENGTHS = ["--clip-frames", "5", "--motion-frames", "1"]
PICTURE = ["--picture", f"{EMBEDDED}/picture.png"]
TRAINED, COMPOSITE = DigitalSource.TRAINED, DigitalSource.COMPOSITE


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def signed(folder) -> list[str]:
    return write_keys(folder / "secret keys").options()


def generate(*arguments: str, source: tuple[str, ...] = (*PICTURE, "--frames", "9")) -> int:
    return main(["generate", *source, *VOICES, *SMALL, *LENGTHS, "--store", "store", *arguments])


def assert_marked(film: str, source: DigitalSource, actions: tuple[str, ...] | None) -> None:
    """All readers agree on a film; without actions it is not signed."""
    assert set(sources(Path(film)).values()) == {source}, film
    found = inspect_media(Path(film)).origin
    assert {"metadata", "XMP"} <= set(found.marks) and set(found.marks.values()) == {source.uri}
    if actions is None:
        assert found.signature is None
    else:
        assert (found.signature.state, found.signature.actions) == ("Valid", actions)


def test_every_way_out_is_marked_and_signed(folder, signed, capsys):
    assert generate("--stop-after", "1", *signed) == 0
    assert_marked("film.unfinished-5-of-9-frames.mp4", TRAINED, ("c2pa.created",))
    assert generate("--output", "film.mp4", *signed) == 0
    assert "signed    with C2PA, es256" in capsys.readouterr().out
    assert_marked("film.mp4", TRAINED, ("c2pa.created",))
    signed_frames = read_video("film.mp4")[0]
    # The film is its own, although the signature made another file of it.
    assert generate("--output", "film.mp4", "--retake", "2:5", *signed) == 0
    assert_marked("film.mp4", TRAINED, ("c2pa.created",))
    assert generate("--output", "film.mp4") == 0
    assert_marked("film.mp4", TRAINED, None)
    assert torch.equal(read_video("film.mp4")[0], signed_frames)
    assert sources(Path("film.localization.png")) == {"XMP": TRAINED}
    assert sources(Path("film.persons.png")) == {"XMP": DigitalSource.MIXED}
    assert sources(Path("film.drift.png")) == {"XMP": DigitalSource.ALGORITHMIC}
    written = [path for path in folder.rglob("*") if path.is_file() and "secret keys" not in path.parts]
    assert not [path for path in written if b"secret keys" in path.read_bytes()]


def test_a_dubbed_film_is_composite_and_edited_from_the_video(folder, signed):
    with VideoWriter("talk.mp4", 640, 432, fps=25) as writer:
        writer.append(torch.full((9, 432, 640, 3), 0.5))
    video = ("--video", "talk.mp4", "--denoise", "0.5")
    assert generate("--output", "dubbed.mp4", *signed, source=video) == 0
    assert_marked("dubbed.mp4", COMPOSITE, ("c2pa.opened", "c2pa.edited"))


def test_a_signature_that_fails_leaves_the_film(folder, signed, capsys):
    nobody = ["--timestamp-authority", "http://127.0.0.1:9"]
    assert generate("--output", "film.mp4", *signed, *nobody) == 2
    said = capsys.readouterr()
    assert "film.mp4 cannot be signed" in said.err
    assert "the film is saved in film.mp4" in said.out + said.err
    assert_marked("film.mp4", TRAINED, None)


def test_a_watermark_by_name_is_in_the_film_but_not_in_its_store(folder):
    def darkness(frames: Tensor) -> Tensor:
        return frames / 4

    register_watermark("darkness", darkness)
    assert generate("--output", "film.mp4", "--watermark", "darkness") == 0
    dark = read_video("film.mp4")[0]
    assert generate("--output", "film.mp4") == 0
    assert dark.mean() < 0.3 * read_video("film.mp4")[0].mean()


@pytest.mark.parametrize("part", ["key", "cert"])
def test_a_film_replaces_no_key_whatever_its_name(folder, signed, capsys, part):
    (kept,) = (folder / "secret keys").glob(f"*.{part}.pem")
    before = kept.read_bytes()
    (folder / "film.persons.png").hardlink_to(kept)
    assert generate("--output", "film.mp4", "--overwrite", *signed) == 2
    assert "is one of the inputs" in capsys.readouterr().err and kept.read_bytes() == before


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--sign-key", "{key}"], "--sign-key and --sign-cert go together"),
        (["--sign-cert", "{key}"], "--sign-key and --sign-cert go together"),
        (
            ["--timestamp-authority", "http://x"],
            "--timestamp-authority applies to a signature: add --sign-key",
        ),
        (["--sign-key", "none.pem", "--sign-cert", "{key}"], "There is no file at none.pem"),
        (["--sign-key", "{key}", "--sign-cert", "{key}"], "is not in PEM form"),
        (["--watermark", "none"], 'There is no watermark "none": choose a known one'),
    ],
)
def test_wrong_options_are_refused_before_anything_is_made(folder, signed, capsys, arguments, sentence):
    assert generate(*(argument.format(key=signed[1]) for argument in arguments)) == 2
    assert sentence in capsys.readouterr().err and not list(folder.glob("*.mp4"))
