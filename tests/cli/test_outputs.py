"""Results never replace what they are made from, and other files only when that is asked for."""

import json
import os
import pkgutil
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from multitalk_core.cli.demo_command import check_own
from multitalk_core.cli.main import main
from multitalk_core.cli.options.film_files import FilmFiles
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError
from multitalk_core.files.outputs import check_folder, film_bytes
from multitalk_core.film.steadiness import Steadiness
from multitalk_core.media.video_writer import VideoWriter, read_video

SMALL = ["--size", "48x32", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
ONE_VOICE = ["--persons", "parts", "--voice", str(EMBEDDED / "voice_1.flac")]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, with a small video to dub."""
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    with VideoWriter(Path("talk.mp4"), 48, 32) as writer:
        writer.append(torch.rand(5, 32, 48, 3))
    return tmp_path


def generate(*arguments: str) -> int:
    return main(["generate", "--picture", str(EMBEDDED / "picture.png"), *ONE_VOICE, *SMALL, *arguments])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("way", ["path", "absolute", "symlink", "hard link", "overwrite"])
def test_a_film_never_replaces_its_video(folder, capsys, way):
    output, more = "talk.mp4", []
    if way == "absolute":
        output = str(folder / ".." / folder.name / "talk.mp4")
    elif way == "symlink":
        Path("link.mp4").symlink_to("talk.mp4")
        output = "link.mp4"
    elif way == "hard link":
        os.link("talk.mp4", "link.mp4")
        output = "link.mp4"
    elif way == "overwrite":
        more = ["--overwrite"]
    before = Path("talk.mp4").read_bytes()
    command = ["generate", "--video", "talk.mp4", *ONE_VOICE, *SMALL, "--output", output, *more]
    assert main([*command, "--no-store"]) == 2
    said = capsys.readouterr().err
    assert "is one of the inputs (talk.mp4): name another --output" in said and said.count("\n") == 1
    assert Path("talk.mp4").read_bytes() == before


@pytest.mark.parametrize(
    ("option", "output"),
    [
        (["--video", "film.growing.mp4"], "film.mp4"),
        (["--picture", "film.persons.png"], "film.mp4"),
        (["--picture", "picture.png", "--masks", "film.drift.png"], "film.mp4"),
        (["--picture", "picture.png", "--adapter", "weights"], "film.mp4"),
    ],
)
def test_nor_does_what_lies_beside_it(folder, capsys, option, output):
    shutil.copy(EMBEDDED / "picture.png", "picture.png")
    weights = folder / "weights"
    weights.mkdir()
    os.link("talk.mp4", weights / "adapter.safetensors")
    name = Path(option[-1])
    if name.suffix:
        shutil.copy(EMBEDDED / "picture.png" if name.suffix == ".png" else "talk.mp4", name)
    else:
        os.link("talk.mp4", "film.mp4")
    before = {path: path.read_bytes() for path in folder.glob("*.*")}
    persons = ["--voice", str(EMBEDDED / "voice_1.flac")]
    assert main(["generate", *option, *persons, *SMALL, "--output", output, "--overwrite", "--no-store"]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.glob("*.*")} == before


def test_a_clip_of_the_store_is_no_output(folder, capsys):
    assert generate("--output", "film.mp4", "--store", "store") == 0
    os.link(next(Path("store").glob("*/clip-*")), "other.mp4")
    assert generate("--output", "other.mp4", "--store", "store", "--overwrite") == 2
    assert "is one of the inputs" in capsys.readouterr().err


def test_a_film_may_lie_in_its_own_store_or_beside_its_adapter(folder):
    shutil.copytree(EMBEDDED / "model_patches", "run")
    for _ in range(2):
        more = ["--adapter", "run", "--store", "run", "--retake", "1"]
        assert generate("--output", "run/film.mp4", *more) == 0


@pytest.mark.parametrize("way", ["name", "symlink", "hard link", "drawing"])
def test_nor_does_a_film_of_the_default_name(folder, capsys, way):
    video = ["--video", "talk.mp4"]
    if way == "name":
        Path("talk.mp4").rename("film.mp4")
        video = ["--video", "film.mp4"]
    elif way == "drawing":
        shutil.copy(EMBEDDED / "picture.png", "film.persons.png")
        video = ["--picture", "film.persons.png"]
    else:
        (Path.symlink_to if way == "symlink" else Path.hardlink_to)(Path("film.mp4"), "talk.mp4")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(["generate", *video, *ONE_VOICE, *SMALL, "--overwrite", "--no-store"]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", [[], ["--output", "film.mp4"]])
def test_what_a_kill_left_of_a_film_is_in_no_ones_way(folder, name):
    Path("film.growing.mp4").write_text("half")
    assert generate("--no-store", *name) == 0
    assert {"film.mp4"} < names(folder) and "film.growing.mp4" not in names(folder)


def test_a_default_name_that_another_run_is_writing_gets_a_number(folder):
    with VideoWriter(Path("film.mp4"), 48, 32) as writer:
        assert generate("--no-store") == 0
        writer.append(torch.rand(5, 32, 48, 3))
    assert {"film.mp4", "film-2.mp4"} < names(folder)


def test_another_film_is_replaced_only_when_that_is_asked_for(folder, capsys):
    assert generate("--output", "film.mp4", "--store", "store") == 0
    first = Path("film.mp4").read_bytes()
    capsys.readouterr()
    assert generate("--output", "film.mp4", "--store", "store", "--seed", "1") == 2
    assert capsys.readouterr().err == (
        "Error: film.mp4 exists: name another --output, or let it be replaced with --overwrite.\n"
    )
    assert Path("film.mp4").read_bytes() == first
    assert generate("--output", "film.mp4", "--store", "store", "--seed", "1", "--overwrite") == 0
    assert Path("film.mp4").read_bytes() != first


def test_a_film_replaces_itself_but_not_what_somebody_put_in_its_place(folder, capsys):
    assert generate("--output", "film.mp4", "--store", "store") == 0
    assert generate("--output", "film.mp4", "--store", "store", "--retake", "1") == 0
    Path("film.mp4").write_text("a letter")
    assert generate("--output", "film.mp4", "--store", "store", "--retake", "1") == 2
    assert Path("film.mp4").read_text() == "a letter"


@pytest.mark.parametrize("moment", ["media.video_writer.rewrite", "cli.generate.drift_picture"])
def test_a_stop_when_the_film_is_saved_leaves_it_its_own(folder, capsys, monkeypatch, moment):
    place = f"multitalk_core.{moment}"
    step = pkgutil.resolve_name(place.replace(moment, ":".join(moment.rsplit(".", 1))))

    def stopped(*arguments: object, **options: object) -> object:
        done = step(*arguments, **options)
        signal.raise_signal(signal.SIGINT)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(place, stopped)
        assert generate("--output", "film.mp4", "--store", "store") == 130
    assert "Stopped: the film is saved in film.mp4" in capsys.readouterr().err
    assert generate("--output", "film.mp4", "--store", "store") == 0


def test_what_took_the_films_name_meanwhile_is_not_replaced(folder, capsys, monkeypatch):
    append = Steadiness.append

    def taken(*arguments: object) -> None:
        Path("film.mp4").write_text("another run's")
        append(*arguments)

    monkeypatch.setattr(Steadiness, "append", taken)
    assert generate("--output", "film.mp4", "--no-store") == 0
    assert Path("film.mp4").read_text() == "another run's"
    assert {"film-2.mp4", "film-2.drift.png"} < names(folder) and "film.drift.png" not in names(folder)
    assert "Something else is named film.mp4 by now: the film is film-2.mp4" in capsys.readouterr().out


def test_a_default_name_that_is_taken_gets_a_number(folder):
    Path("film.persons.png").write_text("mine")
    assert generate("--store", "store") == 0
    assert {"film-2.mp4", "film-2.persons.png"} < names(folder) and not Path("film.mp4").exists()
    assert generate("--store", "store", "--retake", "1:7") == 0 and not Path("film-3.mp4").exists()
    assert generate("--no-store") == 0 and Path("film-3.mp4").exists()
    assert Path("film.persons.png").read_text() == "mine"


def test_the_beginning_of_another_film_stays(folder):
    longer = [*SMALL, "--frames", "9", "--no-store", "--stop-after", "1", "--output", "film.mp4"]
    for _ in range(2):
        assert main(["generate", "--picture", str(EMBEDDED / "picture.png"), *ONE_VOICE, *longer]) == 0
        for drawing in folder.glob("film.*.png"):
            drawing.unlink()
    assert {"film.unfinished-5-of-9-frames.mp4", "film.unfinished-5-of-9-frames-2.mp4"} < names(folder)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 2), ("no\n", 2)])
def test_on_a_terminal_it_is_asked(folder, answer, code):
    Path("film.mp4").write_text("old")
    terminal, end = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "multitalk_core",
        "generate",
        "--picture",
        EMBEDDED / "picture.png",
        *ONE_VOICE,
    ]
    process = subprocess.Popen(
        [*command, *SMALL, "--no-store", "--output", "film.mp4"],
        stdin=end,
        stdout=subprocess.DEVNULL,
        stderr=end,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    os.close(end)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 1000)
    assert b"film.mp4 exists: replace it?" in shown
    os.write(terminal, answer.encode())
    try:
        while os.read(terminal, 1000):
            pass
    except OSError:  # the other end is closed
        pass
    assert process.wait() == code
    assert (Path("film.mp4").read_bytes() == b"old") == (code == 2)
    os.close(terminal)


def test_localize_replaces_neither_picture_nor_drawing(folder, capsys):
    shutil.copy(EMBEDDED / "picture.png", "persons.png")
    command = ["localize", "--picture", "persons.png", "--persons", "parts"]
    assert main([*command, "--output", "persons.png", "--overwrite"]) == 2
    assert main(command) == 0 and "drawing: persons-2.png" in capsys.readouterr().out
    assert main([*command, "--output", "persons-2.png"]) == 2
    assert main([*command, "--output", "persons-2.png", "--overwrite"]) == 0
    assert Path("persons.png").read_bytes() == (EMBEDDED / "picture.png").read_bytes()


def test_localize_as_json_draws_only_where_asked(folder, capsys):
    command = ["localize", "--picture", str(EMBEDDED / "picture.png"), "--persons", "parts", "--count", "2"]
    assert main([*command, "--json", "-"]) == 0
    left, right = json.loads(capsys.readouterr().out)
    assert left["box"][2] <= right["box"][0] and left["face"] is None and left["certainty"] == 1
    assert not list(Path().glob("persons*"))
    assert main([*command, "--json", "-", "--output", "persons.png"]) == 0
    assert json.loads(capsys.readouterr().out) and Path("persons.png").exists()


def test_prepare_writes_over_no_manifest_of_its_folder(folder, capsys):
    Path("clips").mkdir()
    Path("clips/settings.json").write_text('{"video": "../talk.mp4", "caption": ""}')
    assert main(["prepare", "clips/settings.json", "clips", "--size", "48x32", "--clip-frames", "5"]) == 2
    assert "name another folder" in capsys.readouterr().err


def test_train_writes_over_no_adapter(folder, capsys):
    shutil.copy("talk.mp4", "adapter.safetensors")
    Path("clips").mkdir()
    config = 'output = "."\nclips = "clips"\n{}[recipe]\nsteps = 1\n'
    Path("train.toml").write_text(config.format('adapter = "adapter.safetensors"\n'))
    assert main(["train", "train.toml"]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    Path("train.toml").write_text(config.format(""))
    assert main(["train", "train.toml"]) == 2
    assert "adapter.safetensors exists and is not the result of a training" in capsys.readouterr().err


def test_demo_replaces_its_own_files_alone(folder, capsys):
    Path("mine").mkdir()
    Path("mine/film.mp4").write_text("mine")
    assert main(["demo", "--folder", "mine"]) == 2
    assert "mine/film.mp4 exists and is not a file of the demo" in capsys.readouterr().err
    assert Path("mine/film.mp4").read_text() == "mine"


def test_the_demo_is_made_again_among_other_files(tmp_path):
    for name in ("film.mp4", "persons.png", "localization.png", "film.growing.mp4", ".DS_Store", "mine.txt"):
        (tmp_path / name).touch()
    check_own(tmp_path, FilmFiles.inside(tmp_path).all())
    (tmp_path / "localization.png").unlink()
    with pytest.raises(MultiTalkError, match="is not a file of the demo"):
        check_own(tmp_path, FilmFiles.inside(tmp_path).all())


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "the name is empty"),
        ("x" * 300 + ".mp4", "longer than 180 bytes"),
        ("missing/film.mp4", "missing does not exist: create it first"),
        (".", "stands for a folder"),
        ("store/..", "stands for a folder"),
        ("clips.mp4", "is a folder: name a file in it"),
        ("pipe.mp4", "is a pipe or a device"),
        ("loop.mp4", "cannot be used (Too many levels of symbolic links)"),
        ("film.mov", "must be an .mp4 file"),
    ],
)
def test_outputs_that_no_file_can_be(folder, capsys, output, reason):
    Path("clips.mp4").mkdir()
    os.mkfifo("pipe.mp4")
    Path("loop.mp4").symlink_to("loop.mp4")
    before = names(folder)
    assert generate("--output", output) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ") and reason in said and said.count("\n") == 1 and len(said) < 1100
    assert names(folder) == before


def test_a_disk_without_room_is_refused_before_work(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(MultiTalkError, match=r"MB free, and at least .* MB are needed: free some space"):
        check_folder(tmp_path, 2 * free)
    check_folder(tmp_path, film_bytes(81, 480, 832, fps=25))


def test_a_film_through_a_link_leaves_what_the_link_named(folder):
    Path("old.mp4").write_text("old")
    Path("film.mp4").symlink_to("old.mp4")
    assert generate("--output", "film.mp4", "--no-store", "--overwrite") == 0
    assert Path("old.mp4").read_text() == "old" and len(read_video("film.mp4")[0]) == 5
