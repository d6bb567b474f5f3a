"""A farm's driver on Ray: machines that leave and join, and reports that come together."""

import time
from collections import deque
from collections.abc import Iterator

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.farm_actor import Report, ServerSettings
from multitalk_core.farm.farm_driver import MOST_FAILURES, FarmDriver, FarmOptions
from multitalk_core.farm.farm_folder import FarmFolder
from multitalk_core.farm.farm_progress import FarmProgress
from multitalk_core.farm.jobs import Job
from multitalk_core.farm.ray_cluster import RayCluster, connected
from multitalk_core.farm.trials import Trial
from tools.scale.driver_trial import StandIn

pytest.importorskip("ray")
SMALL_STORE = {
    "1": {"class_type": "MultiTalkLongVideo", "inputs": {}},
    "2": {"class_type": "MultiTalkStoreSettings", "inputs": {"store_at_most": 1.5}},
}


def driver_of(output: FarmFolder, cluster: RayCluster, *jobs: Job) -> FarmDriver:
    settings = ServerSettings(
        output=output, inputs=output.root, user=output.root, comfyui=output.root, python=None, options=()
    )
    options = FarmOptions(
        settings=settings,
        servers=None,
        joined=(),
        cluster="a cluster",
        dashboard=False,
        retries=0,
        keep_free=0.0,
    )
    return FarmDriver(options, cluster, FarmProgress(len(jobs), 0), pending=deque(jobs))


def test_a_cluster_that_does_not_answer_is_refused_at_once():
    with (
        pytest.raises(MultiTalkError, match=r"Ray cannot be reached \(127.0.0.1:1: .*refused"),
        connected("127.0.0.1:1", servers=1, dashboard=False),
    ):
        pass


def test_where_ray_does_not_start_its_reason_is_kept(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "file"))
    with (
        pytest.raises(MultiTalkError, match=r"Ray does not start .*Not a directory.*: look whether"),
        connected(None, servers=1, dashboard=False),
    ):
        pass


@pytest.fixture
def machines(monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 0})
    yield cluster
    cluster.shutdown()


def wait_for_gpus(cluster: RayCluster, number: int) -> None:
    deadline = time.monotonic() + 60
    while cluster.gpus != number:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_machines_that_leave_and_join(machines, tmp_path, capsys):
    """A farm may lose its last GPU, but not begin without one; servers that join may need a larger store."""
    gpu = machines.add_node(num_cpus=1, num_gpus=1)
    output = FarmFolder(tmp_path)
    gone = Job(1, "gone", tmp_path / "gone.json", {}, "")
    film = Job(2, "film", SMALL_STORE, {}, "")
    with output.opened(), connected(machines.address, servers=1, dashboard=False) as cluster:
        driver = driver_of(output, cluster, film)
        driver._grow()
        (server,) = driver.servers
        assert "store" not in capsys.readouterr().out
        machines.remove_node(gpu)
        wait_for_gpus(cluster, 0)
        driver._grow()
        assert driver.servers == [server]
        with pytest.raises(MultiTalkError, match="The cluster has no GPU"):
            driver_of(output, cluster)._grow()
        machines.add_node(num_cpus=1, num_gpus=3)
        wait_for_gpus(cluster, 3)
        driver.pending.appendleft(gone)
        driver._grow()
        assert len(driver.servers) == 3 and not capsys.readouterr().out
        driver.pending.popleft()
        driver._grow()
        driver._grow()
        assert capsys.readouterr().out.count("3 servers share a store of 1.5 GB") == 1


def test_films_that_two_servers_finish_at_once_are_both_finished(tmp_path):
    """The first shows that the second is to blame, whose own film is finished in the same moment."""
    import ray

    class Finisher:  # here, so that Ray sends it to the actor's process by value
        def start(self, again: bool) -> Report:
            return Report("ready", "a stand-in")

        def make(self, name: str, graph: object, digest: str) -> Iterator[Report]:
            yield Report("finished", record={"id": name, "seconds": 0})

    output = FarmFolder(tmp_path)
    tried, other = (Job(line, name, {}, {}, "") for line, name in enumerate(("tried", "other"), 1))
    with output.opened(), connected(None, servers=2, dashboard=False) as cluster:
        driver = driver_of(output, cluster)
        driver.servers = [StandIn(name, ray.remote(Finisher).remote()) for name in ("good", "doubted")]
        good, doubted = driver.servers
        while not (good.idle and doubted.idle):
            driver._wait()
        doubted.failures = MOST_FAILURES
        driver.trials.add(Trial(tried, doubted, "It fails."))
        good.take(driver.trials.take(good))
        doubted.take(other)
        ray.wait([good.waited, doubted.waited], num_returns=2)
        driver._wait()
        assert [record["id"] for record in output.results.entries()] == ["tried", "other"]
        assert not driver.pending and driver.servers == [good, doubted]
