"""The store on disk that makes a long film resumable: one segment a clip, found by its key."""

from ...files.digests import Json, chain, computed_on, digest, release
from .film_clips import FilmClips, open_film
from .stored_clip import BrokenClip, StoredClip, read_clip, stored_clip_bytes, write_clip
from .stored_film import StoredFilm, note_output
from .stored_films import Cleared, Survey, check_store, clear_film, clear_films, stored_films, survey

__all__ = [
    "BrokenClip",
    "Cleared",
    "FilmClips",
    "Json",
    "StoredClip",
    "StoredFilm",
    "Survey",
    "chain",
    "check_store",
    "clear_film",
    "clear_films",
    "computed_on",
    "digest",
    "note_output",
    "open_film",
    "read_clip",
    "release",
    "stored_clip_bytes",
    "stored_films",
    "survey",
    "write_clip",
]
