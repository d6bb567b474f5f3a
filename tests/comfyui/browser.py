"""Chromium without a window, driven over its debugging protocol; a context manager."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from websocket import WebSocketTimeoutException, create_connection

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
]
START_SECONDS = 120
KEY_CODES = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27, " ": 32}
ANSWER_SECONDS = 300
WAIT_SECONDS = 120
PAUSE_SECONDS = 0.05  # between two looks
SLOWER = float(os.environ.get("BROWSER_SLOWER", 1))  # the page runs as on a machine so many times slower


def find_chromium() -> str | None:
    """The program's path, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page.

    Parameters
    ----------
    width, height : int
        Of the page in pixels.

    Attributes
    ----------
    complaints : list of str
        Errors in the console, exceptions, and files that did not load.
    """

    def __init__(self, width: int = 1600, height: int = 1000):
        self.size = width, height
        self.complaints: list[str] = []
        self._sent = 0

    def __enter__(self) -> "Browser":
        self._profile = Path(tempfile.mkdtemp(prefix="chromium"))
        size = ",".join(map(str, self.size))
        self._process = subprocess.Popen(
            [find_chromium(), *FLAGS, f"--window-size={size}", f"--user-data-dir={self._profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._profile / "DevToolsActivePort"
        deadline = time.monotonic() + START_SECONDS
        while not (port.is_file() and len(port.read_text().split()) == 2):
            assert time.monotonic() < deadline, f"Chromium did not start within {START_SECONDS} seconds"
            time.sleep(PAUSE_SECONDS)
        number, path = port.read_text().split()
        self._connection = create_connection(f"ws://127.0.0.1:{number}{path}", timeout=ANSWER_SECONDS)
        self._session = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for room in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{room}.enable")
        width, height = self.size
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._call("Emulation.setCPUThrottlingRate", rate=SLOWER)
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, address: str) -> None:
        """Go to an address, and wait until its page begins to load."""
        self._leave("Page.navigate", url=address)

    def reload(self) -> None:
        """Load the page again, and wait until it begins to."""
        self._leave("Page.reload")

    def _leave(self, method: str, **parameters: object) -> None:
        self.evaluate("window.isOld = true")
        self._call(method, **parameters)
        self.wait_for("!window.isOld")

    def evaluate(self, script: str, **values: object) -> object:
        """What a JavaScript function body returns, awaited; values are its named constants."""
        constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
        answer = self._call(
            "Runtime.evaluate",
            expression=f"(async () => {{\n{constants}{script}\n}})()",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description", answer))
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = WAIT_SECONDS, **values: object) -> None:
        """Until a JavaScript expression is true; one that throws is not true yet."""
        deadline = time.monotonic() + seconds
        while (found := self._found(condition, **values)) is not True:
            assert time.monotonic() < deadline, f"not within {seconds} seconds: {condition}: {found}"
            time.sleep(PAUSE_SECONDS)

    def _found(self, condition: str, **values: object) -> object:
        """Whether an expression is true, or what it throws."""
        try:
            return self.evaluate(f"return Boolean({condition})", **values)
        except AssertionError as thrown:  # also while one page goes and the other comes
            return thrown

    def accessibility(self) -> list[tuple[str, str]]:
        """Roles and names of everything that a screen reader finds."""
        self._call("Accessibility.enable")
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def screenshot(self, clip: dict | None = None) -> bytes:
        """The page as a PNG, or x, y, width, height of it."""
        options = {"clip": {**clip, "scale": 1}} if clip else {}
        return base64.b64decode(self._call("Page.captureScreenshot", format="png", **options)["data"])

    def drag(self, *points: tuple[float, float]) -> None:
        """Press the left button at the first point of the page, move along the others, and let go."""
        start, end = points[0], points[-1]
        self._mouse("mouseMoved", start, 0)
        self._mouse("mousePressed", start, 1)
        for point in points[1:]:
            self._mouse("mouseMoved", point, 1)
        self._mouse("mouseReleased", end, 0)

    def press(self, key: str, *, shift: bool = False, ctrl: bool = False, alt: bool = False) -> None:
        """Press a key, such as "ArrowLeft" or "s", and let go."""
        modifiers = 1 * alt + 2 * ctrl + 8 * shift
        code = KEY_CODES.get(key, ord(key[0].upper()))
        options = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code}
        self._call("Input.dispatchKeyEvent", type="rawKeyDown", **options)
        self._call("Input.dispatchKeyEvent", type="keyUp", **options)

    def _mouse(self, kind: str, point: tuple[float, float], buttons: int) -> None:
        x, y = point
        button = "none" if kind == "mouseMoved" and not buttons else "left"
        self._call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons, clickCount=1
        )

    def listen(self, seconds: float) -> None:
        """Collect complaints for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._connection.settimeout(left)
            try:
                self._hear(json.loads(self._connection.recv()))
            except WebSocketTimeoutException:
                break
        self._connection.settimeout(ANSWER_SECONDS)

    def _call(self, method: str, **parameters: object) -> dict:
        number = self._send(method, **parameters)
        while True:
            answer = json.loads(self._connection.recv())
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self._hear(answer)

    def _send(self, method: str, **parameters: object) -> int:
        """Ask for something; the number of the answer."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        return self._sent

    def _hear(self, event: dict) -> None:
        match event.get("method"), event.get("params"):
            case "Runtime.exceptionThrown", details:
                self.complaints.append(json.dumps(details["exceptionDetails"])[:2000])
            case "Runtime.consoleAPICalled", {"type": "error", "args": words}:
                self.complaints.append(" ".join(str(w.get("value", w.get("description"))) for w in words))
            case "Log.entryAdded", {"entry": {"level": "error"} as entry}:
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            case "Page.javascriptDialogOpening", _:  # whether to leave a page that was used
                self._send("Page.handleJavaScriptDialog", accept=True)
