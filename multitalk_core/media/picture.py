"""Pictures: reading, writing, and the resize and crop of the reference implementation."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import MultiTalkError, quoted
from ..files.given import check_file, unreadable
from ..files.whole import whole_file
from ..limits import LARGEST_SIDE, MOST_PIXELS
from ..method.wan import check_side
from ..origin.digital_source import DigitalSource
from ..origin.picture_marks import saved_with
from .picture_decoding import DecodedPicture, decode_picture
from .picture_formats import broken, quietly

COLOURED = 0.1  # between a pixel's lightest and darkest colour
MOSTLY_GREY = 0.05  # of a mask's pixels that may be coloured
BACKGROUND = "black"  # of a picture where it is transparent


def read_picture(path: str | Path, background: str = BACKGROUND) -> Tensor:
    """Read a picture as viewers show it: upright, in sRGB, on a background where it is transparent.

    Parameters
    ----------
    path : str or Path
        Any format that Pillow or one of its installed plugins reads; of an animation, the first picture.
    background : str
        A colour: a name of HTML's, or #rrggbb.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1

    Raises
    ------
    MultiTalkError
        For a file that is missing, empty, broken, too large or not a picture, and for an unknown colour.
    """
    return on_background(open_picture(path), background)


def on_background(picture: DecodedPicture, background: str = BACKGROUND) -> Tensor:
    """The pixels of a picture, [height, width, 3] in 0..1, with a background where it is transparent."""
    from PIL import Image

    below = Image.new("RGBA", picture.image.size, check_colour(background))
    flat = Image.alpha_composite(below, picture.image).convert("RGB")
    return torch.from_numpy(np.array(flat)).float().div_(255)


def read_mask(path: str | Path) -> Tensor:
    """Read a mask: its opacity where it is transparent anywhere, else its brightness.

    Parameters
    ----------
    path : str or Path
        As for `read_picture`.

    Returns
    -------
    Tensor [height, width], float32, in 0..1

    Raises
    ------
    MultiTalkError
        As `read_picture`, and for a picture in colour without transparency.
    """
    pixels = torch.from_numpy(np.array(open_picture(path).image)).float().div_(255)
    colours, opacity = pixels[..., :3], pixels[..., 3]
    if opacity.min() < 1:
        return opacity
    coloured = (colours.amax(dim=-1) - colours.amin(dim=-1) > COLOURED).float().mean()
    if coloured > MOSTLY_GREY:
        raise MultiTalkError(
            f"{path} is a picture in colour and no mask: give one that is white on the person and black "
            "elsewhere, or a cut-out with a transparent background."
        )
    return colours.mean(dim=-1)


def open_picture(path: str | Path) -> DecodedPicture:
    """Read a picture with its opacity, and what was decided in reading it.

    Raises
    ------
    MultiTalkError
        As `read_picture`.
    """
    from PIL import Image

    path = Path(path)
    check_file(path, "picture")
    try:
        with quietly():
            return decode_picture(path, partial(check_pixels, name=f"The picture {path}"))
    except MultiTalkError:
        raise
    except Image.DecompressionBombError as error:
        raise MultiTalkError(
            f"The picture {path} is too large to open safely: scale it down first."
        ) from error
    except (PermissionError, FileNotFoundError) as error:  # removed since the check
        raise unreadable(path, "picture", error) from error
    except Exception as error:  # Pillow raises almost anything for broken files
        raise broken(path, error) from error


def check_colour(name: str) -> tuple[int, ...]:
    """Red, green and blue of a colour, 0 to 255; raises a MultiTalkError for an unknown one."""
    from PIL import ImageColor

    try:
        levels: tuple[int, ...] = ImageColor.getrgb(name)[:3]
    except (ValueError, AttributeError):
        levels = ()
    if not levels or max(levels) > 255:
        raise MultiTalkError(f"{quoted(name)} is no colour: give a name such as white or grey, or #rrggbb.")
    return levels


def check_pixels(width: int, height: int, name: str) -> None:
    """Refuse an impossible picture or film size, before memory for it is allocated."""
    if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
        raise MultiTalkError(
            f"{name} is {width}×{height}: a side has at most {LARGEST_SIDE} pixels and the whole at most "
            f"{MOST_PIXELS / 1e6:.0f} million, so scale it down first."
        )


def write_picture(
    path: str | Path, picture: Tensor, source: DigitalSource = DigitalSource.ALGORITHMIC
) -> None:
    """Write a picture in the format of the path's ending; the file appears only when it is complete.

    Parameters
    ----------
    path : str or Path
    picture : Tensor [height, width, 3], float32, in 0..1
    source : DigitalSource
        What it was made from, for the file to say; by default a program drew it.

    Raises
    ------
    MultiTalkError
        For an unknown ending, a missing folder, or a disk that cannot take the file.
    """
    from PIL import Image

    path = Path(path)
    file_format = check_picture_name(path)
    try:
        with whole_file(path) as part:
            image = Image.fromarray(levels(picture).cpu().numpy())
            image.save(part, format=file_format, **saved_with(file_format, source))
    except OSError as error:
        raise MultiTalkError(
            f"The picture {path} cannot be written ({error.strerror or error}): free some space, or "
            "choose another folder."
        ) from error


def check_picture_name(path: Path) -> str:
    """Pillow's format for a file name; raises a MultiTalkError for an ending that no picture has."""
    from PIL import Image

    file_format = Image.registered_extensions().get(path.suffix.lower())
    if file_format not in Image.SAVE:
        raise MultiTalkError(f"{path.name} does not end like a picture: name it .png, .jpg or .webp.")
    return file_format


def levels(picture: Tensor) -> Tensor:
    """Quantise 0..1 to 8-bit levels, uint8, in the same shape."""
    return (picture.float().clamp(0, 1) * 255).round().to(torch.uint8)


def resize_and_crop(picture: Tensor, height: int, width: int, *, nearest: bool = False) -> Tensor:
    """Resize until both sides are covered, then crop the centre, as the reference implementation does.

    Pictures go through Pillow's antialiased bilinear resize, which rounds to 8 bits after each pass; torch's
    own differs by one level in most pictures.

    Parameters
    ----------
    picture : Tensor [..., channels, source height, source width], float, in 0..1
    height, width : int
        Target size in pixels.
    nearest : bool
        Nearest-neighbour sampling for masks, of any float values.

    Returns
    -------
    Tensor [..., channels, height, width], float32; whole 8-bit levels unless `nearest`

    Raises
    ------
    MultiTalkError
        When the picture is too large, or would become too large because it is long and thin.
    """
    source_height, source_width = picture.shape[-2:]
    check_pixels(source_width, source_height, "The picture")
    _, size, (top, left) = covering((source_height, source_width), (height, width))
    if size[0] * size[1] > MOST_PIXELS:
        raise MultiTalkError(
            f"The picture is {source_width}×{source_height} and would grow to {size[1]}×{size[0]} to cover "
            f"{width}×{height}: choose a smaller size, or crop it to that shape."
        )
    planes = picture.float().reshape(-1, 1, source_height, source_width)
    resized = F.interpolate(planes, size) if nearest else _resize_with_pillow(planes, size)
    cropped = resized[..., top : top + height, left : left + width]
    return cropped.reshape(*picture.shape[:-2], height, width)


def covering(source: Sequence[int], size: Sequence[int]) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """How `resize_and_crop` covers a film's size with a picture.

    Parameters
    ----------
    source, size : (height, width)
        Of the picture and of the film.

    Returns
    -------
    ratio : float
        By which the picture grows.
    resized : (height, width)
        Of the whole picture then.
    corner : (top, left)
        Rows and columns of it that are cut off above and to the left of the film.
    """
    ratio = max(size[0] / source[0], size[1] / source[1])
    height, width = math.ceil(ratio * source[0]), math.ceil(ratio * source[1])
    corner = round((height - size[0]) / 2), round((width - size[1]) / 2)  # round is half to even
    return ratio, (height, width), corner


def cut_margins(source: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Rows that `resize_and_crop` cuts off above and below, and columns left and right, in source pixels.

    Parameters
    ----------
    source, size : (height, width)
        Of the picture and of the film.
    """
    ratio, *_ = covering(source, size)
    rows, columns = ((side - seen / ratio) / 2 for side, seen in zip(source, size, strict=True))
    return max(0, math.floor(rows)), max(0, math.floor(columns))  # rounding may leave less than nothing


def _resize_with_pillow(planes: Tensor, size: tuple[int, int]) -> Tensor:
    from PIL import Image

    resized = [
        np.array(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR))
        for plane in levels(planes).cpu().numpy()[:, 0]
    ]
    return torch.from_numpy(np.stack(resized))[:, None].to(planes.device).float() / 255


def check_size(height: int, width: int) -> None:
    """Raise a MultiTalkError unless a film can have this size."""
    check_side("The height", height)
    check_side("The width", width)
    check_pixels(width, height, "The film")
