"""When each line of a script begins, once it is known how long each lasts."""

from collections.abc import Sequence

from ..audio.turns.times import DIGITS
from .written_script import Script, ScriptLine

USUAL_GAP = 0.2  # seconds between two lines, as in conversation


def place_lines(
    script: Script, seconds: Sequence[float], gap: float = USUAL_GAP
) -> tuple[list[float], list[str]]:
    """Place the lines in time.

    A line begins where all lines before have ended, after its pause. One that overlaps begins before the line
    before it ends, and a reaction during that line. Nobody says two things at once.

    Parameters
    ----------
    script : Script
    seconds : sequence of float
        How long each line lasts.
    gap : float
        Seconds between two lines where the script says nothing.

    Returns
    -------
    (starts, remarks)
        Seconds of the film, one a line; sentences about lines that do not begin where the script says.
    """
    starts: list[float] = []
    remarks: list[str] = []
    free: dict[str, float] = {}  # when each speaker has ended
    main, main_start, main_end = None, 0.0, 0.0
    all_end = 0.0  # of the lines so far; reactions move nothing
    for place, (line, lasts) in enumerate(zip(script.lines, seconds, strict=True)):
        if line.reaction:
            into = _into(script, place) * (main_end - main_start) if line.into is None else line.into
            wanted, latest = main_start + into, main_end
        else:
            after = line.gap if line.gap is not None else gap if main else 0.0
            wanted = after + (main_end if after < 0 else all_end)
            latest = max(wanted, main_start)
        start = round(max(min(wanted, latest), main_start, free.get(line.speaker, 0.0)), DIGITS)
        if abs(start - wanted) > 10**-DIGITS:
            remarks.append(
                f"Line {line.number} begins at {start:.2f} s and not at {wanted:.2f} s: a line begins "
                "during or after the one before it, and after its own speaker's last one."
            )
        starts.append(start)
        free[line.speaker] = start + lasts
        if not line.reaction:
            main, main_start, main_end = line, start, start + lasts
            all_end = max(all_end, main_end)
    return starts, remarks


def _into(script: Script, place: int) -> float:
    """Where in the line before a reaction begins, as a share: several are spread evenly."""
    first = last = place
    while first and _spread(script.lines[first - 1]):
        first -= 1
    while last + 1 < len(script.lines) and _spread(script.lines[last + 1]):
        last += 1
    return (place - first + 1) / (last - first + 2)


def _spread(line: ScriptLine) -> bool:
    return line.reaction and line.into is None
