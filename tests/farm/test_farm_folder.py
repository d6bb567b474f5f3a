"""The farm's output: a film appears whole and once, lists survive kills, one farm writes at a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.farm_folder import FarmFolder
from multitalk_core.farm.journal import Journal

PACK = Path(__file__).parents[2]


def delivered(output: FarmFolder, name: str, content: str) -> dict:
    part = output.new_part(name)
    (part / "film.mp4").write_text(content)
    return output.deliver(part, {"id": name, "files": ["film.mp4"], "content": content})


def test_a_film_that_is_delivered_twice_stays_as_it_is(tmp_path):
    output = FarmFolder(tmp_path)
    with output.opened():
        assert delivered(output, "a", "first")["content"] == "first"
        assert delivered(output, "a", "second")["content"] == "first"
        assert (output.films / "a" / "film.mp4").read_text() == "first"
        assert [path.name for path in output.films.iterdir()] == ["a"]


def test_what_a_kill_left_is_cleared_and_its_records_are_found(tmp_path):
    output = FarmFolder(tmp_path)
    with output.opened():
        delivered(output, "a", "film")
        delivered(output, "b", "film")
        output.results.append({"id": "a", "files": ["film.mp4"]})
        with output.results.path.open("a") as file:
            file.write('{"id": "b", "fil')  # killed in the middle of the line
        output.new_part("c")
        (output.films / ".mine.part").mkdir()
    with output.opened():
        assert list(output.finished()) == ["a", "b"]
        assert [entry["id"] for entry in output.results.entries()] == ["a", "b"]
        assert sorted(path.name for path in output.films.iterdir()) == [".mine.part", "a", "b"]


def test_a_film_that_was_moved_away_is_asked_for_again(tmp_path):
    output = FarmFolder(tmp_path)
    with output.opened():
        output.results.append(delivered(output, "a", "film"))
        (output.films / "a").rename(tmp_path / "kept")
        assert not output.finished() and not list(output.results.entries())


def test_a_second_farm_is_refused(tmp_path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from multitalk_core.farm.farm_folder import FarmFolder\n"
        "with FarmFolder(Path(sys.argv[1])).opened():\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=PACK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "open\n"
        with (
            pytest.raises(MultiTalkError, match=f"Process {first.pid} is making films"),
            FarmFolder(tmp_path).opened(),
        ):
            pass
        first.kill()
    with FarmFolder(tmp_path).opened():  # the lock died with it
        pass


def test_a_journal_grows_line_by_line(tmp_path):
    journal = Journal(tmp_path / "list.jsonl")
    assert list(journal.entries()) == []
    journal.append({"id": "ä"})
    journal.append({"id": "b"})
    assert [json.loads(line)["id"] for line in journal.path.read_text().splitlines()] == ["ä", "b"]
