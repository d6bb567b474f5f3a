"""A benchmark's list: one film a line, each as the reference scripts' input JSON with a name."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted
from ..files.given import read_text
from ..files.whole import name_trouble
from ..film.multitalk_input import find_file, parse_inputs

LONGEST_LIST = 50_000_000  # bytes
SOURCES = ("cond_image", "cond_video")


@dataclass(frozen=True)
class BenchmarkRow:
    """A line of the list.

    Attributes
    ----------
    line : int
        From 1.
    name : str
        Of the film's file, without .mp4.
    entry : dict
        An input JSON whose files are absolute paths.
    """

    line: int
    name: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class FaultyRow:
    """A line that cannot be used.

    Attributes
    ----------
    line : int
    sentence : str
        Why.
    """

    line: int
    sentence: str


def read_benchmark(path: Path) -> list[BenchmarkRow | FaultyRow]:
    """Read a list in JSON Lines; empty lines are skipped.

    Raises
    ------
    MultiTalkError
        When the file cannot be read, or has no rows.
    """
    # A prompt may contain line separators other than the line feed.
    lines = enumerate(read_text(path, "benchmark", LONGEST_LIST).split("\n"), start=1)
    rows: list[BenchmarkRow | FaultyRow] = []
    names: dict[str, int] = {}
    for line, text in lines:
        if not text.strip():
            continue
        try:
            row = _row(line, text, path)
            if (first := names.setdefault(row.name.casefold(), line)) != line:
                raise MultiTalkError(f"the name {quoted(row.name)} is that of line {first}: choose another.")
            rows.append(row)
        except MultiTalkError as error:
            rows.append(FaultyRow(line, str(error)))
    if not rows:
        raise MultiTalkError(f"The benchmark {path} is empty: write one film a line.")
    return rows


def _row(line: int, text: str, path: Path) -> BenchmarkRow:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError("it is not valid JSON: write one object a line.") from error
    if not isinstance(content, dict):
        raise MultiTalkError("it is no object: write one film a line.")
    name = content.pop("name", f"{line:04}")
    if (
        not isinstance(name, str)
        or name[:1] in ("", ".")
        or {*"/\\"} & {*name}
        or name_trouble(f"{name}.mp4")
    ):
        raise MultiTalkError(f"the name {quoted(name)} is no name of a file: choose another.")
    (entry,) = parse_inputs(json.dumps(content), "it")
    folders = [path.absolute().parent, Path.cwd()]
    if entry.source is None or not entry.voices:
        raise MultiTalkError("it has no cond_image or no cond_audio: give a picture and a voice.")
    source = str(find_file(entry.source, folders, "picture or video").absolute())
    voices = {
        f"person{number}": "none" if voice is None else str(find_file(voice, folders, "voice").absolute())
        for number, voice in enumerate(entry.voices, start=1)
    }
    given = {key: source for key in SOURCES if content.get(key) is not None}
    return BenchmarkRow(line, name, content | given | {"cond_audio": voices})
