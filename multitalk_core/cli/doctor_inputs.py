"""Picture, persons and voices of the doctor's trial film; the demo's where none are given."""

import argparse
from pathlib import Path

from torch import Tensor

from ..audio.conversation import Conversation, encode_conversation
from ..audio.features import AudioEncoder
from ..audio.sound_file import read_audio
from ..audio.timeline import Timeline
from ..demo.boxes import BOXES
from ..demo.files import EMBEDDED
from ..doctor.checkup import Check
from ..doctor.meter import Meter
from ..doctor.report_line import passed, warned
from ..media.picture import read_picture
from ..persons.concerns import doubts
from ..persons.detection import find_persons
from ..persons.marking import persons_from_boxes
from ..persons.masks import Persons, check_speakers

LONGEST_VOICE = 20.0  # seconds that are encoded
VOICES = [EMBEDDED / f"voice_{number}.flac" for number in (1, 2)]


def check_picture(path: Path | None) -> Check[Tensor]:
    """Read the picture."""
    picture = read_picture(path or EMBEDDED / "picture.png")
    height, width = picture.shape[:2]
    yield passed(f"The picture {path.name if path else 'of the demo'} was read, {width}×{height} pixels.")
    return picture


def check_persons(arguments: argparse.Namespace, picture: Tensor) -> Check[Persons]:
    """Find the persons in the picture, or take the boxes that are given."""
    height, width = picture.shape[:2]
    boxes = arguments.boxes or (None if arguments.picture else BOXES)
    if boxes:
        persons = persons_from_boxes(boxes, height, width)
        yield passed(f"{_persons(persons.count)} marked by boxes.")
    else:
        persons = find_persons(picture, len(arguments.voices) if arguments.voices else None)
        certainties = ", ".join(f"{finding.certainty:.2f}" for finding in persons.findings)
        yield passed(f"{_persons(persons.count)} found by their faces, certainty {certainties} of 1.")
    for doubt in doubts(persons):
        yield warned(doubt)
    return persons


def _persons(count: int) -> str:
    return f"{count} person{' is' if count == 1 else 's are'}"


def check_voices(paths: list[Path] | None, persons: Persons) -> Check[Timeline]:
    """Read a voice for each person."""
    files = paths or [VOICES[number % len(VOICES)] for number in range(persons.count)]
    voices = [read_audio(file) for file in files]
    shortened = [
        voice.first(min(voice.samples.shape[1], round(LONGEST_VOICE * voice.rate))) for voice in voices
    ]
    timeline = Timeline.together(shortened)
    seconds = ", ".join(
        f"{file.name} of {voice.seconds:.1f} s" for file, voice in zip(files, voices, strict=True)
    )
    yield passed(f"Each person has a voice: {seconds}.")
    if any(voice.seconds > LONGEST_VOICE for voice in voices):
        yield passed(f"Only their first {LONGEST_VOICE:.0f} seconds are encoded here.")
    for note in timeline.notes:
        yield warned(f"{note[:1].upper()}{note[1:]}.")
    check_speakers(persons, timeline.speakers)
    return timeline


def check_encoding(timeline: Timeline, encoder: AudioEncoder, meter: Meter) -> Check[Conversation]:
    """Encode the voices."""
    with meter.part("encoding the voices"):
        conversation = encode_conversation(timeline, encoder)
    yield passed(f"The voices were encoded, {conversation.frames} frames at {conversation.fps:g} a second.")
    return conversation
