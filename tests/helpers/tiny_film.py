"""A film by the embedded model at 32×48 pixels, for tests that stop, break and repeat it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.spec import FilmSpec, RecordedStep, SamplingOptions, StoreOptions
from multitalk_core.film.store import open_film
from multitalk_core.film.write import FilmResult, write_film
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel, load_adapter
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.persons.marking import persons_from_parts

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


class RecordingListener:
    """A FilmListener that keeps every note, clip and step."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.clips: list[FinishedClip] = []
        self.steps: list[tuple[int, int]] = []

    def note(self, sentence: str) -> None:
        """Keep it."""
        self.notes.append(sentence)

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """Keep its numbers."""
        self.steps.append((clip, step))

    def clip(self, finished: FinishedClip) -> None:
        """Keep it."""
        self.clips.append(finished)


class TinyFilm:
    """Everything a film of some clips needs, loaded once.

    Parameters
    ----------
    clips : int
    clip_frames : int
    height, width : int
    clicks : tuple of float
        Seconds at which a click is heard.

    Attributes
    ----------
    spec : FilmSpec
        Without a store.
    model : DiffusersVideoModel
    """

    def __init__(
        self,
        clips: int,
        *,
        clip_frames: int = 9,
        height: int = 32,
        width: int = 48,
        clicks: tuple[float, ...] = (),
    ) -> None:
        frames = clip_frames + (clips - 1) * (clip_frames - OVERLAP)
        models = load_embedded()
        adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)
        self.model = DiffusersVideoModel(models, adapter, prompt="two people talk")
        self.spec = FilmSpec(
            picture=torch.rand(height, width, 3, generator=torch.Generator().manual_seed(0)),
            masks=persons_from_parts(2, height, width).token_masks(height, width),
            conversation=voices(frames / 25 + 0.5, clicks),
            plan=plan_clips(frames, clip_frames, OVERLAP),
            sampling=SamplingOptions(steps=1, scales=GuidanceScales(1.0, 1.0)),
            recorded=RecordedStep(block=3, step=0),
        )

    def stored(self, store: Path, **changes: object) -> FilmSpec:
        """The film with a store, and with changes."""
        return replace(self.spec, store=StoreOptions(folder=store, title="tiny film"), **changes)

    @contextmanager
    def clips(self, store: Path, **changes: object) -> Iterator[tuple[Iterator[FinishedClip], list[str]]]:
        """The film with changes, clip by clip, and the notes of the store."""
        spec, notes = self.stored(store, **changes), []
        with open_film(
            store, "tiny film", spec.description(), links=spec.links(), note=notes.append
        ) as clips:
            yield make_film(spec, self.model, clips=clips), notes

    def make(self, store: Path, **changes: object) -> tuple[list[FinishedClip], list[str]]:
        """All clips in memory, and the notes of the store."""
        with self.clips(store, **changes) as (clips, notes):
            return list(clips), notes

    def write(self, store: Path, video: Path) -> tuple[FilmResult, RecordingListener]:
        """The film on disk; what ends it early is raised."""
        listener = RecordingListener()
        result = write_film(self.stored(store), self.model, video, listener=listener)
        if result.ended is not None:
            raise result.ended
        return result, listener
