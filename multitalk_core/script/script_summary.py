"""Who speaks in a script, in words."""

from collections.abc import Mapping, Sequence

from ..audio.speaker_names import places_of
from ..errors import quoted
from .joining import JoinedLines
from .written_script import Script


def summary(
    script: Script, joined: JoinedLines, voices: Mapping[str, str], *, names: Sequence[str] | None = None
) -> str:
    """Which speaker each name is, how much each says, and how long it all lasts.

    Parameters
    ----------
    script : Script
    joined : JoinedLines
    voices : mapping
        By the case-folded name; who has none is not said to have one.
    names : sequence of str, optional
        The speakers in another order than that of first appearance; a name without a line is a listener.
    """
    places = places_of(joined.turns, names)
    counts = dict.fromkeys(places, 0)
    for line in script.lines:
        counts[line.speaker] += 1
    spoken = ", ".join(
        f"speaker {place + 1} is {quoted(name)} ({_said(counts[name])}"
        + (f", voice {quoted(voices[name.casefold()])})" if name.casefold() in voices else ")")
        for name, place in sorted(places.items(), key=lambda each: each[1])
    )
    seconds = max(turn.end for turn in joined.turns)
    return f"By the script, {spoken}; {len(script.lines)} lines last {seconds:.2f} seconds."


def _said(lines: int) -> str:
    return f"{lines} line{'s' if lines > 1 else ''}" if lines else "a listener"
