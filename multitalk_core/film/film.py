"""A film, clip by clip: the last frames of one condition the next (paper 3.5). Knows no library of models."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from torch import Tensor

from ..guards.interruption import uninterrupted
from ..guards.stopping import delayed_interrupt
from ..method.recorder import BindingRecord
from .clip_inputs import VideoModel
from .clip_sampling import ClipSampling
from .clips import Clip
from .dubbing import DubbedClip
from .film_listener import FilmListener, SilentListener
from .followed_persons import FollowedPersons
from .person_retaking import PersonRetaking, UnfinishedClip
from .spec import FilmSpec
from .store import FilmClips


@dataclass(frozen=True, kw_only=True)
class FinishedClip:
    """A clip's frames that enter the film, and its whole latent.

    Attributes
    ----------
    clip : Clip
    frames : Tensor [new frames, height, width, 3], in 0..1
    reference : Tensor [1 or new frames, height, width, 3], in 0..1
        What the colours were matched with: the picture, or the dubbed video's frames.
    latent : Tensor [1, 16, latent frames, height / 8, width / 8]
        As sampled last: of a clip in which a person was retaken, the retake's.
    record : BindingRecord or None
        Where the model located the persons, if that was recorded.
    sampled, restored : int
        How many sampling runs it took, and how many were not needed, because their results were in the
        store: the clip's own, and one for each person who is retaken in it.
    """

    clip: Clip
    frames: Tensor
    reference: Tensor
    latent: Tensor
    record: BindingRecord | None = None
    sampled: int = 0
    restored: int = 0

    @property
    def from_store(self) -> bool:
        """Whether it was read from the store rather than generated; retakes of persons may be new."""
        return self.restored > 0


def make_film(
    spec: FilmSpec,
    model: VideoModel,
    *,
    clips: FilmClips | None = None,
    listener: FilmListener | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Generator[FinishedClip, None, None]:
    """Make a film clip by clip; no more than one clip of frames is in memory, and one of a dubbed video's.

    Parameters
    ----------
    spec : FilmSpec
    model : VideoModel
    clips : FilmClips, optional
        The film's stored clips, from `open_film` (`write_film` opens them as `spec.store` says). Stored clips
        are read, the others stored.
    listener : FilmListener, optional
        Gets every step, and each clip when the next one is asked for.
    check_interrupted : callable
        Called for every frame in which persons are followed; raises to stop.

    Yields
    ------
    FinishedClip

    Raises
    ------
    MultiTalkError
        When a clip's numbers are not finite; it is not stored.
    """
    listener = listener or SilentListener()
    sampling = ClipSampling(spec, model, listener)
    retakings = [PersonRetaking(spec, retake, model, listener=listener) for retake in spec.person_retakes]
    following = None
    if spec.face_model is not None:
        following = FollowedPersons(spec, listener, check_interrupted)
    before = sampling.picture
    for clip in spec.plan.clips:
        if not clip.new_frames:
            break  # the reference implementation's plan may end in a clip that adds nothing
        masks = spec.clip_masks(clip) if following is None else following.masks
        unfinished, reference = _sampled(sampling, clip, before, masks=masks, clips=clips)
        if following is not None and clip.index + 1 < len(spec.plan.clips):
            following.follow(clip, unfinished.stored.frames)
        before = unfinished.stored.motion
        for retaking in retakings:
            unfinished = retaking.retaken(clip, unfinished, clips)
        finished = FinishedClip(
            clip=clip,
            frames=unfinished.stored.frames[: clip.new_frames],
            reference=reference,
            latent=unfinished.stored.latent,
            record=sampling.record(clip),
            sampled=unfinished.sampled,
            restored=unfinished.restored,
        )
        del unfinished, reference  # they need not lie in memory while the next clip is made
        yield finished
        with delayed_interrupt():
            listener.clip(finished)
        del finished
        if clip.index == spec.stop_after:
            break


def _sampled(
    sampling: ClipSampling, clip: Clip, before: Tensor, *, masks: Tensor, clips: FilmClips | None
) -> tuple[UnfinishedClip, Tensor]:
    """A clip from the store, or sampled and stored, and what its colours are matched with."""
    spec, dubbed = sampling.spec, None
    stored = None if clips is None else clips.read(clip.index)
    restored = stored is not None
    if stored is not None:
        sampling.restore(clip, stored)
    else:
        dubbed = None if spec.dubbing is None else spec.dubbing.clip(clip)
        stored = sampling.made(clip, before, dubbed, masks=masks)
        if clips is not None:
            stored = clips.write(clip.index, stored)
    unfinished = UnfinishedClip(
        stored=stored,
        masks=masks,
        key=None if clips is None else clips.keys[clip.index],
        sampled=int(not restored),
        restored=int(restored),
    )
    return unfinished, _reference(spec, clip, dubbed)


def _reference(spec: FilmSpec, clip: Clip, dubbed: DubbedClip | None) -> Tensor:
    """What a clip's colours are matched with, [1 or new frames, height, width, 3] in 0..1."""
    if dubbed is not None:
        new = slice(clip.motion_frames, clip.motion_frames + clip.new_frames)
        return dubbed.frames[0, :, new].movedim(0, -1) / 2 + 0.5
    if spec.dubbing is not None:
        return spec.dubbing.video.frames(clip.start + clip.motion_frames, clip.new_frames)
    return spec.picture[None]
