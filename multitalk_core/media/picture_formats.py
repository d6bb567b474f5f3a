"""What a picture file is by its first bytes, and the packages that read what Pillow does not."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from ..errors import MultiTalkError

START_BYTES = 64
EXPORT = "export it as PNG or JPEG"
VIDEO, SOUND = "a video", "a sound"
PICTURE = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|II[*+]\0|MM\0[*+]", re.DOTALL)
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# What it is, the package that reads it, its module, and the function that registers it with Pillow.
PLUGINS = (
    (re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|(mif1|msf1)(?!.{0,40}avi[fs]))", re.DOTALL),
     "a HEIC picture", "pillow-heif", "pillow_heif", "register_heif_opener"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n"), "a JPEG XL picture", "pillow-jxl-plugin", "pillow_jxl", ""),
)  # fmt: skip
# What is refused before it is opened: Pillow cannot read it, or would run another program to.
OTHERS = (
    (re.compile(rb"\s*(<\?xml|<svg)"), "an SVG drawing", EXPORT),
    (re.compile(rb"%PDF"), "a PDF", EXPORT),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "a PostScript file", EXPORT),
    (re.compile(rb"\x76\x2f\x31\x01"), "an OpenEXR picture", EXPORT),
    (re.compile(rb"#\?(RADIANCE|RGBE)"), "a Radiance HDR picture", EXPORT),
    (re.compile(rb"8BPS\x00\x02|gimp xcf"), "another program's working file", EXPORT),
    (re.compile(rb"FUJIFILMCCD-RAW|....ftypcrx|IIU\0|IIR[OS]", re.DOTALL), "a camera's raw file", EXPORT),
    (re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE), "a web page", "download the picture itself"),
    (re.compile(rb"....ftyp(?!avi[fs]|mif1|msf1)|\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL),
     VIDEO, "give it as a video, or export one of its pictures"),
    (re.compile(rb"RIFF....WAVE|ID3|fLaC|OggS", re.DOTALL), SOUND, "choose a picture"),
)  # fmt: skip


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its content, even one that is damaged or that nothing here reads.

    Parameters
    ----------
    path : Path
        Of a file that can be read.
    """
    from PIL import Image, UnidentifiedImageError

    start = first_bytes(path)
    if any(beginning.match(start) for beginning in (PICTURE, *(plugin[0] for plugin in PLUGINS))):
        return True
    for beginning, kind, _ in OTHERS:
        if beginning.match(start):
            return kind not in (VIDEO, SOUND)
    try:
        with quietly(), Image.open(path) as opened:
            return opened.format != "MPEG"
    except UnidentifiedImageError:
        return False
    except Exception:  # damaged
        return True


def check_format(path: Path) -> None:
    """Refuse a file that is no picture, and make Pillow read a format for which it needs another package.

    Raises
    ------
    MultiTalkError
        For what the first bytes show to be something else, and when the package is not installed.
    """
    start = first_bytes(path)
    for beginning, kind, package, module, register in PLUGINS:
        if beginning.match(start):
            try:
                plugin = import_module(module)
            except ImportError as error:
                raise missing_package(path, kind, package) from error
            if register:
                getattr(plugin, register)()
            return
    for beginning, kind, advice in OTHERS:
        if beginning.match(start):
            raise MultiTalkError(f"{path} is {kind}, which is not read as a picture: {advice}.")


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what libraries warn and log of a file off the screen; a sentence says what is wrong with it."""
    logs = [logging.getLogger(name) for name in ("tifffile", "PIL.TiffImagePlugin")]
    before = [log.disabled for log in logs]
    try:
        for log in logs:
            log.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, disabled in zip(logs, before, strict=True):
            log.disabled = disabled


def first_bytes(path: Path) -> bytes:
    """The first 64 bytes of a file, or all of a shorter one."""
    with path.open("rb") as file:
        return file.read(START_BYTES)


def missing_package(path: Path, kind: str, package: str) -> MultiTalkError:
    """The error for a picture that another package would read."""
    return MultiTalkError(
        f"{path} is {kind}, which is read with the package {package}: install it with "
        f"`pip install {package}`, or {EXPORT}."
    )


def broken(path: Path, error: Exception) -> MultiTalkError:
    """The error for a file that cannot be decoded, by what the decoder said."""
    if "truncated" in str(error) or isinstance(error, EOFError):
        return MultiTalkError(f"{path} is cut short: download or copy it again.")
    return MultiTalkError(
        f"{path} is broken or not a picture: open it in an image editor and save it as PNG."
    )
