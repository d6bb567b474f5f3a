"""Wan2.1's geometry: frames and pixels to latents and tokens, and the sizes that it was trained on."""

from dataclasses import dataclass

from torch import Tensor

from ..errors import MultiTalkError

TEMPORAL_STRIDE = 4  # video frames for each latent frame after the first
SPATIAL_STRIDE = 8  # pixels along a side for each cell of the latent
PATCH = 2  # cells of the latent along a side for each token
TOKEN_STEP = SPATIAL_STRIDE * PATCH  # pixels along a side for each token
LATENT_CHANNELS = 16
MASK_CHANNELS = TEMPORAL_STRIDE
I2V_CHANNELS = LATENT_CHANNELS + MASK_CHANNELS + LATENT_CHANNELS  # noise, mask, encoded pictures

# (height, width) by area; the one nearest in height/width is picked, which the reference implementation
# rounds to two places.
BUCKETS_480 = (
    (320, 1216),
    (384, 1024),
    (448, 896),
    (512, 768),
    (576, 704),
    (640, 640),
    (704, 576),
    (768, 512),
    (832, 448),
    (896, 448),
    (960, 384),
    (1088, 384),
    (1152, 320),
    (1216, 320),
    (1280, 320),
)
BUCKETS_720 = (
    (448, 2048),
    (512, 1792),
    (576, 1600),
    (640, 1408),
    (704, 1280),
    (768, 1216),
    (832, 1088),
    (896, 1024),
    (960, 960),
    (1024, 896),
    (1088, 832),
    (1152, 768),
    (1216, 768),
    (1280, 704),
    (1344, 704),
    (1408, 640),
    (1472, 640),
    (1536, 576),
    (1664, 576),
    (1856, 512),
    (1920, 512),
)
# Of the demo's miniature model, which was trained on 96 × 144 pixels.
BUCKETS_96 = (
    (64, 208),
    (80, 176),
    (80, 144),
    (96, 144),
    (112, 128),
    (112, 112),
    (128, 112),
    (144, 96),
    (144, 80),
    (176, 80),
    (208, 64),
)
RESOLUTIONS = 480, 720  # of Wan's released weights, the usual one first
MINIATURE = 96
BUCKETS = {480: BUCKETS_480, 720: BUCKETS_720, MINIATURE: BUCKETS_96}
SMALLEST_WIDTH = 1536  # of the token in Wan's smallest released DiT, 1.3B; a miniature is narrower


@dataclass(frozen=True)
class Grid:
    """Size of a clip's token grid: latent frames, token rows and token columns."""

    frames: int
    height: int
    width: int

    @classmethod
    def of_latent(cls, latent: Tensor) -> "Grid":
        """The grid of a latent [..., frames, height, width]."""
        frames, height, width = latent.shape[-3:]
        return cls(frames, height // PATCH, width // PATCH)

    @classmethod
    def of_video(cls, frames: int, height: int, width: int) -> "Grid":
        """The grid of 4n + 1 video frames, `height` and `width` in pixels."""
        return cls(latent_frames(frames), height // TOKEN_STEP, width // TOKEN_STEP)

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one latent frame."""
        return self.height * self.width

    @property
    def tokens(self) -> int:
        """Tokens of the whole clip."""
        return self.frames * self.tokens_per_frame

    @property
    def latent_size(self) -> tuple[int, int, int]:
        """Frames, height and width of the clip's latent."""
        return self.frames, PATCH * self.height, PATCH * self.width

    @property
    def video_size(self) -> tuple[int, int, int]:
        """Frames of the clip's video, and its height and width in pixels."""
        return video_frames(self.frames), TOKEN_STEP * self.height, TOKEN_STEP * self.width


def latent_frames(frames: int) -> int:
    """Latent frames of 4n + 1 video frames."""
    return 1 + (frames - 1) // TEMPORAL_STRIDE


def video_frames(frames: int) -> int:
    """Video frames, 4n + 1, of n + 1 latent frames."""
    return 1 + (frames - 1) * TEMPORAL_STRIDE


def enough_frames(frames: int) -> int:
    """The smallest 4n + 1 that is not below `frames`."""
    return video_frames(latent_frames(frames + TEMPORAL_STRIDE - 1))


def check_frames(frames: int, name: str = "frames") -> None:
    """Raise a MultiTalkError that names the nearest allowed counts unless `frames` is 4n + 1."""
    if frames < 1 or frames != enough_frames(frames):
        lower = video_frames(latent_frames(max(1, frames)))
        raise MultiTalkError(
            f"{name} is {frames}, but Wan makes 4n + 1 frames: use {lower} or {lower + TEMPORAL_STRIDE} "
            "instead."
        )


def check_side(name: str, side: int) -> None:
    """Raise a MultiTalkError that names the nearest sizes unless a side is divisible by 16."""
    if side < TOKEN_STEP or side % TOKEN_STEP:
        lower = max(TOKEN_STEP, side // TOKEN_STEP * TOKEN_STEP)
        raise MultiTalkError(
            f"{name} is {side}, but sizes must be divisible by {TOKEN_STEP}: use {lower} or "
            f"{lower + TOKEN_STEP} instead."
        )


def nearest_bucket(height: int, width: int, resolution: int = 480) -> tuple[int, int]:
    """The trained size whose height/width is nearest to a picture's.

    Parameters
    ----------
    height, width : int
        Size of the source picture.
    resolution : int
        480, 720, or MINIATURE for the demo's model.

    Returns
    -------
    (height, width)

    Raises
    ------
    MultiTalkError
        For another resolution.
    """
    if resolution not in BUCKETS:
        raise MultiTalkError(f"There are no trained sizes for {resolution}p: choose 480 or 720.")
    return min(BUCKETS[resolution], key=lambda size: abs(round(size[0] / size[1], 2) - height / width))


def usual_resolution(model_width: int) -> int:
    """The resolution where the user names none: 480p and 720p weights look alike, only a miniature does not.

    Parameters
    ----------
    model_width : int
        Of a token in the DiT.
    """
    return MINIATURE if model_width < SMALLEST_WIDTH else RESOLUTIONS[0]
