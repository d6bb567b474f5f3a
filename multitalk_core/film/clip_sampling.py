"""Sampling of a film's clips, one after another (paper 3.5). Knows no library of models."""

import torch
from torch import Tensor

from ..guards.finite import check_finite
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
from .film_listener import FilmListener
from .spec import Continuation, FilmSpec
from .store import StoredClip


class ClipSampling:
    """Samples the clips of one film in order: between them it keeps the state of the noise, and the records.

    Parameters
    ----------
    spec : FilmSpec
    model : VideoModel
    listener : FilmListener

    Attributes
    ----------
    picture : Tensor [1, 3, 1, height, width], in -1..1
        The film's.
    """

    def __init__(self, spec: FilmSpec, model: VideoModel, listener: FilmListener) -> None:
        self.spec, self.model, self.listener = spec, model, listener
        self.picture = spec.picture.movedim(-1, 0)[None, :, None] * 2 - 1
        self.generator = torch.Generator().manual_seed(spec.seed)
        recorded = spec.recorded
        self.recorder = None if recorded is None else BindingRecorder(recorded.block, recorded.step)

    def made(self, clip: Clip, before: Tensor, dubbed: DubbedClip | None, *, masks: Tensor) -> StoredClip:
        """Generate a clip.

        Parameters
        ----------
        clip : Clip
        before : Tensor [1, 3, motion frames, height, width], in -1..1
            The last frames of the clip before; of the first clip, the picture.
        dubbed : DubbedClip or None
            What lies under the clip in a video.
        masks : Tensor [persons + 1, tokens of a frame]
            Person masks on the clip's first frame.

        Raises
        ------
        MultiTalkError
            When its numbers are not finite.
        """
        spec, model = self.spec, self.model
        reference = self.picture if dubbed is None else dubbed.frames
        latent = model.sample(self._inputs(clip, before, reference, dubbed=dubbed, masks=masks))
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
        return StoredClip(added, latent, motion, self.generator.get_state(), located)

    def restore(self, clip: Clip, stored: StoredClip) -> None:
        """Continue noise and records as if a stored clip had been generated."""
        self.generator.set_state(stored.noise)
        if self.recorder is not None:
            self.recorder.restore(clip.index, stored.located)

    def record(self, clip: Clip) -> BindingRecord | None:
        """Where the model located the persons in a clip, if that was recorded."""
        return None if self.recorder is None else self.recorder.records.get(clip.index)

    def _inputs(
        self, clip: Clip, before: Tensor, reference: Tensor, *, dubbed: DubbedClip | None, masks: Tensor
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
        masks : Tensor [persons + 1, tokens of a frame]
            As in `made`.
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
        audio = ClipAudio(windows=windows, masks=masks, grid=Grid.of_latent(encoded))
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
