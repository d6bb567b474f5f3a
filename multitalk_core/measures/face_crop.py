"""The crop of a face track that SyncNet sees."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import MultiTalkError
from .pixels import check_pictures, resized_as_in_opencv
from .sync_network import SIDE

AROUND = 0.4  # of a half side, beside and below the face
MEDIAN = 13  # frames
GREY = 110
SHORTEST = 7  # frames: below, the zeros beyond the ends are the median


def crop_track(frames: Tensor, boxes: Tensor) -> Tensor:
    """Crop a face out of every frame of its track.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], uint8
    boxes : Tensor [frames, 4]
        Left, top, right and bottom of the face, in pixels.

    Returns
    -------
    Tensor [frames, 224, 224, 3], uint8

    Raises
    ------
    MultiTalkError
        When they have another form, the track is shorter than 7 frames, or a box is empty or lies outside of
        its frame.
    """
    check_pictures(frames, "A face track")
    if tuple(boxes.shape) != (len(frames), 4):
        raise MultiTalkError(
            f"A face track takes one box a frame, [{len(frames)}, 4], not {list(boxes.shape)}: give left, "
            "top, right and bottom for every frame."
        )
    if len(frames) < SHORTEST:
        raise MultiTalkError(
            f"A face track has at least {SHORTEST} frames, not {len(frames)}: leave out faces that are seen "
            "so briefly."
        )
    sides, longest = boxes[:, 2:] - boxes[:, :2], 2 * max(frames.shape[1:3])
    wrong = ~((sides > 0) & (sides <= longest) & boxes[:, :2].isfinite()).all(1)
    if wrong.any():
        raise _no_face(int(wrong.nonzero()[0]))
    places = smoothed_track(boxes).tolist()
    return torch.stack([_cropped(frames, number, place) for number, place in enumerate(places)])


def smoothed_track(boxes: Tensor) -> Tensor:
    """Medians over 13 frames, zeros beyond the ends: centre and half of the longer side, [frames, 3]."""
    corners = boxes.double()
    half = (corners[:, 2:] - corners[:, :2]).amax(1, keepdim=True) / 2
    track = torch.cat([(corners[:, :2] + corners[:, 2:]) / 2, half], dim=1)
    beyond = MEDIAN // 2
    return F.pad(track, (0, 0, beyond, beyond)).unfold(0, MEDIAN, 1).median(-1).values


def _cropped(frames: Tensor, number: int, place: Sequence[float]) -> Tensor:
    """The crop of one frame, grey where it leaves the picture."""
    x, y, half = place
    below, beside = half * (1 + 2 * AROUND), half * (1 + AROUND)
    beyond = int(below)
    left, top = int(x + beyond - beside), int(y + beyond - half)
    padded = F.pad(frames[number], (0, 0, beyond, beyond, beyond, beyond), value=GREY)
    crop = padded[max(0, top) : int(y + beyond + below), max(0, left) : int(x + beyond + beside)]
    if min(left, top) < 0 or crop.numel() == 0:
        raise _no_face(number)
    height, width = crop.shape[:2]
    return resized_as_in_opencv(crop, (SIDE, SIDE), (1 / (SIDE / height), 1 / (SIDE / width)))


def _no_face(number: int) -> MultiTalkError:
    return MultiTalkError(
        f"The box of a face in frame {number + 1} of its track is empty, larger than the picture or outside "
        "of it: leave out the frames without the face."
    )
