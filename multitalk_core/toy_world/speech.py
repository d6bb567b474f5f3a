"""Sentences spoken by espeak-ng, and how far they open the mouths."""

import io
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
from torch import Tensor

from ..audio.loudness import normalise_loudness
from ..audio.waveform import from_array, speech
from ..evaluation.envelope import loudness_envelope
from .scene import FPS

# espeak-ng voice, words per minute, pitch in 0..99
VOICES = (
    ("en-us+f3", 170, 62),
    ("en-gb+m3", 168, 35),
    ("en-us+m1", 150, 45),
    ("en-gb+f2", 180, 70),
    ("en-us+f5", 160, 50),
    ("en-gb+m7", 175, 28),
    ("en-us+m4", 190, 55),
    ("en-gb+f4", 155, 80),
)
SENTENCES = (
    "Hello, how are you today?",
    "Did you know that this picture can talk?",
    "I move my mouth to my own voice.",
    "What a lovely morning it is.",
    "No, I have never been there before.",
    "Would you like a cup of tea?",
    "The train leaves at half past nine.",
    "We should go and see the mountains.",
    "My brother plays the violin every evening.",
    "Wait a moment, I am almost ready.",
    "There is a small bird in the garden.",
    "Yes, of course, that sounds wonderful!",
    "Nobody told me about the party.",
    "Can you hear the sea from here?",
    "It rained all day and all night.",
    "Please put the blue box on the table.",
    "Two apples, one pear and a loaf of bread.",
    "I think we have met somewhere before.",
    "Let us begin again from the start.",
    "Good night, and thank you for coming.",
    "She opened the window and called his name.",
    "Why do you always ask me that?",
    "Every good story needs a happy end.",
    "Quick, close the door behind you!",
)
# Loudness as a fraction of full scale, for voices at -23 LUFS.
FULLY_OPEN = 0.11
QUIET = 0.005


@dataclass(frozen=True)
class Line:
    """One sentence, spoken by one voice."""

    voice: tuple[str, int, int]
    sentence: str


@cache
def spoken(line: Line) -> np.ndarray:
    """The sentence, mono at 16 kHz and -23 LUFS, [samples] float32."""
    import soundfile

    name, speed, pitch = line.voice
    command = ["espeak-ng", "-v", name, "-s", str(speed), "-p", str(pitch), "--stdout", line.sentence]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    return normalise_loudness(speech(from_array(samples, rate)))


def openness(samples: np.ndarray, frames: int) -> Tensor:
    """How far a voice opens the mouth.

    Parameters
    ----------
    samples : np.ndarray [samples]
        Mono, 16 kHz, -23 LUFS.
    frames : int
        Number of video frames, at 25 per second.

    Returns
    -------
    Tensor [frames], in 0..1
    """
    loudness = loudness_envelope(samples, frames, FPS)
    return ((loudness - QUIET) / (FULLY_OPEN - QUIET)).clamp(0, 1)
