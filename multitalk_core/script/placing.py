"""When each line of a script begins, once it is known how long each lasts."""

from collections.abc import Sequence
from itertools import groupby

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
    shares = _shares(script)
    for place, (line, lasts) in enumerate(zip(script.lines, seconds, strict=True)):
        if line.reaction:
            into = shares[place] * (main_end - main_start) if line.into is None else line.into
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


def _shares(script: Script) -> list[float]:
    """Where in the line before a reaction begins, as a share: several in a row are spread evenly."""
    shares: list[float] = []
    for spread, row in groupby(script.lines, key=_spread):
        count = len(list(row))
        shares += [number / (count + 1) if spread else 0.0 for number in range(1, count + 1)]
    return shares


def _spread(line: ScriptLine) -> bool:
    return line.reaction and line.into is None
