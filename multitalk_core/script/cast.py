"""Which voice each speaker of a script has, as text: a line `Name = voice` for each."""

from ..errors import MultiTalkError, quoted
from .markup import is_comment, plain, unmarked
from .written_script import Script


def parse_cast(text: str, name: str = "voices") -> dict[str, str]:
    """Read lines such as `Anna = af_heart`.

    Returns
    -------
    dict
        The voice by the case-folded name.

    Raises
    ------
    MultiTalkError
        For a line that is not of that form, or names somebody again, with its number.
    """
    voices: dict[str, str] = {}
    for number, given in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = unmarked(given.strip())
        if is_comment(given.strip()):
            continue
        speaker, sign, voice = (part.strip() for part in line.replace("＝", "=").partition("="))
        if not (speaker and sign and voice):
            raise MultiTalkError(
                f"Line {number} of {name} is {quoted(line)}: write a name and its voice, such as "
                "Anna = af_heart."
            )
        speaker = plain(speaker)
        if speaker.casefold() in voices:
            raise MultiTalkError(f"Line {number} of {name} gives {quoted(speaker)} a second voice: keep one.")
        voices[speaker.casefold()] = voice
    return voices


def cast_remarks(script: Script, voices: dict[str, str]) -> list[str]:
    """Sentences about voices that the script has no use for, as where a name is misspelt."""
    spoken = {speaker.casefold() for speaker in script.speakers}
    unused = [quoted(name) for name in voices if name not in spoken]
    return [f"No line of the script is by {' or '.join(unused)}, who has a voice."] if unused else []
