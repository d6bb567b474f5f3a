"""What a border between two pieces of a long voice changes in a film: one clip of the demo's, on the border.

    nice python -m tests.bench_border --pieces 60 120

Beside it, for scale: the voices one frame later, and another seed.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.timeline import Timeline
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.film.clips import Clip, ClipPlan
from multitalk_core.film.film import make_film

from .helpers.demo_film import DemoFilm, repeated

FPS, CLIP_FRAMES, LEVELS = 25, 21, 255
MINUTES, BORDER = 6, 2 * 60 * FPS  # where pieces of 30, 60 and 120 s meet
BEFORE = 10  # frames of the clip before the border


def conversations(film: DemoFilm, pieces: list[float]) -> Mapping[str, Conversation]:
    """The demo's two voices, repeated; whole and in pieces."""
    seconds = MINUTES * 60.0
    voices = [repeated(read_audio(EMBEDDED / f"voice_{number}.flac"), seconds) for number in (1, 2)]
    lengths = {"whole": seconds, **{f"pieces of {length:g} s": length for length in pieces}}
    return {
        name: encode_conversation(Timeline.together(voices), film.encoder, seconds_per_piece=length)
        for name, length in lengths.items()
    }


def clip(film: DemoFilm, conversation: Conversation, seed: int = 0) -> Tensor:
    """Frames of the clip on the border, in 0..255."""
    plan = ClipPlan(CLIP_FRAMES, (Clip(0, BORDER - BEFORE, CLIP_FRAMES, 0, CLIP_FRAMES),))
    (made,) = make_film(
        replace(film.spec, conversation=conversation, plan=plan, seed=seed, recorded=None), film.model
    )
    return made.frames.clamp(0, 1) * LEVELS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pieces", type=float, nargs="+", default=[60.0, 120.0], help="seconds per piece")
    arguments = parser.parse_args()
    film = DemoFilm()
    known = conversations(film, arguments.pieces)
    whole = known["whole"]
    later = replace(whole, features=tuple(voice.roll(1, 0) for voice in whole.features))
    frames = clip(film, whole)
    others = {name: clip(film, each) for name, each in known.items() if each is not whole}
    others |= {"voices one frame later": clip(film, later), "another seed": clip(film, whole, seed=1)}
    for name, other in others.items():
        difference = (other - frames).abs()
        print(
            f"{name}: {float(difference.mean()):.4f} of {LEVELS} levels on average, "
            f"{float(difference.max()):.2f} at most"
        )


if __name__ == "__main__":
    main()
