"""Overrides of single clips as users write them: retakes, and prompts from a time on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import MultiTalkError, quoted
from ..limits import SEED
from .clips import ClipPlan
from .person_retake import RETURN_FRAMES
from .spec import ClipOverride

EVERY_CLIP = "all"
PLACE = re.compile(rf"\s*(?P<clip>\d{{1,9}}|{EVERY_CLIP})(?:\s+person\s+(?P<person>\d{{1,9}}))?\s*", re.I)
RETAKE = re.compile(
    r"(?P<place>[^:]*):\s*"
    r"(?:(?P<seed>\d{1,20})\s*(?:,\s*(?P<reworded>\S.*))?|(?![-+]?\d[\d.]*\s*(?:,|person\s+\d|$))(?P<prompt>\S.*))",
    re.I,
)
PROMPT_AT = re.compile(
    r"(?:(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,6}):)?(?P<seconds>\d{1,9}(?:\.\d+)?)\s+(?P<prompt>\S.*)"
)


@dataclass(frozen=True, kw_only=True)
class Retake:
    """A retake as a user writes it.

    Attributes
    ----------
    clip : int or None
        Index from 0; None takes every clip.
    person : int or None
        Index from 0: only this person is retaken, and later clips stay. None retakes the whole picture.
    override : ClipOverride
    """

    clip: int | None
    person: int | None
    override: ClipOverride

    @property
    def place(self) -> str:
        """Which clip and person, as the user writes it."""
        clip = EVERY_CLIP if self.clip is None else str(self.clip + 1)
        return clip if self.person is None else f"{clip} person {self.person + 1}"


def whole_clips(retakes: Sequence[Retake]) -> dict[int, ClipOverride]:
    """The retakes of the whole picture, by clip index."""
    return {each.clip: each.override for each in retakes if each.person is None and each.clip is not None}


def person_clips(
    plan: ClipPlan, retakes: Sequence[Retake], persons: int
) -> dict[int, dict[int, ClipOverride]]:
    """The retakes of single persons, by person and clip index; of one place the last counts.

    Raises
    ------
    MultiTalkError
        For a clip or person that the film does not have, or clips too short to return to the next.
    """
    found: dict[int, dict[int, ClipOverride]] = {}
    for each in retakes:
        if each.person is None:
            continue
        if not 0 <= each.person < persons:
            raise MultiTalkError(f"There is no person {each.person + 1}: the film has {persons}.")
        if each.clip is not None:
            check_clip(each.clip, plan)
        clips = range(len(plan.clips)) if each.clip is None else [each.clip]
        found.setdefault(each.person, {}).update(dict.fromkeys(clips, each.override))
    for overrides in found.values():
        added = plan.clips[0].frames - plan.overlap
        if len(overrides) < len(plan.clips) and added <= RETURN_FRAMES:
            raise MultiTalkError(
                f"A clip adds only {added} frames, too few to retake a person in it: retake them in all "
                "clips, or make longer clips."
            )
    return found


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


def parse_retakes(text: str) -> list[Retake]:
    """Read retakes, one a line.

    A line is "3: 42" (clip and seed), "3: 42, She laughs." or "3: She laughs."; "3 person 2: 42" retakes
    one person alone, and "all person 2: 42" that person in every clip.

    Raises
    ------
    MultiTalkError
        For a line of another form, or a seed that is too large.
    """
    retakes = []
    for line in _lines(text):
        found = RETAKE.fullmatch(line)
        if found is None or int(found["seed"] or 0) > SEED.most:
            raise MultiTalkError(
                f'"{quoted(line)}" is not a retake: write a clip and its seed as in 3: 42, with a prompt as '
                "in 3: 42, She laughs. or a prompt alone as in 3: She laughs. For one person in it write "
                "3 person 2: 42."
            )
        seed = None if found["seed"] is None else int(found["seed"])
        prompt = found["reworded"] or found["prompt"]
        retakes.append(parse_retake(found["place"], ClipOverride(seed=seed, prompt=prompt)))
    return retakes


def parse_retake(place: str, override: ClipOverride) -> Retake:
    """Read which clip and person a retake is of: "3", "3 person 2" or "all person 2".

    Raises
    ------
    MultiTalkError
        For another form.
    """
    found = PLACE.fullmatch(place)
    if found is None:
        raise MultiTalkError(
            f'"{quoted(place)}" is not a clip: write a clip as in 3, one person in it as in 3 person 2, or '
            "that person in every clip as in all person 2."
        )
    every = found["clip"].lower() == EVERY_CLIP
    if every and found["person"] is None:
        raise MultiTalkError(
            "all retakes one person in every clip, as in all person 2; for another whole film choose "
            "another seed."
        )
    return Retake(
        clip=None if every else int(found["clip"]) - 1,
        person=None if found["person"] is None else int(found["person"]) - 1,
        override=override,
    )


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
