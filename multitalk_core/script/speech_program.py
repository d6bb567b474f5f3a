"""A program that speaks a text into a sound file: text-to-speech on the command line.

Knows processes; knows nothing of scripts. A text is an argument or standard input, never part of what a
shell or an interpreter runs.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ..errors import MultiTalkError, quoted

TEXT, VOICE, OUTPUT = "{text}", "{voice}", "{output}"
PLACEHOLDER = re.compile(r"\{(?:text|voice|output)\}")
# By the name of the program; each reads the text from standard input.
KNOWN = {
    "espeak-ng": "espeak-ng -b 1 -v {voice} -w {output} --stdin",
    "kokoro": "kokoro --voice {voice} --output-file {output}",
    "piper": "piper --model {voice} --output_file {output}",
}
USUAL_VOICES = {"espeak-ng": "en", "kokoro": "af_heart"}  # piper's are files, of which none comes with it
SECONDS = 300.0  # for one text
LONGEST_COMPLAINT = 4000  # bytes


@dataclass(frozen=True)
class SpeechProgram:
    """How a text is spoken.

    Attributes
    ----------
    command : tuple of str
        The program and its arguments, with {output}, and perhaps {voice} and {text}; without {text} it
        reads standard input.
    usual_voice : str, optional
        For who has none.
    seconds : float
        After which the program is stopped.
    """

    command: tuple[str, ...]
    usual_voice: str | None = None
    seconds: float = SECONDS

    @property
    def name(self) -> str:
        """For messages."""
        return self.command[0]

    @property
    def has_voices(self) -> bool:
        """Whether the command takes a voice."""
        return any(VOICE in argument for argument in self.command)

    def speak(self, text: str, voice: str | None, output: Path) -> None:
        """Write the spoken text to a file.

        Parameters
        ----------
        text : str
        voice : str or None
            None is the usual one.
        output : Path
            A new WAV file.

        Raises
        ------
        MultiTalkError
            When the program cannot be started, fails, takes too long, or writes nothing.
        """
        # A blank before a dash: no text is an option.
        spoken = f" {text}" if text.startswith("-") else text
        values = {TEXT: spoken, VOICE: voice or self.usual_voice or "", OUTPUT: str(output)}
        command = [PLACEHOLDER.sub(lambda match: values[match[0]], part) for part in self.command]
        with TemporaryFile() as given, TemporaryFile() as complaint:
            given.write(b"" if any(TEXT in part for part in self.command) else f"{text}\n".encode())
            given.seek(0)
            try:
                process = subprocess.Popen(
                    command,
                    stdin=given,
                    stdout=subprocess.DEVNULL,
                    stderr=complaint,
                    start_new_session=True,
                )
            except OSError as error:
                reason = error.strerror or quoted(error)
                raise MultiTalkError(f"{quoted(self.name)} cannot be started ({reason}).") from error
            self._wait(process)
            if process.returncode:
                raise MultiTalkError(
                    f"{quoted(self.name)} failed (exit code {process.returncode}): {_last_line(complaint)}"
                )
        if not output.is_file() or not output.stat().st_size:
            raise MultiTalkError(
                f"{quoted(self.name)} wrote no sound: {OUTPUT} in --tts is the file to write."
            )

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until the program ends; whatever it started ends with it, but for Windows."""
        try:
            process.wait(self.seconds)
        except subprocess.TimeoutExpired as error:
            raise MultiTalkError(
                f"{quoted(self.name)} has not ended after {self.seconds:g} seconds and is stopped."
            ) from error
        finally:
            if process.returncode is None:
                _stop(process)
                process.wait()


def speech_program(text: str) -> SpeechProgram:
    """The program of a name in `KNOWN`, or of a command with placeholders.

    Raises
    ------
    MultiTalkError
        When the command cannot be read, has no {output}, has {text} or {voice} among other words of one
        argument, or its program is not installed.
    """
    try:
        command = tuple(shlex.split(KNOWN.get(text, text)))
    except ValueError as error:
        raise MultiTalkError(f"{quoted(text)} has a quotation mark that is not closed.") from error
    if not any(OUTPUT in part for part in command):
        raise MultiTalkError(
            f"{quoted(text)} is neither {', '.join(KNOWN)} nor a command with {OUTPUT}: write it such as "
            f'"say-it --voice {VOICE} --file {OUTPUT} {TEXT}".'
        )
    # Such an argument is often a line for a shell, which would run what a script says.
    if any(re.search(r"\s", part) and (TEXT in part or VOICE in part) for part in command):
        raise MultiTalkError(
            f"{quoted(text)} has {TEXT} or {VOICE} within a longer argument: put {TEXT} in an argument of "
            "its own, or read the text from standard input."
        )
    if shutil.which(command[0]) is None:
        raise MultiTalkError(f"There is no program {quoted(command[0])} here: install it, or name another.")
    return SpeechProgram(command, USUAL_VOICES.get(text))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group; on Windows, which has no groups, the process alone."""
    if not hasattr(os, "killpg"):
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(complaint: IO[bytes]) -> str:
    """The last thing that the program said."""
    complaint.seek(0, os.SEEK_END)
    complaint.seek(max(0, complaint.tell() - LONGEST_COMPLAINT))
    lines = [line.strip() for line in complaint.read().decode(errors="replace").splitlines() if line.strip()]
    return quoted(lines[-1]) if lines else "it does not say why."
