"""Draw the demo's picture and speak its two voices: `PYTHONPATH=. python tools/make_demo_scene.py [FOLDER]`.

Needs Pillow, soundfile and espeak-ng.
"""

import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageDraw

from multitalk_core.standalone.models import EMBEDDED

SIZE = (640, 400)
DETAIL = 4  # drawn this many times larger and scaled down, for smooth edges
WALL, FLOOR = "#dcebf2", "#c3d9e4"
WHITE, DARK = "#ffffff", "#2f2a33"

# espeak-ng voice, speed in words per minute, pitch 0..99, sentence.
VOICES = (
    ("en-us+f3", 170, 62, "Hello! Did you know that this picture can talk?"),
    ("en-gb+m3", 168, 35, "I did. And I move my mouth to my own voice!"),
)
SILENCE = 0.003  # full scale is 1
MARGIN = 0.08  # seconds of quiet kept before and after the words


@dataclass(frozen=True)
class Person:
    x: float
    skin: str
    cheeks: str
    hair: str
    shirt: str
    collar: str
    iris: str
    long_hair: bool


PERSONS = (
    Person(182, "#f3c9a5", "#eea58e", "#6b3a2a", "#e2725b", "#f6efe6", "#4b7a5a", True),
    Person(458, "#b97f56", "#a6623f", "#2b2328", "#3f7fa6", "#f2e3b3", "#4a2f22", False),
)


class Canvas:
    """Shapes by their middle and half extent, in pixels of the finished picture."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIZE[0] * DETAIL, SIZE[1] * DETAIL), WALL)
        self.draw = ImageDraw.Draw(self.image)

    def ellipse(self, x: float, y: float, across: float, down: float, colour: str) -> None:
        self.draw.ellipse(self._box(x, y, across, down), fill=colour)

    def box(self, x: float, y: float, across: float, down: float, colour: str, round_by: float = 0) -> None:
        self.draw.rounded_rectangle(self._box(x, y, across, down), round_by * DETAIL, fill=colour)

    def arc(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        degrees: tuple[float, float],
        colour: str,
        width: float,
    ) -> None:
        """A stroke with round ends; 0 degrees is to the right, 90 below."""
        for angle in np.linspace(*np.radians(degrees), 120):
            self.ellipse(x + across * np.cos(angle), y + down * np.sin(angle), width / 2, width / 2, colour)

    def finished(self) -> Image.Image:
        return self.image.resize(SIZE, Image.Resampling.LANCZOS)

    def _box(self, x: float, y: float, across: float, down: float) -> list[float]:
        return [(x - across) * DETAIL, (y - down) * DETAIL, (x + across) * DETAIL, (y + down) * DETAIL]


def draw_picture() -> Image.Image:
    canvas = Canvas()
    canvas.box(SIZE[0] / 2, SIZE[1], SIZE[0] / 2, 70, FLOOR)
    for person in PERSONS:
        draw_person(canvas, person)
    return canvas.finished()


def draw_person(canvas: Canvas, person: Person) -> None:
    x, face = person.x, 172
    if person.long_hair:
        canvas.ellipse(x, face - 12, 92, 98, person.hair)
        canvas.box(x, face + 52, 92, 66, person.hair, 34)
    else:
        canvas.ellipse(x, face - 32, 82, 84, person.hair)
    canvas.box(x, 400, 118, 106, person.shirt, 72)
    canvas.ellipse(x, 300, 44, 30, person.collar)
    canvas.box(x, 272, 27, 28, person.cheeks)  # the neck, in the shadow of the chin
    canvas.ellipse(x, 300, 27, 14, person.cheeks)
    for side in (-1, 1):
        canvas.ellipse(x + 75 * side, face + 6, 13, 19, person.skin)
    canvas.ellipse(x, face, 75, 90, person.skin)
    draw_fringe(canvas, person, face)
    draw_features(canvas, person, face)


def draw_fringe(canvas: Canvas, person: Person, face: float) -> None:
    x = person.x
    if person.long_hair:
        canvas.arc(x, face - 2, 68, 76, (188, 352), person.hair, 24)
        canvas.arc(x - 6, face - 78, 52, 22, (20, 175), person.hair, 22)
    else:
        canvas.arc(x, face - 2, 66, 78, (200, 340), person.hair, 22)
        for curl in (-54, -28, 0, 28, 54):
            canvas.ellipse(x + curl, face - 92 + abs(curl) * 0.35, 23, 21, person.hair)


def draw_features(canvas: Canvas, person: Person, face: float) -> None:
    x = person.x
    for side in (-1, 1):
        eye = x + 29 * side
        canvas.ellipse(eye, face - 4, 15, 17, WHITE)
        canvas.ellipse(eye, face - 2, 9.5, 11, person.iris)
        canvas.ellipse(eye, face - 2, 5.5, 6.5, DARK)
        canvas.ellipse(eye + 3.5, face - 6.5, 2.8, 2.8, WHITE)
        canvas.arc(eye, face - 22, 17, 9, (205, 335), person.hair, 5)
        canvas.ellipse(x + 46 * side, face + 31, 12, 8, person.cheeks)
    canvas.arc(x, face + 18, 8, 6, (25, 155), person.cheeks, 4)
    canvas.arc(x, face + 36, 25, 17, (22, 158), "#a8413f", 7)


def speak(voice: str, speed: int, pitch: int, sentence: str) -> tuple[np.ndarray, int]:
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", sentence]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    margin = round(MARGIN * rate)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin], rate


def main(folder: Path) -> None:
    draw_picture().save(folder / "picture.png", optimize=True)
    for number, voice in enumerate(VOICES, 1):
        samples, rate = speak(*voice)
        soundfile.write(folder / f"voice_{number}.flac", samples, rate)
        print(f"voice {number}: {len(samples) / rate:.2f} s, {rate} Hz, peak {np.abs(samples).max():.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EMBEDDED)
