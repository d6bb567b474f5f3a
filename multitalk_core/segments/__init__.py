"""The store on disk that makes a long film resumable: one segment a clip, found by its key."""

from .keys import Json, chain, digest
from .segment import BrokenSegment, Segment, read_segment, write_segment
from .store import FilmSegments, KeptFilm, clear_film, clear_films, kept_films, note_output, open_film

__all__ = [
    "BrokenSegment",
    "FilmSegments",
    "Json",
    "KeptFilm",
    "Segment",
    "chain",
    "clear_film",
    "clear_films",
    "digest",
    "kept_films",
    "note_output",
    "open_film",
    "read_segment",
    "write_segment",
]
