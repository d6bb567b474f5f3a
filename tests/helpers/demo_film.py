"""Long films by the demo's model, as the demo makes them: size, settings and persons are its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.cli.demo_command import demo_arguments
from multitalk_core.cli.generate_command import read_inputs
from multitalk_core.cli.main import make_parser
from multitalk_core.cli.options.film_files import FilmFiles
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.film.clip_inputs import VideoModel
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import make_film
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.film.steadiness import Steadiness


class DemoFilm:
    """Everything but the length of a film.

    Parameters
    ----------
    speaking : bool
        Whether the demo's two voices speak, again and again, or there is silence.

    Attributes
    ----------
    clip_frames, overlap : int
        The demo's.
    encoder : AudioEncoder
    picture : Tensor [height, width, 3], in 0..1
    spec : FilmSpec
    model : DiffusersVideoModel
    """

    def __init__(self, speaking: bool = False) -> None:
        arguments = make_parser().parse_args(["generate", *demo_arguments()])
        planned = read_inputs(arguments, FilmFiles.beside(Path("film.mp4")))
        self.spec, self.model = planned.spec, planned.model
        self.clip_frames, self.overlap = arguments.clip_frames, arguments.motion_frames
        self.encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
        self.picture = self.spec.picture
        self.speaking = speaking

    def conversation(self, frames: int) -> Conversation:
        """What is spoken during a film."""
        files = [EMBEDDED / f"voice_{number}.flac" for number in (1, 2)]
        voices = [repeated(read_audio(file), frames / 25) for file in files]
        encoded = encode_conversation(Timeline.together(voices), self.encoder, frames=frames)
        if self.speaking:
            return encoded
        silence = encoded.silence[torch.arange(frames) % len(encoded.silence)]
        return replace(encoded, features=(silence,) * encoded.speakers)

    def make(
        self,
        clips: int,
        *,
        clip_frames: int | None = None,
        overlap: int | None = None,
        model: Callable[[VideoModel], VideoModel] = lambda model: model,
        seams: SeamCorrection | None = None,
        **changes: object,
    ) -> tuple[Tensor, Steadiness]:
        """The frames [frames, height, width, 3], and how steady they are.

        Parameters
        ----------
        clips : int
        clip_frames, overlap : int, optional
            The demo's by default.
        model : callable
            Puts something in the model's place.
        seams : SeamCorrection
        changes : object
            Of the film's description.
        """
        clip_frames, overlap = clip_frames or self.clip_frames, overlap or self.overlap
        plan = plan_clips(clip_frames + (clips - 1) * (clip_frames - overlap), clip_frames, overlap)
        conversation = self.conversation(plan.frames)
        given = {"continuation": Continuation.MULTITALK, "recorded": None} | changes
        spec = replace(
            self.spec, plan=plan, conversation=conversation, seams=seams or SeamCorrection(), **given
        )
        steadiness, parts = Steadiness(), []
        for finished in make_film(spec, model(self.model)):
            steadiness.append(finished.frames, finished.reference)
            parts.append(finished.frames.clamp(0, 1))
        return torch.cat(parts), steadiness


def repeated(voice: Waveform, seconds: float) -> Waveform:
    """A voice over and over."""
    samples = round(seconds * voice.rate)
    times = -(-samples // voice.samples.shape[1])
    return Waveform(np.tile(voice.samples, (1, times))[:, :samples].copy(), voice.rate)
