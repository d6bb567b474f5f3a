"""Who speaks when: one lane a speaker, seconds and frames on the axes."""

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from .canvas import draw_badge, font, to_picture
from .palette import CANVAS, FAINT_TEXT, LANE, LINE, TEXT, Colour, speaker_colour

LANE_HEIGHT = 92
LANE_GAP = 10
LEFT = 64
RIGHT = 28
AXIS = 40  # above the lanes frames, below them seconds
TICK_DISTANCE = 90  # least pixels between two ticks
SUPERSAMPLING = 2

SECONDS_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
FRAME_STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000)


def timeline_picture(tracks: Tensor, rate: int, fps: float = 25.0, width: int = 1280) -> Tensor:
    """Draw the voices one under the other, all to the same scale of loudness.

    Parameters
    ----------
    tracks : Tensor [speakers, samples], float32, in -1..1
    rate : int
        Samples a second.
    fps : float
        Frames a second of the video.
    width : int
        Of the drawing, in pixels.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
    """
    voices = tracks.detach().float().cpu().numpy()
    seconds = voices.shape[1] / rate
    lanes = len(voices) * (LANE_HEIGHT + LANE_GAP) - LANE_GAP
    image = Image.new("RGB", (width, lanes + 2 * AXIS), CANVAS)
    draw = ImageDraw.Draw(image)
    span = width - LEFT - RIGHT
    loudest = np.abs(voices).max()
    tops = [AXIS + index * (LANE_HEIGHT + LANE_GAP) for index in range(len(voices))]
    for top in tops:
        box = (LEFT, top, LEFT + span, top + LANE_HEIGHT)
        draw.rounded_rectangle(box, 6, fill=LANE)
    pixels_a_second = span / seconds
    step = _step(SECONDS_STEPS, pixels_a_second)
    for tick in np.arange(0, seconds + 1e-6, step):
        column = LEFT + tick * pixels_a_second
        draw.line((column, AXIS, column, AXIS + lanes + 6), fill=LINE)
        draw.text((column, AXIS + lanes + 20), _clock(tick), TEXT, font(16), anchor="mm")
    step = _step(FRAME_STEPS, pixels_a_second / fps)
    for frame in range(0, int(seconds * fps + 1e-6) + 1, step):
        column = LEFT + frame / fps * pixels_a_second
        draw.line((column, AXIS - 6, column, AXIS), fill=LINE)
        draw.text((column, AXIS - 18), str(frame), FAINT_TEXT, font(14), anchor="mm")
    draw.text((LEFT - 12, AXIS - 18), "frame", FAINT_TEXT, font(14), anchor="rm")
    for index, (voice, top) in enumerate(zip(voices, tops, strict=True)):
        wave = _wave(voice / max(loudest, 1e-9), span, speaker_colour(index))
        image.paste(wave, (LEFT, top), wave)
        middle = top + LANE_HEIGHT / 2
        draw_badge(image, LEFT / 2, middle, 16, index)
        if not voice.any():
            draw.text((LEFT + 14, middle - 14), "silent", FAINT_TEXT, font(15), anchor="lm")
    return to_picture(image)


def _wave(voice: np.ndarray, width: int, colour: Colour) -> Image.Image:
    """The envelope of a voice in -1..1, one lane high, on nothing."""
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


def _step(steps: tuple[float, ...], pixels: float) -> float:
    """The smallest step whose ticks are far enough apart, `pixels` being one unit's width."""
    return next((step for step in steps if step * pixels >= TICK_DISTANCE), steps[-1])


def _clock(seconds: float) -> str:
    """Seconds as people read them: 0.5 s, 59 s, 2:30."""
    return f"{seconds:g} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
