"""A farm with Ray and real ComfyUI servers: films, failures, servers that die, fail or do not start."""

import json

import pytest

from helpers.running_farm import (
    RunningFarm,
    entries,
    job_list,
    kill,
    no_process_is_left,
    picture,
    picture_graph,
    tiny_graph,
)

pytest.importorskip("ray")
pytestmark = pytest.mark.usefixtures("comfyui")
CLIPS = 12
FRAMES = 9 + 8 * (CLIPS - 1)


def pictures(folder, *names):
    """A list of graphs that each save a picture of the input folder, and the graph."""
    graph = folder / "picture.json"
    graph.write_text(json.dumps(picture_graph("here.png")))
    jobs = [
        {"id": f"job-{number}", "overrides": {"1.image": name, "2.filename_prefix": str(number)}}
        for number, name in enumerate(names, start=1)
    ]
    return job_list(folder, *jobs), "--graph", graph


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
    assert again.lines[0] == "2 of 2 films are finished"
    with RunningFarm(
        output, job_list(tmp_path, {"id": "a", "overrides": {"10.seed": 9}}), "--graph", graph
    ) as other:
        assert other.ended() == 2
    assert "The film a is finished, and line 1 now asks for another" in other.lines[-1]


def test_a_server_on_which_all_fails_is_given_up_and_its_films_are_made_elsewhere(server, started, tmp_path):
    """One of two joined servers lacks the picture that films need."""
    bare, output = started(with_picture=False), tmp_path / "out"
    line = pictures(tmp_path, *["here.png"] * 12)
    with RunningFarm(output, *line, "--join", bare.api.url, "--join", server.api.url) as farm:
        assert farm.ended() == 0, farm.lines
    assert len(entries(output / "results.jsonl")) == 12
    assert {entry["server"] for entry in entries(output / "results.jsonl")} == {"server-2"}
    assert any("failed on server-1 and is tried on another one: node 1" in each for each in farm.lines)
    assert any("server-1 is given up. Films fail there that another server makes" in e for e in farm.lines)


def test_a_film_that_fails_on_two_servers_has_failed_and_neither_is_given_up(server, started, tmp_path):
    second, output = started(with_picture=True), tmp_path / "out"
    line = pictures(tmp_path, *["gone.png"] * 8, "here.png")
    with RunningFarm(output, *line, "--join", second.api.url, "--join", server.api.url) as farm:
        assert farm.ended() == 1, farm.lines
    assert [entry["id"] for entry in entries(output / "results.jsonl")] == ["job-9"]
    assert len(entries(output / "failures.jsonl")) == 8
    assert not any("given up" in each for each in farm.lines)


def test_a_lone_server_is_restarted_and_one_that_does_not_start_is_given_up(tmp_path):
    output = tmp_path / "out"
    (output / "logs" / "server-2.log").mkdir(parents=True)  # so its log cannot be opened
    picture(tmp_path / "here.png")
    line = (*pictures(tmp_path, *["gone.png"] * 3, "here.png"), "--servers", 2)
    with RunningFarm(output, *line) as farm:
        assert farm.ended() == 1, farm.lines
    assert no_process_is_left(output)
    assert any("server-2 is given up." in each and "server-2.log" in each for each in farm.lines)
    assert "server-1 is restarted: 3 films in a row failed there." in farm.lines
    assert sum("server-1 is ready" in each for each in farm.lines) == 2
    assert [entry["id"] for entry in entries(output / "results.jsonl")] == ["job-4"]
    assert len(entries(output / "failures.jsonl")) == 3
