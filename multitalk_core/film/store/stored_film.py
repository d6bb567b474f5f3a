"""A film in the store: a folder that its name and manifest identify as written by the store."""

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ...files.digests import Json, chain
from ...files.plain import is_own, open_plain
from ...files.whole import whole_file

FORMAT = "multitalk film 1"
MANIFEST, LOCK = "film.json", "lock"
FOLDER_DIGITS = 16  # of the first clip's key: films that begin differently are in different folders
LARGEST_MANIFEST = 64 * 2**20  # bytes: enough for 300,000 clips, and safe to read from an unknown file
MOST_USES = 10**15

FOLDER = re.compile(f"[0-9a-f]{{{FOLDER_DIGITS}}}")
CLIP = r"clip-(\d{4,})-[0-9a-f]{16}\.safetensors"
OURS = re.compile(rf"film\.json|lock|{CLIP}|\.(?:film\.json|{CLIP})\.[0-9a-f]{{8}}\.part")


class PassedOver(Exception):
    """A folder that is not a film of the store; the message completes "... is passed over: "."""


@dataclass(frozen=True)
class StoredFilm:
    """A film in the store.

    Attributes
    ----------
    folder : Path
    title : str
    clips, planned : int
        Clips that are stored, and clips of the whole film.
    size : int
        Bytes of the store's own files.
    last_used : int
        Larger for films that were used later.
    description : dict of JSON values
        What affects the whole film.
    links : list of dict of JSON values
        What affects one clip each.
    foreign : dict of str to str
        Files with names of the store that the store did not write, and what is wrong with each.
    output : JSON value
        The file to which the film was written; see `note_output`.
    """

    folder: Path
    title: str
    clips: int
    planned: int
    size: int
    last_used: int
    description: dict[str, Json]
    links: list[dict[str, Json]]
    foreign: dict[str, str]
    output: Json


def read_film(folder: Path) -> StoredFilm:
    """Read the manifest of a film's folder; its clips are not read.

    The folder's name is the beginning of the first clip's key, so a manifest of another folder is recognised.

    Raises
    ------
    PassedOver
        When the folder was not written by the store, or cannot be read.
    """
    if FOLDER.fullmatch(folder.name) is None:
        raise PassedOver(f"folders of films are named by {FOLDER_DIGITS} hexadecimal digits")
    try:
        sizes, foreign = own_files(folder)
        for name in (MANIFEST, LOCK):
            if name in foreign:
                raise PassedOver(f"its {name} {foreign[name]}")
        with open(open_plain(folder / MANIFEST, os.O_RDONLY), "rb") as file:
            content = file.read(LARGEST_MANIFEST + 1)
    except FileNotFoundError as error:
        raise PassedOver(f"there is no {MANIFEST} in it") from error
    except OSError as error:
        raise PassedOver(f"its {MANIFEST} cannot be read ({error.strerror})") from error
    title, used, description, links, output = _parsed(content, folder.name)
    clips = {found[1] for name in sizes if (found := re.fullmatch(CLIP, name))}
    return StoredFilm(
        folder=folder,
        title=title,
        clips=len(clips),
        planned=len(links),
        size=sum(sizes.values()),
        last_used=used,
        description=description,
        links=links,
        foreign=foreign,
        output=output,
    )


def own_files(folder: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Sizes of the files that the store wrote, and what is wrong with others that have such names.

    Raises
    ------
    PassedOver
        When the path is not a folder, or belongs to another user.
    OSError
        When the folder cannot be read.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise PassedOver("it is a link or a file, not a folder")
    if not is_own(status, folder.parent):
        raise PassedOver("it belongs to another user")
    sizes: dict[str, int] = {}
    foreign: dict[str, str] = {}
    for name in sorted(filter(OURS.fullmatch, os.listdir(folder))):
        try:
            status = (folder / name).lstat()
        except FileNotFoundError:  # another run has renamed or removed it
            continue
        if not stat.S_ISREG(status.st_mode):
            foreign[name] = "is not a regular file"
        elif not is_own(status, folder):
            foreign[name] = "belongs to another user"
        else:
            sizes[name] = status.st_size
    return sizes, foreign


def is_leftover(folder: Path) -> bool:
    """Whether a film's folder contains only the lock and the partial files of a killed run."""
    try:
        sizes, _ = own_files(folder)
        leftovers = {name for name in sizes if name == LOCK or name.endswith(".part")}
        return FOLDER.fullmatch(folder.name) is not None and leftovers == set(os.listdir(folder))
    except (PassedOver, OSError):
        return False


def _parsed(content: bytes, name: str) -> tuple[str, int, dict[str, Json], list[dict[str, Json]], Json]:
    """Title, use, description, links and output of a manifest that belongs to a folder with this name."""
    if len(content) > LARGEST_MANIFEST:
        raise PassedOver(f"its {MANIFEST} is larger than the store writes")
    try:
        manifest = json.loads(content)
        match manifest:
            # Manifests without a format are identified by the folder's name alone.
            case {"format": str(version)} if version != FORMAT:
                raise PassedOver(f"its {MANIFEST} is from another version")
            case {
                "title": str(title),
                "used": int(used),
                "description": dict(description),
                "links": [*links],
            } if links and all(isinstance(link, dict) for link in links) and 0 <= used <= MOST_USES:
                if chain(description, links[:1])[0][:FOLDER_DIGITS] == name:
                    return title, used, description, links, manifest.get("output")
                raise PassedOver(f"its {MANIFEST} belongs to a folder of another name")
    except (ValueError, RecursionError):  # not JSON, not UTF-8, too many digits, or nested too deep
        pass
    raise PassedOver(f"its {MANIFEST} was not written by the store")


def clip_name(clip: int, key: str) -> str:
    """File name of a clip, which CLIP matches."""
    return f"clip-{clip + 1:04}-{key[:FOLDER_DIGITS]}.safetensors"


def write_manifest(
    folder: Path,
    *,
    title: str,
    used: int,
    description: dict[str, Json],
    links: list[dict[str, Json]],
    output: Json,
) -> None:
    """Write the manifest that identifies a film, completely or not at all.

    Raises
    ------
    OSError
        When the manifest cannot be written, or is too large to be read again.
    """
    manifest = {
        "format": FORMAT,
        "title": title,
        "used": min(used, MOST_USES),
        "description": description,
        "links": links,
        "output": output,
    }
    content = json.dumps(manifest, separators=(",", ":")).encode()
    if len(content) > LARGEST_MANIFEST:
        raise OSError(None, "the plan has too many clips or prompts to be stored")
    with whole_file(folder / MANIFEST) as part:
        part.write_bytes(content)


def output_claim(film: Path, request: str | None) -> Json:
    """What the store notes of a film's file: where it is, what asked for it, and what it is now."""
    status = film.stat() if film.exists() else None
    return {
        "path": str(film.absolute()),
        "request": request,
        "file": None if status is None else [status.st_size, status.st_mtime_ns],
    }


def note_output(folder: Path, output: Json) -> None:
    """Note in a film's manifest to which file it was written.

    Raises
    ------
    OSError
        When the manifest cannot be written.
    """
    film = read_film(folder)
    write_manifest(
        folder,
        title=film.title,
        used=film.last_used,
        description=film.description,
        links=film.links,
        output=output,
    )
