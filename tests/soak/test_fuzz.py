"""The whole fuzz of the nodes: `make soak`."""

import pytest

from comfyui.comfy_server import ComfyServer, find_comfyui
from multitalk_core.demo.files import EMBEDDED
from soak.fuzz_server import Fuzz

pytestmark = pytest.mark.soak


def test_fifteen_hundred_prompts(tmp_path):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    with ComfyServer(tmp_path) as server:
        fuzz = Fuzz(server, server.upload(EMBEDDED / "picture.png"), seed=0)
        counts = fuzz.run(1500)
        ours = {kind for kind in server.object_info if kind.startswith("MultiTalk")}
    print(counts)
    assert fuzz.nodes() == ours, "nodes that no graph has"
    assert not fuzz.untried, "inputs that were never changed"
    assert not counts.faults, "\n".join(counts.faults)
