"""The command `localize`: who was found where, as a picture and as boxes."""

import argparse
from pathlib import Path

from torch import Tensor

from ..picture import write_picture
from . import cli_persons
from .cli_types import whole_number


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "localize",
        usage="%(prog)s (--picture FILE | --video FILE) [options]",
        help="find the persons of a picture and draw them",
        description="Find the persons of a picture, draw them over it and print their boxes for generate.",
        epilog="example: python -m multitalk_core localize --picture two.jpg --output persons.png",
        allow_abbrev=False,
    )
    cli_persons.add_arguments(parser)
    parser.add_argument(
        "--count",
        type=whole_number,
        help="how many persons; needed for --persons parts (default: all that are found)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("persons.png"),
        metavar="FILE",
        help="the drawing (default: %(default)s)",
    )
    parser.set_defaults(command=localize)


def localize(arguments: argparse.Namespace) -> None:
    """Write the drawing and print a line for each person."""
    from ..drawing.overlay import persons_overlay

    picture, _ = cli_persons.read_source(arguments)
    persons = cli_persons.read_persons(arguments, picture, arguments.count)
    write_picture(arguments.output, persons_overlay(picture, persons))
    for number, mask in enumerate(persons.masks, start=1):
        print(f"person {number}: {bounds(mask)}, {mask.float().mean():.0%} of the picture")
    print(f"drawn in {arguments.output}")


def bounds(mask: Tensor) -> str:
    """The box around a mask [height, width], as `--boxes` takes it."""
    rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return ",".join(str(int(edge)) for edge in edges)
