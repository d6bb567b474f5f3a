"""The store on disk that makes a long film resumable: one file a clip, found by its key."""

from ...files.digests import Json, chain, computed_on, digest, release
from .film_clips import LIMIT_BYTES, FilmClips, Note, ignore, open_film
from .stored_clip import BrokenClip, StoredClip, read_clip, stored_clip_bytes, write_clip
from .stored_film import StoredFilm, note_output, output_claim
from .stored_films import Cleared, Survey, check_store, clear_film, clear_films, stored_films, survey

__all__ = [
    "LIMIT_BYTES",
    "BrokenClip",
    "Cleared",
    "FilmClips",
    "Json",
    "Note",
    "StoredClip",
    "StoredFilm",
    "Survey",
    "chain",
    "check_store",
    "clear_film",
    "clear_films",
    "computed_on",
    "digest",
    "ignore",
    "note_output",
    "open_film",
    "output_claim",
    "read_clip",
    "release",
    "stored_clip_bytes",
    "stored_films",
    "survey",
    "write_clip",
]
