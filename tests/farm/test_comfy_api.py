"""A graph on a real ComfyUI that somebody else uses too."""

import json
import urllib.request

import pytest

from helpers.running_farm import picture_graph, tiny_graph
from multitalk_core.farm.comfy_api import ComfyApi, FailedGraph, LostServer
from multitalk_core.farm.farm_actor import FarmActor, ServerSettings
from multitalk_core.farm.farm_folder import FarmFolder


def result(events):
    """What a graph saved, once it has ended."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def test_a_graph_that_is_too_large_has_failed(server):
    graph = picture_graph("here.png") | {"3": {"class_type": "Note", "inputs": {"text": "a" * 2_000_000}}}
    with pytest.raises(FailedGraph, match=r"HTTP 413, .*larger --max-upload-size"):
        next(ComfyApi(server.api.url).run(graph))


def test_a_graph_that_somebody_removes_from_the_queue_is_lost(server, tmp_path):
    long = json.loads(tiny_graph(tmp_path, 8009).read_text())
    first, second = ComfyApi(server.api.url), ComfyApi(server.api.url)
    running = first.run(long)
    prompt = next(running)
    next(running)
    try:
        waiting = second.run(picture_graph("here.png"))
        next(waiting)
        request = urllib.request.Request(f"{server.api.url}/queue", b'{"clear": true}')
        urllib.request.urlopen(request).close()
        with pytest.raises(LostServer, match="removed from the queue"):
            result(waiting)
    finally:
        first.cancel(prompt)
    with pytest.raises(LostServer, match="interrupted"):
        result(running)


def test_a_graph_whose_end_was_not_reported_has_ended(server):
    """A second connection under the same name gets what ComfyUI reports."""
    import websocket

    api = ComfyApi(server.api.url)
    events = api.run(picture_graph("here.png", "unreported"))
    next(events)
    address = f"{api.url.replace('http', 'ws', 1)}/ws?clientId={api.client}"
    other = websocket.create_connection(address)
    (saved,) = result(events)
    other.close()
    assert saved["filename"].startswith("unreported")


def test_a_film_that_cannot_be_delivered_leaves_nothing(server, tmp_path):
    output = FarmFolder(tmp_path)
    settings = ServerSettings(
        output=output, inputs=tmp_path, user=tmp_path, comfyui=None, python=None, options=()
    )
    with output.opened():
        actor = FarmActor("server-1", settings, token=output.token, joined=server.api.url)
        assert actor.start(again=False).kind == "ready"
        (output.films / "a").write_text("not a folder")
        with pytest.raises(NotADirectoryError):
            list(actor.make("a", picture_graph("here.png"), "digest"))
        assert [path.name for path in output.films.iterdir()] == ["a"]
