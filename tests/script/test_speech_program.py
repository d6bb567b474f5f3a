"""Programs that speak: the real eSpeak NG, and ones that fail, hang, or write nothing."""

import os
import shutil
import sys
import time
from dataclasses import replace

import pytest

from multitalk_core.audio.sound_file import read_audio
from multitalk_core.errors import MultiTalkError
from multitalk_core.script import spoken_lines
from multitalk_core.script.parsing import parse_script
from multitalk_core.script.speech_program import speech_program
from multitalk_core.script.spoken_lines import speak_lines

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng here")
SCRIPT = parse_script("Anna: Good morning.\nBen: --version $(touch hacked); `touch hacked` {output} \"'")
SILENT = "import sys, wave; w = wave.open(sys.argv[1], 'wb'); w.setparams((1, 2, 8000, 0, 'NONE', '')); "
SILENT += "w.writeframes(bytes(16000))"
TONE = SILENT.replace("bytes(16000)", "bytes([0, 40, 0, 200] * 4000)")


def program(code: str, *arguments: str):
    """A program in Python, as a command of the user's."""
    return speech_program(" ".join([sys.executable, "-c", f'"{code}"', *(arguments or ["{output}"])]))


@needs_espeak
@pytest.mark.parametrize("command", ["espeak-ng", "espeak-ng -v {voice} -w {output} {text}"])
def test_lines_are_spoken_whatever_they_contain(tmp_path, monkeypatch, command):
    """A text is no option and no shell's line; a line that is stored is not spoken again."""
    monkeypatch.chdir(tmp_path)
    reports = []
    voices = {"anna": "en-us+f3", "ben": "de"}
    for _ in range(2):
        given = {"folder": tmp_path / "lines", "report": reports.append}
        sounds = speak_lines(SCRIPT, speech_program(command), voices, **given)
        assert [sound.seconds > 0.5 for sound in sounds] == [True, True]
    assert "spoke 2 of 2 lines" in reports[0] and "All 2 lines are stored in" in reports[1]
    assert not (tmp_path / "hacked").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lines"]
    assert len(list((tmp_path / "lines").iterdir())) == 2


@needs_espeak
def test_other_alphabets_reach_the_program_whole(tmp_path):
    short, long = (tmp_path / f"{name}.wav" for name in ("short", "long"))
    espeak = speech_program("espeak-ng")
    espeak.speak("Да", "ru", short)
    espeak.speak("Да, это очень длинное предложение.", "ru", long)
    assert read_audio(long).seconds > 2 * read_audio(short).seconds


@needs_espeak
def test_the_least_recently_used_sounds_are_deleted_and_other_files_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(spoken_lines, "MOST_STORED", 1)
    mine = [tmp_path / "mine.wav", tmp_path / "mine.line.wav"]
    for path in mine:
        path.write_bytes(b"x")
    speak_lines(SCRIPT, speech_program("espeak-ng"), {}, folder=tmp_path, report=lambda sentence: None)
    assert len(list(tmp_path.iterdir())) == 3 and all(path.exists() for path in mine)


def test_a_repeated_line_is_spoken_once_and_a_folder_that_goes_is_not_named():
    reports = []
    twice = parse_script("Anna: Hi.\nBen: No.\nAnna: Hi.")
    speak_lines(twice, program(TONE), {}, folder=None, report=reports.append)
    assert len(reports) == 1 and reports[0].endswith("spoke 2 of 3 lines.")


def test_a_damaged_sound_is_spoken_again_and_a_link_is_not_followed(tmp_path):
    reports, anna = [], parse_script("Anna: Hi.")
    given = {"folder": tmp_path / "lines", "report": reports.append}
    (tmp_path / "mine.wav").write_bytes(b"x")
    speak_lines(anna, program(TONE), {}, **given)
    (stored,) = (tmp_path / "lines").iterdir()
    whole = stored.read_bytes()
    for damage in (
        lambda: stored.write_bytes(b""),
        lambda: stored.write_bytes(b"RIFF" + bytes(100)),
        lambda: (stored.unlink(), stored.symlink_to(tmp_path / "mine.wav")),
        lambda: (stored.unlink(), os.mkfifo(stored)),
    ):
        damage()
        speak_lines(anna, program(TONE), {}, **given)
        assert "spoke 1 of 1" in reports[-1] and stored.read_bytes() == whole
    assert (tmp_path / "mine.wav").read_bytes() == b"x"


def test_a_voice_whose_file_has_changed_speaks_again(tmp_path):
    reports, voice = [], tmp_path / "anna.onnx"
    anna = parse_script("Anna: Hi.")
    for content in ("one", "one", "another"):
        if not voice.exists() or voice.read_text() != content:
            voice.write_text(content)
        given = {"folder": tmp_path / "lines", "report": reports.append}
        speak_lines(anna, program(TONE, "{output}", "{voice}"), {"anna": str(voice)}, **given)
    assert ["spoke 1 of 1" in report for report in reports] == [True, False, True]


def test_a_sound_that_another_run_deletes_meanwhile_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setattr(spoken_lines, "MOST_STORED", 1)
    gone = tmp_path / f"{'0' * spoken_lines.KEY}{spoken_lines.ENDING}"
    gone.symlink_to(tmp_path / "nowhere")  # listed, but nothing is there
    speak_lines(parse_script("Anna: Hi."), program(TONE), {}, folder=tmp_path, report=lambda sentence: None)
    (left,) = tmp_path.iterdir()
    assert left != gone


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit('no such voice')", "failed (exit code 1): no such voice"),
        ("pass", "wrote no sound: {output} in --tts is the file to write."),
        ("import sys; open(sys.argv[1], 'w').write('no sound')", "cannot be read as audio"),
        (SILENT, "wrote only silence: check its voice."),
    ],
)
def test_a_line_that_cannot_be_spoken_is_named(tmp_path, code, sentence):
    with pytest.raises(MultiTalkError) as refusal:
        speak_lines(SCRIPT, program(code), {}, folder=tmp_path)
    assert str(refusal.value).startswith("Line 1 of the script (Anna): ") and sentence in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_hangs_is_stopped_with_all_that_it_started(tmp_path):
    child = f"import time, pathlib; time.sleep(1); pathlib.Path('{tmp_path}/late').touch()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''{child}'''])"
    hanging = replace(speech_program(f'{sys.executable} -c "{code}" {{output}}'), seconds=0.3)
    with pytest.raises(MultiTalkError, match=r"has not ended after 0.3 seconds and is stopped"):
        hanging.speak("hi", None, tmp_path / "out.wav")
    time.sleep(1.1)
    assert not (tmp_path / "late").exists()


def test_a_program_that_hangs_is_stopped_where_there_are_no_groups(tmp_path, monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(os, "killpg")
    hanging = replace(program("import time; time.sleep(60)"), seconds=0.3)
    with pytest.raises(MultiTalkError, match=r"has not ended after 0.3 seconds and is stopped"):
        hanging.speak("hi", None, tmp_path / "out.wav")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("no-such-program -o {output}", "There is no program no-such-program here: install it"),
        ("piper-of-mine", "piper-of-mine is neither espeak-ng, kokoro, piper nor a command with {output}"),
        ('say "{output}', "has a quotation mark that is not closed"),
        ("", "is neither espeak-ng"),
        ("sh -c 'say {text} > {output}'", "within a longer argument: put {text} in an argument of its own"),
        ("sh -c 'say -v {voice} > {output}'", "or read the text from standard input."),
    ],
)
def test_a_command_that_cannot_speak_is_refused_at_once(command, sentence):
    with pytest.raises(MultiTalkError) as refusal:
        speech_program(command)
    assert sentence in str(refusal.value)


def test_no_shell_runs_what_a_line_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, output = "hi $(touch x)", tmp_path / "said"
    with pytest.raises(MultiTalkError, match=r"put \{text\} in an argument of its own"):
        speech_program('sh -c "echo {text} > {output}"')
    for command in ('sh -c \'printf %s "$1" > "$2"\' sh {text} {output}', "sh -c 'cat > {output}'"):
        speech_program(command).speak(text, None, output)
        assert output.read_text().strip() == text
    assert not (tmp_path / "x").exists()


def test_who_has_no_voice_is_named_before_anybody_speaks(tmp_path):
    needs_voice = program("pass", "{output}", "{voice}")
    with pytest.raises(MultiTalkError, match=r'Ben has no voice.*--voice-of "Ben=VOICE"'):
        speak_lines(SCRIPT, needs_voice, {"anna": "x"}, folder=tmp_path)
    with pytest.raises(MultiTalkError, match=r"--voice-of needs a --tts with \{voice\}"):
        speak_lines(SCRIPT, program("pass"), {"anna": "x"}, folder=tmp_path)
