"""The command `convert`: another pack's graph as one of ours."""

import argparse
import json
from pathlib import Path

from ..files.outputs import check_folder, check_inputs_stay, check_replaced, free_name
from ..files.whole import whole_file
from .options import output_options
from .options.paths import input_file, output_file

DESCRIPTION = """\
Turn a graph of ComfyUI's own InfiniteTalk nodes or of WanVideoWrapper into
one of this pack: NAME.json for ComfyUI's page and NAME_api.json for its HTTP
API. What has no counterpart is listed. See docs/converting.md."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "convert",
        help="turn another pack's graph into one of this pack",
        description=DESCRIPTION,
        epilog="example: python -m multitalk_core convert InfiniteTalk.json --output talk",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "graph",
        type=input_file,
        metavar="GRAPH.json",
        help="a graph as ComfyUI's page saves it, or exported for its API",
    )
    parser.add_argument(
        "--output",
        type=output_file,
        metavar="NAME",
        help="name of both files without .json (default: the graph's name and _multitalk, numbered if that "
        "exists)",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="address of a running ComfyUI, such as http://127.0.0.1:8188, whose nodes and files the result "
        "must fit (default: the nodes of this pack and of ComfyUI)",
    )
    parser.add_argument(
        "--json",
        choices=("-",),
        help="- prints JSON instead of lines: output, carried, lost, changed and unknown",
    )
    output_options.add_overwrite(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Write both files and print what could not be carried over."""
    from ..converting.conversion import convert_graph
    from ..converting.graph_file import read_graph
    from ..converting.node_list import NodeList

    known = NodeList.of_server(arguments.server) if arguments.server else NodeList.shipped()
    outputs = _outputs(arguments)
    conversion = convert_graph(read_graph(arguments.graph, known), known)
    for path, graph in zip(outputs, (conversion.page, conversion.api), strict=True):
        with whole_file(path) as part:
            part.write_text(json.dumps(graph, indent=2) + "\n")
    if arguments.json:
        written = {"output": [str(path) for path in outputs]}
        print(json.dumps(written | conversion.report.described()))
        return
    for line in conversion.report.lines():
        print(line)
    print(f"{len(conversion.report.carried)} settings carried over: {outputs[0]}, {outputs[1]}")


def _outputs(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """The files for the page and for the API, checked."""
    name = arguments.output
    if name is None:
        free = free_name(Path(f"{arguments.graph.stem}_multitalk.json"))
        name = free.with_suffix("")
    page = name if name.suffix == ".json" else name.with_name(f"{name.name}.json")
    outputs = page, page.with_name(f"{page.stem}_api.json")
    check_folder(page.parent)
    check_inputs_stay(outputs, [arguments.graph], "--output")
    check_replaced(outputs, arguments.overwrite)
    return outputs
