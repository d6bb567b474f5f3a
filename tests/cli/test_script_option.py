"""`generate --script`: a conversation in writing becomes a film, spoken by eSpeak NG or another program."""

import shutil
import sys
from pathlib import Path

import av
import pytest

from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.voice_options import read_timeline
from multitalk_core.demo.files import EMBEDDED

SMALL = [
    "--size",
    "48x32",
    "--clip-frames",
    "13",
    "--motion-frames",
    "5",
    "--steps",
    "1",
    "--text-scale",
    "1",
]
SMALL += ["--audio-scale", "1", "--persons", "parts"]
SCRIPT = """\
# A short one
**Anna:** Good morning.
**Ben:** Hello! [overlap 0.2]
**Anna:** Hi.
"""


@pytest.fixture
def line(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "talk.txt").write_text(SCRIPT)
    given = ["generate", "--picture", str(EMBEDDED / "picture.png"), "--script", str(tmp_path / "talk.txt")]
    return [*given, *SMALL, "--output", str(tmp_path / "film.mp4"), "--store", str(tmp_path / "store")]


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng here")
def test_a_script_becomes_a_film_and_is_not_spoken_twice(line, tmp_path, capsys):
    voices = ["--voice-of", "Anna=en-us+f3", "--voice-of", "ben=en-us+m3"]
    assert main([*line, *voices]) == 0
    said = capsys.readouterr().out
    assert "espeak-ng spoke 3 of 3 lines" in said
    assert "speaker 1 is Anna (2 lines, voice en-us+f3), speaker 2 is Ben (1 line, voice en-us+m3)" in said
    with av.open(str(tmp_path / "film.mp4")) as film:
        frames = film.streams.video[0].frames
        seconds = float(said.split("3 lines last ")[1].split(" seconds")[0])
        assert frames == pytest.approx(seconds * 25, abs=1) and film.streams.audio
    read_timeline(make_parser().parse_args([*line, *voices, "--names", "Ben", "Anna", "Cara"]))
    said = capsys.readouterr().out
    assert f"All 3 lines are stored in {tmp_path / 'cache' / 'multitalk' / 'lines'}" in said
    assert "speaker 1 is Ben (1 line, voice en-us+m3)" in said and "Cara (a listener)" in said


HUM = """\
import array, math, sys, wave
words, output = sys.stdin.read(), sys.argv[1]
waves = (round(9000 * math.sin(n / 8)) for n in range(400 * len(words)))
with wave.open(output, "wb") as sound:
    sound.setparams((1, 2, 16000, 0, "NONE", ""))
    sound.writeframes(array.array("h", waves).tobytes())
"""


def test_a_script_becomes_a_film_by_any_program(line, tmp_path, capsys):
    """Nothing of --voice is there; the program hums for as long as a text is."""
    (tmp_path / "hum.py").write_text(HUM)
    assert main([*line, "--tts", f"{sys.executable} {tmp_path / 'hum.py'} {{output}}"]) == 0
    assert "spoke 3 of 3 lines" in capsys.readouterr().out
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].frames > 13 and film.streams.audio


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--voice", str(EMBEDDED / "voice_1.flac")], "Give the voices in one way"),
        (["--tts", "no-such-program {output}"], "There is no program no-such-program here"),
        (["--voice-of", "Anna"], "Anna is no voice of a speaker: write NAME=VOICE"),
        (
            ["--tts", "piper {output}", "--voice-of", "a=x", "--voice-of", "A=y"],
            "--voice-of gives a two voices",
        ),
        (["--track", "1"], "--track applies to sound files"),
        (["--order", "in-turn"], "--order applies to the --voice files"),
        (["--names", "Ben", "anna"], "Anna speaks in the script and is not among the --names Ben, anna"),
        (["--line-gap", "nan"], "nan is not a number from 0.0 to 60.0"),
    ],
)
def test_options_that_do_not_fit_a_script_are_refused(line, options, sentence, capsys):
    assert main([*line, *options]) == 2
    assert sentence in capsys.readouterr().err


def test_options_of_a_script_without_one_are_refused(line, tmp_path, capsys):
    without = [each for each in line if each not in ("--script", str(tmp_path / "talk.txt"))]
    assert main([*without, "--voice", str(EMBEDDED / "voice_1.flac"), "--tts", "espeak-ng"]) == 2
    assert "--tts applies to a --script" in capsys.readouterr().err


def test_a_script_that_cannot_be_read_names_its_file_and_line(line, tmp_path, capsys):
    (tmp_path / "talk.txt").write_text("Anna: hi\n[wait 2]\nBen: ho")
    assert main(line) == 2
    assert (
        f"Line 2 of the script {tmp_path / 'talk.txt'}: [wait 2] is no instruction" in capsys.readouterr().err
    )
    Path(tmp_path / "talk.txt").write_bytes(b"\xff\xfe\x00\xd8")
    assert main(line) == 2
