"""A farm with Ray and a real ComfyUI: films, failures, a killed server, a second run."""

import pytest

from helpers.running_farm import (
    RunningFarm,
    entries,
    job_list,
    kill,
    no_process_is_left,
    tiny_graph,
)
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.comfy_place import ComfyPlace

pytest.importorskip("ray")
CLIPS = 12
FRAMES = 9 + 8 * (CLIPS - 1)


@pytest.fixture(scope="module", autouse=True)
def comfyui():
    try:
        return ComfyPlace.find(None, None)
    except MultiTalkError:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")


def test_films_are_made_while_a_server_dies_and_a_graph_fails(tmp_path):
    graph, output = tiny_graph(tmp_path, FRAMES), tmp_path / "out"
    jobs = [{"id": name, "overrides": {"10.seed": seed}} for seed, name in enumerate(("a", "b"))]
    wrong = {"id": "wrong", "overrides": {"10.length": 9, "10.width": 50}}
    line = (job_list(tmp_path, *jobs, wrong), "--graph", graph, "--servers", 1)
    with RunningFarm(output, *line) as farm:
        farm.wait(lambda: farm.stored_clips() >= 2)
        kill(farm.servers()["server-1"])
        assert farm.ended() == 1, farm.lines
    assert no_process_is_left(output)
    results, (failure,) = entries(output / "results.jsonl"), entries(output / "failures.jsonl")
    assert [entry["id"] for entry in results] == ["a", "b"]
    assert failure["id"] == "wrong" and failure["line"] == 3 and "width" in failure["error"]
    assert sum("begins again" in each for each in farm.lines) == 1
    assert "resumes after clip" in "".join(path.read_text() for path in (output / "logs").iterdir())
    for entry in results:
        (film,) = entry["files"]
        content = (output / "films" / entry["id"] / film).read_bytes()
        assert b"DigitalSourceType" in content and b"trainedAlgorithmicMedia" in content
    assert not [path for path in (output / "servers").rglob("*.mp4")]

    with RunningFarm(output, job_list(tmp_path, *jobs), "--graph", graph) as again:
        assert again.ended() == 0
    assert again.lines[0] == "2 films, 2 of them finished"
    with RunningFarm(
        output, job_list(tmp_path, {"id": "a", "overrides": {"10.seed": 9}}), "--graph", graph
    ) as other:
        assert other.ended() == 2
    assert "The film a is finished, and line 1 now asks for another" in other.lines[-1]
