"""Queue a workflow over ComfyUI's HTTP API and follow it to its end.

    python docs/examples/headless.py [SERVER [WORKFLOW]]

SERVER is a running ComfyUI, 127.0.0.1:8188 by default; WORKFLOW is in API format, workflows/api/demo.json by
default. It needs `pip install websocket-client`.
"""

import json
import sys
import urllib.request
import uuid

import websocket

defaults = ["127.0.0.1:8188", "workflows/api/demo.json"]
server, workflow = sys.argv[1:3] + defaults[len(sys.argv[1:3]) :]
client = uuid.uuid4().hex
events = websocket.create_connection(f"ws://{server}/ws?clientId={client}")
with open(workflow) as file:
    prompt = json.dumps({"prompt": json.load(file), "client_id": client})
queued = json.load(urllib.request.urlopen(f"http://{server}/prompt", prompt.encode()))["prompt_id"]
while True:
    message = events.recv()
    event = json.loads(message) if isinstance(message, str) else {"type": "preview"}
    data = event.get("data", {})
    print(event["type"], data.get("value", ""))
    # After execution_success ComfyUI still writes the history; "executing" without a node comes last.
    if event["type"] == "executing" and data["node"] is None and data["prompt_id"] == queued:
        break
print(json.load(urllib.request.urlopen(f"http://{server}/history/{queued}"))[queued]["outputs"])
