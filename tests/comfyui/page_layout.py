"""Where nodes and groups lie in ComfyUI's page, as it draws them."""

from browser import Browser
from comfy_page import BARS, FIT

WIDEST, HIGHEST = 2200, 1000 / 0.6  # pixels of the graph: in a window of 1600 by 1000, texts are readable
PREVIEWED = "app.rootGraph.nodes.every(({ type, imgs }) => type !== 'LoadImage' || imgs?.length)"
PLACES = """
const view = app.canvas.canvas.getBoundingClientRect();
const { scale, offset } = app.canvas.ds;
const onGraph = (x, y) => [(x - view.left) / scale - offset[0], (y - view.top) / scale - offset[1]];
const drawn = ({ id, boundingRect: [x, y, width, height] }) => {
  if (!LiteGraph.vueNodesMode) return [x, y, x + width, y + height];
  const box = document.querySelector(`[data-node-id='${id}']`)?.getBoundingClientRect();
  return box ? [...onGraph(box.left, box.top), ...onGraph(box.right, box.bottom)] : null;
};
const { nodes, groups } = app.rootGraph;
return {
  nodes: nodes.map(node => [node.title, drawn(node)?.map(Math.round)]),
  groups: groups.map(({ title, pos: [x, y], size }) => [title, [x, y, x + size[0], y + size[1]]]),
};
"""
MOST_LOOKS = 100
SOON = "for (let left = 6; left; left--) await new Promise(requestAnimationFrame);"
Box = list[float]  # left, top, right, bottom


def layout_faults(page: Browser) -> list[str]:
    """What is wrong with the layout of the open graph: nodes out of their groups, overlaps, its size."""
    page.evaluate(FIT, bars=BARS)  # a node out of sight is not drawn
    page.wait_for(PREVIEWED)
    places = _still(page)
    nodes, groups = places["nodes"], places["groups"]
    faults = [
        f"{title} {box} is in no group"
        for title, box in nodes
        if not any(_is_within(box, group) for _, group in groups)
    ]
    for boxes in (nodes, groups):
        for place, (title, box) in enumerate(boxes):
            faults += [
                f"{title} {box} overlaps {other} {its}"
                for other, its in boxes[place + 1 :]
                if _overlap(box, its)
            ]
    left, top, right, bottom = zip(*(box for _, box in groups), strict=True)
    width, height = max(right) - min(left), max(bottom) - min(top)
    if width > WIDEST or height > HIGHEST:
        faults.append(f"the graph is {width} by {height}")
    return faults


def _still(page: Browser) -> dict:
    """All places, once they are drawn and have not changed for some frames."""
    places = page.evaluate(PLACES)
    for _ in range(MOST_LOOKS):
        before = places
        page.evaluate(SOON)
        places = page.evaluate(PLACES)
        if places == before and all(box for _, box in places["nodes"]):
            return places
    raise AssertionError(f"nodes do not come to rest: {places}")


def _is_within(box: Box, group: Box) -> bool:
    return box[0] >= group[0] and box[1] >= group[1] and box[2] <= group[2] and box[3] <= group[3]


def _overlap(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
