"""What a picture file is by its first bytes, and the packages that read what Pillow does not."""

import re
from importlib import import_module
from pathlib import Path

from ..errors import MultiTalkError

START_BYTES = 64
EXPORT = "export it as PNG or JPEG"
# What it is, the package that reads it, its module, and the function that registers it with Pillow.
PLUGINS = (
    (re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|(mif1|msf1)(?!.{0,40}avi[fs]))", re.DOTALL),
     "a HEIC picture", "pillow-heif", "pillow_heif", "register_heif_opener"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n"), "a JPEG XL picture", "pillow-jxl-plugin", "pillow_jxl", ""),
)  # fmt: skip
OTHERS = (
    (re.compile(rb"\s*(<\?xml|<svg)"), "an SVG drawing", EXPORT),
    (re.compile(rb"%PDF"), "a PDF", EXPORT),
    (re.compile(rb"\x76\x2f\x31\x01"), "an OpenEXR picture", EXPORT),
    (re.compile(rb"#\?(RADIANCE|RGBE)"), "a Radiance HDR picture", EXPORT),
    (re.compile(rb"8BPS|gimp xcf"), "another program's working file", EXPORT),
    (re.compile(rb"FUJIFILMCCD-RAW|....ftypcrx|IIU\0|IIR[OS]", re.DOTALL), "a camera's raw file", EXPORT),
    (re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE), "a web page", "download the picture itself"),
    (re.compile(rb"....ftyp(?!avi[fs])|\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL),
     "a video", "give it as a video, or export one of its pictures"),
    (re.compile(rb"RIFF....WAVE|ID3|fLaC|OggS", re.DOTALL), "a sound", "choose a picture"),
)  # fmt: skip


def load_plugin(path: Path, start: bytes) -> None:
    """Make Pillow read a format for which it needs another package.

    Parameters
    ----------
    path : Path
        Of the picture, for the error message.
    start : bytes
        The first 64 bytes of the file, or all of a shorter one.

    Raises
    ------
    MultiTalkError
        When the package is not installed.
    """
    for beginning, kind, package, module, register in PLUGINS:
        if beginning.match(start):
            try:
                plugin = import_module(module)
            except ImportError as error:
                raise missing_package(path, kind, package) from error
            if register:
                getattr(plugin, register)()


def missing_package(path: Path, kind: str, package: str) -> MultiTalkError:
    """The error for a picture that an installed package would read."""
    return MultiTalkError(
        f"{path} is {kind}, which is read with the package {package}: install it with "
        f"`pip install {package}`, or {EXPORT}."
    )


def unknown_format(path: Path, start: bytes) -> MultiTalkError:
    """The error for a file that no reader knows."""
    for beginning, kind, advice in OTHERS:
        if beginning.match(start):
            return MultiTalkError(f"{path} is {kind}, which is not read as a picture: {advice}.")
    return broken(path)


def broken(path: Path, error: Exception | None = None) -> MultiTalkError:
    """The error for a file that cannot be decoded, by what the decoder said."""
    if "truncated" in str(error) or isinstance(error, EOFError):
        return MultiTalkError(f"{path} is cut short: download or copy it again.")
    return MultiTalkError(
        f"{path} is broken or not a picture: open it in an image editor and save it as PNG."
    )
