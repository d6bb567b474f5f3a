"""Which column or key of a table holds the speaker, the times, or where in which voice the turn is."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

# In order of preference; English first, then as German, French and Spanish tables name them.
SPEAKERS = (
    "speaker", "speakerid", "speakerlabel", "speakername", "speakertag", "spk", "spkr", "spkid",
    "participant", "sprecher", "locuteur", "hablante", "orador", "who", "person", "character", "voice",
    "name", "nom", "nombre", "label", "tier", "track",
)  # fmt: skip
STARTS = "start|begin|beginning|from|onset|in|tmin|xmin|beginn|anfang|von|debut|inicio|comienzo"
ENDS = "end|ending|stop|to|until|offset|finish|out|tmax|xmax|ende|bis|fin"
DURATIONS = "duration|dur|length|dauer|duree|duracion"
VOICE_OF, VOICE_START = "voiceof", "voicestart"
UNITS = "s|secs?|seconds?|inseconds|ms|msec|msecs|millis|milliseconds|hhmmss[a-z]*|ssmsec|ssms"
MILLISECONDS = re.compile(r"(?<!ss)(ms|msecs?|millis|milliseconds)$")


class Column(NamedTuple):
    """What a column holds, and in which unit."""

    role: str
    rank: int  # lower is preferred
    milliseconds: bool = False

    def value(self, cell: object) -> object:
        """The cell with its unit."""
        return cell if not self.milliseconds or cell in (None, "") else f"{cell} ms"


@lru_cache(maxsize=4096)
def column_of(header: str) -> Column | None:
    """What a header such as "Speaker", "Begin Time (s)" or "start_ms" names; None for anything else."""
    plain = unicodedata.normalize("NFKD", header[:100]).casefold()
    word = re.sub(r"[^a-z0-9]", "", plain)
    if word in SPEAKERS:
        return Column("speaker", SPEAKERS.index(word))
    if word == VOICE_OF:
        return Column("voice_of", 0)
    if re.fullmatch(rf"{VOICE_START}(?:{UNITS})?", word):
        return Column("voice_start", 0, bool(MILLISECONDS.search(word)))
    for role, words in (("start", STARTS), ("end", ENDS), ("duration", DURATIONS)):
        pattern = (
            rf"(?:segment|seg|turn|utterance|utt)?(?:{words})(?:time|timestamp|timecode|at)?(?:{UNITS})?"
        )
        if re.fullmatch(pattern, word):
            return Column(role, 0, bool(MILLISECONDS.search(word)))
    return None


def columns_of(headers: Sequence[str]) -> dict[str, tuple[int, Column]]:
    """The place of each role that the headers name; of several columns for one role, the preferred one."""
    found: dict[str, tuple[int, Column]] = {}
    for place, header in enumerate(headers):
        column = column_of(header)
        if column and (column.role not in found or column.rank < found[column.role][1].rank):
            found[column.role] = place, column
    # "offset" is an end beside "onset", and a start beside "duration".
    if "start" not in found and "duration" in found and "end" in found:
        place, column = found["end"]
        if "offset" in headers[place].casefold():
            found["start"] = place, column
            del found["end"]
    return found


def missing(roles: dict[str, tuple[int, Column]]) -> str | None:
    """The first thing that the columns lack for a turn."""
    lacking = [role for role in ("speaker", "start") if role not in roles]
    if not lacking and "end" not in roles and "duration" not in roles:
        lacking = ["end"]
    return lacking[0] if lacking else None
