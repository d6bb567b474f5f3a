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
     "a video", "give it as a video, or export one of its pictures"),
    (re.compile(rb"RIFF....WAVE|ID3|fLaC|OggS", re.DOTALL), "a sound", "choose a picture"),
)  # fmt: skip


def check_format(path: Path) -> None:
    """Refuse a file that is no picture, and make Pillow read a format for which it needs another package.

    Raises
    ------
    MultiTalkError
        For what the first bytes show to be something else, and when the package is not installed.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
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
