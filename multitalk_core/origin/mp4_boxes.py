"""The boxes of an MP4 file that hold a mark: XMP and C2PA."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

XMP = UUID("BE7ACFCB-97A9-42E8-9C71-999491E3AFAC").bytes
C2PA = UUID("D8FEC3D6-1B0E-483C-9297-5828877EC481").bytes
HEADER, LARGE_HEADER, IDENTIFIER = 8, 16, 16  # bytes
LARGEST_PACKET = 10_000_000  # bytes


def append_xmp(path: Path, packet: bytes) -> None:
    """Append an XMP packet to an MP4 file; what lies before it stays as it is.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", HEADER + IDENTIFIER + len(packet), b"uuid") + XMP + packet)


def read_xmp(path: Path) -> bytes | None:
    """The first XMP packet of an MP4 file, if it has one."""
    with path.open("rb") as file:
        for identifier, size in _extensions(file):
            if identifier == XMP:
                return file.read(min(size, LARGEST_PACKET))
    return None


def has_c2pa(path: Path) -> bool:
    """Whether an MP4 file holds a C2PA manifest, valid or not."""
    with path.open("rb") as file:
        return any(identifier == C2PA for identifier, _ in _extensions(file))


def _extensions(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Identifier and length of each `uuid` box at the top; the file is read from its content on."""
    position = 0
    while len(header := file.read(HEADER)) == HEADER:
        size, kind = struct.unpack(">I4s", header)
        read = HEADER
        if size == 1:
            size, read = int.from_bytes(file.read(LARGE_HEADER - HEADER)), LARGE_HEADER
        if kind == b"uuid":
            yield file.read(IDENTIFIER), max(0, size - read - IDENTIFIER)
        if size < read:  # to the end of the file, or no MP4
            return
        position += size
        file.seek(position)
