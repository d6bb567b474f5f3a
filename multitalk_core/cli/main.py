"""The command line: its commands, and how they end."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..errors import MultiTalkError, quoted
from ..guards.stopping import stoppable
from . import generate_command, localize_command, prepare_command, train_command
from .options import store_options
from .options.paths import folder_path, input_path
from .output_streams import LastingStream, lasting_streams

DESCRIPTION = """\
MultiTalk ("Let Them Talk"): one picture, one voice for each person in it, and a
film in which each person speaks with their own voice.

Start with `python -m multitalk_core demo`, which needs nothing else."""

OUT_OF_MEMORY = (
    "The GPU has too little memory: use --offload model or sequential, --rows-at-once 1, a smaller --size or "
    "fewer --clip-frames. Clips that were finished are kept; the same command goes on from there."
)
OUT_OF_MAIN_MEMORY = (
    "This machine has too little main memory: use a smaller --size, fewer --clip-frames or "
    "--seconds-per-piece. Clips that were finished are kept; the same command goes on from there."
)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are MultiTalkErrors: one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print below its usage."""
        raise MultiTalkError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        0; 2 when an input cannot be used, or the disk or the memory does not do; 130 after Ctrl-C or SIGTERM,
        which leave the same behind.
    """
    with stoppable():
        try:
            with lasting_streams():
                arguments = make_parser().parse_args(argv)
                arguments.command(arguments)
        except KeyboardInterrupt as stopped:
            return _ended(f"\nStopped: {stopped}" if str(stopped) else "\nStopped.", 130)
        except Exception as error:
            if (sentence := _sentence(error)) is None:
                raise
            return _ended(f"Error: {sentence}", 2)
    return 0


def _sentence(error: Exception) -> str | None:
    """What to tell of an error; None for a mistake of ours, whose traceback is needed."""
    if isinstance(error, MultiTalkError):
        return str(error)
    if isinstance(error, OSError):
        name = "A file" if error.filename is None else quoted(error.filename)
        return (
            f"{name} cannot be used ({error.strerror or quoted(error)}): choose another, or free some space."
        )
    if isinstance(error, MemoryError) or "not enough memory" in str(error) or "allocate memory" in str(error):
        return OUT_OF_MAIN_MEMORY
    if isinstance(error, RuntimeError):
        import torch

        return OUT_OF_MEMORY if isinstance(error, torch.OutOfMemoryError) else None
    return None


def _ended(words: str, code: int) -> int:
    stream = LastingStream(sys.stderr)
    print(words, file=stream)
    stream.flush()
    return code


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` of what it parses is the function to call."""
    parser = Parser(
        prog="python -m multitalk_core",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"multitalk {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    generate_command.add_command(commands)
    _add_demo(commands)
    _add_inspect(commands)
    localize_command.add_command(commands)
    store_options.add_films_command(commands)
    prepare_command.add_command(commands)
    train_command.add_command(commands)
    return parser


def _add_demo(commands: argparse._SubParsersAction) -> None:
    demo = commands.add_parser(
        "demo",
        help="make a small film from what is shipped: no weights, no GPU",
        description="Make a small film from the shipped picture, voices and miniature models, on the CPU.",
        allow_abbrev=False,
    )
    demo.add_argument(
        "--folder", type=folder_path, default=Path("demo"), help="where to (default: %(default)s)"
    )
    demo.set_defaults(command=_demo)


def _demo(arguments: argparse.Namespace) -> None:
    from .demo_command import make_demo

    make_demo(arguments.folder)


def _add_inspect(commands: argparse._SubParsersAction) -> None:
    inspect = commands.add_parser(
        "inspect",
        help="say what is in a checkpoint",
        description="Say what a checkpoint is, how large and in what precision; its numbers stay on disk.",
        allow_abbrev=False,
    )
    inspect.add_argument(
        "checkpoint",
        type=input_path,
        nargs="+",
        help="a .safetensors file, one of its shards, an index, or a folder (a diffusers model too)",
    )
    inspect.set_defaults(command=_inspect)


def _inspect(arguments: argparse.Namespace) -> None:
    from ..checkpoint import describe

    print("\n\n".join(str(describe(checkpoint)) for checkpoint in arguments.checkpoint))
