"""Mouths that follow a part of what is heard, such as singing without its music."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from .film_sound import FilmSound
from .timeline import Timeline
from .waveform import Waveform


def driven_by(timeline: Timeline, part: Callable[[Waveform], Waveform]) -> Timeline:
    """The same film with the same sound, its mouths driven by a part of each voice.

    Parameters
    ----------
    timeline : Timeline
    part : callable
        Of a sound, as long as the sound; called once for each.
    """
    part = cache(part)
    sounds = timeline.sounds or tuple(
        FilmSound(f"speaker {placed.speaker + 1}", placed.voice, placed.whole)
        for placed in timeline.placed_voices
    )
    voices = tuple(replace(placed, voice=part(placed.voice)) for placed in timeline.placed_voices)
    return replace(timeline, placed_voices=voices, sounds=sounds)
