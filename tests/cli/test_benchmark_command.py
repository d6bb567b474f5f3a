"""`benchmark`: the films of a list, each made once, and what is said of lines that cannot be used."""

import json
import shutil

import pytest

from multitalk_core.cli import generate_command
from multitalk_core.cli.benchmark_folder import STATE, BenchmarkFolder
from multitalk_core.cli.benchmark_list import BenchmarkRow, FaultyRow, read_benchmark
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError

pytestmark = pytest.mark.usefixtures("one_thread")
QUICK = ["--size", "48x32", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
QUICK += ["--text-scale", "1", "--audio-scale", "1", "--no-store"]
BOXES = {"person1": [56, 64, 400, 300], "person2": [50, 340, 400, 576]}


def row(name, first=1, second=2):
    voices = {"person1": f"voice_{first}.flac", "person2": f"voice_{second}.flac"}
    entry = {"name": name, "prompt": "two people talk", "cond_image": "picture.png", "cond_audio": voices}
    return json.dumps(entry | {"audio_type": "para", "bbox": BOXES})


@pytest.fixture
def folder(tmp_path):
    for name in ("picture.png", "voice_1.flac", "voice_2.flac"):
        shutil.copy(EMBEDDED / name, tmp_path / name)
    return tmp_path


def write_list(folder, *lines):
    path = folder / "list.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def made(path, *options):
    return main(["benchmark", str(path), str(path.parent / "films"), *QUICK, *options])


def test_films_are_made_once_and_a_faulty_line_does_not_stop_them(folder, capsys, monkeypatch):
    listed = write_list(
        folder, row("one"), row("bad").replace("picture.png", "gone.png"), "", row("two", 2, 1)
    )
    assert made(listed) == 2
    said = capsys.readouterr()
    assert "1 of 3 lines failed" in said.err and "Line 2" in said.err and "gone.png" in said.err
    films = folder / "films"
    assert {path.name for path in films.glob("*.mp4")} == {"one.mp4", "two.mp4"}
    entry = json.loads((films / "two.json").read_text())
    assert entry["cond_audio"]["person1"] == str(folder / "voice_2.flac") and "name" not in entry
    before = (films / "one.mp4").stat().st_mtime_ns

    def killed(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(generate_command, "run", killed)
    write_list(folder, row("one"), row("two", 2, 1), row("three"))
    assert made(listed) == 130  # the third film alone is begun
    monkeypatch.undo()
    (films / "three.mp4").write_bytes(b"a part of it")  # as a stopped run leaves it
    assert made(listed) == 0
    assert (films / "one.mp4").stat().st_mtime_ns == before
    assert (films / "three.mp4").stat().st_size > 1000
    assert "one is finished" in capsys.readouterr().out
    assert main(["benchmark", str(listed), str(films), "--steps", "2"]) == 2
    assert "made with other options" in capsys.readouterr().err


def test_a_file_of_somebody_else_is_not_replaced(folder, capsys):
    (folder / "films").mkdir()
    (folder / "films" / "one.mp4").write_bytes(b"holiday")
    assert made(write_list(folder, row("one"))) == 2
    assert "is not of this benchmark" in capsys.readouterr().err
    assert (folder / "films" / "one.mp4").read_bytes() == b"holiday"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "not valid JSON"),
        ("[1]", "no object"),
        (row("../up"), "no name of a file"),
        (row(".hidden"), "no name of a file"),
        (row("ONE"), "is that of line 1"),
        ('{"name": "a", "cond_image": "picture.png"}', "no cond_audio"),
        (row("a").replace('"para"', '"parallel"'), "parallel"),
    ],
)
def test_lines_that_cannot_be_used(folder, line, sentence):
    rows = read_benchmark(write_list(folder, row("one"), line))
    assert isinstance(rows[1], FaultyRow) and rows[1].line == 2 and sentence in rows[1].sentence


def test_a_prompt_may_contain_any_separator_of_lines(folder):
    separators = "\u2028 \u2029 \x85"
    line = json.dumps(json.loads(row("one")) | {"prompt": separators}, ensure_ascii=False)
    (found,) = read_benchmark(write_list(folder, line))
    assert found.entry["prompt"] == separators


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--picture", "picture.png"], "Error: --picture: the list says this"),
        (["--voice", "list.jsonl", "--script", "list.jsonl"], "Error: --script, --voice: the list says this"),
        (["--face-model", "list.jsonl"], "--face-model: the list says this"),
        (["--place", "1:0:none"], "--place: the list says this"),
        (["--context-parallel", "2"], "made by one process"),
        (["--stops", "3"], "unrecognized arguments"),
    ],
)
def test_options_that_the_list_stands_for(folder, capsys, monkeypatch, options, sentence):
    monkeypatch.chdir(folder)
    assert made(write_list(folder, row("one")), *options) == 2
    assert sentence in capsys.readouterr().err and not (folder / "films").exists()


def test_the_record_holds_no_password_and_a_mark_may_change(tmp_path):
    secret = "https://user:secret@stamps.example"
    begun = BenchmarkFolder(tmp_path, ["--steps", "2", "--timestamp-authority", secret, "--sign-key=key.pem"])
    begun.start(BenchmarkRow(1, "one", {}))
    record = (tmp_path / STATE).read_text()
    assert json.loads(record)["options"] == ["--steps", "2"] and "secret" not in record
    BenchmarkFolder(tmp_path, ["--steps", "2", "--watermark", "none"])
    with pytest.raises(MultiTalkError, match="made with other options"):
        BenchmarkFolder(tmp_path, ["--steps", "3"])
