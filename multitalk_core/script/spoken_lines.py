"""The lines of a script, spoken; each sound is stored, so that no line is spoken twice."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ..audio.sound_file import read_audio
from ..audio.waveform import Waveform
from ..errors import MultiTalkError, quoted
from ..files.digests import digest
from ..files.plain import is_plain
from ..files.whole import whole_file
from .joining import heard_span
from .speech_program import SpeechProgram
from .written_script import Script, ScriptLine

ENDING = ".line.wav"
KEY = 32  # digits of a stored sound's name
MOST_STORED = 2000  # sounds; the least recently used are deleted


def speak_lines(
    script: Script,
    program: SpeechProgram,
    voices: dict[str, str],
    *,
    folder: Path | None,
    report: Callable[[str], None] = print,
) -> list[Waveform]:
    """Speak every line that is not stored yet.

    Parameters
    ----------
    script : Script
    program : SpeechProgram
    voices : dict
        By the case-folded name.
    folder : Path or None
        Where sounds are stored; None speaks all lines again the next time.
    report : callable
        Called with a sentence.

    Raises
    ------
    MultiTalkError
        When a line cannot be spoken, with its number.
    """
    check_voices(script, program, voices)
    with TemporaryDirectory(prefix="multitalk-lines-") as temporary:
        place = Path(temporary) if folder is None else folder
        place.mkdir(parents=True, exist_ok=True)
        sounds, spoken = [], 0
        for line in script.lines:
            voice = voices.get(line.speaker.casefold())
            key = digest([*program.command, voice, line.text, *_version(voice)])
            stored = place / f"{key[:KEY]}{ENDING}"
            with _naming(line):
                if (sound := _stored_sound(stored)) is None:
                    _speak(line, program, voice, stored=stored)
                    sound = read_audio(stored)
                    spoken += 1
                stored.touch()
                sounds.append(sound)
        count = len(script.lines)
        if spoken:
            others = f"; the others are stored in {place}" if folder and spoken < count else ""
            report(f"{quoted(program.name)} spoke {spoken} of {count} lines{others}.")
        else:
            report(f"All {count} lines are stored in {place} and not spoken again.")
        _forget_old(place)
    return sounds


def check_voices(script: Script, program: SpeechProgram, voices: dict[str, str]) -> None:
    """Raise a MultiTalkError for a speaker whose voice is not known, or a voice that is not used."""
    missing = [name for name in script.speakers if name.casefold() not in voices]
    if missing and program.has_voices and not program.usual_voice:
        raise MultiTalkError(
            f"{quoted(missing[0])} has no voice, and {quoted(program.name)} no usual one: name it with "
            f'--voice-of "{quoted(missing[0])}=VOICE".'
        )
    if voices and not program.has_voices:
        raise MultiTalkError("--voice-of needs a --tts with {voice} in its command.")


def _stored_sound(stored: Path) -> Waveform | None:
    """The sound of a line; None where it is not stored, or damaged."""
    if not is_plain(stored):
        return None
    with suppress(MultiTalkError):
        return read_audio(stored)
    return None


def _speak(line: ScriptLine, program: SpeechProgram, voice: str | None, *, stored: Path) -> None:
    with whole_file(stored) as part:
        spoken = part.with_suffix(".wav")  # programs go by the ending
        try:
            program.speak(line.text, voice, spoken)
            sound = read_audio(spoken).mono()
            if heard_span(sound.samples[0], sound.rate) is None:
                raise MultiTalkError(f"{quoted(program.name)} wrote only silence: check its voice.")
            spoken.replace(part)
        finally:
            spoken.unlink(missing_ok=True)


def _version(voice: str | None) -> list[int]:
    """Size and time of a voice's file, whose name stays when the voice changes; nothing for other voices."""
    if voice is None or not os.path.isfile(voice):
        return []
    found = os.stat(voice)
    return [found.st_size, found.st_mtime_ns]


@contextmanager
def _naming(line: ScriptLine) -> Iterator[None]:
    """Put the line before errors about it."""
    try:
        yield
    except MultiTalkError as error:
        raise MultiTalkError(f"Line {line.number} of the script ({line.speaker}): {error}") from error


def _forget_old(folder: Path) -> None:
    """Delete the least recently used sounds beyond the most that are stored; other files stay."""
    for path in sorted(folder.glob(f"{'[0-9a-f]' * KEY}{ENDING}"), key=_used_at, reverse=True)[MOST_STORED:]:
        path.unlink(missing_ok=True)


def _used_at(path: Path) -> float:
    """When a sound was used last; one that another run has just deleted, never."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
