"""A farm says when its servers' films need more room than the store gives them."""

import json

from helpers.running_farm import PACK, picture_graph
from multitalk_core.farm.store_room import store_warning

DEMO = json.loads((PACK / "workflows" / "api" / "demo.json").read_text())


def test_many_servers_need_a_larger_store():
    assert store_warning(DEMO, 50) is None
    warning = store_warning(DEMO, 256)
    assert "256 servers share a store of 50 GB" in warning and "Store Settings to 256 GB or more" in warning


def test_the_graph_says_how_large_the_store_is():
    store = {"class_type": "MultiTalkStoreSettings", "inputs": {"store_at_most": 300.0}}
    assert store_warning(DEMO | {"store": store}, 256) is None
    store["inputs"]["store_at_most"] = 1.5
    warning = store_warning(DEMO | {"store": store}, 2)
    assert "2 servers share a store of 1.5 GB" in warning


def test_graphs_that_store_no_clips_need_no_room():
    store = {"class_type": "MultiTalkStoreSettings", "inputs": {"store_clips": False, "store_at_most": 1.5}}
    assert store_warning(DEMO | {"store": store}, 256) is None
    store["inputs"]["store_clips"] = True
    assert store_warning(DEMO | {"store": store}, 256) is not None
    assert store_warning(picture_graph("here.png"), 256) is None
