"""What `inspect` says of a table, and which files it takes for one."""

from pathlib import Path

import pytest

from multitalk_core.audio.turns_inspection import inspect_turns, is_table
from multitalk_core.demo.files import EMBEDDED

FIELD = Path(__file__).parents[1] / "field" / "tables"


def test_a_table_is_described_with_its_speakers_in_their_order():
    assert inspect_turns(FIELD / "nist.rttm").as_json() == {
        "kind": "turns",
        "speakers": ["FEE016", "MEO015"],
        "turns": [["FEE016", 0, 5.29], ["MEO015", 5.18, 8.06]],
    }
    lines = inspect_turns(FIELD / "only_number_2.csv").lines()
    assert "turn      2, 0.5 to 2 s" in lines and "look at   The table numbers its speakers: 2." in lines


def test_numbers_come_in_their_order_and_what_is_unclear_is_said(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("speaker,start,end\n3,0,1\n1,1,2\n")
    assert inspect_turns(path).as_json()["speakers"] == ["1", "3"]
    path.write_text("speaker,start,end\n3,0,1\nanna,1,2\n")
    described = inspect_turns(path)
    assert described.as_json()["speakers"] == ["3", "anna"] and "mixes numbers" in described.remarks[0]


@pytest.mark.parametrize("path", sorted(FIELD.iterdir()), ids=lambda path: path.name)
def test_every_table_is_taken_for_one_by_its_name_and_by_its_content(tmp_path, path):
    assert is_table(path)
    nameless = tmp_path / "table"
    nameless.write_bytes(path.read_bytes())
    assert is_table(nameless) or path.name == "windows_1252.csv"


def test_nothing_else_is_taken_for_a_table(tmp_path):
    others = [path for path in EMBEDDED.rglob("*") if path.suffix != ".json" and path.name != "text.txt"]
    (tmp_path / "notes").write_text("Anna speaks first, then Ben.")
    (tmp_path / "ascii.ppm").write_text("P3\n1 1\n255\n0 0 0\n")
    others += [tmp_path / "notes", tmp_path / "ascii.ppm", tmp_path, tmp_path / "missing.csv"]
    assert not [path.name for path in others if is_table(path)]
