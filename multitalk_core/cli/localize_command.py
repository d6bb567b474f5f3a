"""The command `localize`: the persons found in a picture, as a drawing and as boxes."""

import argparse
import json
from pathlib import Path

from torch import Tensor

from ..files.outputs import check_folder, check_inputs_stay, check_replaced, free_name
from ..media.picture import check_picture_name, write_picture
from ..origin.digital_source import DigitalSource
from ..persons.box import Box
from ..persons.concerns import doubts
from ..persons.masks import Finding, Persons
from .options import output_options, person_options
from .options.limited_number import within
from .options.paths import output_file
from .options.types import SPEAKERS, box_text

DEFAULT = Path("persons.png")
BY_HAND = Finding(None, 1.0)  # whom the user marks is a person


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "localize",
        usage="%(prog)s (--picture FILE | --video FILE) [options]",
        help="find the persons in a picture and draw them",
        description="Find the persons in a picture, draw them over it and print their boxes for `generate`.",
        epilog="example: python -m multitalk_core localize --picture two.jpg --output persons.png",
        allow_abbrev=False,
    )
    person_options.add_arguments(parser)
    parser.add_argument(
        "--count",
        type=within(SPEAKERS),
        help="number of persons; required with --persons parts (default: everyone found)",
    )
    parser.add_argument(
        "--output",
        type=output_file,
        metavar="FILE",
        help=f"file for the drawing (default: {DEFAULT}, numbered if that exists; none with --json)",
    )
    parser.add_argument(
        "--json",
        choices=("-",),
        help="- prints a JSON list instead of lines, from left to right: each person's box and face as left, "
        "top, right and bottom, and certainty from 0 to 1; face is null where none was looked for",
    )
    output_options.add_overwrite(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the drawing and print a line for each person."""
    from ..drawing.overlay import persons_overlay

    output = _output(arguments)
    picture, _ = person_options.read_source(arguments)
    persons = person_options.read_persons(arguments, picture, arguments.count)
    if output is not None:
        write_picture(output, persons_overlay(picture, persons), DigitalSource.MIXED)
    if arguments.json:
        print(json.dumps(described(persons)))
        return
    for number, mask in enumerate(persons.masks, start=1):
        print(f"person {number}: {box_text(bounds(mask))}, {mask.float().mean():.0%} of the picture")
    for sentence in doubts(persons):
        print(sentence)
    print(f"drawing: {output}")


def described(persons: Persons) -> list[dict[str, object]]:
    """Box, face and certainty of each person, in pixels of the picture, for `--json`."""
    findings = persons.findings or (BY_HAND,) * persons.count
    return [
        {
            "box": _edges(bounds(mask)),
            "face": None if finding.face is None else _edges(finding.face),
            "certainty": round(finding.certainty, 4),
        }
        for mask, finding in zip(persons.masks, findings, strict=True)
    ]


def _edges(box: Box) -> list[float]:
    return [round(edge, 1) for edge in (box.left, box.top, box.right, box.bottom)]


def _output(arguments: argparse.Namespace) -> Path | None:
    """The file for the drawing; never one of the inputs."""
    if arguments.output is None:
        return None if arguments.json else free_name(DEFAULT)
    check_picture_name(arguments.output)
    check_folder(arguments.output.parent)
    check_inputs_stay([arguments.output], output_options.inputs(arguments), "--output")
    check_replaced([arguments.output], arguments.overwrite)
    return arguments.output


def bounds(mask: Tensor) -> Box:
    """The box around a mask [height, width]."""
    rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return Box(*map(int, edges))
