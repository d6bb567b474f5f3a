"""What a CPU can measure of a film's costs beside the GPU, with the project's own store and writer.

A photograph that moves by a third of a pixel a frame stands for the film. Seconds are CPU seconds of all
threads, so that other work on the machine does not count.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.waveform import Waveform
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.steadiness import Steadiness
from multitalk_core.film.store import StoredClip, open_film, read_clip, stored_films, write_clip
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.media.video_writer import VideoWriter

from .film_minute import CLIP_FRAMES, FPS, MOTION_FRAMES

HEIGHT, WIDTH = 480, 832
SHIFT = 1 / 3  # pixels a frame
MARGIN = 32  # pixels that come in from the right
RATE = 16000  # of the sound
FILMS = 300  # in the store that is listed

Clock = Callable[[], float]


def moving(photograph: Tensor, frames: int) -> Tensor:
    """Frames [frames, HEIGHT, WIDTH, 3] of a photograph that moves to the left, with linear interpolation."""
    shown = []
    for frame in range(frames):
        whole, part = divmod(frame * SHIFT, 1)
        left = photograph[:, int(whole) : int(whole) + WIDTH]
        right = photograph[:, int(whole) + 1 : int(whole) + 1 + WIDTH]
        shown.append(left * (1 - part) + right * part)
    return torch.stack(shown)


def clip_of(frames: Tensor) -> StoredClip:
    """A stored clip of the usual plan; the latent is noise, which no format makes smaller."""
    motion = frames[-MOTION_FRAMES:].movedim(-1, 0)[None] * 2 - 1
    latent = torch.randn(1, 16, (CLIP_FRAMES - 1) // 4 + 1, HEIGHT // 8, WIDTH // 8)
    return StoredClip(frames[MOTION_FRAMES:], latent, motion, torch.Generator().get_state())


@contextmanager
def timed(found: dict[str, float], name: str, clock: Clock = time.process_time) -> Iterator[None]:
    """Note the seconds of a block."""
    before = clock()
    yield
    found[name] = clock() - before


def measured(path: Path) -> dict[str, float]:
    """Sizes in bytes and CPU seconds, from a photograph of at least 860×480 pixels."""
    planes = read_picture(path).movedim(-1, 0)[None]
    photograph = resize_and_crop(planes, HEIGHT, WIDTH + MARGIN)[0].movedim(0, -1)
    frames = moving(photograph, CLIP_FRAMES)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = clip_of(frames)
        with timed(found, "clip written, CPU s"):
            write_clip(folder / "clip", "key", clip)
        with timed(found, "clip read, CPU s"):
            read_clip(folder / "clip", "key")
        found["clip, bytes"] = (folder / "clip").stat().st_size
        with timed(found, "colours matched, CPU s a clip"):
            SeamCorrection().matched(frames.movedim(-1, 0)[None] * 2 - 1, picture_in(photograph))
        with timed(found, "steadiness, CPU s a clip"):
            Steadiness().append(clip.frames, photograph[None, :, :WIDTH])
        found |= _film(folder / "film.mp4", clip.frames)
        found |= _listing(folder / "store")
    return found


def picture_in(photograph: Tensor) -> Tensor:
    """The film's picture as clips are matched with it, [1, 3, 1, HEIGHT, WIDTH] in -1..1."""
    return photograph[:, :WIDTH].movedim(-1, 0)[None, :, None] * 2 - 1


def _film(path: Path, frames: Tensor) -> dict[str, float]:
    """H.264 and AAC, as long as the frames of a clip."""
    found: dict[str, float] = {}
    sound = Waveform(
        np.random.default_rng(0).normal(0, 0.1, (1, round(len(frames) / FPS * RATE))).astype(np.float32), RATE
    )
    before = time.process_time()
    with VideoWriter(path, WIDTH, HEIGHT, sound=sound) as writer:
        writer.append(frames)
    minute = 60 * FPS / len(frames)
    found["film written, CPU s a minute"] = (time.process_time() - before) * minute
    found["film, bytes a minute"] = path.stat().st_size * minute
    return found


def _listing(store: Path) -> dict[str, float]:
    """What every clip that is stored costs for each other film in the same store."""
    links = [{"clip": clip.index, "start": clip.start} for clip in plan_clips(60 * FPS).clips]
    for film in range(FILMS):
        with open_film(store, f"film {film}", {"film": film}, links=links):
            pass
    before = time.process_time()
    films = stored_films(store)
    return {"store listed, CPU s a film": (time.process_time() - before) / len(films)}
