"""The command line on the embedded demo, small, and files to give it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

PICTURE, VOICES = EMBEDDED / "picture.png", [EMBEDDED / f"voice_{number}.flac" for number in (1, 2)]
ADAPTER = EMBEDDED / EMBEDDED_FILES["adapter"]
BOXES = ["--boxes", "64,56,300,400", "340,50,576,400"]
TWO_VOICES = ["--voice", str(VOICES[0]), "--voice", str(VOICES[1])]
SMALL = ["--size", "48x32", "--frames", "9", "--clip-frames", "5", "--motion-frames", "1", "--steps", "2"]


def write_wave(path: Path, samples: np.ndarray, rate: int = 16000) -> str:
    import soundfile

    soundfile.write(path, samples, rate, subtype="FLOAT")
    return str(path)


def tone(seconds: float) -> np.ndarray:
    return 0.1 * np.sin(np.arange(round(seconds * 16000)) / 10).astype(np.float32)


def write_mask(path: Path, left: int, right: int, size: tuple[int, int] = (640, 400)) -> str:
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[50:, left:right] = 255
    Image.fromarray(mask).save(path)
    return str(path)


def generate(folder: Path, *arguments: str, picture: Path | str = PICTURE) -> int:
    return main(["generate", "--picture", str(picture), *arguments, "--output", str(folder / "film.mp4")])


def run(folder: Path, *more: str, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "multitalk_core", "generate", "--picture", PICTURE, *TWO_VOICES, *BOXES]
    return subprocess.Popen(
        [*command, *SMALL, *more, "--output", folder / "film.mp4"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A background job inherits that Ctrl-C is ignored.
        **{"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options},
    )
