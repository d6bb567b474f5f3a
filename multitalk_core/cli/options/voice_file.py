"""A voice as an argument names it: a file, and which of its channels."""

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import NamedTuple

from ...audio.sound_file import read_audio
from ...audio.waveform import ALL, CHANNEL_CHOICES, LEFT, MIX, RIGHT, Waveform
from ...errors import quoted
from .paths import input_file


class VoiceFile(NamedTuple):
    """A file and its channel, which the core's `Waveform.chosen` names."""

    path: Path
    channel: str = ALL

    def read(self, track: str = "") -> Waveform:
        """Read the sound; of several tracks the one that `track` names, as in `read_audio`."""
        return read_audio(self.path, track=track, channel=self.channel)


def voice_file(text: str) -> VoiceFile:
    """Parse FILE or FILE:CHANNEL; a file whose name ends like a channel is that file."""
    file, colon, channel = text.rpartition(":")
    if not colon or _exists(text):
        return VoiceFile(input_file(text))
    if channel.casefold() in CHANNEL_CHOICES:
        return VoiceFile(input_file(file), channel.casefold())
    if _exists(file):
        raise ArgumentTypeError(
            f"{quoted(channel)} is not a channel: write {quoted(file)}:{LEFT}, :{RIGHT}, :{MIX}, or a number "
            "from :1 on"
        )
    return VoiceFile(input_file(text))


def _exists(file: str) -> bool:
    try:
        return os.path.isfile(file)
    except ValueError:  # a null character
        return False
