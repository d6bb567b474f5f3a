"""Films of cartoon people of whom it is known who speaks when, and whose mouth moves when."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from multitalk_core.media.video_writer import VideoWriter
from multitalk_core.toy_world.scene import random_scene

FRAMES, HEIGHT = 60, 96
TALKING = np.abs(np.sin(0.28 * np.arange(FRAMES)))
HALF = np.arange(FRAMES) < FRAMES // 2
FIRST, SECOND = TALKING * HALF, TALKING * ~HALF  # how far each mouth is open, who speak in turn


def voice(openness: np.ndarray) -> Waveform:
    """Noise as loud as a mouth is open."""
    samples = FRAMES * SPEECH_RATE // 25
    loudness = np.interp(np.arange(samples) / samples * FRAMES, np.arange(FRAMES), openness)
    noise = np.random.default_rng(0).standard_normal(samples)
    return Waveform((0.2 * noise * loudness)[None].astype(np.float32), SPEECH_RATE)


def voices() -> Timeline:
    """Of two people who speak in turn."""
    return Timeline.together([voice(FIRST), voice(SECOND)])


def talking_frames(first: np.ndarray, second: np.ndarray, sway: float = 0.02) -> Tensor:
    """Two people whose mouths are open so far, [frames, height, width, 3]."""
    scene = random_scene(3, sway=sway)
    return scene.frames(torch.from_numpy(np.stack([first, second])).float(), HEIGHT)


def picture() -> Tensor:
    """The same people, large and silent."""
    return random_scene(3, sway=0.0).frames(torch.zeros(2, 1), 320)[0]


def write_film(path: Path, frames: Tensor, *, fps: float = 25.0, sound: Waveform | None = None) -> Path:
    """The frames as an MP4."""
    with VideoWriter(path, frames.shape[2], frames.shape[1], fps=fps, sound=sound) as writer:
        writer.append(frames)
    return path
