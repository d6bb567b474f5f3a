"""Overrides of single clips as users write them: retakes, and prompts from a time on."""

import re
from collections.abc import Mapping, Sequence

from ..errors import MultiTalkError, quoted
from ..limits import SEED
from .clips import ClipPlan
from .spec import ClipOverride

RETAKE = re.compile(
    r"(?P<clip>\d{1,9})\s*:\s*"
    r"(?:(?P<seed>\d{1,20})\s*(?:,\s*(?P<reworded>\S.*))?|(?!\d+\s*(?:,|$))(?P<prompt>\S.*))"
)
PROMPT_AT = re.compile(
    r"(?:(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,6}):)?(?P<seconds>\d{1,9}(?:\.\d+)?)\s+(?P<prompt>\S.*)"
)


def plan_overrides(
    plan: ClipPlan,
    fps: float,
    retakes: Mapping[int, ClipOverride],
    *,
    prompts: Sequence[tuple[float, str]] = (),
) -> dict[int, ClipOverride]:
    """Overrides of a film's clips.

    Parameters
    ----------
    plan : ClipPlan
    fps : float
        Frames per second.
    retakes : mapping of clip index to ClipOverride
    prompts : sequence of (seconds, prompt)
        Each from the clip on that shows this second of the film, until the next one.

    Returns
    -------
    dict of clip index to ClipOverride
        A retake's own prompt has priority over that of its time.

    Raises
    ------
    MultiTalkError
        For a clip or a second that the film does not have.
    """
    for clip in retakes:
        check_clip(clip, plan)
    begins: dict[int, ClipOverride] = {}  # by the clip with which each prompt begins; the last one wins
    for seconds, prompt in sorted(prompts):
        if seconds * fps >= plan.frames - 0.5:
            raise MultiTalkError(
                f"The prompt at {seconds:g} seconds lies after the film's end at {plan.frames / fps:g} "
                "seconds."
            )
        begins[plan.clip_at(round(seconds * fps)).index] = ClipOverride(prompt=prompt)
    overrides, timed = {}, ClipOverride()
    for clip in range(min(begins), len(plan.clips)) if begins else ():
        timed = overrides[clip] = begins.get(clip, timed)
    for clip, own in retakes.items():
        prompt_at = overrides.get(clip, ClipOverride()).prompt
        overrides[clip] = own if own.prompt is not None else ClipOverride(seed=own.seed, prompt=prompt_at)
    return dict(sorted(overrides.items()))


def check_clip(clip: int, plan: ClipPlan) -> None:
    """Raise a MultiTalkError unless the film has a clip of this index."""
    if not 0 <= clip < len(plan.clips):
        raise MultiTalkError(f"There is no clip {clip + 1}: the film has {len(plan.clips)}.")


def parse_retakes(text: str) -> dict[int, ClipOverride]:
    """Read retakes by clip index, one a line.

    A line is "3: 42" (clip and seed), "3: 42, She laughs." or "3: She laughs."

    Raises
    ------
    MultiTalkError
        For a line of another form, or a seed that is too large.
    """
    retakes = {}
    for line in _lines(text):
        found = RETAKE.fullmatch(line)
        if found is None or int(found["seed"] or 0) > SEED.most:
            raise MultiTalkError(
                f'"{quoted(line)}" is not a retake: write a clip and its seed as in 3: 42, with a prompt as '
                "in 3: 42, She laughs. or a prompt alone as in 3: She laughs."
            )
        seed = None if found["seed"] is None else int(found["seed"])
        prompt = found["reworded"] or found["prompt"]
        retakes[int(found["clip"]) - 1] = ClipOverride(seed=seed, prompt=prompt)
    return retakes


def parse_prompts(text: str) -> list[tuple[float, str]]:
    """Read prompts and the seconds from which they hold, one a line.

    A line is "0:05 She nods." or "5 She nods."

    Raises
    ------
    MultiTalkError
        For a line of another form.
    """
    prompts = []
    for line in _lines(text):
        found = PROMPT_AT.fullmatch(line)
        if found is None:
            raise MultiTalkError(
                f'"{quoted(line)}" is not a timed prompt: write the time in the video, then the prompt, as '
                "in 0:05 She nods."
            )
        hours, minutes = (int(found[unit] or 0) for unit in ("hours", "minutes"))
        prompts.append((hours * 3600 + minutes * 60 + float(found["seconds"]), found["prompt"]))
    return prompts


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
