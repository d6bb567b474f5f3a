"""A film in the store: a folder whose name and manifest say that the store wrote it."""

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
FOLDER_DIGITS = 16  # of the first clip's key: films of another beginning lie in other folders
LARGEST_MANIFEST = 64 * 2**20  # bytes: 300,000 clips, and little enough to be read from a stranger
MOST_USES = 10**15

FOLDER = re.compile(f"[0-9a-f]{{{FOLDER_DIGITS}}}")
CLIP = r"clip-(\d{4,})-[0-9a-f]{16}\.safetensors"
OURS = re.compile(rf"film\.json|lock|{CLIP}|\.(?:film\.json|{CLIP})\.[0-9a-f]{{8}}\.part")


class PassedOver(Exception):
    """A folder that is no film of the store's; the message completes "... is passed over: "."""


@dataclass(frozen=True)
class StoredFilm:
    """A film in the store.

    Attributes
    ----------
    folder : Path
    title : str
    clips, of : int
        Clips whose segments lie there, and clips of the plan.
    size : int
        Bytes of the store's own files.
    used : int
        Greater for films used later.
    description : dict of plain values
        What shapes the whole film.
    links : list of dict of plain values
        What shapes each clip besides.
    strange : dict of str to str
        Names of the store's under which something lies that it did not write, and what it is.
    output : plain value
        Which file the film was written to; see `note_output`.
    """

    folder: Path
    title: str
    clips: int
    of: int
    size: int
    used: int
    description: dict[str, Json]
    links: list[dict[str, Json]]
    strange: dict[str, str]
    output: Json


def read_film(folder: Path) -> StoredFilm:
    """The film that lies in a folder; not one byte of its clips is read.

    Its name is the beginning of its first clip's key, so only the manifest that belongs to it can be there.

    Raises
    ------
    PassedOver
        When the folder is none that the store wrote, or cannot be read.
    """
    if FOLDER.fullmatch(folder.name) is None:
        raise PassedOver(f"films lie in folders that are named by {FOLDER_DIGITS} hexadecimal digits")
    try:
        sizes, strange = own_files(folder)
        for name in (MANIFEST, LOCK):
            if name in strange:
                raise PassedOver(f"its {name} {strange[name]}")
        with open(open_plain(folder / MANIFEST, os.O_RDONLY), "rb") as file:
            content = file.read(LARGEST_MANIFEST + 1)
    except FileNotFoundError as error:
        raise PassedOver(f"there is no {MANIFEST} in it") from error
    except OSError as error:
        raise PassedOver(f"its {MANIFEST} cannot be read ({error.strerror})") from error
    title, used, description, links, output = _parsed(content, folder.name)
    clips = {found[1] for name in sizes if (found := re.fullmatch(CLIP, name))}
    size = sum(sizes.values())
    return StoredFilm(folder, title, len(clips), len(links), size, used, description, links, strange, output)


def own_files(folder: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Sizes of the files that the store wrote, by name; and such names under which something else lies.

    Raises
    ------
    PassedOver
        When it is no folder, or another user's.
    OSError
        When it cannot be read.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise PassedOver("it is a link or a file, not a folder")
    if not is_own(status, folder.parent):
        raise PassedOver("it belongs to another user")
    sizes, strange = {}, {}
    for name in sorted(filter(OURS.fullmatch, os.listdir(folder))):
        try:
            status = (folder / name).lstat()
        except FileNotFoundError:  # another run renames and removes its files
            continue
        if not stat.S_ISREG(status.st_mode):
            strange[name] = "is no plain file"
        elif not is_own(status, folder):
            strange[name] = "belongs to another user"
        else:
            sizes[name] = status.st_size
    return sizes, strange


def is_leftover(folder: Path) -> bool:
    """Whether a film's folder is empty but for the lock and the half-written files of a killed run."""
    try:
        sizes, _ = own_files(folder)
        leftovers = {name for name in sizes if name == LOCK or name.endswith(".part")}
        return FOLDER.fullmatch(folder.name) is not None and leftovers == set(os.listdir(folder))
    except (PassedOver, OSError):
        return False


def _parsed(content: bytes, name: str) -> tuple[str, int, dict[str, Json], list[dict[str, Json]], Json]:
    """Title, use, description, links and output of a manifest that belongs to a folder of this name."""
    if len(content) > LARGEST_MANIFEST:
        raise PassedOver(f"its {MANIFEST} is larger than any of the store's")
    try:
        match json.loads(content):
            # Manifests of before there was a format are told by the folder's name alone.
            case {"format": str(version)} if version != FORMAT:
                raise PassedOver(f"its {MANIFEST} is of another version")
            case {
                "title": str(title),
                "used": int(used),
                "description": dict(description),
                "links": [*links],
                **others,
            } if links and all(isinstance(link, dict) for link in links) and 0 <= used <= MOST_USES:
                if chain(description, links[:1])[0][:FOLDER_DIGITS] == name:
                    return title, used, description, links, others.get("output")
                raise PassedOver(f"its {MANIFEST} belongs to a folder of another name")
    except (ValueError, RecursionError):  # not JSON, not UTF-8, too many digits, or nested too deep
        pass
    raise PassedOver(f"its {MANIFEST} is none that the store writes")


def clip_name(clip: int, key: str) -> str:
    """The file of a clip's segment, as CLIP finds it."""
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
    """Write what tells a film from others, whole or not at all.

    Raises
    ------
    OSError
        When the disk does not take it, or it is larger than could be read again.
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
        raise OSError(None, "the plan of so many clips and prompts is too large to be kept")
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
    """Note in a film's manifest which file it was written to.

    Raises
    ------
    OSError
        When the disk does not take the manifest.
    """
    film = read_film(folder)
    write_manifest(
        folder,
        title=film.title,
        used=film.used,
        description=film.description,
        links=film.links,
        output=output,
    )
