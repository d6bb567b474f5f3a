"""Persons of the tests' pictures through the command `localize`, judged by their true faces."""

import json
from pathlib import Path

import pytest

from multitalk_core.cli.main import main

PICTURES = Path(__file__).parent / "pictures"
TRUTH = json.loads((PICTURES / "truth.json").read_text())


def within(point, edges):
    left, top, right, bottom = edges
    return left <= point[0] <= right and top <= point[1] <= bottom


@pytest.mark.parametrize("entry", TRUTH, ids=lambda entry: entry["file"])
def test_each_true_face_is_one_person_from_left_to_right(entry, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code = main(["localize", "--picture", str(PICTURES / entry["file"]), "--json", "-"])
    said = capsys.readouterr()
    if not entry["faces"]:
        assert code == 2 and "Nobody was found" in said.err and "draw a box" in said.err
        return
    persons = json.loads(said.out)
    assert code == 0 and not list(tmp_path.iterdir())
    centres = [(left + width / 2, top + height / 2) for left, top, width, height in entry["faces"]]
    held = [[within(centre, person["face"]) for person in persons] for centre in centres]
    assert held == [[row == column for column in range(len(persons))] for row in range(len(centres))]
    assert all(within(centre, person["box"]) for centre, person in zip(centres, persons, strict=True))
    assert all(0.7 <= person["certainty"] <= 1 for person in persons)
