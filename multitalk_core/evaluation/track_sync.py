"""SyncNet's scores of one unbroken part of a person's track."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..measures.face_crop import crop_track
from ..measures.face_finder import SMALLEST, FaceFinder
from ..measures.syncnet import SyncNet
from ..persons.box import Box
from ..persons.face_detector import overlap

SHORTEST_TRACK = 50  # frames, as in syncnet-python and LatentSync; joonson's pipeline takes 100
SMALL_FACE = 100  # pixels of the larger side; the references' pipelines leave smaller faces out
SAME_FACE = 0.3  # intersection over union of the boxes of two detectors
FULL_SCALE = 32768


@dataclass(frozen=True)
class TrackSync:
    """How well a person's lips match their own voice.

    Attributes
    ----------
    person : int
        Index from 0.
    confidence, distance : float
        Sync-C and Sync-D.
    offset, windows : int
        Of the picture to the sound in frames, and windows of 5 frames that were compared.
    small : bool
        Whether the face is smaller than the references' pipelines accept.
    """

    person: int
    confidence: float
    distance: float
    offset: int
    windows: int
    small: bool


def track_sync(
    syncnet: SyncNet,
    frames: Tensor,
    boxes: np.ndarray,
    *,
    sound: np.ndarray,
    person: int,
    finder: FaceFinder | None = None,
) -> TrackSync:
    """Score a person's lips in frames in which the face is followed.

    Parameters
    ----------
    syncnet : SyncNet
    frames : Tensor [frames, height, width, 3], uint8
        At 25 per second.
    boxes : np.ndarray [frames, 4]
        Of the face.
    sound : np.ndarray [samples]
        The person's own voice at 16 kHz in -1..1, from the first frame on.
    person : int
    finder : FaceFinder, optional
        The references' detector: its boxes take the place of those it finds again.
    """
    if finder is not None and min(frames.shape[1:3]) >= SMALLEST:
        boxes = refined(finder, frames, boxes)
    side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]).mean()
    samples = torch.from_numpy((sound * FULL_SCALE).round().clip(-FULL_SCALE, FULL_SCALE - 1)).short()
    score = syncnet.score(crop_track(frames, torch.from_numpy(boxes)), samples)
    return TrackSync(
        person, score.confidence, score.distance, score.offset, score.windows, bool(side <= SMALL_FACE)
    )


def refined(finder: FaceFinder, frames: Tensor, boxes: np.ndarray) -> np.ndarray:
    """The finder's boxes for the same face; between those it finds on the straight way, if it finds any."""
    found = np.full_like(boxes, np.nan)
    for index, (frame, box) in enumerate(zip(frames, boxes, strict=True)):
        candidates = finder.boxes(frame)[:, :4].double().numpy()
        shares = [shared(box, candidate) for candidate in candidates]
        if shares and max(shares) > SAME_FACE:
            found[index] = candidates[int(np.argmax(shares))]
    known = np.flatnonzero(~np.isnan(found[:, 0]))
    if not len(known):
        return boxes
    return np.stack([np.interp(np.arange(len(boxes)), known, edge[known]) for edge in found.T], axis=1)


def shared(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes; 0 for two empty ones."""
    both = overlap(Box(*one), Box(*other))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both) if both else 0.0
