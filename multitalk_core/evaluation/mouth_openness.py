"""Openness of cartoon mouths in a video: in every frame the face is found first, then its mouth.

Lengths are in picture heights, positions inside a face in half widths of the face.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted

EYE_APART, EYE_ABOVE = 0.39, 0.08
EYES = (-0.7, -0.5, 0.7, 0.2)  # left, top, right, bottom: the part that is tracked
BRIDGE = (-0.1, -0.3, 0.1, 0.08)  # skin between the eyes
MOUTH = (-0.5, 0.3, 0.5, 1.0)
MOUTH_COLOUR = (0.486, 0.122, 0.169)
POINTS = (14, 20)  # sampled rows and columns of a region
REACH, STEP = 0.3, 0.05  # range and step of the search around a face's last position
WHITE = 0.97
SMALLEST_EYE = 6  # pixels


@dataclass(frozen=True)
class CartoonFace:
    """Centre and half width of a face, in picture heights."""

    x: float
    y: float
    size: float


def find_faces(picture: Tensor) -> list[CartoonFace]:
    """Find the faces of a drawn picture, from left to right, by the whites of their eyes.

    Parameters
    ----------
    picture : Tensor [height, width, 3], in 0..1
        At least about 200 pixels high.

    Raises
    ------
    MultiTalkError
        When no pair of eyes is found.
    """
    from scipy.ndimage import find_objects, label

    height = picture.shape[0]
    regions, _ = label((picture.amin(-1) > WHITE).numpy(), structure=torch.ones(3, 3))
    boxes = [
        (rows.start, columns.start, rows.stop, columns.stop)
        for number, (rows, columns) in enumerate(find_objects(regions), start=1)
        if (regions[rows, columns] == number).sum() >= SMALLEST_EYE
    ]
    boxes = [box for box in boxes if _is_upright(box)]
    middles = [
        ((left + right) / 2 / height, (top + bottom) / 2 / height) for top, left, bottom, right in boxes
    ]
    faces = []
    for (left, above), (right, below) in pairwise(sorted(middles)):
        size = (right - left) / (2 * EYE_APART)
        if abs(above - below) < 0.1 * size and size < 0.5:
            faces.append(CartoonFace((left + right) / 2, above + EYE_ABOVE * size, size))
    if not faces:
        raise MultiTalkError("No cartoon face was found in the picture: measure binding on the demo's own.")
    return faces


def follow_faces(
    video: Tensor,
    faces: Sequence[CartoonFace],
    *,
    expected: Tensor | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Tensor:
    """Track each face through all frames, by its eyes.

    Parameters
    ----------
    video : Tensor [frames, height, width, 3], in 0..1
    faces : sequence of CartoonFace
        Positions in the first frame.
    expected : Tensor [faces, frames, 2], optional
        Centres of the search; by default the position in the frame before.
    check_interrupted : callable
        Called before every frame; raises to stop.

    Returns
    -------
    Tensor [faces, frames, 2], centres as (x, y)
    """
    frames = video.movedim(-1, 1)
    around = [None] * len(faces) if expected is None else expected
    return torch.stack(
        [
            _follow(frames, face, expected=path, check_interrupted=check_interrupted)
            for face, path in zip(faces, around, strict=True)
        ]
    )


def mouth_openness(video: Tensor, faces: Sequence[CartoonFace], paths: Tensor | None = None) -> Tensor:
    """Measure the share of each mouth region that has the colour of a mouth.

    Parameters
    ----------
    video : Tensor [frames, height, width, 3], in 0..1
    faces : sequence of CartoonFace
        Positions in the first frame.
    paths : Tensor [faces, frames, 2], optional
        From `follow_faces`; by default it is called here.

    Returns
    -------
    Tensor [faces, frames]
    """
    paths = follow_faces(video, faces) if paths is None else paths
    frames = video.movedim(-1, 1)
    return torch.stack([_openness_of(frames, face, path) for face, path in zip(faces, paths, strict=True)])


def _follow(
    frames: Tensor, face: CartoonFace, *, expected: Tensor | None, check_interrupted: Callable[[], None]
) -> Tensor:
    place = torch.tensor([[face.x, face.y]])
    template = sample_region(frames[:1], place, size=face.size, region=EYES)
    steps = torch.arange(-REACH, REACH + STEP / 2, STEP) * face.size
    shifts = torch.cartesian_prod(steps, steps)
    path = []
    for index, frame in enumerate(frames):
        check_interrupted()
        places = shifts + (place if expected is None else expected[index])
        seen = sample_region(frame.expand(len(shifts), -1, -1, -1), places, size=face.size, region=EYES)
        place = places[(seen - template).square().mean((1, 2, 3)).argmin()]
        path.append(place)
    return torch.stack(path)


def _openness_of(frames: Tensor, face: CartoonFace, path: Tensor) -> Tensor:
    skin = sample_region(frames[:1], path[:1], size=face.size, region=BRIDGE).mean((2, 3))
    towards_mouth = torch.tensor(MOUTH_COLOUR) - skin[0]
    mouths = sample_region(frames, path, size=face.size, region=MOUTH) - skin[:, :, None, None]
    share = torch.einsum("nchw,c->nhw", mouths, towards_mouth) / towards_mouth.square().sum()
    return share.clamp(0, 1).mean((1, 2))


def sample_region(
    frames: Tensor, places: Tensor, *, size: float, region: tuple[float, float, float, float]
) -> Tensor:
    """Sample a region of the face at each place, [frames, 3, *POINTS] from [frames, 3, height, width]."""
    left, top, right, bottom = region
    rows, columns = torch.linspace(top, bottom, POINTS[0]), torch.linspace(left, right, POINTS[1])
    offsets = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1) * size
    height, width = frames.shape[-2:]
    points = (places[:, None, None] + offsets) * 2 / torch.tensor([width / height, 1.0]) - 1
    return F.grid_sample(frames, points, mode="bilinear", padding_mode="border", align_corners=False)


def _is_upright(box: tuple[int, int, int, int]) -> bool:
    """Whether a box is about as high as wide, like the white of an eye."""
    top, left, bottom, right = box
    return 0.6 < (bottom - top) / (right - left) < 1.8
