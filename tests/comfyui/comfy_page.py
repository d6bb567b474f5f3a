"""ComfyUI's page in a real browser."""

from browser import Browser
from comfy_server import ComfyServer

# The splash goes once extensions are set up and the last workflow is open again, which replaces any other.
READY = "window.app?.canvas?.graph && !document.getElementById('splash-loader')"
# What a fresh ComfyUI asks for and does not have.
EXPECTED = ("user.css", "userdata", "graph accessed before initialization", "api.comfy.org", "favicon")


SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.Graph.CanvasMenu": False,
}
RUN_BUTTON = "[...document.querySelectorAll('button')].find(button => button.innerText.trim() === 'Run')"
VIDEO = "[...document.querySelectorAll('video')].some(video => video.videoWidth && video.duration > 1)"
BARS = {"left": 70, "top": 110}  # pixels of the page that are not the graph's
RUN_SECONDS = 300  # of the demo, at the most
FRAMES = "for (let left = count; left; left--) await new Promise(requestAnimationFrame);"
FIT = """
const items = [...app.rootGraph.nodes, ...app.rootGraph.groups];
const left = Math.min(...items.map(item => item.pos[0])) - 20;
const top = Math.min(...items.map(item => item.pos[1])) - 40;
const right = Math.max(...items.map(item => item.pos[0] + item.size[0])) + 20;
const bottom = Math.max(...items.map(item => item.pos[1] + item.size[1])) + 20;
const view = app.canvas.ds;
view.scale = Math.min((innerWidth - bars.left) / (right - left), (innerHeight - bars.top) / (bottom - top));
view.offset = [bars.left / view.scale - left, bars.top / view.scale - top];
app.canvas.setDirty(true, true);
const size = [right - left, bottom - top].map(side => side * view.scale);
return { x: bars.left, y: bars.top, width: size[0], height: size[1] };
"""


def open_page(page: Browser, server: ComfyServer) -> None:
    """Open the page as somebody sees it who has seen the tutorial."""
    server.post("/settings", SETTINGS)
    server.post("/history", {"clear": True})  # the page cannot read NaN of runs that tests let fail
    page.open(f"http://{server.address}")
    page.wait_for(READY)
    page.listen(1)


def settle(page: Browser) -> None:
    """Let the page draw what has changed."""
    page.evaluate(FRAMES, count=3)


def complaints(page: Browser) -> list[str]:
    """What the console complained of since the last call, but for what a fresh ComfyUI always does."""
    settle(page)  # what is on its way belongs to what was done before
    unexpected = [line for line in page.complaints if not any(word in line for word in EXPECTED)]
    page.complaints.clear()
    return unexpected


def picture_of_graph(page: Browser) -> bytes:
    """The whole graph as a PNG."""
    place = page.evaluate(FIT, bars=BARS)
    page.listen(1.5)
    return page.screenshot(place)


def click_run(page: Browser) -> None:
    """Press Run."""
    page.wait_for(f"!({RUN_BUTTON}).disabled")
    page.evaluate(f"({RUN_BUTTON}).click()")


def press_run(page: Browser, seconds: float = RUN_SECONDS) -> None:
    """Press Run, and wait until the page shows the video; a failure that it shows raises."""
    page.evaluate(FIT, bars=BARS)  # a node out of sight shows no video
    page.evaluate("""
    window.failures = [];
    app.api.addEventListener('execution_error', event => failures.push(event.detail.exception_message));
    """)
    click_run(page)
    page.wait_for(f"failures.length || {VIDEO}", seconds)
    failures = page.evaluate("return failures")
    assert not failures, failures
