"""Voices as files that the page draws and plays."""

import wave
from io import BytesIO
from pathlib import Path

import folder_paths
import numpy as np

from ...multitalk_core.audio.waveform import Waveform
from ...multitalk_core.files.digests import digest
from ...multitalk_core.files.whole import whole_file

PAGE_RATE = 24000  # enough for speech
FULL_SCALE = 32767


def wav_bytes(voice: Waveform) -> bytes:
    """The voice as a WAV file, mono with 16 bits, which every browser decodes."""
    samples = np.clip(voice.mono().resampled(PAGE_RATE).samples[0], -1, 1)
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(PAGE_RATE)
        writer.writeframes((samples * FULL_SCALE).astype("<i2").tobytes())
    return file.getvalue()


def voice_file(voice: Waveform) -> dict[str, str]:
    """Write the voice to ComfyUI's temporary folder, unless it lies there; the file as the page names it."""
    folder = Path(folder_paths.get_temp_directory())
    path = folder / f"multitalk_voice_{digest(voice.samples)[:24]}_{voice.rate}.wav"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(wav_bytes(voice))
    return {"filename": path.name, "subfolder": "", "type": "temp"}
