"""Retakes of one person while a film is made: a pass over its finished clips, one after another."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..limits import SEED
from ..method.source_latent import TOUCHED
from ..method.wan import TEMPORAL_STRIDE, TOKEN_STEP
from .clip_inputs import VideoModel
from .clip_sampling import ClipSampling
from .clips import Clip
from .dubbing import DubbedClip
from .film_listener import FilmListener
from .person_retake import RETURN_FRAMES, PersonRetake
from .spec import ClipOverride, FilmSpec
from .store import FilmClips, Json, StoredClip, digest


@dataclass(frozen=True, kw_only=True)
class UnfinishedClip:
    """A clip between its sampling and the film: persons may still be retaken in it.

    Attributes
    ----------
    stored : StoredClip
    masks : Tensor [persons + 1, tokens of a frame]
        Person masks on the clip's first frame.
    key : str or None
        Of the store; None without one.
    sampled, restored : int
        Sampling runs of this clip so far, and how many were not needed because of the store.
    """

    stored: StoredClip
    masks: Tensor
    key: str | None
    sampled: int
    restored: int


class PersonRetaking:
    """Retakes one person in the clips of a film, in order.

    A clip is sampled from noise inside the person's region, as a dubbed video is: its own frames are restored
    around the region at every step, and it is conditioned on the end of the clip before, whether that is
    retaken or not. Where the next clip is not, the last frames return to the clip as it was. The first clip
    must show the mouth; a later one that does not, as of a person who has left, stays as it was.

    Parameters
    ----------
    spec : FilmSpec
        The film.
    retake : PersonRetake
    model : VideoModel
    listener : FilmListener
    """

    def __init__(
        self, spec: FilmSpec, retake: PersonRetake, model: VideoModel, *, listener: FilmListener
    ) -> None:
        self.retake, self.listener = retake, listener
        overrides = {index: _override(spec, retake, index) for index in retake.clips}
        self.sampling = ClipSampling(replace(spec, overrides=overrides, recorded=None), model, listener)
        self._motion = self.sampling.picture  # of the clip before, as this pass left it
        self._key: str | None = None
        self._sampled = 0
        self._begun = False

    def retaken(self, clip: Clip, given: UnfinishedClip, clips: FilmClips | None) -> UnfinishedClip:
        """A clip with this person's mouth regenerated; one that is not retaken stays as it is.

        Raises
        ------
        MultiTalkError
            When the mouth cannot be found, or the new frames are not finite.
        """
        result = given
        if clip.index in self.retake.clips:
            key = None if given.key is None else digest([given.key, self._key, self._link(clip)])
            stored = None
            if clips is not None and key is not None and not (given.sampled or self._sampled):
                stored = clips.read_retake(clip.index, key)
            if stored is not None:
                result = replace(given, stored=stored, key=key, restored=given.restored + 1)
            elif (made := self._made(clip, given.stored, given.masks)) is not None:
                stored = made if clips is None else clips.write(clip.index, made, key)
                result = replace(given, stored=stored, key=key, sampled=given.sampled + 1)
            self._begun = True
        self._motion, self._key, self._sampled = result.stored.motion, result.key, result.sampled
        return result

    def _link(self, clip: Clip) -> dict[str, Json]:
        """What shapes a retake besides the clip that it changes and the clip before."""
        own, spec = self.sampling.spec.override(clip), self.sampling.spec
        return {
            "person": self.retake.person,
            "region": self.retake.identity,
            "seed": own.seed,
            "prompt": own.prompt,
            "text encoder": None if own.prompt is None else spec.text_encoder,
            "returns": self._returns(clip),
        }

    def _returns(self, clip: Clip) -> bool:
        """Whether the next clip stays as it was."""
        following = clip.index + 1
        return following < len(self.sampling.spec.plan.clips) and following not in self.retake.clips

    def _made(self, clip: Clip, given: StoredClip, masks: Tensor) -> StoredClip | None:
        """The clip with the mouth regenerated; None where it stays as it was."""
        frames = given.frames.movedim(-1, 0)[None] * 2 - 1
        if clip.motion_frames:
            frames = torch.cat([self._motion, frames], dim=2)
        region, held = self._region(clip, frames, masks), 0
        if region is None:
            return None
        if self._returns(clip):
            held = RETURN_FRAMES // TEMPORAL_STRIDE
            region[-RETURN_FRAMES:] *= 1 - torch.arange(1, RETURN_FRAMES + 1)[:, None, None] / (
                RETURN_FRAMES + 1
            )
        dubbed = DubbedClip(frames=frames, region=region[None, None], denoise=1.0, unchanged=held)
        made = self.sampling.made(clip, self._motion, dubbed, masks=masks)
        inside = region > 0
        new, end = inside[clip.motion_frames :], inside[len(inside) - given.motion.shape[2] :]
        return replace(
            made,
            frames=torch.where(new[..., None], made.frames, given.frames),
            motion=torch.where(end[None, None], made.motion, given.motion),
        )

    def _region(self, clip: Clip, frames: Tensor, masks: Tensor) -> Tensor | None:
        """Where the person's mouth moves, [frames, height, width] in 0..1; None where the clip stays."""
        person, spec = self.retake.person, self.sampling.spec
        shown = frames[0].movedim(0, -1) / 2 + 0.5
        places = pixel_masks(masks[:-1], *spec.size)
        try:
            region = self.retake.region.in_clip(shown, clip.start, places, person=person)
            touched = (region > TOUCHED).flatten(1).any(dim=1)[clip.motion_frames :]
            if not touched.any():
                raise MultiTalkError(
                    f"the region holds nothing of person {person + 1}: make it white over their mouth."
                )
        except MultiTalkError as error:
            if not self._begun:
                raise MultiTalkError(f"Clip {clip.index + 1}: {error}") from error
            self.listener.note(f"clip {clip.index + 1} stays as it was: {str(error).removesuffix('.')}")
            return None
        if not touched.all():
            self.listener.note(
                f"the mouth of person {person + 1} is not seen in {int((~touched).sum())} of {len(touched)} "
                f"new frames of clip {clip.index + 1}: these stay as they were"
            )
        return region


def pixel_masks(tokens: Tensor, height: int, width: int) -> Tensor:
    """Masks [persons, height, width], bool, of those that `Persons.token_masks` took: every 16th pixel.

    Parameters
    ----------
    tokens : Tensor [persons, tokens of a frame]
    height, width : int
    """
    masks = tokens.view(len(tokens), height // TOKEN_STEP, width // TOKEN_STEP) > 0
    rows, columns = (
        ((torch.arange(side) + TOKEN_STEP // 2) // TOKEN_STEP).clamp(max=side // TOKEN_STEP - 1)
        for side in (height, width)
    )
    return masks[:, rows][:, :, columns]


def _override(spec: FilmSpec, retake: PersonRetake, index: int) -> ClipOverride:
    """A clip's seed, which differs from clip to clip, and its prompt."""
    own, of_film = retake.clips[index], spec.overrides.get(index, ClipOverride())
    seed = (spec.seed if own.seed is None else own.seed) + index
    return ClipOverride(
        seed=seed % (int(SEED.most) + 1), prompt=of_film.prompt if own.prompt is None else own.prompt
    )
