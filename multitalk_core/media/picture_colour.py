"""The levels and colours of a picture file, brought to 8-bit sRGB.

Knows Pillow and NumPy; knows nothing of files.
"""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MultiTalkError, quoted

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageCms import ImageCmsProfile, ImageCmsTransform

WHITES = (255, 65_535, 2**31 - 1, 2**32 - 1)  # of levels stored in more bits than they use
OVERSHOOT = 16  # brightest float of a picture whose white is 1: highlights of a scene
INVISIBLE = 2  # levels; a profile that changes less is sRGB by another name


def full_range(levels: np.ndarray, name: str) -> tuple[np.ndarray, str]:
    """Bring levels of any number type to 0..1 by the range that they use.

    Parameters
    ----------
    levels : np.ndarray
        Whole numbers of 8 and 16 bits use their whole range; wider ones and floats do not say what is
        white, so the smallest usual white that no level exceeds is taken.
    name : str
        Of the file, for the error message.

    Returns
    -------
    levels : np.ndarray, float32, in 0..1
    remark : str
        Which level is white, where the file does not say so; else empty.

    Raises
    ------
    MultiTalkError
        For levels that are not finite, or larger than any usual white.
    """
    floats = levels.dtype.kind == "f"
    if levels.dtype.kind in "biu" and levels.dtype.itemsize <= 2:
        white = 1 if levels.dtype.kind == "b" else int(np.iinfo(levels.dtype).max)
        return np.clip(levels / np.float32(white), 0, 1), ""
    least, most = float(levels.min()), float(levels.max())
    if not (np.isfinite(least) and np.isfinite(most)) or most > WHITES[-1]:
        raise MultiTalkError(
            f"The levels of {name} reach from {least:.6g} to {most:.6g}, which no picture has: export it "
            "again with levels from 0 to 1, or as PNG."
        )
    white = 1 if floats and most <= OVERSHOOT else next(white for white in WHITES if most <= white)
    kind = "floats" if floats else "whole numbers"
    remark = f"{kind} from {least:.6g} to {most:.6g}: 0 is taken as black and {white} as white"
    if least < 0 or most > white:
        remark += ", what lies beyond is cut"
    return np.clip(levels / np.float64(white), 0, 1).astype(np.float32), remark


def to_srgb(image: "Image.Image", profile: bytes | None) -> tuple["Image.Image", str]:
    """Convert a picture to RGBA in sRGB by its ICC profile.

    Parameters
    ----------
    image : Image
        In any 8-bit mode of Pillow.
    profile : bytes, optional
        None for a picture without one: its colours are taken as sRGB.

    Returns
    -------
    image : Image
        In RGBA.
    remark : str
        What was converted, or could not be; empty for sRGB.
    """
    from PIL import ImageCms

    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif profile is not None:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
        else:
            approximate = "no colour profile: the colours are approximate" if image.mode == "CMYK" else ""
            return image.convert("RGBA"), approximate
        space = source.profile.xcolor_space.strip()
        flat = image.convert({"GRAY": "L", "RGB": "RGB"}.get(space, image.mode))
        transform = _transform(source, flat.mode)
        if flat.mode in ("RGB", "L") and _changes_nothing(transform, flat.mode):
            return image.convert("RGBA"), ""
        flat = transform.apply(flat)
    except (ImageCms.PyCMSError, OSError):
        return image.convert("RGBA"), "the colour profile does not fit: the colours are taken as sRGB"
    converted = flat.convert("RGBA")
    if image.mode not in ("CMYK", "LAB"):
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    name = quoted(source.profile.profile_description or space)
    return converted, f"colours converted from {name} to sRGB"


def _transform(source: "ImageCmsProfile", mode: str) -> "ImageCmsTransform":
    from PIL import ImageCms

    return ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _changes_nothing(transform: "ImageCmsTransform", mode: str) -> bool:
    """Whether a colour transform leaves a grid of colours as they are."""
    from PIL import Image

    steps = np.linspace(0, 255, 6, dtype=np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(36, 6, 3)
    before = Image.fromarray(grid).convert(mode)
    after = np.asarray(transform.apply(before), dtype=int)
    return bool(np.abs(after - np.asarray(before.convert("RGB"), dtype=int)).max() <= INVISIBLE)
