"""From version 0.2.0 on, what users' graphs, scripts and files rely on is only appended to."""

import copy
import json
from pathlib import Path

import pytest

from helpers.recorded_contracts import RECORD, broken, contracts
from multitalk_core import __version__

RECORDED = json.loads(RECORD.read_text())
CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()


def test_all_that_was_released_is_still_there_and_nothing_new_is_required(tmp_path):
    assert sorted(broken(RECORDED, contracts(tmp_path))) == [], "docs/extending.md says how to append"


def test_the_version_has_its_section_below_what_is_unreleased():
    sections = [line for line in CHANGELOG.splitlines() if line.startswith("## ")]
    assert sections[0] == "## Unreleased" and sections[1].startswith(f"## {__version__} - 20")


def remove_an_input(now: dict) -> None:
    del now["nodes"]["MultiTalkSampler"]["inputs"][-1]


def put_an_input_first(now: dict) -> None:
    inputs = now["nodes"]["MultiTalkSigmas"]["inputs"]
    inputs.insert(0, inputs.pop())


def retype_an_input(now: dict) -> None:
    now["nodes"]["MultiTalkSigmas"]["inputs"][0]["type"] = "FLOAT"


def change_a_default(now: dict) -> None:
    now["nodes"]["MultiTalkSigmas"]["inputs"][0]["default"] = 41


def append_a_required_input(now: dict) -> None:
    now["nodes"]["MultiTalkSigmas"]["inputs"].append({"id": "new", "required": True})


def remove_a_choice(now: dict) -> None:
    timing = now["nodes"]["MultiTalkAudioEncoder"]["inputs"][1]
    assert timing["options"].pop("table")


def remove_an_output(now: dict) -> None:
    del now["nodes"]["MultiTalkLongVideo"]["outputs"][0]


def rename_a_node(now: dict) -> None:
    now["nodes"]["MultiTalkClips"] = now["nodes"].pop("MultiTalkLongVideo")


def rename_an_option(now: dict) -> None:
    options = now["commands"]["commands"]["generate"]["options"]
    options["--number-of-steps"] = options.pop("--steps")


def change_the_default_of_an_option(now: dict) -> None:
    now["commands"]["commands"]["generate"]["options"]["--steps"]["default"] = "41"


def require_a_new_option(now: dict) -> None:
    now["commands"]["commands"]["generate"]["options"]["--new"] = {"required": True}


def rename_a_store_key(now: dict) -> None:
    now["store"]["description"]["amount of steps"] = now["store"]["description"].pop("steps")


def change_the_format_of_stored_clips(now: dict) -> None:
    now["store"]["clip"]["metadata"]["format"] = "multitalk clip 2"


def rename_an_adapter_key(now: dict) -> None:
    now["adapter"]["projection.weight"] = now["adapter"].pop("audio_proj.proj1.weight")


@pytest.mark.parametrize(
    "change",
    [
        remove_an_input,
        put_an_input_first,
        retype_an_input,
        change_a_default,
        append_a_required_input,
        remove_a_choice,
        remove_an_output,
        rename_a_node,
        rename_an_option,
        change_the_default_of_an_option,
        require_a_new_option,
        rename_a_store_key,
        change_the_format_of_stored_clips,
        rename_an_adapter_key,
    ],
)
def test_a_change_of_what_was_released_is_found(change):
    now = copy.deepcopy(RECORDED)
    change(now)
    assert list(broken(RECORDED, now))


def test_what_is_appended_breaks_nothing():
    now = copy.deepcopy(RECORDED)
    sigmas = now["nodes"]["MultiTalkSigmas"]
    sigmas["inputs"].append({"id": "denoise", "type": "FLOAT", "required": False, "default": 1.0})
    sigmas["outputs"].append({"name": "count", "type": "INT"})
    now["nodes"]["MultiTalkNew"] = {"inputs": [{"id": "file", "type": "STRING", "required": True}]}
    now["commands"]["commands"]["generate"]["options"]["--new"] = {"required": False, "default": "None"}
    now["commands"]["commands"]["new"] = {"options": {"--file": {"required": True}}}
    now["store"]["description"]["new"] = {}
    assert list(broken(RECORDED, now)) == []
