"""Tiers of an annotation: which of them are speakers, and which labels are silence."""

SILENT = {"", "sil", "<sil>", "sp", "silent", "silence", "<p:>", "#"}
# Names that programs give to tiers of their own: they say what a tier holds and not who speaks.
NAMELESS = {
    "default", "words", "word", "phones", "phone", "phonemes", "phoneme", "segments", "syllables", "syllable",
    "utterances", "utterance", "sentences", "sentence", "silences", "text", "transcription", "transcript",
    "notes", "tier", "tier 1",
}  # fmt: skip
NAMING = {"speaker", "speakers", "speaker id", "spk", "diarization", "who"}  # labels are names


def speaker_of(tier: str, label: str) -> str | None:
    """Who speaks in an annotation of a tier; None where neither tier nor label is a name."""
    word = tier.strip().casefold()
    if word in NAMING:
        return label
    return None if word in NAMELESS else tier


def is_speech(label: str) -> bool:
    """Whether a label stands for speech and not for silence."""
    return label.strip().casefold() not in SILENT
