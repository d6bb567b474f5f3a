"""The plan of a film in clips, in plain integers (paper 3.5)."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from ..errors import MultiTalkError
from ..limits import FILM_FRAMES
from ..method.wan import check_frames, enough_frames


@dataclass(frozen=True)
class Clip:
    """One run of the sampler.

    Attributes
    ----------
    index : int
    start : int
        Film frame of the clip's first frame; the same number is its first audio frame.
    frames : int
        4n + 1.
    motion_frames : int
        Leading frames that repeat the end of the clip before; 0 in the first clip.
    new_frames : int
        Frames that enter the film: those after the motion frames, up to the film's end.
    """

    index: int
    start: int
    frames: int
    motion_frames: int
    new_frames: int


@dataclass(frozen=True)
class ClipPlan:
    """All clips of a film of `frames` frames; every clip after the first has the same motion frames."""

    frames: int
    clips: Sequence[Clip]

    @property
    def end(self) -> int:
        """Frames generated, those after the film's end included: how far audio is read."""
        return self.clips[-1].start + self.clips[-1].frames

    @property
    def overlap(self) -> int:
        """Motion frames of every clip after the first; 0 where there is only one."""
        return self.clips[min(1, len(self.clips) - 1)].motion_frames

    def clip_at(self, frame: int) -> Clip:
        """The clip that shows a frame of the film."""
        after = bisect_right(self.clips, frame, key=lambda clip: clip.start + clip.motion_frames)
        return self.clips[max(0, after - 1)]


@dataclass(frozen=True)
class EvenClips(Sequence[Clip]):
    """Equally long clips with equal overlaps, computed on access.

    Attributes
    ----------
    frames : int
        Of the film.
    clip_frames, motion_frames : int
        Of each clip.
    """

    frames: int
    clip_frames: int
    motion_frames: int

    def __len__(self) -> int:
        if self.frames <= self.clip_frames:
            return 1
        return 1 - (self.clip_frames - self.frames) // (self.clip_frames - self.motion_frames)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(index, slice):
            return tuple(map(self.__getitem__, range(*index.indices(len(self)))))
        index = range(len(self))[index]
        overlap = self.motion_frames if index else 0
        start = index * (self.clip_frames - self.motion_frames)
        new_frames = min(self.clip_frames - overlap, self.frames - start - overlap)
        return Clip(index, start, self.clip_frames, overlap, new_frames)


def check_overlap(clip_frames: int, motion_frames: int) -> None:
    """Raise a MultiTalkError unless a clip has more frames than it repeats of the one before."""
    if motion_frames >= clip_frames:
        raise MultiTalkError(
            f"{motion_frames} motion frames leave nothing new in a clip of {clip_frames} frames: use fewer."
        )


def plan_clips(frames: int, clip_frames: int = 81, motion_frames: int = 5) -> ClipPlan:
    """Cut a film into clips, each conditioned on the last frames of the one before (paper 3.5).

    Parameters
    ----------
    frames : int
        Length of the film.
    clip_frames : int
        Frames of a clip, 4n + 1; a shorter film is one clip of the next 4n + 1 frames.
    motion_frames : int
        Overlap of two clips: 5 in the paper (2 latent frames), 25 in the reference implementation. 4n + 1.

    Returns
    -------
    ClipPlan

    Raises
    ------
    MultiTalkError
        For counts that are not 4n + 1, a film that is empty or too long, or an overlap as long as the clip.
    """
    check_frames(clip_frames, "clip frames")
    check_frames(motion_frames, "motion frames")
    check_overlap(clip_frames, motion_frames)
    if frames < 1:
        raise MultiTalkError("The film has no frames: give it a length or a voice to speak.")
    FILM_FRAMES.check("The film's number of frames", frames)
    clip_frames = min(clip_frames, enough_frames(frames))
    return ClipPlan(frames, EvenClips(frames, clip_frames, motion_frames))


@dataclass(frozen=True)
class MirroredPlan:
    """A film as the reference implementation ends it: voices prolonged by playing their tails backwards.

    Attributes
    ----------
    plan : ClipPlan
    prolonged : tuple of int
        Feature frames by which each voice is prolonged, mirrored.
    """

    plan: ClipPlan
    prolonged: tuple[int, ...]


def plan_mirrored(
    voice_frames: list[int], clip_frames: int = 81, motion_frames: int = 25, *, limit: int = 1000
) -> MirroredPlan:
    """Plan a film as the reference implementation does: the first voice decides, tails are mirrored.

    Its loop (`generate` in wan/multitalk.py) prolongs a voice that ends before the last clip by the missing
    feature frames and three more.

    Parameters
    ----------
    voice_frames : list of int
        Feature frames of each voice.
    clip_frames, motion_frames : int
    limit : int
        Most frames of the film; one clip where it is no more than `clip_frames`.

    Raises
    ------
    MultiTalkError
        Where the reference implementation would return an empty film.
    """
    starts = [0]
    while True:
        end = starts[-1] + clip_frames - motion_frames + clip_frames
        last = end >= min(limit, voice_frames[0])
        if not (last and limit <= clip_frames):
            starts.append(end - clip_frames)
        if last:
            break
    prolonged = tuple(end - frames + 3 if end >= frames else 0 for frames in voice_frames)
    frames = min(starts[-1] + clip_frames, limit)
    if limit > clip_frames:
        frames -= prolonged[0] if sum(prolonged) else 0
        if sum(prolonged) and not prolonged[0]:
            raise MultiTalkError(
                "With mirrored endings these lengths of voices give an empty film: "
                "make the first voice the longest, or use the silence ending."
            )
    clips = tuple(
        Clip(
            index,
            start,
            clip_frames,
            motion_frames if index else 0,
            max(0, min(start + clip_frames, frames) - (start + motion_frames if index else 0)),
        )
        for index, start in enumerate(starts)
    )
    return MirroredPlan(ClipPlan(frames, clips), prolonged)
