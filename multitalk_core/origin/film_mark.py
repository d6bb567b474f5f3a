"""What a film says about itself, and how it is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from .digital_source import DigitalSource
from .mp4_boxes import append_xmp
from .signing_identity import SigningIdentity
from .watermark import Watermark, watermarked
from .xmp_packet import TOOL, xmp_packet

SOURCE_KEY, COMMENT_KEY = "DigitalSourceType", "comment"


@dataclass(frozen=True, kw_only=True)
class FilmMark:
    """What a film says about itself.

    Attributes
    ----------
    source : DigitalSource
    tags : mapping of str to str
        Further metadata, such as ComfyUI's workflow.
    watermark : callable, optional
        Applied to the frames as they are written.
    identity : SigningIdentity, optional
        Who signs the film, as the last step.
    dubbed : Path, optional
        The video that is dubbed: what a signed film says it was edited from.
    """

    source: DigitalSource = DigitalSource.TRAINED
    tags: Mapping[str, str] = field(default_factory=dict)
    watermark: Watermark | None = None
    identity: SigningIdentity | None = None
    dubbed: Path | None = None

    def keys(self) -> dict[str, str]:
        """The metadata of the container; most programs copy the comment, and few the other keys."""
        comment = f"Synthetic media, made with {TOOL}. Digital source type: {self.source.uri}"
        return {**self.tags, COMMENT_KEY: comment, SOURCE_KEY: self.source.uri}

    def applied(self, frames: Tensor) -> Tensor:
        """Frames [n, height, width, 3] in 0..1 as they are written."""
        return frames if self.watermark is None else watermarked(frames, self.watermark)

    def append_to(self, film: Path) -> None:
        """Append the XMP packet to an MP4 file."""
        append_xmp(film, xmp_packet(self.source))


UNSIGNED = FilmMark()
