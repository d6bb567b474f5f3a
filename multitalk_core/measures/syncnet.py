"""Sync-C and Sync-D: how surely, and how closely, a face's lips match a sound."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import MultiTalkError
from .cepstrum import cepstral_coefficients
from .measure_network import MeasureNetwork, Progress, full_precision, unreported
from .pixels import check_pictures
from .sync_network import SIDE, SOUND_WINDOW, WINDOW, SyncNetwork

SAMPLES_PER_FRAME = 640  # 16 kHz over 25 fps
ROWS_PER_FRAME = 4
LARGEST_OFFSET = 15  # frames
BATCH = 32  # windows


@dataclass(frozen=True)
class SyncScore:
    """How well a face follows a sound.

    Attributes
    ----------
    confidence : float
        Sync-C (LSE-C): the median less the smallest of the distances at 31 offsets; more is better.
    distance : float
        Sync-D (LSE-D): the smallest; less is better.
    offset : int
        Where it lies, in frames of 25 fps; above zero the matching sound comes earlier than the picture.
    windows : int
        How many windows of 5 frames were compared.
    """

    confidence: float
    distance: float
    offset: int
    windows: int


class SyncNet(MeasureNetwork):
    """Scores of a face's lips beside a sound."""

    architecture = SyncNetwork
    network: SyncNetwork

    def score(self, frames: Tensor, samples: Tensor, *, progress: Progress = unreported) -> SyncScore:
        """Score a face track beside a sound; the longer of the two is cut.

        Parameters
        ----------
        frames : Tensor [frames, 224, 224, 3], uint8
            The face at 25 fps, from `crop_track`.
        samples : Tensor [samples], int16
            The sound at 16 kHz.
        progress : callable

        Raises
        ------
        MultiTalkError
            When they have another form, or are shorter than 6 frames.
        """
        video, sound = self.embeddings(frames, samples, progress=progress)
        return scored(sync_distances(video, sound))

    def embeddings(
        self, frames: Tensor, samples: Tensor, *, progress: Progress = unreported
    ) -> tuple[Tensor, Tensor]:
        """Embeddings of the lips and of the sound, [windows, 1024] each; parameters as in `score`."""
        check_pictures(frames, "SyncNet", size=(SIDE, SIDE))
        if samples.ndim != 1 or samples.dtype != torch.int16:
            raise MultiTalkError(
                f"SyncNet takes a mono sound as int16 [samples], not {samples.dtype} {list(samples.shape)}: "
                "convert it to 16 bits at 16 kHz."
            )
        windows = min(len(frames), len(samples) // SAMPLES_PER_FRAME) - WINDOW
        if windows < 1:
            raise MultiTalkError(
                f"SyncNet needs at least {WINDOW + 1} frames at 25 fps and their sound, and there are "
                f"{len(frames)} frames and {len(samples)} samples: give a longer face track."
            )
        compared = samples[: (windows + WINDOW) * SAMPLES_PER_FRAME]
        coefficients = torch.from_numpy(cepstral_coefficients(compared.numpy())).float()
        rows = coefficients.unfold(0, SOUND_WINDOW, ROWS_PER_FRAME)[:windows].transpose(1, 2)
        video, sound = [], []
        with full_precision():
            for start in range(0, windows, BATCH):
                end = min(start + BATCH, windows)
                video.append(self.network.lips(self._pixels(frames[start : end + WINDOW - 1])).cpu())
                sound.append(self.network.sound(rows[start:end].to(self.device)).cpu())
                progress(end, windows)
        return torch.cat(video), torch.cat(sound)

    def _pixels(self, frames: Tensor) -> Tensor:
        """Frames as the network takes them: blue, green and red in 0..255."""
        return frames.to(self.device).flip(-1).permute(3, 0, 1, 2).float()


def sync_distances(video: Tensor, sound: Tensor) -> Tensor:
    """Distances [windows, 31] of each lip embedding to the sound's at all offsets; beyond the ends are zeros.

    Parameters
    ----------
    video, sound : Tensor [windows, channels]
    """
    padded = F.pad(sound, (0, 0, LARGEST_OFFSET, LARGEST_OFFSET))
    beside = padded.unfold(0, 2 * LARGEST_OFFSET + 1, 1).transpose(1, 2)
    return F.pairwise_distance(video[:, None], beside)


def scored(distances: Tensor) -> SyncScore:
    """The score of distances [windows, 31].

    Raises
    ------
    MultiTalkError
        When a distance is not finite.
    """
    means = distances.mean(0)
    if not means.isfinite().all():
        raise MultiTalkError(
            "SyncNet's distances are not finite: its weights are damaged, convert them again."
        )
    nearest = int(means.argmin())
    distance = float(means[nearest])
    return SyncScore(float(means.median()) - distance, distance, LARGEST_OFFSET - nearest, len(distances))
