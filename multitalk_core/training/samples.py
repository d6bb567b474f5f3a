"""Sample videos made during training, and their binding scores where these can be measured."""

from pathlib import Path

import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from ..evaluation.binding_score import binding_score
from ..evaluation.mouth_openness import CartoonFace, mouth_openness
from ..hosts.diffusers.models import decode_latent
from ..media.video_writer import VideoWriter
from ..method.sampling import sample_clip
from ..method.schedule import TIMESTEPS, released_timesteps
from .config import Samples
from .shards import ShardedClips, TrainingClip, stack_clips

FPS = 25
STRIP_FRAMES = 8
BLOCK_FRAMES = 13  # of the binding score's intervals


class SampleVideos:
    """An `after_update` of `train` that samples videos from the conditioning frames and voices of some clips.

    Every process computes the same, because a sharded model needs all of them; the main one writes.

    Parameters
    ----------
    clips : ShardedClips
    settings : Samples
    shift : float
        Shift of the timesteps towards noise.
    vae : AutoencoderKLWan
    accelerator : Accelerator
        Its trackers receive frames and scores.
    folder : Path
        Folder for the videos.
    """

    def __init__(
        self,
        clips: ShardedClips,
        settings: Samples,
        *,
        shift: float,
        vae: AutoencoderKLWan,
        accelerator: Accelerator,
        folder: Path,
    ):
        self.clips = [clips[index] for index in range(min(settings.count, len(clips)))]
        self.settings = settings
        self.timesteps = released_timesteps(settings.sampling_steps, shift)
        self.vae = vae.to(accelerator.device)
        self.accelerator = accelerator
        self.folder = folder

    @torch.no_grad()
    def __call__(self, model: nn.Module, step: int) -> None:
        """Make the videos if this step is due."""
        if step % self.settings.every:
            return
        model.eval()
        for index, clip in enumerate(self.clips):
            latent = self._sample(model, clip)
            if self.accelerator.is_main_process:
                frames = self._frames(latent)
                self._write(frames, step, index)
                self._measure(frames, clip, step=step, index=index)
        model.train()

    def _sample(self, model: nn.Module, clip: TrainingClip) -> Tensor:
        """Sample a latent, with audio guidance if the clip has voices."""
        device = self.accelerator.device
        scale = self.settings.audio_scale if len(clip.features) else 1.0
        audible = torch.tensor([True, False] if scale != 1.0 else [len(clip.features) > 0], device=device)
        batch = stack_clips([clip] * len(audible)).to(device)

        def predict(latent: Tensor, timestep: Tensor) -> Tensor:
            level = (timestep / TIMESTEPS).to(device).expand(len(audible))
            latents = latent.expand(len(audible), -1, -1, -1, -1)
            rows: Tensor = model(batch, latents, level=level, audible=audible).float()
            return rows[-1:] + scale * (rows[:1] - rows[-1:])

        noise = torch.randn(1, *clip.latent.shape, generator=torch.Generator().manual_seed(0))
        return sample_clip(predict, noise.to(device), self.timesteps)

    def _frames(self, latent: Tensor) -> Tensor:
        """[frames, height, width, 3] in 0..1."""
        return (decode_latent(self.vae, latent)[0].permute(1, 2, 3, 0) / 2 + 0.5).clamp(0, 1).cpu()

    def _write(self, frames: Tensor, step: int, index: int) -> None:
        """Write the video, and log a row of its frames."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"clip-{index + 1}-step-{step:08d}.mp4"
        with VideoWriter(path, frames.shape[2], frames.shape[1], fps=FPS) as writer:
            writer.append(frames)
        shown = torch.linspace(0, len(frames) - 1, min(STRIP_FRAMES, len(frames))).round().int()
        strip = torch.cat([frames[frame] for frame in shown], dim=1).numpy()
        for tracker in self.accelerator.trackers:
            tracker.log_images({f"clip {index + 1}": strip[None]}, step, dataformats="NHWC")

    def _measure(self, frames: Tensor, clip: TrainingClip, *, step: int, index: int) -> None:
        """Log the binding scores of two or more cartoon people."""
        if clip.faces is None or clip.loudness is None or len(clip.faces) < 2:
            return
        faces = [CartoonFace(*face) for face in clip.faces.tolist()]
        score = binding_score([mouth_openness(frames, faces)], [clip.loudness], block_frames=BLOCK_FRAMES)
        values = {"own voice": score.own.value, "other voice": score.other.value}
        self.accelerator.log({f"clip {index + 1}, {name}": value for name, value in values.items()}, step)
