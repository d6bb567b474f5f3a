"""How long work is stopped: it calls a function again and again, which raises to stop it."""


def go_on() -> None:
    """The function of those who never stop."""
