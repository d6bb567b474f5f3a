"""Where the turns lie in the JSON of transcription and diarization programs."""

from typing import Any, NamedTuple


class Shape(NamedTuple):
    """Where the turns of a kind of transcript lie.

    Attributes
    ----------
    path : str
        Keys down to the turns; * is each item of a list.
    speaker, start, end, duration : str
        Keys in a turn, with a point before each deeper one.
    unit : str
        Of numbers without one.
    whole_unit : str
        Of numbers if all of them are whole.
    words : bool
        Whether each item is a word; the words of a speaker are joined to turns.
    from_zero : bool
        Whether speakers are numbered from 0.
    nobody : str or int, optional
        What stands in place of a speaker where none was found.
    """

    path: str
    speaker: str = "speaker"
    start: str = "start"
    end: str = "end"
    duration: str = "duration"
    unit: str = ""
    whole_unit: str = ""
    words: bool = False
    from_zero: bool = False
    nobody: Any = None


# Whatever names a speaker first is taken, from turns to words.
SHAPES = (
    Shape("segments.*"),  # WhisperX, Whisper with speakers, OpenAI's diarized_json
    Shape("segments.*.words.*", words=True),
    Shape("diarization.*"),  # pyannote 4 and its service
    Shape("output.diarization.*"),
    Shape("content.*", "label", "segment.start", "segment.end"),  # pyannote 3
    Shape("results.speaker_labels.segments.*", "speaker_label", "start_time", "end_time"),  # AWS Transcribe
    Shape("results.audio_segments.*", "speaker_label", "start_time", "end_time"),
    Shape("utterances.*", whole_unit=" ms"),  # AssemblyAI, in whole milliseconds
    Shape("results.utterances.*", from_zero=True),  # Deepgram
    Shape("results.channels.*.alternatives.*.words.*", words=True, from_zero=True),
    Shape("result.transcription.utterances.*", from_zero=True),  # Gladia
    Shape("transcription.utterances.*", from_zero=True),
    Shape(
        "results.*.alternatives.*.words.*", "speakerTag", "startTime", "endTime", words=True, nobody=0
    ),  # Google
    Shape("results.*.alternatives.*.words.*", "speakerLabel", "startOffset", "endOffset", words=True),
    Shape("results.*.alternatives.*.words.*", "speaker_tag", "start_time", "end_time", words=True, nobody=0),
    Shape("results.*.alternatives.*.words.*", "speaker_label", "start_offset", "end_offset", words=True),
    Shape("results.*", "alternatives.speaker", "start_time", "end_time", words=True),  # Speechmatics
    Shape("recognizedPhrases.*", "speaker", "offset", "-", "duration"),  # Azure, batch
    Shape(
        "phrases.*", "speaker", "offsetMilliseconds", "-", "durationMilliseconds", unit=" ms"
    ),  # Azure, fast
    Shape("monologues.*.elements.*", "speaker", "ts", "end_ts", words=True, from_zero=True),  # Rev
    Shape("words.*", "speaker_id", words=True),  # ElevenLabs
    Shape("words.*", "speaker", "start_time", "end_time", words=True),  # NeMo
    Shape("words.*", whole_unit=" ms", words=True),  # AssemblyAI without utterances, and others
    Shape(
        "transcription.*", "speaker", "offsets.from", "offsets.to", unit=" ms", from_zero=True, nobody="?"
    ),  # whisper.cpp
)
