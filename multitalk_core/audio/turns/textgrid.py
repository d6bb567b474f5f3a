"""TextGrids of Praat, long and short: an interval tier a speaker, or one tier whose labels are names.

Praat reads the same way: quoted texts, free-standing numbers and <flags> count, all else is decoration.
"""

import re
from collections.abc import Iterator

from ...errors import MultiTalkError
from .tiers import is_speech, speaker_of
from .turn import Row, Sheet

TOKEN = re.compile(r'"((?:[^"]|"")*)"|(?<![^\s])(-?\d[\d.eE+-]*|<\w+>)(?![^\s])|![^\n]*')
ALIGNED = re.compile(
    r"(.{1,200}?)\s{0,3}-\s{0,3}(words|phones|phone|word|utterances|utterance)", re.IGNORECASE
)
COARSEST = ("utterances", "utterance", "words", "word", "phones", "phone")


def is_textgrid(text: str) -> bool:
    """Whether the text is a TextGrid of Praat, or another of its files."""
    return re.match(r'\s*(File type = )?"(ooTextFile|Praat chronological)', text) is not None


def textgrid_sheet(text: str, name: str) -> Sheet:
    """A turn for each labelled interval."""
    found = (match for match in TOKEN.finditer(text) if not match[0].startswith("!"))
    tokens = [match[2] if match[1] is None else match[1].replace('""', '"') for match in found]
    if tokens[:2] != ["ooTextFile", "TextGrid"]:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is another kind of Praat's files: save the TextGrid with "
            "“Save as text file”."
        )
    try:
        tiers = _tiers(iter(tokens[2:]))
    except (StopIteration, ValueError, RuntimeError) as error:
        raise MultiTalkError(
            f"The TextGrid {name} ends or breaks off in a tier: save it again in Praat."
        ) from error
    return Sheet(_rows(_coarsest(tiers), name))


Interval = tuple[str, str, str]  # start, end, label


def _tiers(tokens: Iterator[str]) -> dict[str, list[Interval]]:
    """The interval tiers by name."""
    tiers: dict[str, list[Interval]] = {}
    _start, _end, exists = next(tokens), next(tokens), next(tokens)
    for _ in range(int(next(tokens)) if exists == "<exists>" else 0):
        kind, tier = next(tokens), next(tokens)
        _start, _end, size = next(tokens), next(tokens), int(next(tokens))
        if kind == "IntervalTier":
            tiers.setdefault(tier, []).extend((next(tokens), next(tokens), next(tokens)) for _ in range(size))
        else:
            for _ in range(2 * size):
                next(tokens)
    return tiers


def _coarsest(tiers: dict[str, list[Interval]]) -> dict[str, list[Interval]]:
    """Tiers by speaker: of an aligner's "Anna - words" and "Anna - phones", the words."""
    aligned = {tier: match.groups() for tier in tiers if (match := ALIGNED.fullmatch(tier))}
    if len(aligned) < len(tiers):
        return tiers
    found: dict[str, tuple[int, list[Interval]]] = {}
    for tier, (speaker, level) in aligned.items():
        rank = COARSEST.index(level.casefold())
        if speaker not in found or rank < found[speaker][0]:
            found[speaker] = rank, tiers[tier]
    return {speaker: intervals for speaker, (_, intervals) in found.items()}


def _rows(tiers: dict[str, list[Interval]], name: str) -> Iterator[Row]:
    number = 0
    for tier, intervals in tiers.items():
        for start, end, label in intervals:
            if is_speech(label):
                number += 1
                where = f"Turn {number} of {name} (“{label[:30].strip()}” of {tier[:30]})"
                yield Row(where, speaker_of(tier, label), start, end)
