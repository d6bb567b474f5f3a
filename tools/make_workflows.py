"""Write workflows/, workflows/api/ and subgraphs/, made by ComfyUI's own page.

`PYTHONPATH=.:tests/comfyui python tools/make_workflows.py [NAME ...]`, with ComfyUI and Chromium installed.
The thumbnails are made by make_thumbnails.py.
"""

import json
import re
import sys
import tempfile
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from browser import Browser
from comfy_page import BARS, FIT, open_page
from comfy_server import ComfyServer
from standins import put_standins
from workflows.blueprints import BLUEPRINTS, Blueprint
from workflows.files import FILES
from workflows.graph import Node, Workflow
from workflows.graphs import WORKFLOWS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "workflows"
SUBGRAPHS = ROOT / "subgraphs"
MEASURE, ARRANGE, FOLD = (
    (Path(__file__).parent / "workflows" / name).read_text()
    for name in ("measure.js", "arrange.js", "fold.js")
)
PAGE = 2400, 1300
PREVIEW = "video-preview"  # which ComfyUI sends as an input once it has loaded
PREVIEWED = """
app.rootGraph.nodes.every(({ type, imgs, widgets }) => {
  if (type === 'LoadImage') return widgets.some(({ name }) => name === '$$canvas-image-preview');
  return type !== 'LoadVideo' || widgets.some(({ element }) => element?.querySelector('video')?.videoWidth);
})
"""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LETTER_WIDTH, LINE_HEIGHT, NOTE_MARGIN = 6, 17, 40
LOWEST_NOTE = 90  # the page makes no note lower


def api_graph(workflow: Workflow, object_info: dict) -> tuple[dict, dict[str, int]]:
    """The graph in API format, and each node's number by its name."""
    numbers = {name: number for number, name in enumerate(workflow.nodes, 1)}

    def given(value: object) -> object:
        if not isinstance(value, tuple):
            return value
        node, output = value
        outputs = object_info[workflow.nodes[node].kind]["output_name"]
        return [str(numbers[node]), outputs.index(output)]

    graph = {}
    for name, node in workflow.nodes.items():
        title = node.title or object_info[node.kind]["display_name"] or node.kind
        graph[str(numbers[name])] = {
            "class_type": node.kind,
            "inputs": {key: given(value) for key, value in node.inputs.items()},
            "_meta": {"title": title},
        }
    return graph, numbers


def arrangement(workflow: Workflow, numbers: dict[str, int]) -> list:
    """The columns as arrange.js takes them."""
    notes = workflow.notes()
    return [
        [
            {
                "title": group.title,
                "width": group.width,
                "note": canvas_note(notes.get(group.title), group.width),
                "nodes": [
                    {"id": numbers[name], "height": node.height, "models": named_files(node)}
                    for name, node in group.nodes.items()
                ],
            }
            for group in column
        ]
        for column in workflow.columns
    ]


def app_mode(workflow: Workflow, numbers: dict[str, int]) -> dict | None:
    """What App Mode shows of the graph, as ComfyUI's page stores it."""
    if not workflow.app_outputs:
        return None
    inputs = [[numbers[node], widget] for node, widget in workflow.app_inputs]
    return {"inputs": inputs, "outputs": [numbers[node] for node in workflow.app_outputs]}


def named_files(node: Node) -> list[dict]:
    """The files that a loader names, as ComfyUI's page offers them for download."""
    return [
        {"name": name, "url": FILES[name].address, "directory": FILES[name].folder}
        for name in node.inputs.values()
        if isinstance(name, str) and name in FILES
    ]


def canvas_note(text: str | None, width: int) -> dict | None:
    """A group's note, as high as its lines; a link takes the room of its words."""
    if text is None:
        return None
    shown = re.sub(r"\]\([^)]*\)", "", text)
    lines = sum(1 + len(line) * LETTER_WIDTH // (width - NOTE_MARGIN) for line in shown.splitlines())
    return {"text": text, "height": max(LOWEST_NOTE, NOTE_MARGIN + LINE_HEIGHT * lines)}


def wait_for_previews(page: Browser) -> None:
    """Which take room; a node out of sight has none."""
    page.evaluate(FIT, bars=BARS)
    page.wait_for(PREVIEWED)


def make(workflow: Workflow, page: Browser, object_info: dict) -> None:
    """Write one workflow."""
    graph, numbers = api_graph(workflow, object_info)
    page.evaluate("await app.loadApiJson(graph, name)", graph=graph, name=workflow.name)
    wait_for_previews(page)
    sizes = [
        {"id": numbers[name], "width": group.width, "height": node.height}
        for group in workflow.groups
        for name, node in group.nodes.items()
    ]
    layout = {
        "columns": arrangement(workflow, numbers),
        "heights": page.evaluate(MEASURE, sizes=sizes),
        "app_mode": app_mode(workflow, numbers),
    }
    wait_for_previews(page)
    made = json.loads(page.evaluate(ARRANGE, **layout))
    for node in made["prompt"].values():
        node["inputs"].pop(PREVIEW, None)
    check_kept(graph, made["prompt"])
    write(FOLDER / f"{workflow.name}.json", made["workflow"])
    write(FOLDER / "api" / f"{workflow.name}.json", made["prompt"])


def make_blueprint(blueprint: Blueprint, page: Browser, object_info: dict) -> None:
    """Write one blueprint."""
    graph, numbers = api_graph(blueprint.workflow, object_info)
    page.evaluate("await app.loadApiJson(graph, name)", graph=graph, name=blueprint.name)
    page.wait_for(PREVIEWED)
    answer = page.evaluate(
        FOLD,
        name=blueprint.name,
        folded=[number for name, number in numbers.items() if name not in blueprint.outside],
        renamed=blueprint.renamed,
        shown=[
            {"kind": kind, "title": title, "input": input_id, "name": name}
            for kind, title, input_id, name in blueprint.shown
        ],
    )
    made = json.loads(with_steady_ids(answer, blueprint.name))
    (subgraph,) = made["definitions"]["subgraphs"]
    subgraph |= {"category": blueprint.category, "description": blueprint.description}
    made["extra"] = {"BlueprintSearchAliases": blueprint.aliases}
    write(SUBGRAPHS / f"{blueprint.name}.json", made)


def with_steady_ids(graph: str, name: str) -> str:
    """The page draws ids by chance; here the same graph has the same ones."""
    for number, drawn in enumerate(dict.fromkeys(UUID.findall(graph))):
        graph = graph.replace(drawn, str(uuid5(NAMESPACE_URL, f"{name} {number}")))
    return graph


def check_kept(graph: dict, made: dict) -> None:
    """The page may add inputs that the graph leaves out, and nothing else."""
    assert graph.keys() == made.keys()
    for number, node in graph.items():
        for name, value in node["inputs"].items():
            kept = made[number]["inputs"].get(name)
            assert kept == value, f"{node['class_type']}.{name} is {kept} in the page and not {value}"


def write(path: Path, data: dict) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def main(names: list[str]) -> None:
    """Write the named workflows and blueprints, or all."""
    chosen = [workflow for workflow in (make() for make in WORKFLOWS) if not names or workflow.name in names]
    with tempfile.TemporaryDirectory() as base, ComfyServer(Path(base)) as server, Browser(*PAGE) as page:
        put_standins(server)
        for workflow in chosen:
            open_page(page, server)  # a page that had another graph keeps texts of its nodes
            make(workflow, page, server.object_info)
            print(workflow.name, flush=True)
        for blueprint in (make() for make in BLUEPRINTS):
            if not names or blueprint.name in names:
                open_page(page, server)
                make_blueprint(blueprint, page, server.object_info)
                print(blueprint.name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
