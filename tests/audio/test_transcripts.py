"""Transcripts in JSON: the turns of each service's own form."""

import json

import pytest

from multitalk_core.audio.speaker_names import mapping_of, places_of
from multitalk_core.audio.turns import TurnTable, parse_turns

ANNA_AND_BEN = [("Anna", 0.5, 2.0), ("Ben", 2.1, 3.4)]


def turns_of(table: TurnTable) -> list[tuple[str, float, float]]:
    return [(turn.speaker, turn.start, turn.end) for turn in table]


def word(name: object, first: object, last: object, **keys: str) -> dict[str, object]:
    names = {"speaker": "speaker", "start": "start", "end": "end", **keys}
    return {"word": "hi", names["speaker"]: name, names["start"]: first, names["end"]: last}


def google(**keys: str) -> dict[str, object]:
    words = [
        word("1", "0.5s", "1.1s", **keys),
        word("1", "1.2s", "2s", **keys),
        word("2", "2.1s", "3.4s", **keys),
    ]
    return {"results": [{"alternatives": [{"words": words}]}]}


TWO = [("1", 0.5, 2.0), ("2", 2.1, 3.4)]
WORDS = [("Anna", 0.5, 1.1), ("Anna", 1.2, 2.0), ("Ben", 2.1, 3.4)]
TRANSCRIPTS = {
    "speakers_of_words": {"segments": [{"start": 0.5, "end": 3.4, "words": [word(*w) for w in WORDS]}]},
    "pyannote_3": {
        "content": [
            {"segment": {"start": start, "end": end}, "track": "A", "label": name}
            for name, start, end in ANNA_AND_BEN
        ]
    },
    "pyannote_service": {
        "output": {"diarization": [word(*turn) for turn in ANNA_AND_BEN]},
        "status": "succeeded",
    },
    "aws_without_labels": {
        "results": {
            "audio_segments": [
                word(*turn, speaker="speaker_label", start="start_time", end="end_time")
                for turn in ANNA_AND_BEN
            ]
        }
    },
    "assemblyai_words": {"words": [word(name, int(1000 * a), int(1000 * b)) for name, a, b in WORDS]},
    "elevenlabs": {"words": [word(*w, speaker="speaker_id") for w in WORDS]},
    "nemo_words": {"words": [word(*w, start="start_time", end="end_time") for w in WORDS]},
    "speechmatics": {
        "results": [
            {"alternatives": [{"content": "hi", "speaker": name}], "start_time": start, "end_time": end}
            for name, start, end in WORDS
        ]
    },
    "azure_fast": {
        "phrases": [
            {
                "speaker": name,
                "offsetMilliseconds": round(1000 * start),
                "durationMilliseconds": round(1000 * (end - start)),
            }
            for name, start, end in ANNA_AND_BEN
        ]
    },
    "azure_batch": {
        "recognizedPhrases": [
            {"speaker": name, "offset": f"PT{start}S", "duration": f"PT{end - start:.2f}S"}
            for name, start, end in ANNA_AND_BEN
        ]
    },
    "unknown_service": {"job": {"turns": [word(*turn, speaker="who") for turn in ANNA_AND_BEN]}},
    "milliseconds": [{"speaker": n, "start_ms": 1000 * a, "end_ms": 1000 * b} for n, a, b in ANNA_AND_BEN],
}  # fmt: skip
NUMBERED = {
    "google_1": google(speaker="speakerTag", start="startTime", end="endTime"),
    "google_2": google(speaker="speakerLabel", start="startOffset", end="endOffset"),
}
FROM_ZERO = {
    "deepgram_words": {
        "results": {"channels": [{"alternatives": [{"words": [word(0, 0.5, 2.0), word(1, 2.1, 3.4)]}]}]}
    },
    "gladia": {"result": {"transcription": {"utterances": [word(0, 0.5, 2.0), word(1, 2.1, 3.4)]}}},
    "rev": {
        "monologues": [
            {"speaker": 0, "elements": [{"ts": 0.5, "end_ts": 2.0}, {"type": "punct", "value": "."}]},
            {"speaker": 1, "elements": [{"ts": 2.1, "end_ts": 3.4}]},
        ]
    },
    "whisper_cpp": {
        "transcription": [
            {"offsets": {"from": 500, "to": 2000}, "speaker": "0"},
            {"offsets": {"from": 2100, "to": 3400}, "speaker": "1"},
            {"offsets": {"from": 3500, "to": 3600}, "speaker": "?"},
        ]
    },
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_transcript_gives_the_turns_of_its_named_speakers(name):
    assert turns_of(parse_turns(json.dumps(TRANSCRIPTS[name]))) == ANNA_AND_BEN


@pytest.mark.parametrize("name", NUMBERED)
def test_speakers_that_a_service_numbers_from_1_keep_their_numbers(name):
    assert turns_of(parse_turns(json.dumps(NUMBERED[name]))) == TWO


@pytest.mark.parametrize("name", FROM_ZERO)
def test_the_first_speaker_of_a_service_that_counts_from_0_is_speaker_1(name):
    table = parse_turns(json.dumps(FROM_ZERO[name]))
    assert turns_of(table) == [("0", 0.5, 2), ("1", 2.1, 3.4)]
    assert places_of(table.turns, table.speakers) == {"0": 0, "1": 1}


def test_a_lone_second_speaker_that_is_counted_from_0_stays_the_second():
    table = parse_turns(json.dumps({"results": {"utterances": [word(1, 0.5, 2.0)]}}))
    assert (
        mapping_of(table.turns, table.speakers)
        == "By the table, speaker 1 is 0 (a listener), speaker 2 is 1."
    )


def test_google_repeats_words_with_their_speaker_and_leaves_zeros_out():
    words = [{"word": "hi", "endOffset": "0.9s", "speakerLabel": "1"}]
    table = parse_turns(json.dumps({"results": [{"alternatives": [{"words": words}]}]}))
    assert turns_of(table) == [("1", 0, 0.9)]
    plain, tagged = (
        {**word(tag, "0.5s", "2s", speaker="speakerTag", start="startTime", end="endTime")} for tag in (0, 2)
    )
    results = [{"alternatives": [{"words": [each]}]} for each in (plain, tagged)]
    table = parse_turns(json.dumps({"results": results}))
    assert turns_of(table) == [("2", 0.5, 2)] and not table.remarks


def test_words_with_a_long_pause_between_them_are_two_turns():
    words = [word("A", 0, 1), word("A", 1.5, 2), word("A", 9, 10)]
    assert turns_of(parse_turns(json.dumps({"words": words}))) == [("A", 0, 2), ("A", 9, 10)]
