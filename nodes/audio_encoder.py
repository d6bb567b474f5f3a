"""The node that places voices in time and encodes them."""

import logging
from typing import Any, Unpack

import torch
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import io, ui

from ..multitalk_core import limits
from ..multitalk_core.audio.conversation import encode_conversation
from ..multitalk_core.audio.features import AudioEncoder
from ..multitalk_core.audio.timeline import Timeline
from ..multitalk_core.audio.timing import Timing
from ..multitalk_core.audio.waveform import SPEECH_RATE
from ..multitalk_core.drawing.timeline_picture import timeline_picture
from ..multitalk_core.guards.memory import features_bytes, tracks_bytes
from ..multitalk_core.limits import MOST_SPEAKERS
from .host.cached_preview import shown_from_cache
from .host.checks import check_queued, checked
from .host.host_memory import check_memory
from .host.managed_encoder import managed_encoder
from .host.reporter import announce, lines_of, show_text
from .host.sockets import CATEGORY, MultiTalkAudio, MultiTalkAudioEncoder
from .host.upstream import is_linked
from .host.voices import (
    FRAMES,
    SECONDS,
    VOICES,
    VOICES_END,
    VoiceInputs,
    check_sounds,
    check_speakers,
    check_table,
    length_of,
    listener_remarks,
    numbers_of,
    shown_voices,
    table_remarks,
    timeline_of,
)
from .inputs.search import TASKS
from .inputs.shared import label_of, within


class AudioEncoderNode(io.ComfyNode):
    """Voices to MULTITALK_AUDIO."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        schema = io.Schema(
            node_id="MultiTalkAudioEncoder",
            display_name="Encode MultiTalk Audio",
            category=CATEGORY,
            description="Places the voices of all speakers on a timeline and encodes them for the sampler.",
            search_aliases=["multitalk", "voices", "speech", "timeline", "conversation", "dialogue", *TASKS],
            essentials_category="Audio",
            inputs=[
                io.MultiType.Input(
                    "audio_encoder",
                    [MultiTalkAudioEncoder, io.AudioEncoder],
                    display_name="audio encoder",
                    tooltip="From Load MultiTalk Audio Encoder, or from ComfyUI's own Load Audio Encoder.",
                ),
                io.DynamicCombo.Input(
                    "timing",
                    options=[
                        io.DynamicCombo.Option(str(Timing.TOGETHER), []),
                        io.DynamicCombo.Option(str(Timing.IN_TURN), [_gap()]),
                        io.DynamicCombo.Option(str(Timing.TABLE), [_turns(), _names()]),
                    ],
                    tooltip="together: all voices start at once. in turn: one after another. table: a table "
                    "says who speaks when, of everyone's own voice, or of one recording of everyone on "
                    "speaker_1. The timeline below writes the table.",
                ),
                io.DynamicCombo.Input(
                    "length",
                    options=[
                        io.DynamicCombo.Option(VOICES_END, []),
                        io.DynamicCombo.Option(SECONDS, [_seconds()]),
                        io.DynamicCombo.Option(FRAMES, [_frames()]),
                    ],
                    tooltip="How long the video is: as long as the voices, or a given length. Longer voices "
                    "are cut, shorter ones are followed by silence.",
                ),
                io.Int.Input(
                    "speakers",
                    default=0,
                    min=0,
                    max=MOST_SPEAKERS,
                    tooltip="Number of speakers, 0 to 8, including listeners, who have no voice. 0 counts "
                    "up to the last one with a voice.",
                ),
                io.Boolean.Input(
                    "normalise_loudness",
                    display_name="normalise loudness",
                    default=True,
                    tooltip="Normalise each voice to -23 LUFS for the encoder, as in training. The video's "
                    "sound keeps its own loudness.",
                ),
                io.Float.Input(
                    "fps",
                    display_name="frames per second",
                    default=25.0,
                    **within(limits.FPS),
                    step=0.01,
                    advanced=True,
                    tooltip="Video frames per second, 1 to 60. The released adapters were trained at 25.",
                ),
                io.Float.Input(
                    "seconds_per_piece",
                    display_name="seconds per piece",
                    default=0.0,
                    **within(limits.PIECE_SECONDS),
                    step=1.0,
                    advanced=True,
                    tooltip="Length of the pieces in which voices are encoded, in seconds, 0 to 600. 0 "
                    "encodes each voice whole, as in the reference implementation, and voices of more than "
                    "5 minutes in pieces of 2 minutes. Short pieces save memory and change the lips "
                    "slightly.",
                ),
                *_voices(),
            ],
            outputs=[
                MultiTalkAudio.Output("audio", display_name="multitalk audio"),
                io.Audio.Output(
                    "sound",
                    tooltip="All voices mixed: the sound of the video. Lowered as a whole if the mix exceeds "
                    "full scale.",
                ),
                io.Image.Output("timeline", tooltip="Who speaks when, in seconds and frames."),
                io.Int.Output("frames", tooltip="Length in video frames."),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )
        return shown_from_cache(schema)

    @classmethod
    def validate_inputs(cls, **given: Any) -> bool:
        """All of them, as no other way shows what lies within timing and length."""
        check_queued(cls, **given)
        speakers = given.get("speakers")
        if speakers is not None:
            check_speakers(numbers_of(given), speakers)
        if given["timing"]["timing"] == Timing.TABLE:
            check_table(given["timing"], numbers_of(given), speakers)
        if given.get("fps") is not None:
            length_of(given["length"], given["fps"])
        return True

    @classmethod
    @checked
    def execute(
        cls,
        *,
        audio_encoder: object,
        timing: dict,
        length: dict,
        speakers: int,
        normalise_loudness: bool,
        fps: float,
        seconds_per_piece: float,
        **voices: Unpack[VoiceInputs],
    ) -> io.NodeOutput:
        check_sounds(voices, cls.hidden.dynprompt, cls.hidden.unique_id)
        timeline = timeline_of(voices, timing, speakers)
        managed = managed_encoder(audio_encoder)
        frames = length_of(length, fps)
        _check_memory(timeline, managed.encoder, frames=frames, fps=fps)
        numbers = numbers_of(voices)
        remarks = [*table_remarks(timing, numbers), *listener_remarks(timeline)]
        if remarks:
            announce("\n".join(remarks), cls.hidden.unique_id)
        managed.load()
        conversation = encode_conversation(
            timeline,
            managed.encoder,
            fps=fps,
            frames=frames,
            normalise=normalise_loudness,
            seconds_per_piece=seconds_per_piece or None,
            check_interrupted=throw_exception_if_processing_interrupted,
        )
        if notes := [*conversation.notes, *timeline.notes, *conversation.sound.notes]:
            logging.warning("[MultiTalk] %s", lines_of("\n".join(notes)))
            show_text("\n".join([*remarks, *notes]), cls.hidden.unique_id)
        tracks = timeline.tracks(
            normalise_loudness, conversation.frames / fps, throw_exception_if_processing_interrupted
        )
        picture = timeline_picture(torch.from_numpy(tracks), SPEECH_RATE, fps=fps)[None]
        sound = {
            "waveform": torch.from_numpy(conversation.sound.samples)[None],
            "sample_rate": conversation.sound.rate,
        }
        shown = ui.PreviewImage(picture, cls=cls).as_dict()
        shown["multitalk_voices"] = shown_voices(voices)
        if is_linked(cls.hidden.dynprompt, cls.hidden.unique_id, "timing.turns"):
            shown["multitalk_turns"] = [timing["turns"]]
        return io.NodeOutput(conversation, sound, picture, conversation.frames, ui=shown)


def _voices() -> list[io.Input]:
    """A socket for each speaker; the page hides those after the first empty one (web/sockets_stay.js)."""
    return [
        io.Audio.Input(
            name,
            display_name=label_of(name),
            optional=True,
            tooltip="The voice of this speaker, in the order of the persons. Leave it empty to make this "
            "person a listener, whose mouth stays shut. To add listeners after the last voice, raise "
            "speakers.",
        )
        for name in VOICES
    ]


def _gap() -> io.Float.Input:
    return io.Float.Input(
        "gap",
        default=0.0,
        **within(limits.GAP_SECONDS),
        step=0.05,
        tooltip="Seconds of silence between two voices, 0 to 60.",
    )


def _turns() -> io.String.Input:
    return io.String.Input(
        "turns",
        multiline=True,
        default="speaker,start,end\n1,0,2.5\n2,2.5,5",
        tooltip="Who speaks when. Paste a table (CSV, or from a spreadsheet: speaker, start and end or "
        "duration), RTTM, the JSON of a transcription service, subtitles with names, Audacity labels, a "
        "Praat TextGrid or an ELAN file; the format is recognised.",
    )


def _names() -> io.String.Input:
    return io.String.Input(
        "names",
        default="",
        tooltip="Names from the table in the order of the persons, separated by commas; a name without a "
        "turn is a listener. Empty: number n is speaker n; other names, such as SPEAKER_00, are in order "
        "of appearance in the table.",
    )


def _seconds() -> io.Float.Input:
    return io.Float.Input(
        "seconds",
        default=5.0,
        **within(limits.FILM_SECONDS),
        step=0.04,
        tooltip="Length of the video in seconds, at least 0.2.",
    )


def _frames() -> io.Int.Input:
    return io.Int.Input(
        "frames",
        default=81,
        min=5,
        max=limits.FILM_FRAMES.most,
        tooltip="Length of the video in frames, at least 5; 81 frames are 3.24 seconds at 25 frames per "
        "second.",
    )


def _check_memory(timeline: Timeline, encoder: AudioEncoder, *, frames: int | None, fps: float) -> None:
    """Of features, tracks and sound; None are as many frames as the voices last."""
    seconds = timeline.seconds if frames is None else max(timeline.seconds, frames / fps)
    longest = round(seconds * fps)
    check_memory(
        features_bytes(timeline.speakers, longest, layers=encoder.layers, channels=encoder.channels)
        + tracks_bytes(timeline.speakers, seconds, SPEECH_RATE)
        + tracks_bytes(2, seconds, max(placed.voice.rate for placed in timeline.placed_voices)),
        f"Audio of {timeline.speakers} speakers over {longest} frames",
        "choose a shorter length or shorter voices",
    )
