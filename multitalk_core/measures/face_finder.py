"""Faces in a frame, found by S3FD as SyncNet's pipeline finds them."""

import torch
from torch import Tensor

from ..errors import MultiTalkError
from .measure_network import MeasureNetwork, full_precision
from .pixels import check_pictures, resized_as_in_opencv
from .s3fd_network import S3fdNetwork

SCALE = 0.25  # of the frame that the network sees
SMALLEST = 110  # pixels: below, nothing is left for the last map
MEAN_COLOUR = (123.0, 117.0, 104.0)  # red, green and blue, in 0..255
CENTRE_STEP, SIDE_STEP = 0.1, 0.2  # what one unit of an offset means
SUSPECTED = 0.05  # lowest score that is looked at
MOST_CANDIDATES, MOST_DETECTIONS = 5000, 750
SAME_DETECTION, SAME_FACE = 0.3, 0.1  # intersection over union


class FaceFinder(MeasureNetwork):
    """S3FD."""

    architecture = S3fdNetwork

    def boxes(self, frame: Tensor, confidence: float = 0.9) -> Tensor:
        """Find the faces of a frame.

        Parameters
        ----------
        frame : Tensor [height, width, 3], uint8
        confidence : float
            Lowest score of a face, 0..1.

        Returns
        -------
        Tensor [faces, 5]
            Left, top, right and bottom in pixels, and the score; the highest score first.

        Raises
        ------
        MultiTalkError
            When the frame has another form or is smaller than 110 pixels.
        """
        check_pictures(frame[None], "S3FD")
        if min(frame.shape[:2]) < SMALLEST:
            raise MultiTalkError(
                f"S3FD needs frames of at least {SMALLEST} pixels in height and width, not "
                f"{frame.shape[1]}×{frame.shape[0]}: it sees them at a quarter of their size."
            )
        found = detections(*self.predictions(scaled_frame(frame)))
        return face_boxes(found, (frame.shape[0], frame.shape[1]), confidence)

    def predictions(self, scaled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the network says of a frame after `scaled_frame`: offsets, scores and priors."""
        pixels = scaled.to(self.device).movedim(-1, 0).float()
        mean_colour = torch.tensor(MEAN_COLOUR, device=self.device)[:, None, None]
        with full_precision():
            offsets, scores, priors = self.network(pixels - mean_colour)
        return offsets.cpu(), scores.cpu(), priors.cpu()


def scaled_frame(frame: Tensor) -> Tensor:
    """A frame at the size that the network sees."""
    height, width = (max(1, round(length * SCALE)) for length in frame.shape[:2])
    return resized_as_in_opencv(frame, (height, width), (1 / SCALE, 1 / SCALE))


def detections(offsets: Tensor, scores: Tensor, priors: Tensor) -> Tensor:
    """Boxes that differ, [detections, 5], the highest score first.

    Parameters
    ----------
    offsets, scores, priors : Tensor [priors, 4], [priors], [priors, 4]
        From the network.

    Returns
    -------
    Tensor [detections, 5]
        The score; left, top, right and bottom in parts of the picture.
    """
    centres = priors[:, :2] + CENTRE_STEP * offsets[:, :2] * priors[:, 2:]
    sides = priors[:, 2:] * (SIDE_STEP * offsets[:, 2:]).exp()
    corner = centres - sides / 2
    found = torch.cat([scores[:, None], corner, corner + sides], dim=1)[scores > SUSPECTED]
    found = found[_surest_first(found[:, 0])[:MOST_CANDIDATES]]
    return found[_distinct(found[:, 1:], SAME_DETECTION)][:MOST_DETECTIONS]


def face_boxes(found: Tensor, size: tuple[int, int], confidence: float) -> Tensor:
    """The certain ones of `detections`, in pixels of a picture of (height, width): as `FaceFinder.boxes`."""
    height, width = size
    certain = found[found[:, 0] > confidence]
    certain = certain[_surest_first(certain[:, 0])]
    boxes = torch.cat([certain[:, 1:] * torch.tensor([width, height, width, height]), certain[:, :1]], dim=1)
    return boxes[_distinct(boxes[:, :4], SAME_FACE)]


def _surest_first(scores: Tensor) -> Tensor:
    """Indices from the highest score down; equal ones, as the reference's sort happens to leave them."""
    return scores.sort().indices.flip(0)


def _distinct(boxes: Tensor, most_shared: float) -> list[int]:
    """Indices of the boxes that share little with one before them that stays."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left, stays = torch.arange(len(boxes)), []
    while len(left):
        first, left = left[0], left[1:]
        stays.append(int(first))
        corner = torch.maximum(boxes[first, :2], boxes[left, :2])
        shared = (torch.minimum(boxes[first, 2:], boxes[left, 2:]) - corner).clamp(min=0).prod(1)
        left = left[shared / (areas[left] + areas[first] - shared) <= most_shared]
    return stays
