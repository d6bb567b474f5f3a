"""A farm's driver on a Ray cluster whose machines leave."""

import time
from collections import deque

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.farm_actor import ServerSettings
from multitalk_core.farm.farm_driver import FarmDriver, FarmOptions
from multitalk_core.farm.farm_folder import FarmFolder
from multitalk_core.farm.farm_progress import FarmProgress
from multitalk_core.farm.ray_cluster import RayCluster, connected

pytest.importorskip("ray")


def driver_of(output: FarmFolder, cluster: RayCluster) -> FarmDriver:
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
    return FarmDriver(options, cluster, FarmProgress(1, 0), pending=deque())


def test_a_cluster_that_does_not_answer_is_refused_at_once():
    with (
        pytest.raises(MultiTalkError, match=r"Ray cannot be reached \(127.0.0.1:1: .*refused"),
        connected("127.0.0.1:1", servers=1, dashboard=False),
    ):
        pass


def test_a_cluster_may_lose_its_last_gpu_but_not_begin_without_one(tmp_path, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 0})
    try:
        gpu = machines.add_node(num_cpus=1, num_gpus=1)
        output = FarmFolder(tmp_path)
        with output.opened(), connected(machines.address, servers=1, dashboard=False) as cluster:
            driver = driver_of(output, cluster)
            driver._grow()
            (server,) = driver.servers
            machines.remove_node(gpu)
            deadline = time.monotonic() + 60
            while cluster.gpus:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            driver._grow()
            assert driver.servers == [server]
            with pytest.raises(MultiTalkError, match="The cluster has no GPU"):
                driver_of(output, cluster)._grow()
    finally:
        machines.shutdown()
