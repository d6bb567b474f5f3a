"""Translations of the nodes and of the page's own words: complete, and translated."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "locales"
FILES = ["main.json", "nodeDefs.json"]  # the page's scripts, the nodes
TRANSLATED = sorted(folder.name for folder in LOCALES.iterdir() if folder.name != "en")
PLACE = re.compile(r"\{(\w+)\}")
NAMES = {"MultiTalk Sigmas", "Sigmas", "VAE", "Latent"}  # the same in every language


def texts(strings: dict, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in strings.items():
        if isinstance(value, dict):
            yield from texts(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def read(language: str, file: str) -> dict[str, str]:
    return dict(texts(json.loads((LOCALES / language / file).read_text())))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_every_text_and_no_other(language, file):
    english, translated = read("en", file), read(language, file)
    assert sorted(english.keys() - translated.keys()) == [], "missing"
    assert sorted(translated.keys() - english.keys()) == [], "left over"
    assert [key for key, text in english.items() if bool(text) != bool(translated[key])] == []


@pytest.mark.parametrize("file", FILES)
def test_chinese_texts_are_chinese(file):
    foreign = [
        (key, text)
        for key, text in read("zh", file).items()
        if text and text not in NAMES and not re.search("[\u4e00-\u9fff]", text)
    ]
    assert foreign == []


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_numbers_and_places(language, file):
    """A range or a default that changes in English changes everywhere."""
    translated = read(language, file)
    for key, text in read("en", file).items():
        numbers, others = (
            sorted(set(re.findall(r"\d+(?:\.\d+)?", each))) for each in (text, translated[key])
        )
        assert set(numbers) <= set(others), f"{key}: {numbers} and {others}"
        assert set(PLACE.findall(text)) == set(PLACE.findall(translated[key])), key


def test_the_pages_scripts_use_every_word_and_no_other():
    scripts = "\n".join(path.read_text() for path in (ROOT / "web").rglob("*.js"))
    keys = {key.removeprefix("multitalk.") for key in read("en", "main.json")}
    named = set(re.findall(r'"((?:toolbar|lanes|turns|files|clips)\.\w+)"', scripts))
    buttons = set(re.findall(r"(\w+): \"", re.search(r"BUTTONS = \{(.*)\}", scripts)[1]))
    assert named | {f"toolbar.{button}" for button in buttons} == keys


SENTENCE = re.compile(r"""["'`](?:[A-Z][a-z]+|[a-z]+)(?:[,:;]? [a-z]{2,}){3,}""")


def test_the_pages_scripts_show_no_words_of_their_own():
    for path in sorted((ROOT / "web").rglob("*.js")):
        code = [line for line in path.read_text().splitlines() if not re.match(r"\s*(//|\*|/\*)", line)]
        assert [line for line in code if SENTENCE.search(line.split(" // ")[0])] == [], path.name
