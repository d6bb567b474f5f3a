"""A disk that is nearly full ends a farm with one sentence, before it begins or between two films."""

import os
import subprocess

import pytest

from helpers.running_farm import RunningFarm, entries, job_list, picture_graph, tiny_graph

pytest.importorskip("ray")
MEGABYTE = 10**6


@pytest.fixture
def disk(tmp_path):
    """A disk of 300 MB that nothing else fills."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={300 * MEGABYTE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: run as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_nothing_starts_on_a_full_disk(tmp_path):
    jobs = job_list(tmp_path, {"id": "a", "graph": picture_graph("here.png")})
    with RunningFarm(tmp_path / "out", jobs, keep_free=100_000) as farm:
        assert farm.ended() == 2
    first, last = farm.lines
    assert first == "0 of 1 films are finished"
    assert "has less than 100000 GB free: free some space, or lower --keep-free" in last


def test_a_disk_that_fills_stops_the_farm_after_the_films_that_run(server, disk, tmp_path):
    output = disk / "out"
    jobs = [{"id": "long", "graph": str(tiny_graph(tmp_path, 401))}]
    jobs += [{"id": "next", "graph": picture_graph("here.png")}]
    line = (job_list(tmp_path, *jobs), "--join", server.api.url)
    with RunningFarm(output, *line, keep_free=0.2) as farm:
        farm.wait(lambda: any("long begins" in each for each in farm.lines))
        with (disk / "filling").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 150 * MEGABYTE)
        assert farm.ended() == 2, farm.lines
    assert "free some space, or lower --keep-free, and run the same command again" in farm.lines[-1]
    assert [entry["id"] for entry in entries(output / "results.jsonl")] == ["long"]
    assert (output / "failures.jsonl").read_text() == ""
    with RunningFarm(output, *line) as again:
        assert again.ended() == 0, again.lines
    assert [entry["id"] for entry in entries(output / "results.jsonl")] == ["long", "next"]
