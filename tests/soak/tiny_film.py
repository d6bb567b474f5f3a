"""A film by the embedded model at 32×48 pixels, for tests that stop, break and repeat it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import FinishedClip, Take, clip_links, make_film
from multitalk_core.film.store import open_film
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.video_model import MultiTalkPipeline, SamplingSettings, load_adapter
from multitalk_core.media.video_writer import VideoWriter
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.persons.masks import persons_from_parts

OVERLAP = 5


def voices(
    seconds: float, clicks: tuple[float, ...] = (), seconds_per_piece: float | None = 20.0
) -> Conversation:
    """Two made-up voices, encoded in pieces; the second clicks at some seconds."""
    time = np.arange(round(16000 * seconds)) / 16000
    waves = [0.2 * np.sin(2 * np.pi * pitch * time) * np.sin(9 * time) for pitch in (140, 210)]
    for click in clicks:
        waves[1][round(16000 * click)] = 1.0
    timeline = Timeline.together([Waveform(wave[None].astype(np.float32), 16000) for wave in waves])
    encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
    # The loudness of the whole would let a changed tail reach back to the beginning.
    return encode_conversation(timeline, encoder, normalise=False, seconds_per_piece=seconds_per_piece)


class TinyFilm:
    """Everything a film of some clips needs, loaded once.

    Parameters
    ----------
    clips : int
    clip_frames : int
    height, width : int
    clicks : tuple of float
        Seconds at which a click is heard.
    """

    def __init__(
        self,
        clips: int,
        clip_frames: int = 9,
        height: int = 32,
        width: int = 48,
        clicks: tuple[float, ...] = (),
    ):
        frames = clip_frames + (clips - 1) * (clip_frames - OVERLAP)
        self.size = (height, width)
        self.plan = plan_clips(frames, clip_frames, OVERLAP)
        self.conversation = voices(frames / 25 + 0.5, clicks)
        self.picture = torch.rand(height, width, 3, generator=torch.Generator().manual_seed(0))
        models = load_embedded()
        self.pipeline = MultiTalkPipeline(
            models,
            load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models),
            persons_from_parts(2, height, width).token_masks(height, width),
            "two people talk",
            settings=SamplingSettings(steps=1, scales=GuidanceScales(1.0, 1.0)),
        )

    @contextmanager
    def shoot(
        self, store: Path, seed: int = 0, takes: dict[int, Take] | None = None
    ) -> Iterator[tuple[Iterator[FinishedClip], list[str]]]:
        """The film, clip by clip, and the notes of the store."""
        links = clip_links(self.conversation, self.plan, takes=takes)
        with open_film(store, "tiny film", {"seed": seed}, links) as segments:
            arguments = (self.pipeline, self.picture, self.conversation, self.plan, seed)
            yield make_film(*arguments, takes=takes, segments=segments), segments.notes

    def writer(self, video: Path) -> VideoWriter:
        """A writer of the film with its sound."""
        return VideoWriter(video, self.size[1], self.size[0], sound=self.conversation.sound)

    def make(
        self,
        store: Path,
        seed: int = 0,
        takes: dict[int, Take] | None = None,
        stop_after: int | None = None,
    ) -> tuple[list[FinishedClip], list[str]]:
        """All clips in memory, up to `stop_after`, and the notes of the store."""
        with self.shoot(store, seed, takes) as (clips, notes):
            return list(islice(clips, None if stop_after is None else stop_after + 1)), notes
