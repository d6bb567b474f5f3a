"""A film by the embedded model at 32×48 pixels, for tests that stop, break and repeat it."""

from pathlib import Path

import numpy as np
import torch

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.clips import plan_clips
from multitalk_core.film import FinishedClip, Take, clip_links, make_film
from multitalk_core.guidance import GuidanceScales
from multitalk_core.persons import persons_from_parts
from multitalk_core.segments import open_film
from multitalk_core.standalone.models import EMBEDDED, EMBEDDED_FILES, Models, load_embedded
from multitalk_core.standalone.pipeline import MultiTalkPipeline, SamplingSettings, load_adapter
from multitalk_core.standalone.video import VideoWriter

HEIGHT, WIDTH = 32, 48
OVERLAP = 5


def voices(seconds: float) -> Conversation:
    """Two made-up voices, encoded."""
    time = np.arange(round(16000 * seconds)) / 16000
    waves = [np.sin(2 * np.pi * pitch * time) * np.sin(9 * time) for pitch in (140, 210)]
    timeline = Timeline.together([Waveform(wave[None].astype(np.float32), 16000) for wave in waves])
    return encode_conversation(timeline, AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"]))


class TinyFilm:
    """Everything a film of some clips needs, loaded once.

    Parameters
    ----------
    clips : int
    clip_frames : int
    models : Models, optional
    """

    def __init__(self, clips: int, clip_frames: int = 9, models: Models | None = None):
        models = models or load_embedded()
        frames = clip_frames + (clips - 1) * (clip_frames - OVERLAP)
        self.plan = plan_clips(frames, clip_frames, OVERLAP)
        self.conversation = voices(frames / 25 + 0.5)
        self.picture = torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(0))
        self.pipeline = MultiTalkPipeline(
            models,
            load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models),
            persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH),
            "two people talk",
            settings=SamplingSettings(steps=1, scales=GuidanceScales(1.0, 1.0)),
        )

    def make(
        self,
        store: Path,
        video: Path | None = None,
        seed: int = 0,
        takes: dict[int, Take] | None = None,
        stop_after: int | None = None,
    ) -> tuple[list[FinishedClip], list[str]]:
        """Make the film, or go on with it; the notes of the store come second."""
        links = clip_links(self.conversation, self.plan, takes=takes)
        with open_film(store, "tiny film", {"seed": seed}, links) as segments:
            films = make_film(
                self.pipeline,
                self.picture,
                self.conversation,
                self.plan,
                seed,
                takes=takes,
                segments=segments,
            )
            clips = []
            if video is None:
                for finished in films:
                    clips.append(finished)
                    if finished.clip.index == stop_after:
                        break
            else:
                with VideoWriter(video, WIDTH, HEIGHT, sound=self.conversation.sound) as writer:
                    for finished in films:
                        writer.append(finished.frames)
                        clips.append(finished)
            return clips, segments.notes
