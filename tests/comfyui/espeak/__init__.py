"""A text-to-speech node as other packs have them: a text and a voice from a list to AUDIO, by eSpeak NG."""

import subprocess
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

VOICES = ["en-us+f3", "en-us+m3", "en-gb"]


class Espeak:
    """Speaks a text."""

    CATEGORY = "tests"
    FUNCTION = "speak"
    RETURN_TYPES = ("AUDIO",)

    @classmethod
    def INPUT_TYPES(cls) -> dict:
        return {"required": {"text": ("STRING", {"multiline": True}), "voice": (VOICES,)}}

    def speak(self, text: str, voice: str) -> tuple[dict]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "spoken.wav"
            command = ["espeak-ng", "-v", voice, "-w", str(path), "--stdin"]
            subprocess.run(command, input=text.encode(), check=True)
            with wave.open(str(path)) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
                rate = file.getframerate()
        return ({"waveform": torch.from_numpy(samples).float()[None, None], "sample_rate": rate},)


NODE_CLASS_MAPPINGS = {"Espeak": Espeak}
