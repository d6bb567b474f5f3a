"""A farm joins a ComfyUI that runs: its film is fetched, and Ctrl-C leaves nothing in its queue."""

import json
import signal
import urllib.request

import pytest

from helpers.running_farm import RunningFarm, entries, job_list, tiny_graph
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.comfy_child import ComfyChild, ComfyFolders
from multitalk_core.farm.comfy_place import ComfyPlace

pytest.importorskip("ray")


@pytest.fixture
def server(tmp_path):
    try:
        place = ComfyPlace.find(None, None)
    except MultiTalkError:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    own, inputs, user = (tmp_path / name for name in ("own", "input", "user"))
    for folder in (own, inputs, user):
        folder.mkdir()
    child = ComfyChild(
        place, ComfyFolders(own=own, log=tmp_path / "log", inputs=inputs, user=user), ["--cpu"]
    )
    yield child
    child.stop()


def test_a_server_that_runs_is_joined(tmp_path, server):
    output, graph = tmp_path / "out", tiny_graph(tmp_path, 17)
    jobs = job_list(tmp_path, {"id": "short"}, {"id": "long", "overrides": {"10.length": 3201}})
    with RunningFarm(output, jobs, "--graph", graph, "--join", server.api.url) as farm:
        farm.wait(lambda: any("long on server-1" in line for line in farm.lines))
        farm.process.send_signal(signal.SIGINT)
        assert farm.ended() == 130, farm.lines
    (result,) = entries(output / "results.jsonl")
    (film,) = result["files"]
    fetched = (output / "films" / "short" / film).read_bytes()
    (kept,) = (tmp_path / "own" / "output").rglob(film)
    assert fetched == kept.read_bytes() and server.lives()
    with urllib.request.urlopen(f"{server.api.url}/queue") as answer:
        assert json.load(answer) == {"queue_running": [], "queue_pending": []}
