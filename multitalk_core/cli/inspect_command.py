"""The command `inspect`: what a checkpoint contains."""

import argparse

from .options.paths import input_path


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "inspect",
        help="describe a checkpoint",
        description="Report what a checkpoint contains, its size and its precision, without loading weights.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "checkpoint",
        type=input_path,
        nargs="+",
        help="a .safetensors file, one of its shards, an index, or a folder such as a diffusers model",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Print a description of each checkpoint."""
    from ..checkpoint import describe

    print("\n\n".join(str(describe(checkpoint)) for checkpoint in arguments.checkpoint))
