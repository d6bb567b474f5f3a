"""The node that loads a voice as a player plays it."""

import hashlib
import logging

import torch
from comfy_api.latest import io

from ..multitalk_core.audio.sound_file import read_audio
from ..multitalk_core.audio.waveform import ALL, CHANNEL_CHOICES
from ..multitalk_core.errors import MultiTalkError
from .host.checks import check_queued, checked, naming
from .host.reporter import announce
from .host.sockets import CATEGORY
from .host.uploaded_file import list_sounds, uploaded_file


class LoadVoiceNode(io.ComfyNode):
    """A sound or video file to AUDIO."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkLoadVoice",
            display_name="MultiTalk Load Voice",
            category=CATEGORY,
            description="Loads the sound of an audio or video file as a player plays it: late starts and "
            "holes are silent, and the default track is read. What is damaged is left out and shown.",
            search_aliases=["multitalk", "load audio", "voice", "speech", "channel", "track", "dialogue"],
            essentials_category="Audio",
            inputs=[
                io.Combo.Input(
                    "audio",
                    options=list_sounds(),
                    upload=io.UploadType.audio,
                    tooltip="An audio or video file in ComfyUI's input folder. Second 0 of a video is its "
                    "first picture.",
                ),
                io.String.Input(
                    "track",
                    default="",
                    tooltip="Only for files with several sound tracks: the number from 1, the language or "
                    "the title of one. Empty: the track that the file marks as its default.",
                ),
                io.Combo.Input(
                    "channel",
                    options=list(CHANNEL_CHOICES),
                    default=ALL,
                    tooltip="all: as recorded; the encoder takes the mono mix. mix: the mono mix also in the "
                    "video's sound. left, right or a number: one channel, for example where each speaker has "
                    "their own.",
                ),
            ],
            outputs=[io.Audio.Output("voice", display_name="audio")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(
        cls, audio: str | None = None, track: str | None = None, channel: str | None = None
    ) -> str | float:
        """The file's content."""
        try:
            path = uploaded_file("audio", audio)
        except MultiTalkError:  # linked, so not known yet, or reported when it is read
            return float("nan")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @classmethod
    def validate_inputs(
        cls, audio: str | None = None, track: str | None = None, channel: str | None = None
    ) -> bool:
        check_queued(cls, audio=audio, track=track, channel=channel)
        return True

    @classmethod
    @checked
    def execute(cls, audio: str, track: str, channel: str) -> io.NodeOutput:
        path = uploaded_file("audio", audio)
        with naming("audio"):
            voice = read_audio(path, track=track.strip(), channel=channel)
        if voice.notes:
            sentences = "\n".join(f"{audio}: {note}" for note in voice.notes)
            announce(sentences, cls.hidden.unique_id, logging.WARNING)
        return io.NodeOutput({"waveform": torch.from_numpy(voice.samples)[None], "sample_rate": voice.rate})
