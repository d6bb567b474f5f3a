"""A picture file as its viewers show it: upright, in 8-bit sRGB, with its opacity.

Knows Pillow and tifffile; knows nothing of films.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MultiTalkError
from .picture_colour import full_range, to_srgb
from .picture_formats import EXPORT, TIFF, check_format, first_bytes, missing_package

if TYPE_CHECKING:
    from PIL import Image

# Tags of TIFF, and what they say.
PURPOSE, DEPTH, PHOTOMETRIC, ORIENTATION, PLANES, SIGNS, PROFILE, RAW = (
    254, 258, 262, 274, 284, 339, 34675, 50706)  # fmt: skip
WHITE_IS_ZERO, RGB, SEPARATE_PLANES, UNSIGNED, MULTIPLIED_ALPHA, ALPHA = 0, 2, 2, 1, 1, 2
RAW_SUFFIXES = {".dng", ".nef", ".nrw", ".cr2", ".arw", ".sr2", ".pef", ".3fr", ".iiq", ".erf"}
ANIMATIONS = {"GIF", "PNG", "WEBP", "AVIF", "TIFF"}


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """A picture that was read from a file.

    Attributes
    ----------
    image : Image
        Upright, RGBA, in sRGB.
    remarks : list of str
        What was decided in reading it: which level is white, which colours were converted, what was left
        out.
    """

    image: "Image.Image"
    remarks: list[str]

    def remarks_on(self, background: str) -> list[str]:
        """The remarks, with one on the background where it shows."""
        if self.image.getchannel("A").getextrema()[0] == 255:
            return self.remarks
        return [*self.remarks, f"transparent in places: {background} shows there"]


def decode_picture(path: Path, check_size: Callable[[int, int], None]) -> DecodedPicture:
    """Decode a picture file.

    Parameters
    ----------
    path : Path
        Any format that Pillow or one of its plugins reads; of an animation, the first picture.
    check_size : callable
        Called with width and height before the pixels are decoded; raises to refuse.

    Raises
    ------
    MultiTalkError
        For a format that needs a package that is not installed, or that nothing reads.
    Exception
        Almost any, for a broken file.
    """
    from PIL import Image, UnidentifiedImageError

    check_format(path)
    remarks: list[str] = []
    try:
        with Image.open(path) as opened:
            check_size(*opened.size)
            if opened.format in ANIMATIONS and getattr(opened, "is_animated", False):
                remarks.append("an animation or several pages: the first picture is taken")
            if opened.format == "TIFF" and _misread(path, opened):
                image, profile = _tiff(path, check_size, remarks)
            else:
                profile = opened.info.get("icc_profile")
                image = _eight_bits(path, opened, remarks)
    except UnidentifiedImageError:
        if not first_bytes(path).startswith(TIFF):
            raise
        image, profile = _tiff(path, check_size, remarks)
    converted, remark = to_srgb(image, profile)
    return DecodedPicture(converted, [*remarks, *filter(None, [remark])])


def _upright(opened: "Image.Image") -> "Image.Image":
    """A picture as its orientation says."""
    from PIL import ImageOps

    if opened.format == "JXL" and not opened.jpeg:  # type: ignore[attr-defined]
        return opened  # JPEG XL turns its own pixels, and its EXIF repeats that
    return ImageOps.exif_transpose(opened)


def _eight_bits(path: Path, opened: "Image.Image", remarks: list[str]) -> "Image.Image":
    """An opened picture upright, and at 8 bits where it has more."""
    upright = _upright(opened)
    if upright.mode not in ("I", "F") and not upright.mode.startswith("I;"):
        return upright
    levels = np.asarray(upright)
    if upright.mode == "I" and opened.format == "TIFF":  # in which signed and unsigned levels look alike
        tags = opened.tag_v2  # type: ignore[attr-defined]
        if tags.get(SIGNS, (UNSIGNED,))[0] == UNSIGNED:
            levels = levels.view(np.uint32)
        elif max(tags.get(DEPTH, (32,))) == 16:
            levels = levels.astype(np.int16)
    elif upright.mode == "I":  # levels of 16 bits
        levels = levels.astype(np.uint16)
    grey, remark = full_range(levels, str(path))
    remarks += [remark] if remark else []
    transparent = upright.info.get("transparency")
    return _image(grey[..., None], None if transparent is None else (levels != transparent)[..., None])


def _image(colours: np.ndarray, opacity: np.ndarray | None) -> "Image.Image":
    """Levels [height, width, 1 or 3] in 0..1, and their opacity, as a picture of 8 bits."""
    from PIL import Image

    planes = colours if opacity is None else np.concatenate([colours, opacity], axis=-1)
    levels = (planes * 255).round().astype(np.uint8)
    return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)


def _misread(path: Path, opened: "Image.Image") -> bool:
    """Whether Pillow reads this TIFF wrongly; raises a MultiTalkError for a raw file's preview."""
    tags = opened.tag_v2  # type: ignore[attr-defined]
    if RAW in tags or tags.get(PURPOSE, 0) & 1 or path.suffix.lower() in RAW_SUFFIXES:
        raise MultiTalkError(f"{path} is a camera's raw file: develop it, and {EXPORT}.")
    odd = tags.get(PLANES) == SEPARATE_PLANES or tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
    return odd and max(tags.get(DEPTH, (1,))) > 8


def _tiff(
    path: Path, check_size: Callable[[int, int], None], remarks: list[str]
) -> tuple["Image.Image", bytes | None]:
    """A TIFF with tifffile: floats of any width, wide integers, separate planes."""
    try:
        import tifffile
    except ImportError as error:
        raise missing_package(path, "a TIFF of floats or many bits", "tifffile") from error
    from PIL import ImageOps

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        check_size(page.imagewidth, page.imagelength)
        image = _image(*_tiff_planes(path, page, remarks))
        orientation, profile = page.tags.get(ORIENTATION), page.tags.get(PROFILE)
    if orientation is not None:
        image.getexif()[ORIENTATION] = int(orientation.value)
    return ImageOps.exif_transpose(image), None if profile is None else bytes(profile.value)


def _tiff_planes(path: Path, page: Any, remarks: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours [height, width, 1 or 3] in 0..1 of a page, and its opacity."""
    colours = 3 if page.photometric == RGB else 1
    if page.photometric not in (WHITE_IS_ZERO, 1, RGB) or page.imagedepth > 1 or page.samplesperpixel > 8:
        raise MultiTalkError(f"{path} is a TIFF with uncommon colours: {EXPORT}.")
    try:
        levels = page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        raise missing_package(path, f"a TIFF packed by {page.compression.name}", "imagecodecs") from error
    if page.planarconfig == SEPARATE_PLANES and levels.ndim == 3:
        levels = np.moveaxis(levels, 0, -1)
    levels = levels.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    seen, remark = full_range(levels[..., :colours], str(path))
    remarks += [remark] if remark else []
    seen = 1 - seen if page.photometric == WHITE_IS_ZERO else seen
    if not page.extrasamples or page.extrasamples[0] not in (MULTIPLIED_ALPHA, ALPHA):
        return seen, None
    opacity, _ = full_range(levels[..., colours : colours + 1], str(path))
    if page.extrasamples[0] == MULTIPLIED_ALPHA:
        seen = np.clip(seen / np.maximum(opacity, 1e-6), 0, 1)
    return seen, opacity
