"""FVD: I3D's logits of clips (Unterthiner et al., "FVD", 2019), as cd-fvd computes them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import MultiTalkError
from .i3d_network import FEWEST_FRAMES, SIDE, I3dNetwork
from .measure_network import MeasureNetwork, Progress, in_batches, unreported


class Fvd(MeasureNetwork):
    """Features for FVD."""

    architecture = I3dNetwork

    def features(self, clips: Tensor, *, progress: Progress = unreported) -> Tensor:
        """Compute the logits of clips; FVD is the biased `frechet_distance` between two sets of them.

        Parameters
        ----------
        clips : Tensor [clips, frames, height, width, 3], uint8
            At least 9 frames; 16 in the reference. Frames are stretched to 224×224.
        progress : callable

        Returns
        -------
        Tensor [clips, 400], float32

        Raises
        ------
        MultiTalkError
            When the clips have another form.
        """
        formed = clips.ndim == 5 and clips.shape[-1] == 3 and clips.numel() > 0
        if not formed or clips.dtype != torch.uint8:
            raise MultiTalkError(
                f"FVD takes clips as uint8 [clips, frames, height, width, 3], not {clips.dtype} "
                f"{list(clips.shape)}: give the film's frames as they were decoded."
            )
        if clips.shape[1] < FEWEST_FRAMES:
            raise MultiTalkError(
                f"FVD needs at least {FEWEST_FRAMES} frames a clip, not {clips.shape[1]}: give longer clips."
            )
        return in_batches(clips, self._logits, size=1, progress=progress)

    def _logits(self, clips: Tensor) -> Tensor:
        return self.network(torch.stack([network_clip(clip.to(self.device)) for clip in clips]))


def network_clip(clip: Tensor) -> Tensor:
    """A clip as I3D takes it: [3, frames, 224, 224] in -1..1 from uint8 [frames, height, width, 3]."""
    frames = F.interpolate(clip.movedim(-1, 1).float(), (SIDE, SIDE), mode="bilinear", align_corners=False)
    return (2 * frames / 255 - 1).transpose(0, 1)
