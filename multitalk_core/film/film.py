"""A film, clip by clip: the last frames of one condition the next (paper 3.5). Knows no library of models."""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..guards.finite import check_finite
from ..guards.stopping import delayed_interrupt
from ..limits import SEED
from ..method.audio_patch import ClipAudio
from ..method.conditioning import conditioning_frames, conditioning_mask
from ..method.motion_latent import MotionLatent, motion_latent
from ..method.recorder import BindingRecord, BindingRecorder
from ..method.sampling import clip_noise
from ..method.wan import Grid
from .clip_inputs import ClipInputs, VideoModel
from .clips import Clip
from .dubbing import DubbedClip
from .film_listener import FilmListener, SilentListener
from .spec import Continuation, FilmSpec
from .store import FilmClips, StoredClip


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
    record : BindingRecord or None
        Where the model located the persons, if that was recorded.
    from_store : bool
        Whether it was read from the store rather than generated.
    """

    clip: Clip
    frames: Tensor
    reference: Tensor
    latent: Tensor
    record: BindingRecord | None = None
    from_store: bool = False


def make_film(
    spec: FilmSpec,
    model: VideoModel,
    *,
    clips: FilmClips | None = None,
    listener: FilmListener | None = None,
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

    Yields
    ------
    FinishedClip

    Raises
    ------
    MultiTalkError
        When a clip's numbers are not finite; it is not stored.
    """
    run = _FilmRun(spec, model, listener or SilentListener())
    before = run.picture
    for clip in spec.plan.clips:
        if not clip.new_frames:
            break  # the reference implementation's plan may end in a clip that adds nothing
        stored = None if clips is None else clips.read(clip.index)
        if stored is not None:
            finished = run.restored(clip, stored)
        else:
            stored, dubbed = run.made(clip, before)
            if clips is not None:
                stored = clips.write(clip.index, stored)
            finished = run.finished(clip, stored, dubbed)
            del dubbed
        before = stored.motion
        del stored  # its frames need not lie in memory while the next clip is made
        yield finished
        with delayed_interrupt():
            run.listener.clip(finished)
        del finished
        if clip.index == spec.stop_after:
            break


class _FilmRun:
    """Makes the clips of one film in order: between them it keeps the state of the noise, and the records."""

    def __init__(self, spec: FilmSpec, model: VideoModel, listener: FilmListener) -> None:
        self.spec, self.model, self.listener = spec, model, listener
        self.picture = spec.picture.movedim(-1, 0)[None, :, None] * 2 - 1
        self.generator = torch.Generator().manual_seed(spec.seed)
        recorded = spec.recorded
        self.recorder = None if recorded is None else BindingRecorder(recorded.block, recorded.step)

    def made(self, clip: Clip, before: Tensor) -> tuple[StoredClip, DubbedClip | None]:
        """Generate a clip, with what lies under it in a dubbed video.

        Parameters
        ----------
        clip : Clip
        before : Tensor [1, 3, motion frames, height, width], in -1..1
            The last frames of the clip before; of the first clip, the picture.
        """
        spec, model = self.spec, self.model
        dubbed = None if spec.dubbing is None else spec.dubbing.clip(clip)
        reference = self.picture if dubbed is None else dubbed.frames
        latent = model.sample(self._inputs(clip, before, reference, dubbed=dubbed))
        check_finite(latent, f"The latent of clip {clip.index + 1}")
        frames = model.decode(latent).to(self.picture)
        check_finite(frames, f"What the VAE decodes of clip {clip.index + 1}")
        frames = spec.seams.matched(frames, reference)
        frames = spec.seams.faded(frames, before, clip.motion_frames)
        if dubbed is not None:
            frames = dubbed.restored(frames)
        motion = frames[:, :, frames.shape[2] - spec.plan.overlap :].clone()
        added = frames[0, :, clip.motion_frames :].movedim(0, -1) / 2 + 0.5
        located = {} if self.recorder is None else self.recorder.tensors(clip.index)
        return StoredClip(added, latent, motion, self.generator.get_state(), located), dubbed

    def finished(
        self, clip: Clip, stored: StoredClip, dubbed: DubbedClip | None, *, from_store: bool = False
    ) -> FinishedClip:
        """A clip as it enters the film."""
        reference = self.spec.picture[None]
        if dubbed is not None:
            new = slice(clip.motion_frames, clip.motion_frames + clip.new_frames)
            reference = dubbed.frames[0, :, new].movedim(0, -1) / 2 + 0.5
        elif self.spec.dubbing is not None:
            reference = self.spec.dubbing.video.frames(clip.start + clip.motion_frames, clip.new_frames)
        return FinishedClip(
            clip=clip,
            frames=stored.frames[: clip.new_frames],
            reference=reference,
            latent=stored.latent,
            record=None if self.recorder is None else self.recorder.records.get(clip.index),
            from_store=from_store,
        )

    def restored(self, clip: Clip, stored: StoredClip) -> FinishedClip:
        """A clip from the store; noise and records continue as if it had been generated."""
        self.generator.set_state(stored.noise)
        if self.recorder is not None:
            self.recorder.restore(clip.index, stored.located)
        return self.finished(clip, stored, None, from_store=True)

    def _inputs(
        self, clip: Clip, before: Tensor, reference: Tensor, *, dubbed: DubbedClip | None
    ) -> ClipInputs:
        """What the model samples a clip from; the noise is drawn here.

        Parameters
        ----------
        clip : Clip
        before : Tensor [1, 3, motion frames, height, width], in -1..1
            As in `made`.
        reference : Tensor [1, 3, 1 or clip frames, height, width], in -1..1
            The picture, or the dubbed video's frames.
        dubbed : DubbedClip or None
            What lies under the clip in a dubbed video.
        """
        spec, model, override = self.spec, self.model, self.spec.override(clip)
        if override.seed is not None:
            self.generator.manual_seed(override.seed)
        motion_frames = before
        if clip.motion_frames:
            motion_frames = spec.seams.precompensated(before, model.encode, model.decode)
        if spec.continuation is Continuation.MULTITALK:
            given, shown = before, motion_frames
        else:
            given = shown = reference[:, :, :1]
        encoded = model.encode(conditioning_frames(shown, clip.frames))
        noise = clip_noise(tuple(encoded.shape), self.generator)
        windows = spec.conversation.windows(clip.start, clip.frames, spec.window, prolonged=spec.ending(clip))
        audio = ClipAudio(windows=windows, masks=spec.clip_masks(clip), grid=Grid.of_latent(encoded))
        if self.recorder is not None:
            self.recorder.clip, self.recorder.grid, self.recorder.step = clip.index, audio.grid, 0
        return ClipInputs(
            clip=clip,
            given=given,
            mask=conditioning_mask(
                clip.frames, given.shape[2], height=encoded.shape[3], width=encoded.shape[4]
            )[None],
            encoded=encoded,
            audio=audio,
            noise=noise,
            sampling=spec.sampling,
            binding=spec.binding,
            seed=(spec.seed + clip.index) % (int(SEED.most) + 1),
            motion=self._motion(clip, encoded, motion_frames),
            source=None if dubbed is None else dubbed.source(model.encode),
            prompt=override.prompt,
            observer=self.recorder,
            on_step=lambda step, latent: self._after_step(clip.index, step, latent),
        )

    def _motion(self, clip: Clip, encoded: Tensor, motion_frames: Tensor) -> MotionLatent | None:
        """The motion frames in the latent: noised with the rest, or clean throughout."""
        if not clip.motion_frames:
            return None
        if self.spec.continuation is Continuation.MULTITALK:
            return motion_latent(encoded, clip.motion_frames, self.generator)
        return MotionLatent(self.model.encode(motion_frames), self.generator, noised=False)

    def _after_step(self, clip: int, step: int, latent: Tensor) -> None:
        check_finite(latent, f"The latent of clip {clip + 1} after step {step + 1}")
        if self.recorder is not None:
            self.recorder.step = step + 1
        self.listener.step(clip, step, latent)
