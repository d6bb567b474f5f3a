"""The command `inspect`: what a file is, and what of it a film would use."""

import argparse
import json
import sys
from pathlib import Path

from ..errors import printable
from ..files.outputs import check_folder, check_inputs_stay, check_replaced
from ..files.whole import whole_file
from .options import output_options
from .options.paths import input_path, output_file

PRINT = "-"
LONGEST_REMARK = 500  # characters
DESCRIPTION = """\
Report what a file is. Of pictures, videos and sounds it says what a film
would use, read as generate reads them: upright, in square pixels, in sRGB,
on their own clock; and what their marks of origin and signatures say. Of
tables it says who speaks when. Of checkpoints it says what they contain, their
size and their precision, without loading weights."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "inspect",
        help="describe a picture, a video, a sound, a table of turns or a checkpoint",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        type=input_path,
        nargs="+",
        metavar="FILE",
        help="a picture, a video, a sound or a table of turns; or a checkpoint: a .safetensors or "
        ".gguf file, one of its shards, an index, or a folder such as a diffusers model",
    )
    parser.add_argument(
        "--json",
        type=_json_target,
        metavar="-|FILE",
        help="- prints JSON instead of lines, a FILE gets it: an object for one file, a list for several; "
        "what does not apply is null",
    )
    output_options.add_overwrite(parser)
    parser.set_defaults(command=run)


def _json_target(text: str) -> Path | str:
    return PRINT if text == PRINT else output_file(text)


def run(arguments: argparse.Namespace) -> None:
    """Print or write a description of each file."""
    from .inspected_file import inspected

    target = arguments.json
    if isinstance(target, Path):
        check_folder(target.parent)
        check_inputs_stay([target], arguments.files, "--json")
        check_replaced([target], arguments.overwrite, option="--json")
    found = [inspected(file) for file in arguments.files]
    if target is None:
        print("\n\n".join("\n".join(one.lines()) for one in found))
        return
    objects = [one.as_json() for one in found]
    for one in found:
        for remark in one.remarks:  # not on the JSON's own stream, whose keys are fixed
            print(printable(remark, LONGEST_REMARK), file=sys.stderr)
    text = json.dumps(objects[0] if len(objects) == 1 else objects)
    if target == PRINT:
        print(text)
        return
    with whole_file(target) as part:
        part.write_text(text + "\n", encoding="utf-8")
