"""How much a face moves: its mouth and its eyes as seen on the upright head, and the head itself."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .person_track import PersonTrack
from .video_at_rate import RATE

# In distances from the eyes to the mouth, from the middle of the eyes: left, top, right, bottom.
EYES = (-0.9, -0.35, 0.9, 0.35)
MOUTH = (-0.6, 0.65, 0.6, 1.5)
POINTS = (16, 24)  # sampled rows and columns of a region
NOISE = 6 / 255  # what compression changes in a still picture
STEP = 5  # frames over which the head's movement is measured: 0.2 s
JITTER = 0.03  # of the distance from eyes to mouth: how far landmarks jump on a still face
AVERAGED = 5  # frames of the moving mean of landmarks and of a mouth's movement: about as long as a syllable


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """Movement of one face, [frames]; NaN where it is lost, and 0 in a still picture.

    Attributes
    ----------
    mouth, eyes : np.ndarray
        Mean change of the pixels around them since the frame before, on the upright face, as a share of the
        face's contrast, per second.
    head : np.ndarray
        How far the face moves, in distances from its eyes to its mouth per second.
    """

    mouth: np.ndarray
    eyes: np.ndarray
    head: np.ndarray


class FaceWatch:
    """Measures a face's motion from frames that are given one after the other.

    Parameters
    ----------
    track : PersonTrack
    """

    def __init__(self, track: PersonTrack) -> None:
        self._points = moving_mean(track.points)
        frames = len(track.boxes)
        self._change = {name: np.full(frames, np.nan) for name in ("mouth", "eyes")}
        self._before: dict[str, Tensor] = {}
        self._contrast = 1.0

    def look(self, first: int, pixels: Tensor) -> None:
        """Take the next frames [frames, height, width, 3] in uint8, the first with the index `first`."""
        for index, levels in enumerate(pixels, start=first):
            if np.isnan(self._points[index]).any():
                self._before = {}
                continue
            frame = levels.float() / 255
            patches = {"mouth": upright(frame, self._points[index], MOUTH)}
            patches["eyes"] = upright(frame, self._points[index], EYES)
            if not self._before:
                self._contrast = max(float(patches["eyes"].std()), NOISE)
            for name, before in self._before.items():
                change = ((patches[name] - before).abs() - NOISE).clamp(min=0).mean()
                self._change[name][index] = float(change) / self._contrast * RATE
            self._before = patches

    def motion(self) -> FaceMotion:
        """What was measured, once all frames were given."""
        return FaceMotion(self._change["mouth"], self._change["eyes"], head_speed(self._points))


def moving_mean(values: np.ndarray) -> np.ndarray:
    """Values [frames, ...] averaged over AVERAGED frames, or as many as are known; NaN where unknown."""
    half = AVERAGED // 2
    around = np.pad(values, [(half, half), *[(0, 0)] * (values.ndim - 1)], constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(around, AVERAGED, axis=0)
    counted = (~np.isnan(windows)).sum(-1)
    mean = np.nansum(windows, axis=-1) / np.maximum(counted, 1)
    return np.where(np.isnan(values), np.nan, mean)


def head_speed(points: np.ndarray) -> np.ndarray:
    """How far the mean of the landmarks [frames, 5, 2] moves in STEP frames, beyond JITTER, per second."""
    middle = points.mean(axis=1)
    down = points[:, 3:].mean(axis=1) - points[:, :2].mean(axis=1)
    length = np.hypot(*down.T)
    speed = np.full(len(points), np.nan)
    distance = np.hypot(*(middle[STEP:] - middle[:-STEP]).T) / length[STEP:]
    speed[STEP:] = np.maximum(0, distance - JITTER) * RATE / STEP
    return speed


def upright(frame: Tensor, points: np.ndarray, region: tuple[float, float, float, float]) -> Tensor:
    """A region [3, rows, columns] of a face with these landmarks [5, 2], turned upright and to one size."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    down = torch.tensor(mouth - eyes).float()
    across = torch.stack([down[1], -down[0]])
    left, top, right, bottom = region
    rows, columns = torch.linspace(top, bottom, POINTS[0]), torch.linspace(left, right, POINTS[1])
    places = (
        torch.tensor(eyes).float() + columns[None, :, None] * across + rows[:, None, None] * down
    )  # column and row in pixels
    height, width = frame.shape[:2]
    grid = (2 * places + 1) / torch.tensor([width, height]) - 1
    picture = frame.movedim(-1, 0)[None]
    return F.grid_sample(picture, grid[None], padding_mode="border", align_corners=False)[0]
