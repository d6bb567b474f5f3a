"""The text of a script, read line by line."""

import re
from dataclasses import dataclass, field, replace
from textwrap import dedent

from ..errors import MultiTalkError, quoted
from ..limits import LONGEST_TEXT, MOST_SPEAKERS, MOST_TURNS
from .instructions import BRACKETS, KNOWN, OVERLAP, PAUSE, REACTION, Instruction, pieces_of
from .markup import is_comment, is_direction, named, plain, unmarked
from .written_script import Script, ScriptLine

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
TIME = re.compile(r"[\d:.,\s>-]*\d:\d\d[\d:.,\s>-]*")


def parse_script(text: str, name: str = "the script") -> Script:
    """Read a script as people write it.

    Parameters
    ----------
    text : str
        `Name: words`, in any alphabet; docs/script.md says what else.
    name : str
        What error messages call it.

    Raises
    ------
    MultiTalkError
        For what cannot be read, with the number of its line.
    """
    if len(text) > LONGEST_TEXT:
        raise MultiTalkError(
            f"There are {len(text):,} characters in {name}, more than {LONGEST_TEXT:,}: split the film."
        )
    reader = _Reader(name)
    for number, line in enumerate(dedent(text.removeprefix("\ufeff")).splitlines(), start=1):
        reader.read(number, line)
    return reader.finish()


@dataclass
class _Reader:
    """Lines read so far, and what the next one is given."""

    name: str
    lines: list[ScriptLine] = field(default_factory=list)
    spellings: dict[str, str] = field(default_factory=dict)  # of names, by their case-folded form
    speaker: str | None = None  # whose words continue
    pending: list[Instruction] = field(default_factory=list)
    begun: bool = False  # the speaker's words so far belong to a line
    named_at: int = 0
    directions: list[int] = field(default_factory=list)
    asides: list[int] = field(default_factory=list)

    def read(self, number: int, given: str) -> None:
        """Take in one line of the text."""
        line = unmarked(given.strip())
        where = f"Line {number} of {self.name}"
        if is_comment(given.strip()) or not line:
            return
        if is_direction(line):
            self.directions.append(number)
            return
        line = self._instructions_before(line, where)
        found = named(line)
        if found and not (
            given[:1].isspace() and self.speaker and found.name.casefold() not in self.spellings
        ):
            line = found.words
            self._begin(found.name, number, where)
            self.asides += [number] if found.aside else []
        if line:
            self._add(line, number, where)

    def finish(self) -> Script:
        """The script, once all of it is read."""
        self._check_said()
        if not self.lines:
            raise MultiTalkError(
                f"Nobody says anything in {self.name}: write lines such as “Anna: Good morning.”"
            )
        remarks = []
        for left_out, what in (
            (self.directions, "stage direction"),
            (self.asides, "direction behind a name"),
        ):
            if left_out:
                many = f"{len(left_out)} {what}s are" if len(left_out) > 1 else f"1 {what} is"
                remarks.append(f"{many} not spoken; the first is in line {left_out[0]} of {self.name}.")
        if self.pending:
            remarks.append(
                f"The last [{self.pending[-1].word}] of {self.name} has no line after it and is left out: "
                "set the length of the film instead."
            )
        return Script(tuple(self.lines), tuple(remarks))

    def _instructions_before(self, line: str, where: str) -> str:
        """Take the instructions at the beginning of a line; what is left of it."""
        while match := BRACKETS.match(line):
            rest = line[match.end() :].strip()
            if TIME.fullmatch(match[1].strip()):
                raise MultiTalkError(
                    f"{where} begins with the time {quoted(match[0])}: leave times out, as the voices decide "
                    "them, or use a table of turns with recordings (docs/turns.md)."
                )
            pieces = pieces_of(match[0], where)
            if not isinstance(pieces[0], Instruction):
                if rest:
                    break  # a sign for the voice before its words
                raise MultiTalkError(
                    f"{where}: {quoted(match[0])} is no instruction; there are {KNOWN}. Write stage "
                    "directions in parentheses."
                )
            self.pending.append(pieces[0])
            self.begun = False
            line = rest
        return line

    def _begin(self, name: str, number: int, where: str) -> None:
        """A line of somebody begins."""
        self._check_said()
        known = self.spellings.setdefault(name.casefold(), name)
        if len(self.spellings) > MOST_SPEAKERS:
            raise MultiTalkError(
                f"{where} begins with {quoted(name)}, who would be speaker {MOST_SPEAKERS + 1} of at most "
                f"{MOST_SPEAKERS}: if this is no name, indent the line, so that it continues the one above."
            )
        numbers = {spelling: bool(NUMBER.fullmatch(spelling)) for spelling in self.spellings.values()}
        if len(set(numbers.values())) > 1:
            raise MultiTalkError(
                f"{where} names {quoted(name)}, but the script has both numbers and names: use one kind."
            )
        if numbers[known] and not (known.isdecimal() and 1 <= int(known) <= MOST_SPEAKERS):
            raise MultiTalkError(
                f"{where} names the speaker {quoted(name)}: number speakers from 1 to {MOST_SPEAKERS}."
            )
        self.speaker, self.named_at, self.begun = known, number, False

    def _check_said(self) -> None:
        """Whoever was named last has said something."""
        if self.named_at and (not self.lines or self.lines[-1].number < self.named_at):
            raise MultiTalkError(
                f"Line {self.named_at} of {self.name}: {quoted(self.speaker)} says nothing there; write the "
                "words behind the colon, or leave the line out."
            )

    def _add(self, line: str, number: int, where: str) -> None:
        """Words of the speaker, and the instructions among them."""
        if self.speaker is None:
            raise MultiTalkError(
                f"{where} has no speaker ({quoted(line)}): begin it with a name and a colon, such as “Anna: "
                "Good morning.”"
            )
        for piece in pieces_of(line, where):
            if isinstance(piece, Instruction):
                self.pending.append(piece)
                self.begun = False
            elif words := plain(piece):
                self._say(words, number, where)

    def _say(self, words: str, number: int, where: str) -> None:
        assert self.speaker is not None
        if self.begun:
            last = self.lines[-1]
            self.lines[-1] = replace(last, text=f"{last.text} {words}")
            return
        if not any(map(str.isalnum, words)):
            raise MultiTalkError(f"{where}: {quoted(words)} has no letter that could be spoken: write words.")
        if len(self.lines) == MOST_TURNS:
            raise MultiTalkError(f"There are more than {MOST_TURNS:,} lines in {self.name}: split the film.")
        line = self._placed(ScriptLine(number, self.speaker, words), where)
        self.lines.append(line)
        self.pending, self.begun = [], True

    def _placed(self, line: ScriptLine, where: str) -> ScriptLine:
        """The line with the instructions before it."""
        words = {instruction.word for instruction in self.pending}
        if len(words) > 1:
            raise MultiTalkError(
                f"{where}: before it stand {' and '.join(f'[{word}]' for word in sorted(words))}: keep one."
            )
        if not words:
            return line
        (word,) = words
        if word == PAUSE:
            return replace(line, gap=sum(each.seconds or 0.0 for each in self.pending))
        before = next((each for each in reversed(self.lines) if not each.reaction), None)
        if before is None or before.speaker == line.speaker:
            whom = "nobody before it" if before is None else f"{quoted(line.speaker)} in line {before.number}"
            raise MultiTalkError(
                f"{where}: [{word}] needs another speaker to talk over, and there is {whom}: leave it out."
            )
        seconds = self.pending[-1].seconds
        if word == REACTION:
            return replace(line, reaction=True, into=seconds)
        assert word == OVERLAP and seconds is not None
        return replace(line, gap=-seconds)
