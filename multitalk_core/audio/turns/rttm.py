"""RTTM (NIST): SPEAKER file channel start duration <NA> <NA> speaker [confidence [<NA>]]."""

from collections.abc import Iterator

from ...errors import MultiTalkError, quoted
from .times import is_time
from .turn import Row, Sheet

FIELDS = (8, 10)
OTHER_TYPES = {"SPKR-INFO", "LEXEME", "NON-LEX", "NON-SPEECH", "SEGMENT", "NOSCORE", "SU", "A/P", "CB", "IP"}


def is_rttm(text: str) -> bool:
    """Whether a line is RTTM, and not CSV with a speaker called SPEAKER 1."""
    return any(map(_is_rttm, text.splitlines()))


def _is_rttm(line: str) -> bool:
    fields = line.split(maxsplit=3)
    return len(fields) > 2 and fields[0] in {"SPEAKER", *OTHER_TYPES} and "," not in "".join(fields[:3])


def rttm_sheet(text: str, name: str, recording: str | None = None) -> Sheet:
    """The SPEAKER lines of a recording.

    Parameters
    ----------
    text : str
    name : str
        What error messages call the table.
    recording : str, optional
        Its name in the file; needed where the file holds several.
    """
    return Sheet(_rows(text, name, recording), names_required=True)


def _rows(text: str, name: str, recording: str | None) -> Iterator[Row]:
    spoken = [(line, fields) for line, fields in enumerate(map(str.split, text.splitlines()), start=1)
              if fields and fields[0] == "SPEAKER"]  # fmt: skip
    recordings = list(dict.fromkeys(fields[1] for _, fields in spoken if len(fields) > 1))
    listed = " and ".join(map(quoted, recordings[:3])) + (" …" if len(recordings) > 3 else "")
    if recording is None and len(recordings) > 1:
        raise MultiTalkError(
            f"The turns of {name} are of {'two' if len(recordings) == 2 else len(recordings)} recordings, "
            f"{listed}: keep the lines of one (on the command line, choose it with --table-recording)."
        )
    if recording is not None and recording not in recordings:
        raise MultiTalkError(
            f"There is no recording {quoted(recording)} in {name}; it has {listed or 'none'}: choose one of "
            "these."
        )
    chosen = ((line, fields) for line, fields in spoken if recording is None or fields[1:2] == [recording])
    for number, (line, fields) in enumerate(chosen, start=1):
        where = f"Turn {number} of {name} (line {line})"
        if len(fields) < FIELDS[0]:
            raise MultiTalkError(
                f"{where} cannot be read, it has {len(fields)} fields ({quoted(' '.join(fields))}): write "
                "SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>."
            )
        if len(fields) > FIELDS[1] or not all(map(_is_confidence, fields[8:])):
            raise MultiTalkError(
                f"{where} names a speaker with a blank ({quoted(' '.join(fields[7:]))}): write the name as "
                "one word, such as Mary_Ann."
            )
        yield Row(where, None if fields[7] == "<NA>" else fields[7], fields[3], duration=fields[4])


def _is_confidence(field: str) -> bool:
    """Whether a field after the name is one that RTTM allows: <NA> or a number."""
    return field.upper() == "<NA>" or is_time(field)
