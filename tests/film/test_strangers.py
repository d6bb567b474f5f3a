"""A store among strangers: only what it wrote is removed, all else is named, and the rest works."""

import ctypes
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from multitalk_core.cli.main import main
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.store import (
    StoredClip,
    Survey,
    check_store,
    clear_films,
    open_film,
    stored_films,
    survey,
)

LINKS = [{"clip": 0}, {"clip": 1}]
HEX = "0123456789abcdef"
OTHER = 65534  # a user: nobody
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")


def film(root: Path, seed: int = 1, limit: int = 10**9) -> Path:
    """Keep a film of one clip; its folder."""
    picture = torch.rand(9, 32, 48, 3)
    with open_film(root, f"film {seed}", {"seed": seed}, links=LINKS, limit=limit) as kept:
        kept.write(0, StoredClip(picture, torch.zeros(1), torch.zeros(1), torch.zeros(9).byte()))
        return kept.folder


def give(folder: Path, user: int) -> None:
    """Let a film be another user's."""
    for path in [folder, *folder.iterdir()]:
        os.chown(path, user, -1)


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: kind and rights, when it was changed, and what is in plain files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = b""
        if stat.S_ISREG(status.st_mode):
            with path.open("rb") as file:
                content = file.read(1000)
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, content)
    return found


def with_manifest(content: bytes | str, name: str = HEX) -> Callable[[Path], Path]:
    """A folder with this manifest, a lock and a holiday."""

    def put(root: Path) -> Path:
        folder = root / name
        folder.mkdir()
        (folder / "film.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / "lock").touch()
        (folder / "beach.jpg").write_bytes(b"waves")
        return folder

    return put


def with_another_films_manifest(root: Path, **changes: object) -> Path:
    manifest = json.loads((film(root.parent / "elsewhere") / "film.json").read_text())
    return with_manifest(json.dumps(manifest | changes))(root)


def with_pipes(root: Path) -> Path:
    folder = root / HEX
    folder.mkdir()
    for name in ("film.json", "lock"):
        os.mkfifo(folder / name)
    return folder


def with_a_huge_manifest(root: Path) -> Path:
    folder = with_manifest("{")(root)
    os.truncate(folder / "film.json", 10**12)
    return folder


def a_pipe(root: Path) -> Path:
    os.mkfifo(root / HEX)
    return root / HEX


def a_device(root: Path) -> Path:
    folder = root / HEX
    folder.mkdir()
    try:
        os.mknod(folder / "film.json", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # zeros without end
    except PermissionError:
        pytest.skip("only root makes devices")
    return folder


def a_link_to_a_film(root: Path) -> Path:
    folder = film(root.parent / "elsewhere", seed=7)
    (root / folder.name).symlink_to(folder, target_is_directory=True)
    return root / folder.name


def a_linked_manifest(root: Path) -> Path:
    folder = film(root.parent / "elsewhere", seed=7)
    (root / folder.name).mkdir()
    (root / folder.name / "film.json").symlink_to(folder / "film.json")
    return root / folder.name


def a_folder_for_a_manifest(root: Path) -> Path:
    (root / HEX / "film.json").mkdir(parents=True)
    return root / HEX


def a_dangling_link(root: Path) -> Path:
    (root / HEX).symlink_to(root / "nowhere")
    return root / HEX


STRANGE = "was not written by the store"
STRANGERS = {
    "holiday": (with_manifest('{"title": "holiday", "scenes": ["beach"]}', "holiday"), "16 hexadecimal"),
    "shape": (with_manifest('{"title": "holiday", "scenes": ["beach"]}'), STRANGE),
    "no links": (with_manifest('{"title": "a", "used": 1, "links": null, "description": {}}'), STRANGE),
    "words": (with_manifest('{"title": "a", "used": "1", "links": [{}], "description": {}}'), STRANGE),
    "flat links": (with_manifest('{"title": "a", "used": 1, "links": [1], "description": {}}'), STRANGE),
    "deep": (with_manifest('{"links": ' + "[" * 60000 + "]" * 60000 + "}"), STRANGE),
    "not JSON": (with_manifest("{"), STRANGE),
    "not UTF-8": (with_manifest(b"\xff\xfe\x00{"), STRANGE),
    "digits": (with_manifest('{"used": ' + "9" * 5000 + "}"), STRANGE),
    "NaN": (
        with_manifest('{"title": "a", "used": 1, "links": [{}], "description": {"x": NaN}}'),
        STRANGE,
    ),
    "version": (
        lambda root: with_another_films_manifest(root, format="multitalk film 99"),
        "another version",
    ),
    "copied": (with_another_films_manifest, "belongs to a folder of another name"),
    "huge": (with_a_huge_manifest, "larger than the store writes"),
    "pipes": (with_pipes, "not a regular file"),
    "pipe": (a_pipe, "a link or a file"),
    "device": (a_device, "not a regular file"),
    "linked film": (a_link_to_a_film, "a link or a file"),
    "linked manifest": (a_linked_manifest, "not a regular file"),
    "folder": (a_folder_for_a_manifest, "not a regular file"),
    "dangling": (a_dangling_link, "a link or a file"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")
@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_is_named_and_not_touched_and_the_rest_works(tmp_path, capsys, kind):
    put, reason = STRANGERS[kind]
    store = tmp_path / "store"
    store.mkdir()
    stranger = put(store)
    before = tree(tmp_path)
    first = film(store)
    found = survey(store)
    assert [kept.folder for kept in found.films] == [first]
    (sentence,) = found.ignored
    assert sentence.startswith(f"{stranger.name} is passed over: ") and reason in sentence
    assert main(["films", "--store", str(store)]) == 0
    assert sentence in capsys.readouterr().out.splitlines()
    second = film(store, seed=2, limit=1)
    assert not first.exists(), "the size limit clears our film"
    assert main(["films", "--store", str(store), "--clear"]) == 0
    assert "1 film cleared" in capsys.readouterr().out and not second.exists()
    del before["store"]  # whose time of change is another
    assert {name: what for name, what in tree(tmp_path).items() if name != "store"} == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")
def test_what_others_put_into_a_film_stays(tmp_path):
    folder = film(tmp_path / "store")
    (tmp_path / "holiday.jpg").write_bytes(b"waves")
    (folder / "notes.txt").write_text("mine")
    (folder / "clip-0001.safetensors").write_text("not so named by the store")
    (folder / "clip-0002-0123456789abcdef.safetensors").symlink_to(tmp_path / "holiday.jpg")
    os.mkfifo(folder / "clip-0003-0123456789abcdef.safetensors")
    (kept,) = stored_films(tmp_path / "store")
    assert kept.clips == 1
    named = [sentence.split(" is passed over")[0] for sentence in survey(tmp_path / "store").ignored]
    assert named == [f"{folder.name}/clip-000{clip}-0123456789abcdef.safetensors" for clip in (2, 3)]
    assert [film.folder for film in clear_films(tmp_path / "store").films] == [folder]
    left = ["clip-0001.safetensors", "clip-0002-0123456789abcdef.safetensors"]
    left += ["clip-0003-0123456789abcdef.safetensors", "notes.txt"]
    assert sorted(path.name for path in folder.iterdir()) == left
    assert (tmp_path / "holiday.jpg").read_bytes() == b"waves"
    assert survey(tmp_path / "store").ignored == [
        f"{folder.name} is passed over: there is no film.json in it."
    ]


def linked_lock(folder: Path) -> None:
    target = folder.parent.parent / "diary.txt"
    target.write_text("dear diary")
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(target)


def piped(name: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        path = next(folder.glob(name))
        path.unlink()
        os.mkfifo(path)

    return put


def linked_folder(folder: Path) -> None:
    folder.rename(folder.parent.parent / "moved")
    folder.symlink_to(folder.parent.parent / "moved", target_is_directory=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")
@pytest.mark.parametrize(
    "harm",
    [
        piped("film.json"),
        piped("lock"),
        piped("clip-*"),
        linked_lock,
        linked_folder,
        lambda folder: (folder / "film.json").write_text('{"title": "holiday"}'),
    ],
    ids=["manifest", "lock", "clip", "linked lock", "linked folder", "stranger's manifest"],
)
def test_something_in_a_films_own_place_is_reported_before_work_and_not_touched(tmp_path, harm):
    folder = film(tmp_path / "store")
    harm(folder)
    before = tree(tmp_path)
    with pytest.raises(MultiTalkError, match="move away what the store did not write"):
        film(tmp_path / "store")
    assert tree(tmp_path) == before
    film(tmp_path / "store", seed=2)


@pytest.mark.skipif(sys.platform == "win32", reason="needs rights as on POSIX")
def test_another_users_film_is_named_and_stays():
    root = Path(tempfile.mkdtemp())  # where others may go, which is not so below tmp_path
    root.chmod(0o777)
    mine, denied = film(root, seed=1), film(root, seed=2)
    denied.chmod(0o000)
    user = os.geteuid()
    try:
        if user == 0:  # whom nothing is denied
            give(mine, OTHER)
            give(denied, OTHER)
            os.seteuid(OTHER)
        found = survey(root)
        assert [kept.folder for kept in found.films] == [mine]
        assert "cannot be read (Permission denied)" in found.ignored[0]
        assert [kept.folder for kept in clear_films(root).films] == [mine]
    finally:
        os.seteuid(user)
        denied.chmod(0o755)
        assert len(list(denied.iterdir())) == 3
        shutil.rmtree(root)


@needs_root
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("", "{} is passed over: it belongs to another user."),
        ("film.json", "{} is passed over: its film.json belongs to another user."),
        ("lock", "{} is passed over: its lock belongs to another user."),
    ],
)
def test_another_users_film_stays_even_where_it_could_be_removed(tmp_path, given, named):
    folder = film(tmp_path)
    if given:
        os.chown(folder / given, OTHER, -1)
    else:
        give(folder, OTHER)
    before = tree(folder)
    assert survey(tmp_path) == Survey([], [named.format(folder.name)])
    film(tmp_path, seed=2, limit=1)
    clear_films(tmp_path)
    with pytest.raises(MultiTalkError, match="belongs to another user: move away"):
        film(tmp_path)
    assert tree(folder) == before


@needs_root
def test_another_users_clip_in_a_film_stays(tmp_path):
    folder = film(tmp_path)
    (clip,) = folder.glob("clip-*")
    os.chown(clip, OTHER, -1)
    assert survey(tmp_path).ignored == [
        f"{folder.name}/{clip.name} is passed over: it belongs to another user."
    ]
    clear_films(tmp_path)
    assert list(folder.iterdir()) == [clip]


@needs_root
@pytest.mark.skipif(sys.platform != "linux", reason="needs setfsuid")
def test_a_share_that_gives_all_files_to_one_user_keeps_films():
    libc = ctypes.CDLL(None)
    mounted = Path(tempfile.mkdtemp())
    mounted.chmod(0o777)
    libc.setfsuid(OTHER)  # files that this process makes are that user's, as on such a share
    try:
        folder = film(mounted)
        assert folder.stat().st_uid == OTHER
        assert film(mounted) == folder
        assert [kept.folder for kept in clear_films(mounted).films] == [folder] and not folder.exists()
    finally:
        libc.setfsuid(os.geteuid())
        shutil.rmtree(mounted)


@pytest.mark.skipif(sys.platform == "win32", reason="needs rights as on POSIX")
def test_a_film_that_may_only_be_read_is_reported_to_stay():
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    folder = film(root)
    user = os.geteuid()
    folder.chmod(0o555)
    try:
        if user == 0:
            give(folder, OTHER)
            os.seteuid(OTHER)
        cleared = clear_films(root)
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
    assert cleared.films == [] and "stays: it cannot be removed (Permission denied)" in cleared.stay[0]
    assert len(list(folder.iterdir())) == 3
    shutil.rmtree(root)


def test_a_manifest_from_before_there_was_a_format_is_a_film(tmp_path):
    folder = film(tmp_path)
    manifest = json.loads((folder / "film.json").read_text())
    del manifest["format"]
    (folder / "film.json").write_text(json.dumps(manifest, indent=1))
    assert [kept.title for kept in stored_films(tmp_path)] == ["film 1"]


def test_titles_and_folders_that_no_terminal_shows_are_escaped(tmp_path, capsys):
    with open_film(tmp_path, "\x1b[31m\udcff" * 99, {"seed": 1}, links=LINKS):
        pass
    (tmp_path / "\x1b[2J").mkdir()
    assert main(["films", "--store", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said and "\udcff" not in said and "\\x1b[2J is passed over" in said


@pytest.mark.parametrize("command", ["list", "clear", "film"])
def test_a_store_that_is_a_file(tmp_path, command):
    store = tmp_path / "store"
    store.write_text("mine")
    work = {"list": survey, "clear": clear_films, "film": film}[command]
    with pytest.raises(MultiTalkError, match=r"cannot be read|cannot be written to \(it is not a folder\)"):
        work(store)
    assert store.read_text() == "mine"


@pytest.mark.parametrize("work", [survey, clear_films, film, check_store])
def test_a_store_of_300_letters(tmp_path, work):
    with pytest.raises(MultiTalkError, match="File name too long"):
        work(tmp_path / ("x" * 300))


def test_a_store_is_checked_before_work(tmp_path):
    check_store(tmp_path / "new" / "store", clip_bytes=1000)
    assert list((tmp_path / "new" / "store").iterdir()) == []
    with pytest.raises(MultiTalkError, match=r"GB left, and a clip takes about 1000000000.000 GB: free some"):
        check_store(tmp_path, clip_bytes=10**18)
    (tmp_path / "file").touch()
    with pytest.raises(MultiTalkError, match="it is not a folder"):
        check_store(tmp_path / "file")
