"""Subtitles that name who speaks: SRT, WebVTT, and Whisper's lines [0:00.0 --> 0:01.0] [NAME]: text."""

import html
import re
from collections.abc import Iterator
from itertools import islice

from ...limits import MOST_TURNS
from .turn import Row, Sheet

CUE = re.compile(r"\[?\s*([\d:.,]+)\s*-->\s*([\d:.,]+)\s*\]?(.*)")
# Lengths are bounded, so that no line takes long.
VOICE = re.compile(r"<v(?:\.[^\s>]{0,100})?\s{1,9}([^>]{1,200})>")
TAG = re.compile(r"<[^>]{0,200}>|\{\\[^}]{0,200}\}")
BRACKETED = re.compile(r"(?:-|>>)?\s*[\[(]\s*([^\])]{1,60}?)\s*[\])]\s*(:?)")
PREFIXED = re.compile(
    r"(?:-|>>)?\s*([^\s:：.!?,;][^:：.!?,;]{0,40}|[^\s:：]{1,20}\.? [^:：.!?,;]{1,40})\s*[:：](?!\d)"
)
LABEL = re.compile(r"(speaker|spk|s|person|voice)[\s_-]?\d+", re.IGNORECASE)
MOST_WORDS = 4  # of a name


def is_subtitles(text: str) -> bool:
    """Whether the text has cues."""
    return "-->" in text and any(CUE.match(line.strip()) for line in text.splitlines())


def subtitles_sheet(text: str, name: str) -> Sheet:
    """One turn a cue and name in it; a cue without a name is nobody's."""
    return Sheet(_rows(text, name))


def _rows(text: str, name: str) -> Iterator[Row]:
    cues = list(islice(_cues(text), MOST_TURNS + 1))
    # Where no cue has a clear name, but each begins with a word and a colon or in brackets, these are names.
    clear = any(_speakers(spoken, strict=True) for *_, spoken in cues)
    strict = clear or not all(_speakers(spoken, strict=False) for *_, spoken in cues)
    number = 0
    for line, start, end, spoken in cues:
        for speaker in _speakers(spoken, strict=strict) or (None,):
            number += 1
            yield Row(f"Turn {number} of {name} (line {line})", speaker, start, end)


def _cues(text: str) -> Iterator[tuple[int, str, str, list[str]]]:
    """Line number, start, end and lines of text of each cue."""
    cue: tuple[int, str, str, list[str]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if match := CUE.match(line.strip()):
            if cue:
                yield cue
            start, end, rest = match.groups()
            # What follows the times of SRT and WebVTT are settings; Whisper's lines go on with the text.
            cue = number, start, end, [rest] if line.lstrip().startswith("[") else []
        elif cue and line.strip():
            cue[3].append(line)
        elif cue and cue[3]:
            yield cue
            cue = None
    if cue:
        yield cue


def _speakers(lines: list[str], *, strict: bool) -> list[str]:
    """The names in a cue, each once."""
    voices = [html.unescape(found) for line in lines for found in VOICE.findall(line)]
    names = voices or [name for line in lines if (name := _prefix(TAG.sub("", line).strip(), strict=strict))]
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def _prefix(line: str, *, strict: bool) -> str | None:
    """The name before the text of a line."""
    if match := BRACKETED.match(line):
        name, colon = match.groups()
        # "[Anna]: Hi" and "[SPEAKER_01] Hi" name somebody; "[music]" and "(laughs)" do not.
        named = colon or LABEL.fullmatch(name) or not strict
        return name if named and match.end() < len(line) else None
    match = PREFIXED.match(line)
    return match[1].strip() if match and _is_name(match[1].strip(), strict=strict) else None


def _is_name(text: str, *, strict: bool) -> bool:
    """Whether a text before a colon is a name: few words, none of them in lower case, or a numbered label."""
    words = text.split()
    if LABEL.fullmatch(text) or (not strict and len(words) == 1):
        return True
    return len(words) <= MOST_WORDS and not any(word[0].islower() for word in words)
