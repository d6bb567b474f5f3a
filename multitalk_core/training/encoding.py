"""Cut a video and its voices into clips, and encode them as the model's inputs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..audio.features import AudioEncoder
from ..audio.loudness import normalise_loudness
from ..audio.sound_file import read_audio
from ..audio.waveform import speech
from ..errors import MultiTalkError
from ..evaluation.envelope import loudness_envelope
from ..evaluation.film_score import face_in_film
from ..evaluation.mouth_openness import find_faces
from ..hosts.diffusers.models import Models, encode_frames
from ..media.picture import read_picture
from ..media.video_file import VideoFile
from ..media.video_source import FittedVideo
from ..method.conditioning import conditioning_frames, conditioning_mask
from ..method.wan import Grid, nearest_bucket
from ..method.windows import window_indices
from ..persons.detection import find_persons
from ..persons.marking import PersonOrder, persons_from_boxes, persons_from_masks
from ..persons.masks import Persons, check_same_size
from .manifest import Entry
from .shards import TrainingClip

FPS = 25
SLOWEST_FPS = 23.9


@dataclass(frozen=True)
class Cutting:
    """How clips are cut from videos.

    Attributes
    ----------
    frames : int
        Frames of a clip, 4n + 1, at 25 frames per second.
    size : (int, int) or None
        Height and width in pixels; None is the trained size closest to the video's aspect ratio.
    resolution : int
        480 or 720; used when `size` is None.
    motion_frames : int
        Frames that condition the start of a clip that continues another, 4n + 1.
    motion_share : float
        Share of the clips that are conditioned on their motion frames; the others are conditioned on their
        first frame. The paper does not say.
    window : int
        Audio frames around each video frame (Eq. 1).
    cartoon_faces : bool
        Whether to record the faces of cartoon people, for binding scores.
    seed : int
    """

    frames: int = 81
    size: tuple[int, int] | None = None
    resolution: int = 480
    motion_frames: int = 5
    motion_share: float = 0.5
    window: int = 5
    cartoon_faces: bool = False
    seed: int = 0


class Footage:
    """The opened video and voices of a manifest entry, cut into consecutive clips.

    Raises
    ------
    MultiTalkError
        When a file cannot be read, or no clip fits into the video.
    """

    def __init__(self, entry: Entry, cutting: Cutting, *, models: Models, encoder: AudioEncoder):
        self.entry, self.cutting, self.models = entry, cutting, models
        video = VideoFile.open(entry.video)
        if video.fps < SLOWEST_FPS:
            raise MultiTalkError(
                f"{entry.video} has {video.fps:.3g} frames per second, but training needs {FPS}."
            )
        self.clips = round(video.seconds * FPS) // cutting.frames
        if self.clips == 0:
            raise MultiTalkError(
                f"{entry.video} lasts {video.seconds:.2f} s, but a clip needs {cutting.frames / FPS:.2f} s."
            )
        height, width = video.picture().shape[:2]
        size = cutting.size or nearest_bucket(height, width, cutting.resolution)
        self.video = FittedVideo(video, *size, FPS)
        self.original = FittedVideo(video, height, width, FPS)
        self.persons = _marked_persons(entry, height, width)
        samples = [normalise_loudness(speech(read_audio(voice))) for voice in entry.voices]
        self.voices = [encoder.encode(voice, FPS) for voice in samples]
        self.loudness = [
            loudness_envelope(voice, len(features), FPS)
            for voice, features in zip(samples, self.voices, strict=True)
        ]
        self.no_voices = torch.zeros(0, 1, encoder.layers, encoder.channels)
        self.text = models.text(entry.caption)[0].cpu()

    @torch.no_grad()
    def clip(self, number: int) -> TrainingClip:
        """Encode a clip, conditioned on its first frame or, as drawn by the seed, on its motion frames.

        Raises
        ------
        MultiTalkError
            When a voice ends before the clip, or a person is missing.
        """
        cutting, models = self.cutting, self.models
        start = number * cutting.frames
        features = self._features(start)
        pictures = self.video.frames(start, cutting.frames)
        persons, faces = self._persons(start)
        frames = pictures.permute(3, 0, 1, 2)[None].to(models.device) * 2 - 1
        moves = np.random.default_rng([cutting.seed, self.entry.line, number]).random() < cutting.motion_share
        given = frames[:, :, : cutting.motion_frames if moves else 1]
        latent = encode_frames(models.vae, frames)[0].cpu()
        return TrainingClip(
            latent=latent,
            encoded=encode_frames(models.vae, conditioning_frames(given, cutting.frames))[0].cpu(),
            mask=conditioning_mask(
                cutting.frames, given.shape[2], height=latent.shape[2], width=latent.shape[3]
            ),
            features=features,
            persons=persons,
            text=self.text,
            image=None if models.image is None else models.image(given[:, :, -1])[0].cpu(),
            faces=faces,
            loudness=None if faces is None else self._loudness(start),
        )

    def _features(self, start: int) -> Tensor:
        """Audio features of all voices, with half a window of margin on each side."""
        cutting = self.cutting
        count = cutting.frames + cutting.window - 1
        if not self.voices:
            return self.no_voices.expand(0, count, -1, -1)
        for number, voice in enumerate(self.voices, start=1):
            if len(voice) < start + cutting.frames:
                raise MultiTalkError(
                    f"Voice {number} ends at {len(voice) / FPS:.2f} s, before the clip does."
                )
        middle = start + cutting.frames // 2
        return torch.stack(
            [voice[window_indices(middle, 1, len(voice), window=count)[0]] for voice in self.voices]
        )

    def _loudness(self, start: int) -> Tensor:
        return torch.stack([voice[start : start + self.cutting.frames] for voice in self.loudness])

    def _persons(self, start: int) -> tuple[Tensor, Tensor | None]:
        """Token masks of the marked persons, or of those detected in the first frame; cartoon faces."""
        size = (self.video.height, self.video.width)
        if not self.voices:
            return torch.ones(1, Grid.of_video(1, *size).tokens), None
        if self.persons is not None and not self.cutting.cartoon_faces:
            return self.persons.token_masks(*size), None
        picture = self.original.frames(start, 1)[0]
        persons = self.persons or find_persons(picture, len(self.voices))
        faces = _faces(picture, persons, size) if self.cutting.cartoon_faces else None
        return persons.token_masks(*size), faces


def _faces(picture: Tensor, persons: Persons, size: tuple[int, int]) -> Tensor:
    """The cartoon face of every person, [persons, 3], after the picture's resize and crop.

    Raises
    ------
    MultiTalkError
        When their number is not that of the persons.
    """
    faces = find_faces(picture)
    if len(faces) != persons.count:
        raise MultiTalkError(f"There are {len(faces)} cartoon faces but {persons.count} voices.")
    columns = torch.arange(persons.size[1]).float()
    middles = [(mask.float().sum(0) @ columns / mask.sum()).item() for mask in persons.masks]
    places = [sorted(middles).index(middle) for middle in middles]  # faces are sorted from left to right
    height, width = picture.shape[:2]
    fitted = [face_in_film(faces[place], (height, width), size) for place in places]
    return torch.tensor([[face.x, face.y, face.size] for face in fitted])


def _marked_persons(entry: Entry, height: int, width: int) -> Persons | None:
    if entry.boxes:
        return persons_from_boxes(entry.boxes, height, width, order=PersonOrder.GIVEN)
    if not entry.masks:
        return None
    persons = persons_from_masks(
        [read_picture(mask).mean(dim=-1) for mask in entry.masks], order=PersonOrder.GIVEN
    )
    check_same_size(persons, height, width)
    return persons
