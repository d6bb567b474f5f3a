"""The node that reads the input JSON of MultiTalk's and InfiniteTalk's own scripts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from comfy_api.latest import InputImpl, io
from torch import Tensor

from ..multitalk_core.audio.sound_file import read_audio
from ..multitalk_core.audio.timeline import Timeline
from ..multitalk_core.audio.timing import Timing
from ..multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.film.multitalk_input import MOST_FILMS, MultiTalkInput, parse_inputs
from ..multitalk_core.media.picture import read_picture
from ..multitalk_core.media.video_file import VideoFile
from ..multitalk_core.persons.box import Box
from ..multitalk_core.persons.marking import part_boxes
from .host.checks import check_queued, checked, naming
from .host.input_folder import input_file
from .host.reporter import announce
from .host.sockets import CATEGORY, BoundingBox, bounding_box

VOICES = 2  # sockets, as the scripts have persons
EXAMPLE = """\
{
  "prompt": "A man and a woman talk in a car.",
  "cond_image": "two.png",
  "audio_type": "add",
  "cond_audio": {"person1": "a.wav", "person2": "b.wav"},
  "bbox": {"person1": [160, 120, 1280, 1080], "person2": [160, 1320, 1280, 2280]}
}"""


class InputJsonNode(io.ComfyNode):
    """An input JSON to what other nodes take."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkInputJson",
            display_name="MultiTalk Input JSON",
            category=CATEGORY,
            description="Reads the input JSON of MultiTalk's and InfiniteTalk's own scripts: the prompt, the "
            "picture or video, the voices and the boxes of the persons.",
            search_aliases=["multitalk", "infinitetalk", "example json", "cond_audio", "bbox", "import"],
            inputs=[
                io.String.Input(
                    "text",
                    multiline=True,
                    default=EXAMPLE,
                    tooltip="The JSON's text. Its files are those of ComfyUI's input folder, in the same "
                    "folders or without them.",
                ),
                io.Int.Input(
                    "film",
                    default=1,
                    min=1,
                    max=MOST_FILMS,
                    tooltip="Which film of a JSON that lists several, from 1.",
                ),
            ],
            outputs=[
                io.String.Output("prompt", tooltip="For the text encoder."),
                io.Image.Output("picture", tooltip="The picture, or the first frame of the video."),
                io.Video.Output("video", tooltip="The video to dub; nothing if the JSON has a picture."),
                io.Audio.Output(
                    "voice_1",
                    display_name="voice 1",
                    tooltip="Voice of person 1, for speaker_1 of Encode MultiTalk Audio, timing together.",
                ),
                io.Audio.Output(
                    "voice_2",
                    display_name="voice 2",
                    tooltip="Voice of person 2, for speaker_2; in turn (add) it begins with silence. Nothing "
                    "if the JSON has one voice.",
                ),
                BoundingBox.Output(
                    "boxes",
                    tooltip="For Locate MultiTalk Persons, method boxes, order given. Without a bbox, halves "
                    "of the picture; with one voice, the whole picture; as in the reference implementation.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, text: str | None = None, film: int | None = None) -> bool:
        check_queued(cls, text=text, film=film)
        if text is not None and film is not None:
            chosen = _chosen(text, film)
            _source(chosen)
            _voices(chosen)
        return True

    @classmethod
    def fingerprint_inputs(cls, text: str | None = None, film: int | None = None) -> list[object]:
        """The text, and the state of every file that it names."""
        try:
            chosen = None if text is None or film is None else _chosen(text, film)
            files = [] if chosen is None else [_source(chosen), *filter(None, _voices(chosen))]
            states = [file.stat() for file in files]
        except (MultiTalkError, OSError):  # reported when the node runs
            states = []
        return [text, film, *((state.st_size, state.st_mtime_ns) for state in states)]

    @classmethod
    @checked
    def execute(cls, text: str, film: int) -> io.NodeOutput:
        chosen = _chosen(text, film)
        source = _source(chosen)
        picture = VideoFile.open(source).picture() if chosen.moving else read_picture(source)
        first, second = _placed(
            [None if voice is None else read_audio(voice) for voice in _voices(chosen)], chosen.timing
        )
        if remarks := "\n".join(chosen.remarks):
            announce(remarks, cls.hidden.unique_id)
        return io.NodeOutput(
            chosen.prompt,
            picture[None],
            InputImpl.VideoFromFile(str(source)) if chosen.moving else None,
            first,
            second,
            [bounding_box(box) for box in _boxes(chosen, picture)],
        )


def _chosen(text: str, film: int) -> MultiTalkInput:
    """The film of that number, with everything that the sockets need."""
    with naming("text"):
        films = parse_inputs(text, "the JSON")
        if film > len(films):
            raise MultiTalkError(f"It has {len(films)} films: set film to at most {len(films)}.")
        chosen = films[film - 1]
        if chosen.source is None:
            raise MultiTalkError("It names no picture or video: write cond_image or cond_video.")
        if not any(chosen.voices):
            raise MultiTalkError("It names no voice: write cond_audio.")
        if len(chosen.voices) > VOICES:
            raise MultiTalkError(
                f"It has {len(chosen.voices)} voices and this node sockets for {VOICES}: use Load Audio "
                "nodes, or the command line."
            )
        return chosen


def _source(film: MultiTalkInput) -> Path:
    with naming("text"):
        return input_file(film.source or "", "picture or video")


def _voices(film: MultiTalkInput) -> list[Path | None]:
    with naming("text"):
        return [None if voice is None else input_file(voice, "voice") for voice in film.voices]


def _placed(voices: Sequence[Waveform | None], timing: Timing) -> list[dict | None]:
    """The voices as AUDIO of the film: a later one begins with silence, a listener's is silent throughout."""
    with naming("text"):
        timeline = (Timeline.together if timing is Timing.TOGETHER else Timeline.in_turn)(voices)
    length = max(placed.voice.seconds for placed in timeline.placed_voices)
    placed = {each.speaker: _audio(each.voice, each.start) for each in timeline.placed_voices}
    silence = _audio(_silence(length), 0.0) if len(placed) < len(voices) else None
    audio = [placed.get(speaker, silence) for speaker in range(len(voices))]
    return [*audio, *[None] * (VOICES - len(audio))]


def _silence(seconds: float) -> Waveform:
    return Waveform(np.zeros((1, round(seconds * SPEECH_RATE)), np.float32), SPEECH_RATE)


def _audio(voice: Waveform, start: float) -> dict:
    samples = torch.nn.functional.pad(torch.from_numpy(voice.samples), (round(start * voice.rate), 0))
    return {"waveform": samples[None], "sample_rate": voice.rate}


def _boxes(film: MultiTalkInput, picture: Tensor) -> Sequence[Box]:
    """The boxes of the JSON, else those of equal parts of the picture."""
    if film.boxes:
        return film.boxes
    return part_boxes(len(film.voices), *picture.shape[:2])
