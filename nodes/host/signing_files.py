"""Keys and certificates on a ComfyUI server: in a folder that no route of the server reads."""

from pathlib import Path

import folder_paths

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.files.given import read_text
from ...multitalk_core.origin.signing_identity import SigningIdentity, read_identity

# ComfyUI hands out input, output, temp, models and users' own files, but no user folder that begins so.
FOLDER = Path("__multitalk") / "signing"
AUTHORITY, NONE = ".url", "none"
LONGEST_ADDRESS = 2000  # characters


def list_keys() -> list[str]:
    """Keys and certificates in the folder."""
    return [name for name in _files() if not name.endswith(AUTHORITY)]


def list_authorities() -> list[str]:
    """Timestamp authorities that the folder names, after "none"."""
    return [NONE, *(name for name in _files() if name.endswith(AUTHORITY))]


def identity_of(key: str, certificate: str, timestamps: str) -> SigningIdentity:
    """Who signs, by names in the folder.

    Raises
    ------
    MultiTalkError
        For a name that is not in the folder, and as `read_identity`.
    """
    authority = None
    if timestamps != NONE:
        authority = read_text(_file("timestamps", timestamps), "address", LONGEST_ADDRESS).strip()
    return read_identity(_file("key", key), _file("certificate", certificate), authority)


def check_names(**names: str | None) -> None:
    """Raise a MultiTalkError, which begins with the input's id, for a name that is not in the folder.

    Parameters
    ----------
    names : str by the input's id
        None is a linked value, which is not known yet.
    """
    for name, value in names.items():
        if value is not None and value != NONE:
            _file(name, value)


def _file(name: str, value: str) -> Path:
    # No key is read as an address: a wrong address is repeated in the error.
    if value not in (list_authorities() if name == "timestamps" else list_keys()):
        raise MultiTalkError(
            f"{name}: there is no file {quoted(value)} in ComfyUI's folder user/{FOLDER.as_posix()}; whoever "
            "runs the server puts it there."
        )
    return _folder() / value


def _files() -> list[str]:
    folder = _folder()
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _folder() -> Path:
    return Path(folder_paths.get_user_directory()) / FOLDER
