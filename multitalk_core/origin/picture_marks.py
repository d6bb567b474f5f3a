"""The mark in a still picture: an XMP packet where each format has its place for one."""

import struct
from pathlib import Path
from typing import Any

from .digital_source import DigitalSource
from .xmp_packet import xmp_packet

JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
PNG_XMP = "XML:com.adobe.xmp"
TIFF_XMP = 700  # the tag
C2PA_BOX = b"jumdc2pa"  # how the description of a C2PA manifest begins, in every format


def saved_with(file_format: str, source: DigitalSource) -> dict[str, Any]:
    """What Pillow's `save` is given so that the picture says what it was made from.

    Parameters
    ----------
    file_format : str
        Pillow's name. Formats other than PNG, JPEG, WebP and TIFF get no mark.
    source : DigitalSource
    """
    packet = xmp_packet(source)
    match file_format:
        case "PNG":
            from PIL.PngImagePlugin import PngInfo

            texts = PngInfo()
            texts.add_itxt(PNG_XMP, packet.decode())
            return {"pnginfo": texts}
        case "JPEG":
            content = JPEG_XMP + packet
            return {"extra": b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content}
        case "WEBP":
            return {"xmp": packet}
        case "TIFF":
            return {"tiffinfo": {TIFF_XMP: packet}}
    return {}


def read_picture_mark(path: Path) -> tuple[bytes, str]:
    """The XMP packet of a picture, empty if it has none, and its MIME type."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            packet = picture.info.get("xmp") or picture.info.get(PNG_XMP) or b""
            # An MPO is a JPEG with further pictures behind it.
            kind = "image/jpeg" if picture.format == "MPO" else picture.get_format_mimetype() or ""
    except UnidentifiedImageError:  # a TIFF that another library reads
        return b"", ""
    return packet.encode() if isinstance(packet, str) else packet, kind


def has_picture_c2pa(path: Path) -> bool:
    """Whether a picture holds a C2PA manifest, valid or not."""
    return C2PA_BOX in path.read_bytes()
