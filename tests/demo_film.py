"""Long films by the demo's model, as the demo makes them: size, settings and persons are its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform, read_audio
from multitalk_core.cli.demo_command import demo_arguments
from multitalk_core.cli.generate_command import make_job
from multitalk_core.cli.main import make_parser
from multitalk_core.cli.options.film_files import FilmFiles
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import MULTITALK, ClipMaker, make_film
from multitalk_core.film.seams import Joins
from multitalk_core.film.steadiness import Steadiness
from multitalk_core.hosts.diffusers.video_model import MultiTalkPipeline


class DemoFilm:
    """Everything but the length of a film.

    Parameters
    ----------
    speaking : bool
        Whether the demo's two voices are heard, again and again, or silence is.

    Attributes
    ----------
    clip_frames, overlap : int
        The demo's.
    encoder : AudioEncoder
    picture : Tensor [height, width, 3], in 0..1
    """

    def __init__(self, speaking: bool = False) -> None:
        arguments = make_parser().parse_args(["generate", *demo_arguments()])
        self.job = make_job(arguments, FilmFiles.beside(Path("film.mp4")))
        self.clip_frames, self.overlap = arguments.clip_frames, arguments.motion_frames
        self.encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
        self.picture = self.job.cropped
        self.speaking = speaking

    def pipeline(self) -> MultiTalkPipeline:
        """Samples the film's clips."""
        job = self.job
        masks = job.persons.token_masks(*job.size)
        return MultiTalkPipeline(
            job.models, job.adapter, masks, job.prompt, job.negative_prompt, job.settings
        )

    def conversation(self, frames: int) -> Conversation:
        """What is heard during a film."""
        files = [EMBEDDED / f"voice_{number}.flac" for number in (1, 2)]
        voices = [repeated(read_audio(file), frames / 25) for file in files]
        heard = encode_conversation(Timeline.together(voices), self.encoder, frames=frames)
        if self.speaking:
            return heard
        silence = heard.silence[torch.arange(frames) % len(heard.silence)]
        return replace(heard, features=(silence,) * heard.speakers)

    def shoot(
        self,
        clips: int,
        joins: Joins | None = None,
        colour_strength: float = 1.0,
        clip_frames: int | None = None,
        overlap: int | None = None,
        seed: int = 0,
        maker: Callable[[ClipMaker], ClipMaker] = lambda pipeline: pipeline,
        continuation: str = MULTITALK,
    ) -> tuple[Tensor, Steadiness]:
        """The frames [frames, height, width, 3], and how steady they are.

        Parameters
        ----------
        maker : callable
            Puts something in the pipeline's place.
        """
        clip_frames, overlap = clip_frames or self.clip_frames, overlap or self.overlap
        plan = plan_clips(clip_frames + (clips - 1) * (clip_frames - overlap), clip_frames, overlap)
        steadiness, parts = Steadiness(), []
        film = make_film(
            maker(self.pipeline()),
            self.picture,
            self.conversation(plan.frames),
            plan,
            seed,
            self.job.adapter.shape.window,
            colour_strength,
            continuation=continuation,
            joins=joins,
        )
        for finished in film:
            steadiness.append(finished.frames, self.picture[None])
            parts.append(finished.frames.clamp(0, 1))
        return torch.cat(parts), steadiness


def repeated(voice: Waveform, seconds: float) -> Waveform:
    """A voice over and over."""
    samples = round(seconds * voice.rate)
    times = -(-samples // voice.samples.shape[1])
    return Waveform(np.tile(voice.samples, (1, times))[:, :samples].copy(), voice.rate)
