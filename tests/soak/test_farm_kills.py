"""Six films on two servers; a server, an actor and the driver are killed: none is lost, none made twice."""

import shutil

import pytest

from helpers.running_farm import (
    RunningFarm,
    entries,
    job_list,
    kill,
    no_process_is_left,
    parent_of,
    tiny_graph,
)
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.comfy_place import ComfyPlace

pytestmark = pytest.mark.soak
FILMS, CLIPS = 6, 30
FRAMES = 9 + 8 * (CLIPS - 1)


@pytest.fixture(autouse=True)
def comfyui():
    pytest.importorskip("ray")
    try:
        ComfyPlace.find(None, None)
    except MultiTalkError:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")


def in_the_middle(farm: RunningFarm) -> tuple[str, int]:
    """Wait until a server has stored clips of its film: its name and process."""
    before = farm.stored_clips()
    farm.wait(lambda: farm.stored_clips() >= before + 4 and farm.busy())
    name = farm.busy()[0]
    return name, farm.servers()[name]


def test_six_films_survive_the_death_of_a_server_an_actor_and_the_driver(tmp_path):
    output = tmp_path / "out"
    jobs = [{"id": f"film-{seed}", "overrides": {"10.seed": seed}} for seed in range(FILMS)]
    line = (job_list(tmp_path, *jobs), "--graph", tiny_graph(tmp_path, FRAMES), "--servers", 2)
    with RunningFarm(output, *line) as farm:
        farm.wait(lambda: len(farm.servers()) == 2)
        _, server = in_the_middle(farm)
        kill(server)
        farm.wait(lambda: any("begins again" in each for each in farm.lines))
        farm.wait(lambda: server not in farm.servers().values())
        _, server = in_the_middle(farm)
        kill(parent_of(server))
        farm.wait(lambda: sum("begins again" in each for each in farm.lines) == 2)
        farm.wait(lambda: server not in farm.servers().values())
        in_the_middle(farm)
        kill(farm.process.pid)
        farm.ended()
    print(*farm.lines, sep="\n")
    assert no_process_is_left(output)
    finished = {entry["id"] for entry in entries(output / "results.jsonl")}
    assert len(finished) < FILMS

    with RunningFarm(output, *line) as again:
        assert again.ended() == 0, again.lines
    print(*again.lines, sep="\n")
    assert no_process_is_left(output)
    results = entries(output / "results.jsonl")
    assert sorted(entry["id"] for entry in results) == [job["id"] for job in jobs]
    assert {entry["id"]: entry for entry in results}.keys() >= finished
    assert sorted(path.name for path in (output / "films").iterdir()) == [job["id"] for job in jobs]
    for entry in results:
        assert all((output / "films" / entry["id"] / name).stat().st_size for name in entry["files"])
    assert (output / "failures.jsonl").read_text() == ""
    logs = "".join(path.read_text() for path in (output / "logs").iterdir())
    assert logs.count("resumes after clip") >= 2
    shutil.rmtree(output)
