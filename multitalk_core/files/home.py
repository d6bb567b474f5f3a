"""The user's home folder, which not every user has."""

from pathlib import Path


def home_folder() -> Path | None:
    """The home folder; None for a user with neither HOME nor an entry among the system's users."""
    try:
        return Path.home()
    except RuntimeError:
        return None
