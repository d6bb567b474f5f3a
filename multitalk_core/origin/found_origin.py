"""The marks of origin in a file, and whether its signature fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..files.containers import opened
from .digital_source import SYNTHETIC, known_source, source_in_text
from .film_mark import COMMENT_KEY, SOURCE_KEY
from .mp4_boxes import has_c2pa, read_xmp
from .picture_marks import has_picture_c2pa, read_picture_mark
from .signature import Signature, read_signature
from .xmp_packet import source_in_packet

METADATA, XMP, C2PA = "metadata", "XMP", "C2PA"
MOVIE = "mov"  # FFmpeg's name of MP4 and QuickTime


@dataclass(frozen=True, kw_only=True)
class FoundOrigin:
    """What a file says of its origin.

    Attributes
    ----------
    marks : mapping of str to str
        The digital source type by where it is named: "metadata" of the container, "XMP", "C2PA".
    signature : Signature, optional
    """

    marks: Mapping[str, str]
    signature: Signature | None = None

    @property
    def synthetic(self) -> bool:
        """Whether a mark says that a trained model made all or part of it."""
        return any(known_source(uri) in SYNTHETIC for uri in self.marks.values())

    def as_json(self) -> dict[str, object]:
        """The same for `inspect --json`."""
        signature = None if self.signature is None else self.signature.as_json()
        return {"synthetic": self.synthetic, "marks": dict(self.marks), "signature": signature}

    def rows(self) -> list[tuple[str, str]]:
        """The same as labelled lines."""
        rows = []
        for uri in dict.fromkeys(self.marks.values()):
            places = ", ".join(place for place, named in self.marks.items() if named == uri)
            synthetic = "synthetic: " if known_source(uri) in SYNTHETIC else ""
            rows.append(("origin", f"{synthetic}{uri.rpartition('/')[2]} ({places})"))
        if self.signature is not None:
            rows.append(("signature", self.signature.in_words()))
        return rows


def film_origin(path: Path) -> FoundOrigin | None:
    """The origin of a video or a sound; None where nothing is said.

    Raises
    ------
    MultiTalkError, av.FFmpegError
        When the file cannot be opened.
    """
    with opened(path) as container:
        named = {key.lower(): value for key, value in container.metadata.items()}
        movie = MOVIE in container.format.name.split(",")
    said = f"{named.get(SOURCE_KEY.lower(), '')} {named.get(COMMENT_KEY, '')}"
    marks = {METADATA: source_in_text(said) or "", XMP: ""}
    if not movie:
        return _origin(marks, None)
    marks[XMP] = source_in_packet(read_xmp(path) or b"") or ""
    return _origin(marks, read_signature(path, "video/mp4") if has_c2pa(path) else None)


def picture_origin(path: Path) -> FoundOrigin | None:
    """The origin of a picture that Pillow can open; None where nothing is said."""
    packet, kind = read_picture_mark(path)
    marks = {XMP: source_in_packet(packet) or ""}
    return _origin(marks, read_signature(path, kind) if has_picture_c2pa(path) else None)


def _origin(marks: dict[str, str], signature: Signature | None) -> FoundOrigin | None:
    marks[C2PA] = "" if signature is None else signature.source or ""
    named = {place: uri for place, uri in marks.items() if uri}
    return FoundOrigin(marks=named, signature=signature) if named or signature else None
