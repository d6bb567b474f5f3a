"""The jobs of a farm: one film a line, in JSON Lines, checked before any work."""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from ..errors import MultiTalkError, quoted
from ..files.given import check_file, read_text, without_doubles
from ..files.whole import name_trouble
from ..limits import LONGEST_NAME
from .api_graph import ApiGraph, checked_graph, read_api_graph
from .input_json_job import input_overrides
from .job_overrides import placed_overrides, with_overrides

KEYS = {"id", "graph", "overrides", "input", "film"}
LONGEST_LINE = 5_000_000  # bytes
GRAPHS_IN_MEMORY = 64


@dataclass(frozen=True, slots=True)
class Job:
    """A film to be made.

    Attributes
    ----------
    line : int
        Of the file, from 1.
    id : str
        Names the film's folder.
    graph : Path or ApiGraph
        A file, or the graph itself.
    overrides : dict
        Values of the graph's inputs; see `placed_overrides`.
    digest : str
        Of the graph with its overrides: the same for the same film.
    """

    line: int
    id: str
    graph: Path | ApiGraph
    overrides: dict[str, Any]
    digest: str

    def composed(self) -> ApiGraph:
        """The graph to queue.

        Raises
        ------
        MultiTalkError
            When the graph's file has changed since, and no longer fits.
        """
        graph = _of(self.graph)
        return with_overrides(graph, placed_overrides(graph, self.overrides))


@dataclass(frozen=True)
class JobFile:
    """Where jobs are read.

    Attributes
    ----------
    path : Path
    graph : Path or None
        Of lines that name none.
    inputs : Path or None
        ComfyUI's input folder, if the servers share one: files of MultiTalk inputs are looked for there.
    """

    path: Path
    graph: Path | None = None
    inputs: Path | None = None
    _ids: dict[str, int] = field(default_factory=dict)
    _films: dict[str, int] = field(default_factory=dict)

    def read(self) -> list[Job]:
        """All jobs.

        Raises
        ------
        MultiTalkError
            For the first line that cannot be used; it names the file and the line.
        """
        check_file(self.path, "list of jobs")
        jobs = [self._job(line, text) for line, text in self._lines()]
        if not jobs:
            raise MultiTalkError(f"The list of jobs {self.path} is empty: write one film a line.")
        return jobs

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The lines that are not empty, with their numbers."""
        with self.path.open("rb") as file:
            for line, content in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
                if len(content) > LONGEST_LINE:
                    longest = f"{LONGEST_LINE / 1e6:g} MB"
                    raise self._wrong(line, f"it is longer than {longest}: put its graph into a file.")
                try:
                    text = content.decode("utf-8-sig" if line == 1 else "utf-8").strip()
                except UnicodeDecodeError as error:
                    raise self._wrong(line, "it is not UTF-8 text: save the file as UTF-8.") from error
                if text:
                    yield line, text

    def _wrong(self, line: int, sentence: object) -> MultiTalkError:
        return MultiTalkError(f"{self.path}, line {line}: {sentence}")

    def _job(self, line: int, text: str) -> Job:
        try:
            content = _parsed(text)
            name = self._checked_id(line, content)
            graph = self._graph(content)
            overrides = self._overrides(content, graph)
            digest = _digest(graph, overrides)
            if (first := self._films.setdefault(digest, line)) != line:
                raise MultiTalkError(
                    f"it is the same film as line {first}: give it another seed, or leave it out."
                )
            return Job(line, name, graph, overrides, digest)
        except MultiTalkError as error:
            raise self._wrong(line, error) from error

    def _checked_id(self, line: int, content: dict[str, Any]) -> str:
        """The id, which has to do as the name of a folder."""
        name = content.get("id")
        if not isinstance(name, str):
            raise MultiTalkError('it has no id: write a text such as "id": "talk-1".')
        trouble = name_trouble(name, windows=True) or not name.isprintable()
        if trouble or name.startswith(".") or {*name} & {*"/\\"} or len(name) > LONGEST_NAME:
            raise MultiTalkError(
                f"the id {quoted(name)} cannot name a folder: use letters, digits, - and _, at most "
                f"{LONGEST_NAME}."
            )
        if (first := self._ids.setdefault(name.casefold(), line)) != line:
            raise MultiTalkError(f"the id {quoted(name)} is that of line {first}: choose another.")
        return name

    def _graph(self, content: dict[str, Any]) -> Path | ApiGraph:
        given = content.get("graph")
        if isinstance(given, str) and given:
            return (self.path.absolute().parent / given).absolute()
        if given is not None:
            return checked_graph(given, "its graph")
        if self.graph is None:
            raise MultiTalkError('it has no graph: write "graph": "FILE.json", or name one with --graph.')
        return self.graph.absolute()

    def _overrides(self, content: dict[str, Any], graph: Path | ApiGraph) -> dict[str, Any]:
        given = content.get("overrides", {})
        if not isinstance(given, dict):
            raise MultiTalkError('its overrides are no object: write {"NODE.input": value, ...}.')
        if "input" not in content:
            if "film" in content:
                raise MultiTalkError("it has a film and no input: film says which one of an input's films.")
            return given
        text = content["input"]
        if isinstance(text, str):
            text = read_text(self.path.absolute().parent / text, "MultiTalk input", LONGEST_LINE)
        else:
            text = json.dumps(text)
        film = content.get("film", 1)
        return given | input_overrides(_of(graph), text, film=film, inputs=self.inputs)


def _parsed(text: str) -> dict[str, Any]:
    try:
        content = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=without_doubles
        )
    except MultiTalkError:
        raise
    except (ValueError, RecursionError) as error:
        raise MultiTalkError("it is not valid JSON: write one object a line.") from error
    if not isinstance(content, dict):
        raise MultiTalkError('it is no object: write {"id": ..., "graph": ..., "overrides": {...}}.')
    if unknown := sorted(content.keys() - KEYS):
        raise MultiTalkError(f'it has "{quoted(unknown[0])}": write id, graph, overrides, input or film.')
    return content


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _finite(word: str) -> float:
    number = float(word)
    if math.isinf(number):
        raise MultiTalkError(f"the number {quoted(word)} is too large: write a smaller one.")
    return number


def _digest(graph: Path | ApiGraph, overrides: dict[str, Any]) -> str:
    """Of all that a film is made of: the same for the same graph with the same values."""
    own = _digest_once(graph) if isinstance(graph, Path) else _digest_of(graph)
    placed = sorted(placed_overrides(_of(graph), overrides).items())
    return hashlib.sha256(f"{own} {json.dumps(placed)}".encode()).hexdigest()


def _of(graph: Path | ApiGraph) -> ApiGraph:
    return _read_once(graph) if isinstance(graph, Path) else graph


def _digest_of(graph: ApiGraph) -> str:
    return hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()


@lru_cache(GRAPHS_IN_MEMORY)
def _read_once(path: Path) -> ApiGraph:
    """A graph's file, read once for all jobs that name it."""
    return read_api_graph(path)


@lru_cache(GRAPHS_IN_MEMORY)
def _digest_once(path: Path) -> str:
    return _digest_of(_read_once(path))
