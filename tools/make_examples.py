"""Draw the templates' pictures and video, and speak their voices.

`PYTHONPATH=. python tools/make_examples.py`, with soundfile and espeak-ng. The people are the toy world's, so
that the demo's model knows them, with noses, lips and eyelids, by which the face detector knows a face.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from make_demo_scene import trimmed
from torch import Tensor

from multitalk_core.audio.waveform import SPEECH_RATE, from_array
from multitalk_core.media.picture import write_picture
from multitalk_core.media.video_writer import VideoWriter
from multitalk_core.toy_world.cartoon_canvas import Canvas
from multitalk_core.toy_world.people import DARK, MOUTH, Look, colour, draw_person
from multitalk_core.toy_world.scene import FPS
from multitalk_core.toy_world.speech import Line, openness, spoken

FOLDER = Path(__file__).parents[1] / "workflows" / "inputs"
WIDTH, HEIGHT = 832, 480
SEEN = 0.865  # share of the width in which everybody stands, so that 3:2 cuts nobody
WALL, FLOOR, FLOOR_BELOW = "#dcebf2", "#c3d9e4", 0.83
LIPS = "#b5524e"
LOOKS = (
    Look("#f3c9a5", "#eea58e", "#6b3a2a", "#e2725b", "#f6efe6", "#4b7a5a", True),
    Look("#b97f56", "#a6623f", "#2b2328", "#3f7fa6", "#f2e3b3", "#4a2f22", False),
    Look("#f7dcc4", "#f0b3a2", "#d9b25f", "#5f9e6e", "#f6efe6", "#3f6fa0", True),
)
FACE_BELOW = 0.44  # picture heights
FACES = {"one_person": (1, 0.22), "two_people": (2, 0.19), "three_people": (3, 0.15)}
VOICES = ("en-us+f3", 170, 62), ("en-gb+m3", 168, 35), ("en-gb+f2", 175, 74)
LINES = (
    "Have we met somewhere before?",
    "We meet each time this picture talks.",
    "And I am here for the first time.",
)
# Speaker and words, one after the other: the first two fit in one clip.
DIALOGUE = (
    (0, "Good morning! Did you sleep well?"),
    (1, "Like a stone, and you?"),
    (0, "I dreamed of a picture that could talk."),
    (1, "Then it was no dream."),
)
# Of the template of a script, recorded.
SCRIPT = (
    (0, "Good morning. Did you sleep well?"),
    (1, "Not at all."),
    (0, "Oh no!"),
    (1, "It was the cat."),
)
DUBBED = (0, "What a lovely morning it is."), (1, "Yes, of course, that sounds wonderful!")
PAUSE, SWAY = 0.1, 0.012  # seconds; picture heights


def picture(count: int, size: float, mouths: Tensor, *, start: int = 0) -> Tensor:
    """The first `count` people side by side, from frame `start` on.

    `mouths` are [count, frames] in 0..1, `size` is half the width of a face.
    """
    canvas = Canvas(mouths.shape[1], HEIGHT, WIDTH, colour=colour(WALL))
    canvas.paint(1 - canvas.above(FLOOR_BELOW), colour(FLOOR))
    part = SEEN * WIDTH / HEIGHT / count
    moment = (start + torch.arange(mouths.shape[1])) / FPS
    for place, look in enumerate(LOOKS[:count]):
        middle = (1 - SEEN) / 2 * WIDTH / HEIGHT + part * (place + 0.5)
        x = middle + SWAY * torch.sin(2 * math.pi * 0.4 * moment + 2 * place)
        y = torch.full_like(x, FACE_BELOW)
        shirt = colour(look.shirt).expand(len(x), 3)
        draw_person(canvas, look, x=x, body=y, head=y, size=size, shirt=shirt, openness=mouths[place])
        add_features(canvas, look, x=x, y=y, size=size, openness=mouths[place])
    return canvas.picture


def add_features(canvas: Canvas, look: Look, *, x: Tensor, y: Tensor, size: float, openness: Tensor) -> None:
    """Eyelids, nose, lips and shades on a drawn face, in half widths of the face around its centre."""

    def ellipse(right: float, below: float, *, across: float, down: float | Tensor) -> Tensor:
        return canvas.ellipse(x + right * size, y + below * size, across=across * size, down=down * size)

    def box(right: float, below: float, *, across: float, down: float) -> Tensor:
        place = x + right * size, y + below * size
        return canvas.box(*place, across=across * size, down=down * size, corner=down * size)

    skin, shade, dark = colour(look.skin), colour(look.shade), colour(DARK)
    for side in (-0.39, 0.39):
        canvas.paint(ellipse(side, -0.08, across=0.25, down=0.28) * canvas.above(y - 0.27 * size), skin)
        canvas.paint(box(side, -0.27, across=0.24, down=0.025), dark)
    canvas.paint(0.6 * box(0, 0.1, across=0.045, down=0.2), shade)
    canvas.paint(ellipse(0, 0.28, across=0.17, down=0.08), shade)
    for side in (-0.075, 0.075):
        canvas.paint(0.7 * ellipse(side, 0.31, across=0.035, down=0.025), dark)
    canvas.paint(ellipse(0, 0.62, across=0.36, down=0.13 + 0.24 * openness), colour(LIPS))
    canvas.paint(ellipse(0, 0.62, across=0.31, down=0.025 + 0.24 * openness), colour(MOUTH))
    edge = (
        ellipse(0, 0, across=1, down=1.2)
        * (1 - ellipse(0, 0, across=0.82, down=1.12))
        * (1 - canvas.above(y - 0.5 * size))
    )
    canvas.paint(0.45 * edge, shade)


def tracks(lines: Sequence[tuple[int, str]]) -> np.ndarray:
    """One track a speaker over the whole dialogue, [2, samples]."""
    turns = []
    for speaker, words in lines:
        voice = np.pad(trimmed(spoken(Line(VOICES[speaker], words))), (0, round(PAUSE * SPEECH_RATE)))
        turns.append(np.stack([voice if speaker == track else 0 * voice for track in (0, 1)]))
        print(f"speaker {speaker + 1}: {len(voice) / SPEECH_RATE:.2f} s: {words}")
    return np.concatenate(turns, axis=1)


def write_voice(name: str, samples: np.ndarray) -> None:
    soundfile.write(FOLDER / f"multitalk_{name}.mp3", samples, SPEECH_RATE)


def write_video(name: str, voices: np.ndarray) -> None:
    """The two people, who say something else than the voices."""
    count, size = FACES["two_people"]
    frames = voices.shape[1] * FPS // SPEECH_RATE
    mouths = torch.stack([openness(voice, frames) for voice in voices])
    sound = from_array(voices.sum(0), SPEECH_RATE)
    with VideoWriter(FOLDER / f"multitalk_{name}.mp4", WIDTH, HEIGHT, sound=sound) as writer:
        for start in range(0, frames, FPS):
            writer.append(picture(count, size, mouths[:, start : start + FPS], start=start))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (count, size) in FACES.items():
        write_picture(FOLDER / f"multitalk_{name}.png", picture(count, size, torch.zeros(count, 1))[0])
    for number, words in enumerate(LINES, 1):
        write_voice(f"line_{number}", trimmed(spoken(Line(VOICES[number - 1], words))))
    for number, (speaker, words) in enumerate(SCRIPT, 1):
        write_voice(f"script_line_{number}", trimmed(spoken(Line(VOICES[speaker], words))))
    voices = tracks(DIALOGUE)
    for number, samples in enumerate(voices, 1):
        write_voice(f"voice_{number}", samples)
    write_voice("conversation", voices.sum(0))
    write_video("two_people_talk", tracks(DUBBED))


if __name__ == "__main__":
    main()
