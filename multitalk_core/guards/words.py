"""Words that an input may have: any other is refused with a sentence that lists the known ones."""

import re
from enum import StrEnum

from ..errors import MultiTalkError, quoted


class Word(StrEnum):
    """A closed set of words; subclass it as an enum, named after what the words choose.

    `ColourMethod("labb")` raises `There is no colour method "labb": choose "mean" or "lab".`
    """

    @classmethod
    def words(cls) -> list[str]:
        """All words, as plain strings."""
        return [str(word) for word in cls]

    @classmethod
    def _missing_(cls, value: object) -> None:
        noun = re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).lower()
        *others, last = (f'"{word}"' for word in cls.words())
        known = f"{', '.join(others)} or {last}" if others else last
        raise MultiTalkError(f'There is no {noun} "{quoted(value)}": choose {known}.')
