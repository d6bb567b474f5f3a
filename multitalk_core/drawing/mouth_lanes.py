"""Mouths against voices: each speaker's loudness and mouth openness, and their correlation."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from ..method.wan import TOKEN_STEP
from .canvas import draw_badge, font, to_image, to_picture
from .lanes import AXIS, LANE_HEIGHT, LEFT, Lanes
from .palette import CANVAS, FAINT_TEXT, LANE, TEXT, speaker_colour

BESIDE = 148  # for the correlations
BELOW = 30  # for the legend
VOICE_TINT = 0.62
VOICE, MOUTH = "loudness of the voice", "openness of the mouth"
MARGIN = 6  # between a curve and its lane's edge
SUPERSAMPLING = 4
LEAST_WIDTH = 640  # pixels; smaller films are enlarged so that the plot can be read
TO_COME = 0.45  # brightness after the cursor
BADGE = 16  # radius on the film


def mouths_picture(openness: Tensor, loudness: Tensor, *, fps: float = 25.0, width: int = 1280) -> Tensor:
    """Draw each voice's loudness as an area, and the speaker's mouth over it as a line.

    All voices share one scale and all mouths another; at the end of each lane are the correlations of its
    mouth with every voice.

    Parameters
    ----------
    openness, loudness : Tensor [speakers, frames]
        Of mouth i and voice i, which belong to the same speaker.
    fps : float
    width : int
        Width of the drawing in pixels.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
    """
    return to_picture(_draw(openness, loudness, fps=fps, width=width).image)


def frames_with_mouths(
    frames: Tensor,
    openness: Tensor,
    loudness: Tensor,
    *,
    columns: Sequence[float],
    fps: float = 25.0,
) -> Iterator[Tensor]:
    """Put a film's frames, enlarged, above the drawing of its mouths with a moving cursor.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], in 0..1
    openness, loudness : Tensor
        As in `mouths_picture`.
    fps : float
    columns : sequence of float, in 0..1
        Horizontal position of each speaker's badge, as a share of the film's width.

    Yields
    ------
    Tensor [height, width, 3], float32, in 0..1
        At least 640 pixels wide, both sides multiples of 16.
    """
    factor = math.ceil(LEAST_WIDTH / frames.shape[2])
    width, height = factor * frames.shape[2], factor * frames.shape[1]
    lanes = _draw(openness, loudness, fps=fps, width=width)
    rows = math.ceil((height + lanes.image.height) / TOKEN_STEP) * TOKEN_STEP
    for index, frame in enumerate(frames):
        whole = Image.new("RGB", (width, rows), CANVAS)
        whole.paste(to_image(frame).resize((width, height), Image.Resampling.BICUBIC))
        whole.paste(_played(lanes, index / fps), (0, height))
        for speaker, column in enumerate(columns):
            draw_badge(whole, speaker, column=column * width, row=height - 1.5 * BADGE, radius=BADGE)
        yield to_picture(whole)


def _draw(openness: Tensor, loudness: Tensor, *, fps: float, width: int) -> Lanes:
    speakers, frames = openness.shape
    lanes = Lanes(speakers, frames / fps, fps=fps, width=width, beside=BESIDE, below=BELOW)
    lanes.number()
    correlations = torch.corrcoef(torch.cat([openness, loudness]).double())[:speakers, speakers:]
    movement = openness - openness.amin(dim=1, keepdim=True)
    heights = [loudness / loudness.max().clamp(min=1e-9), movement / movement.max().clamp(min=1e-9)]
    for index, (voice, mouth) in enumerate(zip(*(part.cpu().numpy() for part in heights), strict=True)):
        lanes.image.paste(_curves(lanes, index, voice=voice, mouth=mouth), (LEFT, lanes.tops[index]))
        _write_correlations(lanes, index, correlations[index].nan_to_num().tolist())
    _draw_legend(lanes)
    return lanes


def _curves(lanes: Lanes, speaker: int, *, voice: np.ndarray, mouth: np.ndarray) -> Image.Image:
    """A lane with the voice as an area and the mouth as a line, both in 0..1."""
    box = (LEFT, lanes.tops[speaker], LEFT + lanes.span, lanes.tops[speaker] + LANE_HEIGHT)
    lane = lanes.image.crop(box)
    lane = lane.resize((lane.width * SUPERSAMPLING, lane.height * SUPERSAMPLING), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(lane)
    columns = (np.arange(len(voice)) / len(voice) * lane.width).tolist()
    margin, floor = MARGIN * SUPERSAMPLING, lane.height - 1
    loud, opened = (floor - margin - curve * (lane.height - 2 * margin) for curve in (voice, mouth))
    area = [*zip(columns, loud.tolist(), strict=True), (columns[-1], floor), (columns[0], floor)]
    tint = np.add(np.multiply(speaker_colour(speaker), VOICE_TINT), np.multiply(LANE, 1 - VOICE_TINT))
    draw.polygon(area, fill=tuple(tint.round().astype(int).tolist()))
    line = list(zip(columns, opened.tolist(), strict=True))
    draw.line(line, TEXT, 2 * SUPERSAMPLING + 1, joint="curve")
    return lane.resize((lanes.span, LANE_HEIGHT), Image.Resampling.BOX)


def _write_correlations(lanes: Lanes, speaker: int, correlations: list[float]) -> None:
    """Write the correlations with every voice, the speaker's own in bold."""
    draw = ImageDraw.Draw(lanes.image)
    left, middle = LEFT + lanes.span + 16, lanes.tops[speaker] + LANE_HEIGHT / 2
    step = min(24, LANE_HEIGHT / len(correlations))
    for voice, correlation in enumerate(correlations):
        row = middle + (voice - (len(correlations) - 1) / 2) * step
        words = f"voice {voice + 1}   {correlation:+.2f}"
        weight = 0.5 if voice == speaker else 0
        colour, type_ = speaker_colour(voice), font(min(17, step))
        draw.text((left, row), words, colour, type_, anchor="lm", stroke_width=weight)


def _draw_legend(lanes: Lanes) -> None:
    draw = ImageDraw.Draw(lanes.image)
    row = lanes.image.height - BELOW / 2 - 4
    draw.rounded_rectangle((LEFT, row - 7, LEFT + 22, row + 7), 3, fill=FAINT_TEXT)
    draw.text((LEFT + 30, row), VOICE, TEXT, font(15), anchor="lm")
    left = LEFT + 30 + draw.textlength(VOICE, font(15)) + 28
    draw.line((left, row, left + 22, row), TEXT, 2)
    draw.text((left + 30, row), MOUTH, TEXT, font(15), anchor="lm")
    heading = (LEFT + lanes.span + 16, AXIS - 18)
    draw.text(heading, "correlation with", FAINT_TEXT, font(14), anchor="lm")


def _played(lanes: Lanes, second: float) -> Image.Image:
    """The drawing at a point in time: a cursor, and the lanes after it dimmed."""
    plot = lanes.image.copy()
    column = round(lanes.column(second))
    box = (column, AXIS, LEFT + lanes.span + 1, lanes.bottom + 1)
    ahead = plot.crop(box)
    plot.paste(Image.blend(Image.new("RGB", ahead.size, CANVAS), ahead, TO_COME), box)
    ImageDraw.Draw(plot).line((column, AXIS - 6, column, lanes.bottom + 6), TEXT, 2)
    return plot
