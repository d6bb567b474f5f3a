"""Two servers that the farm owns, of which one is broken: it is restarted, then given up for the other."""

import json

import pytest

from helpers.running_farm import (
    RunningFarm,
    entries,
    job_list,
    no_process_is_left,
    picture,
    picture_graph,
)
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.comfy_place import ComfyPlace

pytest.importorskip("ray")
pytestmark = pytest.mark.soak

# Stands for ComfyUI's interpreter: server-1 has another input folder, server-2 starts when it may.
WRAPPER = """#!/bin/sh
case "$*" in
*servers/server-1*) exec "{python}" "$@" --input-directory "{empty}" ;;
*) while [ ! -e "{go}" ]; do sleep 0.1; done; exec "{python}" "$@" ;;
esac
"""


def test_a_server_of_two_is_restarted_then_given_up_and_its_films_are_made_by_the_other(tmp_path):
    try:
        comfyui = ComfyPlace.find(None, None)
    except MultiTalkError:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    output, empty, go = tmp_path / "out", tmp_path / "empty", tmp_path / "go"
    empty.mkdir()
    wrapper = tmp_path / "python"
    wrapper.write_text(WRAPPER.format(python=comfyui.python, empty=empty, go=go))
    wrapper.chmod(0o755)
    picture(tmp_path / "here.png")
    graph = tmp_path / "picture.json"
    graph.write_text(json.dumps(picture_graph("here.png")))
    names = [f"job-{number}" for number in range(8)]
    jobs = [{"id": name, "overrides": {"2.filename_prefix": name}} for name in names]
    line = (job_list(tmp_path, *jobs), "--graph", graph, "--servers", 2, "--comfyui-python", wrapper)
    line += ("--comfyui", comfyui.folder, "--comfyui-options=--disable-all-custom-nodes")
    with RunningFarm(output, *line) as farm:
        farm.wait(lambda: sum("failed on server-1 and is tried" in each for each in farm.lines) == 6)
        go.touch()
        assert farm.ended() == 0, farm.lines
    assert no_process_is_left(output)
    assert farm.lines.count("server-1 is restarted: 3 films in a row failed there.") == 1
    assert any("server-1 is given up. Films fail there that another server makes" in e for e in farm.lines)
    results = entries(output / "results.jsonl")
    assert sorted(entry["id"] for entry in results) == names
    assert {entry["server"] for entry in results} == {"server-2"}
    assert (output / "failures.jsonl").read_text() == ""
