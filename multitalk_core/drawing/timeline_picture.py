"""Who speaks when: one lane per speaker, with frames and seconds on the axes."""

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from .canvas import font, to_picture
from .lanes import LANE_HEIGHT, LEFT, Lanes
from .palette import FAINT_TEXT, Colour, speaker_colour

SUPERSAMPLING = 2


def timeline_picture(tracks: Tensor, rate: int, *, fps: float = 25.0, width: int = 1280) -> Tensor:
    """Draw the waveforms of all voices one below the other, at the same scale.

    Parameters
    ----------
    tracks : Tensor [speakers, samples], float32, in -1..1
    rate : int
        Samples per second.
    fps : float
        Video frames per second.
    width : int
        Width of the drawing in pixels.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
    """
    voices = tracks.detach().float().cpu().numpy()
    lanes = Lanes(len(voices), voices.shape[1] / rate, fps=fps, width=width)
    lanes.number()
    draw = ImageDraw.Draw(lanes.image)
    loudest = max(np.abs(voices).max(), 1e-9)
    for index, (voice, top) in enumerate(zip(voices, lanes.tops, strict=True)):
        wave = _wave(voice / loudest, lanes.span, speaker_colour(index))
        lanes.image.paste(wave, (LEFT, top), wave)
        if not voice.any():
            above = top + LANE_HEIGHT / 2 - 14
            draw.text((LEFT + 14, above), "silent", FAINT_TEXT, font(15), anchor="lm")
    return to_picture(lanes.image)


def _wave(voice: np.ndarray, width: int, colour: Colour) -> Image.Image:
    """The envelope of a voice in -1..1, one lane high, on a transparent ground."""
    columns = width * SUPERSAMPLING
    starts = np.arange(columns) * len(voice) // columns
    highest = np.maximum.reduceat(voice, starts)
    lowest = np.minimum.reduceat(voice, starts)
    height = LANE_HEIGHT * SUPERSAMPLING
    reach = height / 2 - 4 * SUPERSAMPLING
    wave = Image.new("RGBA", (columns, height), (*colour, 0))
    draw = ImageDraw.Draw(wave)
    for column, (high, low) in enumerate(zip(highest, lowest, strict=True)):
        rows = (height / 2 - high * reach - 1, height / 2 - low * reach + 1)
        draw.line((column, rows[0], column, rows[1]), fill=(*colour, 255))
    return wave.resize((width, LANE_HEIGHT), Image.Resampling.BOX)
