"""The sounds of a script's lines, joined to one recording, and the table that places each in the film."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..audio.turns import Turn
from ..audio.turns.times import DIGITS
from ..audio.waveform import Waveform
from ..errors import MultiTalkError
from ..limits import LONGEST_SECONDS
from .placing import USUAL_GAP, place_lines
from .written_script import Script

SPACING_SECONDS = 0.5  # of silence between two lines of the recording, so that turns can be drawn longer
QUIET = 0.01  # of the peak: -40 dB
MARGIN_SECONDS = 0.04  # around what is heard: one frame
SILENT_PEAK = 1e-4
HEADER = "speaker,start,end,voice_of,voice_start"
VOICE_OF = 1  # the recording lies on the first speaker's socket


@dataclass(frozen=True, eq=False)
class JoinedLines:
    """A conversation that is spoken.

    Attributes
    ----------
    recording : Waveform
        All lines one after the other, whatever overlaps in the film.
    turns : tuple of Turn
        Where the film has each line, in the script's order.
    remarks : tuple of str
    """

    recording: Waveform
    turns: tuple[Turn, ...]
    remarks: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The turns as CSV, for the timing *table* of a recording of everyone."""
        rows = (
            ",".join(
                [
                    turn.speaker,
                    *map(_written, (turn.start, turn.end)),
                    str(turn.voice_of),
                    _written(turn.voice_start or 0.0),
                ]
            )
            for turn in self.turns
        )
        return "\n".join([HEADER, *rows])


def join_lines(script: Script, sounds: Sequence[Waveform], gap: float = USUAL_GAP) -> JoinedLines:
    """Join the sounds of a script's lines.

    Silence before and after a line's words is no part of its turn, so that pauses and overlaps are as long as
    the script says, whatever the text-to-speech adds.

    Parameters
    ----------
    script : Script
    sounds : sequence of Waveform
        One a line, at any rates.
    gap : float
        Seconds between two lines where the script says nothing.

    Raises
    ------
    MultiTalkError
        When there are more or fewer sounds than lines, one is silent, or the film would be too long.
    """
    if len(sounds) != len(script.lines):
        raise MultiTalkError(
            f"There are {len(sounds)} sounds for the {len(script.lines)} lines of the script: give one for "
            "each line, in its order."
        )
    rate = max(sound.rate for sound in sounds)
    voices = [sound.mono().resampled(rate).samples[0] for sound in sounds]
    spans = []
    for line, voice in zip(script.lines, voices, strict=True):
        span = heard_span(voice, rate)
        if span is None:
            raise MultiTalkError(
                f"Line {line.number} of the script ({line.speaker}) is silent: check its voice."
            )
        spans.append(span)
    starts, remarks = place_lines(script, [end - start for start, end in spans], gap)
    end = max(start + last - first for start, (first, last) in zip(starts, spans, strict=True))
    if end > LONGEST_SECONDS:
        raise MultiTalkError(
            f"The script ends at {end:g} seconds; a film lasts at most {LONGEST_SECONDS:g}: split it."
        )
    spacing = np.zeros(round(SPACING_SECONDS * rate), np.float32)
    turns, done = [], 0
    for line, voice, (first, last), start in zip(script.lines, voices, spans, starts, strict=True):
        taken = round(done / rate + first, DIGITS)
        turns.append(Turn(line.speaker, start, round(start + last - first, DIGITS), VOICE_OF, taken))
        done += len(voice) + len(spacing)
    recording = np.concatenate([part for voice in voices for part in (voice, spacing)])
    notes = tuple(
        f"line {line.number} of the script: {note}"
        for line, sound in zip(script.lines, sounds, strict=True)
        for note in sound.notes
    )
    return JoinedLines(Waveform(recording[None], rate, notes), tuple(turns), tuple(remarks))


def _written(seconds: float) -> str:
    """Seconds without zeros at their end."""
    return f"{seconds:.{DIGITS}f}".rstrip("0").rstrip(".")


def heard_span(samples: np.ndarray, rate: int) -> tuple[float, float] | None:
    """From when to when something is heard of a sound, in seconds; None for silence.

    Parameters
    ----------
    samples : np.ndarray [samples]
    rate : int
        Samples per second.
    """
    loud = np.abs(samples)
    peak = float(loud.max(initial=0.0))
    if peak < SILENT_PEAK:
        return None
    heard = np.flatnonzero(loud > QUIET * peak)
    margin = round(MARGIN_SECONDS * rate)
    first, last = max(0, int(heard[0]) - margin), min(len(samples), int(heard[-1]) + 1 + margin)
    return round(first / rate, DIGITS), round(last / rate, DIGITS)
