"""Interruption of long work: it calls a function repeatedly, which raises to stop it."""


def uninterrupted() -> None:
    """Never interrupt."""
