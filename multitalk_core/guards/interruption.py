"""Interruption of long work: it calls a function repeatedly, which raises to stop it."""


def go_on() -> None:
    """Never interrupt."""
