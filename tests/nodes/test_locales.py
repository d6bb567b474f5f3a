"""Translations of the nodes: complete, and translated."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LOCALES = Path(__file__).parents[2] / "locales"
ENGLISH = json.loads((LOCALES / "en" / "nodeDefs.json").read_text())
TRANSLATED = sorted(folder.name for folder in LOCALES.iterdir() if folder.name != "en")
NAMES = {"MultiTalk Sigmas", "Sigmas", "VAE", "Latent"}  # the same in every language


def texts(strings: dict, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in strings.items():
        if isinstance(value, dict):
            yield from texts(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_every_text_and_no_other(language):
    translation = json.loads((LOCALES / language / "nodeDefs.json").read_text())
    english, translated = dict(texts(ENGLISH)), dict(texts(translation))
    assert sorted(english.keys() - translated.keys()) == [], "missing"
    assert sorted(translated.keys() - english.keys()) == [], "left over"
    assert [key for key, text in english.items() if bool(text) != bool(translated[key])] == []


def test_chinese_texts_are_chinese():
    translation = json.loads((LOCALES / "zh" / "nodeDefs.json").read_text())
    foreign = [
        (key, text)
        for key, text in texts(translation)
        if text and text not in NAMES and not re.search("[\u4e00-\u9fff]", text)
    ]
    assert foreign == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_numbers(language):
    """A range or a default that changes in English changes everywhere."""
    translated = dict(texts(json.loads((LOCALES / language / "nodeDefs.json").read_text())))
    for key, text in texts(ENGLISH):
        numbers, others = (
            sorted(set(re.findall(r"\d+(?:\.\d+)?", each))) for each in (text, translated[key])
        )
        assert set(numbers) <= set(others), f"{key}: {numbers} and {others}"
