"""Whether a film keeps its colours, and every face its mouth and eyes, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..demo.files import EMBEDDED
from ..evaluation.film_score import face_in_film
from ..evaluation.mouth_openness import (
    BRIDGE,
    EYE_ABOVE,
    EYE_APART,
    MOUTH_COLOUR,
    CartoonFace,
    find_faces,
    follow_faces,
    sample_region,
)
from ..film.colour import lab_from_rgb
from ..media.picture import read_picture, resize_and_crop
from .people import MOUTH_BELOW

Region = tuple[float, float, float, float]  # left, top, right and bottom, in half widths of the face

# Inside one colour of the drawing, with a margin for the VAE's blur.
COLOURED: dict[str, Region] = {
    "hair": (-0.4, -1.05, 0.4, -0.75),
    "skin": BRIDGE,
    "shirt": (-0.7, 2.25, 0.7, 2.6),
}
WALL_HEIGHT = 0.06  # of the strip at the top, in picture heights
EYE: Region = (-0.28, -0.31, 0.28, 0.31)  # around the centre of an eye
LIPS: Region = (-0.2, MOUTH_BELOW - 0.3, 0.2, MOUTH_BELOW + 0.3)
PRESENT = 0.5


@dataclass(frozen=True, eq=False)
class CartoonParts:
    """What stays of the picture in a film.

    Attributes
    ----------
    colours : dict of str to Tensor [frames]
        Distance of every region's mean colour from the picture's, in CIE Lab, where about 2 is just visible.
        "shirt 1" is the first person's; "wall" is the strip above all persons.
    mouths : Tensor [faces, frames]
        How far the reddest line across the mouth has the colour of a mouth, from 0 (skin) to 1.
    eyes : Tensor [faces, 2, frames]
        How much of the left and the right eye of the picture is there, from 0 (skin) to 1.
    """

    colours: dict[str, Tensor]
    mouths: Tensor
    eyes: Tensor

    @property
    def without_mouth(self) -> list[tuple[int, int]]:
        """Face and frame of every missing mouth."""
        return [(face, frame) for face, frame in (self.mouths < PRESENT).nonzero().tolist()]

    @property
    def without_eye(self) -> list[tuple[int, int, int]]:
        """Face, eye and frame of every missing eye."""
        return [(face, eye, frame) for face, eye, frame in (self.eyes < PRESENT).nonzero().tolist()]

    def __str__(self) -> str:
        drift = ", ".join(f"{name} {distance.mean():.1f}" for name, distance in self.colours.items())
        lost = f"{len(self.without_mouth)} mouths and {len(self.without_eye)} eyes are missing"
        return f"colours {drift}; {lost} in {self.mouths.shape[1]} frames"


def measure_parts(
    film: Tensor, picture: Tensor, faces: Sequence[CartoonFace], *, expected: Tensor | None = None
) -> CartoonParts:
    """Compare every frame with the picture.

    Parameters
    ----------
    film : Tensor [frames, height, width, 3], in 0..1
    picture : Tensor [height, width, 3], in 0..1
        At the film's size.
    faces : sequence of CartoonFace
        Positions in the picture.
    expected : Tensor [faces, frames, 2], optional
        Where the faces should be, for people who walk.
    """
    # The picture comes first, so that faces are followed by their eyes as they should look.
    frames = torch.cat([picture[None], film])
    if expected is not None:
        expected = torch.cat([expected[:, :1], expected], dim=1)
    paths = follow_faces(frames, faces, expected=expected)
    colours = {}
    for name, region in COLOURED.items():
        for number, (face, path) in enumerate(zip(faces, paths, strict=True), start=1):
            colours[f"{name} {number}"] = _distance(_sampled(frames, path, face, region=region))
    colours["wall"] = _distance(frames[:, : round(WALL_HEIGHT * frames.shape[1])].movedim(-1, 1))
    return CartoonParts(
        colours,
        torch.stack([_mouth(frames, path, face) for face, path in zip(faces, paths, strict=True)]),
        torch.stack([_eyes(frames, path, face) for face, path in zip(faces, paths, strict=True)]),
    )


def measure_demo(film: Tensor) -> CartoonParts:
    """Compare a film of the demo's picture [frames, height, width, 3], in 0..1, with the picture."""
    picture, size = read_picture(EMBEDDED / "picture.png"), film.shape[1:3]
    faces = [face_in_film(face, picture.shape[:2], size) for face in find_faces(picture)]
    return measure_parts(film, resize_and_crop(picture.movedim(-1, 0), *size).movedim(0, -1), faces)


def _distance(region: Tensor) -> Tensor:
    """Distance of each later frame's mean colour from the first's, of [frames, 3, rows, columns]."""
    colours = lab_from_rgb(region.clamp(0, 1)).mean((2, 3))
    return (colours[1:] - colours[0]).norm(dim=1)


def _mouth(frames: Tensor, path: Tensor, face: CartoonFace) -> Tensor:
    skin = _sampled(frames[:1], path[:1], face, region=BRIDGE).mean((2, 3))[0]
    towards = torch.tensor(MOUTH_COLOUR) - skin
    lips = _sampled(frames[1:], path[1:], face, region=LIPS) - skin.view(3, 1, 1)
    share = torch.einsum("nchw,c->nhw", lips, towards) / towards.square().sum()
    return share.mean(2).amax(1).clamp(0, 1)


def _eyes(frames: Tensor, path: Tensor, face: CartoonFace) -> Tensor:
    left, top, right, bottom = EYE
    skin = _sampled(frames[:1], path[:1], face, region=BRIDGE).mean((2, 3))[0].view(3, 1, 1)
    shares = []
    for side in (-EYE_APART, EYE_APART):
        region = (side + left, top - EYE_ABOVE, side + right, bottom - EYE_ABOVE)
        eye = _sampled(frames, path, face, region=region) - skin
        shares.append((eye[1:] * eye[0]).sum((1, 2, 3)) / eye[0].square().sum())
    return torch.stack(shares).clamp(0, 1)


def _sampled(frames: Tensor, path: Tensor, face: CartoonFace, *, region: Region) -> Tensor:
    return sample_region(frames.movedim(-1, 1), path, size=face.size, region=region)
