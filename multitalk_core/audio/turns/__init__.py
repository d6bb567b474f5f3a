"""Tables of who speaks when, as editors and transcription services write them: one file a format."""

from .turn import Turn
from .turn_table import TurnTable, parse_turns, read_turns

__all__ = ["Turn", "TurnTable", "parse_turns", "read_turns"]
