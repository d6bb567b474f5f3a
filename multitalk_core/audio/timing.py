"""How the voices of a film are placed in time, in words."""

from ..guards.words import Word


class Timing(Word):
    """How the voices of a film are placed in time."""

    TOGETHER = "together"
    IN_TURN = "in turn"
    TABLE = "table"
