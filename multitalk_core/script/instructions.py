"""Instructions in brackets, which place lines in time: [pause 0.5], [overlap 0.3], [reaction]."""

import re
from dataclasses import dataclass

from ..audio.turns.times import seconds_of
from ..errors import MultiTalkError, quoted
from ..limits import GAP_SECONDS

PAUSE, OVERLAP, REACTION = "pause", "overlap", "reaction"
USUAL = {PAUSE: 0.5, OVERLAP: 0.3}  # seconds, where none are given
KNOWN = "[pause 0.5], [overlap 0.3] and [reaction]"
BRACKETS = re.compile(r"[\[［【]([^\[\]［］【】]{0,80})[\]］】]")
INSTRUCTION = re.compile(rf"\s*({PAUSE}|{OVERLAP}|{REACTION})(?:ping)?\b[\s:=：]*(.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """How what follows is placed.

    Attributes
    ----------
    word : str
        PAUSE, OVERLAP or REACTION.
    seconds : float, optional
        None for a reaction without a time.
    """

    word: str
    seconds: float | None


def instruction_of(content: str, where: str) -> Instruction | None:
    """The instruction between two brackets; None for anything else, such as a sign for the voice.

    Raises
    ------
    MultiTalkError
        When its seconds are no number or out of range; it begins with `where`.
    """
    match = INSTRUCTION.fullmatch(content)
    if match is None:
        return None
    word, amount = match[1].lower(), match[2]
    if not amount:
        return Instruction(word, USUAL.get(word))
    seconds = seconds_of(amount)
    if seconds is None or not GAP_SECONDS.least <= seconds <= GAP_SECONDS.most:
        raise MultiTalkError(
            f"{where}: [{quoted(content.strip())}] has no number of seconds from {GAP_SECONDS.least:g} to "
            f"{GAP_SECONDS.most:g}: write it as in [{word} {USUAL.get(word, 1.2):g}]."
        )
    return Instruction(word, seconds)


def pieces_of(text: str, where: str) -> list[str | Instruction]:
    """The words and the instructions of a text, in order; other brackets stay among the words."""
    pieces: list[str | Instruction] = []
    done = 0
    for match in BRACKETS.finditer(text):
        instruction = instruction_of(match[1], where)
        if instruction is not None:
            pieces += [text[done : match.start()].strip(), instruction]
            done = match.end()
    return [piece for piece in [*pieces, text[done:].strip()] if piece]
