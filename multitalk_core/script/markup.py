"""What people write around the words of a script: Markdown, comments, directions, names before colons."""

import re
import unicodedata
from typing import NamedTuple

BULLET = re.compile(r"(?:[-*+•–]\s+|>\s?)+")
LIST_NUMBERED = re.compile(r"\d{1,3}[.)]\s+(?P<line>.*)")
RULE = re.compile(r"[-*_=~\s]{3,}|```.*")
COMMENT = re.compile(r"(?:#|//|<!--).*")
DIRECTION = re.compile(r"\([^()]*\)|（[^（）]*）|\*{1,3}[^*]+\*{1,3}|_{1,3}[^_]+_{1,3}")
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3}|`)(?=\S)(.{1,200}?)(?<=\S)\1(?![\w*])")
ALL_EMPHASISED = re.compile(r"(\*{1,3}|_{1,3})(?P<line>[^*_]+)\1")
NAME = re.compile(r"[^:：\[\]［］【】,;|\"“”!?。，！？]+")
SENTENCE = re.compile(r"\w{5,}\.\s")  # ends before a colon, unlike the points of Dr. Smith
ASIDE = re.compile(r"\s*(\([^()]*\)|（[^（）]*）|\[[^\[\]]*\])\s*$")
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # no program takes them as words
DIRECTIONS = re.compile(
    r"[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)  # of writing; nobody sees them in a name
MOST_NESTED = 4  # signs of emphasis within each other, as in **_`word`_**
LONGEST_NAME = 40  # characters
MOST_WORDS = 5  # of a name
LONGEST_BEFORE = 200  # characters before a colon, with an aside


class Named(NamedTuple):
    """What stands around the colon of a line.

    Attributes
    ----------
    name, words : str
    aside : str
        A direction in parentheses behind the name, which is not among the words.
    """

    name: str
    words: str
    aside: str = ""


def is_comment(line: str) -> bool:
    """Whether a line is empty, a comment, a heading or a rule."""
    return not line or bool(COMMENT.fullmatch(line) or RULE.fullmatch(line))


def is_direction(line: str) -> bool:
    """Whether a line is a stage direction: all of it in parentheses or in italics."""
    return bool(DIRECTION.fullmatch(line))


def unmarked(line: str) -> str:
    """A line without bullets, signs of quotes, and what a list or emphasis puts around `Name: words`."""
    line = line[match.end() :] if (match := BULLET.match(line)) else line
    around = LIST_NUMBERED.fullmatch(line) or ALL_EMPHASISED.fullmatch(line)
    return around["line"] if around and named(around["line"]) else line


def plain(text: str) -> str:
    """A text without signs of emphasis and control characters, with single blanks."""
    text = CONTROLS.sub("", text)
    for _ in range(MOST_NESTED):
        text = EMPHASIS.sub(r"\2", text)
    return " ".join(text.split())


def named(line: str) -> Named | None:
    """Cut `Name: words` at the first colon, if a name can stand before it."""
    colon = re.search(r"[:：]", line)
    if colon is None or colon.start() > LONGEST_BEFORE:
        return None
    before, words = line[: colon.start()], line[colon.end() :]
    if (before[-1:].isdigit() and words[:1].isdigit()) or words.startswith("//"):
        return None  # a time or an address
    # The closing sign of **Anna:** stands behind the colon.
    sign = re.match(r"\*{1,3}|_{1,3}", before)
    if sign and words.startswith(sign[0]) and before.count(sign[0]) == 1:
        before, words = before[sign.end() :], words[sign.end() :]
    name, aside = plain(unicodedata.normalize("NFC", DIRECTIONS.sub("", before))), ""
    if match := ASIDE.search(name):
        name, aside = name[: match.start()], match[1]
        if aside.startswith("["):  # an instruction, or a sign for the voice
            words, aside = f"{aside} {words}", ""
    too_long = len(name) > LONGEST_NAME or len(name.split()) > MOST_WORDS
    if too_long or not NAME.fullmatch(name) or SENTENCE.search(name) or not any(map(str.isalnum, name)):
        return None
    return Named(name, words.strip(), aside)
