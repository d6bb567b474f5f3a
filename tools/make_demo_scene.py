"""Draw the demo's picture and speak its two voices: `PYTHONPATH=. python tools/make_demo_scene.py [FOLDER]`.

Both come from the toy world that the demo's models are trained on. Needs soundfile and espeak-ng.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile
import torch

from multitalk_core.audio.waveform import SPEECH_RATE
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.picture import write_picture
from multitalk_core.toy_world.people import Look
from multitalk_core.toy_world.scene import Person, Scene
from multitalk_core.toy_world.speech import Line, spoken

HEIGHT, ASPECT = 400, 1.6
SCENE = Scene(
    persons=(
        Person(
            Look("#f3c9a5", "#eea58e", "#6b3a2a", "#e2725b", "#f6efe6", "#4b7a5a", True), 0.455, 0.44, 0.205
        ),
        Person(
            Look("#b97f56", "#a6623f", "#2b2328", "#3f7fa6", "#f2e3b3", "#4a2f22", False), 1.145, 0.43, 0.205
        ),
    ),
    wall="#dcebf2",
    floor="#c3d9e4",
    aspect=ASPECT,
)
HERS, HIS = ("en-us+f3", 170, 62), ("en-gb+m3", 168, 35)
# In turn, then both at once.
TURNS = (
    (Line(HERS, "Hello, I can talk!"), None),
    (None, Line(HIS, "I have my own voice.")),
    (Line(HERS, "And I have mine."), Line(HIS, "Both at the same time!")),
)
SILENCE = 0.003  # full scale is 1
MARGIN = 0.08  # seconds of quiet kept before and after the words


def trimmed(samples: np.ndarray) -> np.ndarray:
    """The words and a margin."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    margin = round(MARGIN * SPEECH_RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


def tracks() -> np.ndarray:
    """Both voices over the whole conversation, [2, samples]."""
    turns = []
    for lines in TURNS:
        voices = [np.zeros(0, np.float32) if line is None else trimmed(spoken(line)) for line in lines]
        longest = max(len(voice) for voice in voices)
        turns.append(np.stack([np.pad(voice, (0, longest - len(voice))) for voice in voices]))
    return np.concatenate(turns, axis=1)


def main(folder: Path) -> None:
    closed = torch.zeros(len(SCENE.persons), 1)
    write_picture(folder / "picture.png", SCENE.frames(closed, HEIGHT)[0])
    for number, samples in enumerate(tracks(), 1):
        soundfile.write(folder / f"voice_{number}.flac", samples, SPEECH_RATE)
        print(f"voice {number}: {len(samples) / SPEECH_RATE:.2f} s, peak {np.abs(samples).max():.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EMBEDDED)
