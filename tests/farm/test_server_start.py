"""What a server's machine checks before it takes a film, and what its log cannot stop."""

import sys
from pathlib import Path

import pytest

from multitalk_core.farm.comfy_child import LOG_BYTES, ComfyChild, ComfyFolders
from multitalk_core.farm.comfy_place import ComfyPlace
from multitalk_core.farm.farm_actor import FarmActor, Report, ServerSettings
from multitalk_core.farm.farm_folder import FarmFolder

TALKATIVE = """
import http.server, sys
for _ in range(LINES):
    print("x" * 99)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"system": {}}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Answer).serve_forever()
"""


def started(output: FarmFolder, token: str, comfyui: Path | None = None) -> Report:
    settings = ServerSettings(
        output=output,
        inputs=output.root,
        user=output.root,
        comfyui=comfyui,
        python=Path(sys.executable),
        options=(),
    )
    return FarmActor("server-1", settings, token=token, joined=None).start(again=False)


def test_an_output_that_is_not_shared_is_refused_before_any_film(tmp_path):
    """Each machine has a folder of that name, and the worker's is another one."""
    here, there = FarmFolder(tmp_path / "here"), FarmFolder(tmp_path / "there")
    with here.opened(), there.opened():
        report = started(there, here.token)
    assert report.kind == "failed" and "is not that of the command: name an --output" in report.text
    assert not list((there.root / "servers").iterdir())


def test_a_machine_that_has_no_such_folder_is_refused(tmp_path):
    report = started(FarmFolder(tmp_path / "gone"), "token")
    assert report.kind == "failed" and "name an --output that all machines share" in report.text
    assert not (tmp_path / "gone").exists()


def test_a_machine_without_websocket_client_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "websocket", None)
    output = FarmFolder(tmp_path)
    with output.opened():
        report = started(output, output.token)
    assert report.kind == "failed" and "pip install websocket-client" in report.text


def test_a_log_that_cannot_be_opened_is_reported_before_comfyui_starts(tmp_path):
    pytest.importorskip("websocket")
    output, comfyui = FarmFolder(tmp_path / "out"), tmp_path / "comfyui"
    comfyui.mkdir()
    (comfyui / "main.py").write_text("open('started', 'w')")
    with output.opened():
        (output.root / "logs" / "server-1.log").mkdir()
        report = started(output, output.token, comfyui)
    assert report.kind == "failed" and "server-1.log" in report.text
    assert not (comfyui / "started").exists()


def talkative(folder: Path, lines: int, log: Path) -> ComfyChild:
    """A server that has printed so many lines of 100 bytes when it answers."""
    (folder / "main.py").write_text(TALKATIVE.replace("LINES", str(lines)))
    (folder / "custom_nodes" / "pack" / "multitalk_core").mkdir(parents=True)
    (folder / "custom_nodes" / "pack" / "multitalk_core" / "__init__.py").touch()
    folders = ComfyFolders(own=folder / "own", log=log, inputs=folder, user=folder)
    return ComfyChild(ComfyPlace(folder, Path(sys.executable)), folders, [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full disk to write to")
def test_comfyui_goes_on_where_its_log_cannot_grow(tmp_path):
    """500 kB fill a pipe that nobody reads."""
    child = talkative(tmp_path, 5000, Path("/dev/full"))
    assert child.api.answers()
    child.stop()


def test_a_log_stays_small(tmp_path):
    """12 MB are printed: the log and the one before have 5 MB each at most."""
    logs = tmp_path / "logs"
    logs.mkdir()
    child = talkative(tmp_path, 120_000, logs / "server-1.log")
    child.stop()
    last, before = logs / "server-1.log", logs / "server-1.log.1"
    assert sorted(logs.iterdir()) == [last, before]
    assert LOG_BYTES * 0.99 < before.stat().st_size <= LOG_BYTES and last.stat().st_size < LOG_BYTES
