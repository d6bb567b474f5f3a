"""The store on disk that makes a long film resumable: one segment a clip, found by its key."""

from ...files.digests import Json, chain, computed_on, digest, release
from .film_clips import FilmSegments, open_film
from .stored_clip import BrokenSegment, Segment, read_segment, segment_bytes, write_segment
from .stored_film import KeptFilm, note_output
from .stored_films import Cleared, Survey, check_store, clear_film, clear_films, kept_films, survey

__all__ = [
    "BrokenSegment",
    "Cleared",
    "FilmSegments",
    "Json",
    "KeptFilm",
    "Segment",
    "Survey",
    "chain",
    "check_store",
    "clear_film",
    "clear_films",
    "computed_on",
    "digest",
    "kept_films",
    "note_output",
    "open_film",
    "read_segment",
    "release",
    "segment_bytes",
    "survey",
    "write_segment",
]
