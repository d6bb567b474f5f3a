"""docs/examples/headless.py against a real server: it queues a workflow and says what came of it."""

import json
import re
import subprocess
import sys
from pathlib import Path

PACK = Path(__file__).parents[2]


def test_headless_example_follows_a_workflow_to_its_end(server, tmp_path):
    graph = json.loads((PACK / "workflows" / "api" / "demo.json").read_text())
    (long_video,) = (node for node in graph.values() if node["class_type"] == "MultiTalkLongVideo")
    long_video["inputs"] |= {"steps": 1, "length": 13, "store_settings": ["not stored", 0]}
    graph["not stored"] = {
        "class_type": "MultiTalkStoreSettings",
        "inputs": {"store_clips": False, "store_at_most": 50.0, "stop_after": 0},
    }
    workflow = tmp_path / "short.json"
    workflow.write_text(json.dumps(graph))
    example = [sys.executable, PACK / "docs" / "examples" / "headless.py", server.address, workflow]
    ran = subprocess.run(example, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    *events, outputs = ran.stdout.splitlines()
    assert "execution_success " in events and "preview " in events
    assert re.search(r"demo_\d{5}_\.mp4", outputs)
