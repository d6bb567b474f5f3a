"""Change what an MP4 says of its first track: its edit list and its display matrix."""

import struct
from pathlib import Path

ONE = 1 << 16  # 1.0 in 16.16
CONTAINERS = {b"moov", b"trak"}


def with_edits(path: Path, edits: list[tuple[int, int]]) -> Path:
    """Rewrite an MP4 whose index lies at its end.

    Parameters
    ----------
    path : Path
    edits : list of (int, int)
        Duration in the movie's unit (milliseconds in FFmpeg's files), and start in the track's unit; a start
        of -1 shows nothing for so long.
    """
    entries = b"".join(struct.pack(">iiI", duration, start, ONE) for duration, start in edits)
    edit_list = box(b"elst", struct.pack(">II", 0, len(edits)) + entries)
    return _rewritten(path, b"edts", lambda _: box(b"edts", edit_list))


def with_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """As `with_edits`, with a display matrix: the stored (x, y) is shown at (a x + c y, b x + d y)."""
    numbers = (round(a * ONE), round(b * ONE), 0, round(c * ONE), round(d * ONE), 0, 0, 0, 1 << 30)
    matrix = struct.pack(">9i", *numbers)

    def turned(header: bytes) -> bytes:
        start = 8 + (52 if header[8] else 40)
        return header[:start] + matrix + header[start + len(matrix) :]

    return _rewritten(path, b"tkhd", turned)


def box(kind: bytes, content: bytes) -> bytes:
    """An MP4 box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def _rewritten(path: Path, kind: bytes, change) -> Path:
    """With the first box of a kind changed; the index must lie behind the pictures."""
    content = path.read_bytes()
    changed, found = _changed(content, kind, change)
    assert found, kind
    path.write_bytes(changed)
    return path


def _changed(content: bytes, kind: bytes, change) -> tuple[bytes, bool]:
    parts, position, found = [], 0, False
    while position < len(content):
        size, name = struct.unpack_from(">I4s", content, position)
        part = content[position : position + size]
        if not found and name == kind:
            part, found = change(part), True
        elif not found and name in CONTAINERS:
            inside, found = _changed(part[8:], kind, change)
            part = box(name, inside)
        parts.append(part)
        position += size
    return b"".join(parts), found
