"""The command line: its commands, exit codes and error sentences."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from .. import __version__
from ..errors import MultiTalkError, quoted
from ..guards.started_processes import started_processes
from ..guards.stopping import stoppable
from .library_loading import loading_libraries
from .output_streams import LastingStream, lasting_streams

# Each is a file of this room, loaded when it is needed: farm runs without torch.
COMMANDS = (
    "generate",
    "demo",
    "doctor",
    "inspect",
    "localize",
    "films",
    "farm",
    "convert",
    "prepare",
    "train",
    "benchmark",
    "evaluate",
)
FOR_SEVERAL_PROCESSES = ("generate", "train")  # the others would each do all of the work
NOT_OF_A_FARM = ("torch", "numpy")
STARTS_NEGATIVE = re.compile(r"-\.?\d")  # before Python 3.14, argparse takes only a whole negative number

DESCRIPTION = """\
MultiTalk ("Let Them Talk"): turn a picture of people and one voice per person
into a film in which each person speaks with their own voice.

To start, run `python -m multitalk_core demo`; it needs no other files."""

OUT_OF_MEMORY = (
    "The GPU is out of memory: use --quantize fp8, --offload model, group or sequential, --rows-at-once 1, a "
    "smaller --size or fewer --clip-frames. Finished clips are stored; run the same command again to "
    "continue."
)
OUT_OF_MAIN_MEMORY = (
    "This machine is out of main memory: use a smaller --size, fewer --clip-frames or --seconds-per-piece. "
    "Finished clips are stored; run the same command again to continue."
)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises a MultiTalkError instead of printing its usage.

    What starts as a negative number, such as the box -10,0,90,200, is an argument and no option.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._negative_number_matcher = STARTS_NEGATIVE

    def error(self, message: str) -> NoReturn:
        """Raise `message` as one sentence."""
        raise MultiTalkError(f"{message.removesuffix('.')} (see {self.prog} --help).")


class CommandParser(Parser):
    """The parser of one command; what it parses has, as `given`, the option of each named argument."""

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse twice: with the defaults, and without any."""
        line = None if args is None else list(args)
        arguments, rest = super().parse_known_args(line, namespace)
        named, _ = super().parse_known_args(line, argparse.Namespace(**dict.fromkeys(vars(arguments))))
        options = {action.dest: action.option_strings[0] for action in self._actions if action.option_strings}
        names = sorted(name for name, value in vars(named).items() if value is not None)
        arguments.given = {name: options.get(name, name) for name in names}
        return arguments, rest


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program name; by default those of the process.

    Returns
    -------
    int
        0 on success; 1 when films of a farm failed; 2 when an input cannot be used, or disk space or memory
        runs out; 130 after Ctrl-C or SIGTERM.
    """
    with stoppable():
        try:
            with lasting_streams():
                line = sys.argv[1:] if argv is None else list(argv)
                named = [name for name in line[:1] if name in COMMANDS]
                arguments = make_parser(named or COMMANDS).parse_args(line)
                check_processes(line[0])
                return arguments.command(arguments) or 0
        except KeyboardInterrupt as stopped:
            return _ended(f"\nStopped: {stopped}" if str(stopped) else "\nStopped.", 130)
        except Exception as error:
            if (sentence := _sentence(error)) is None:
                raise
            return _ended(f"Error: {sentence}", 2)


def check_processes(command: str) -> None:
    """Refuse several processes for a command that does not share its work among them.

    Raises
    ------
    MultiTalkError
    """
    count = started_processes()
    if count > 1 and command not in FOR_SEVERAL_PROCESSES:
        raise MultiTalkError(
            f"{count} processes of this command have been started, each of which would do all of its work: "
            "start it without torchrun or accelerate, which are for generate and train."
        )


def _sentence(error: Exception) -> str | None:
    """The sentence to print for an error; None for a bug, which needs its traceback."""
    if isinstance(error, MultiTalkError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name in NOT_OF_A_FARM:
        return (
            f"{error.name} is not installed here, and only the command farm does without it: pip install "
            "torch -e '.[standalone]'."
        )
    if isinstance(error, OSError):
        name = "A file" if error.filename is None else quoted(error.filename)
        reason = error.strerror or quoted(error)
        return f"{name} cannot be used ({reason}): choose another one, or free some space."
    if isinstance(error, MemoryError) or "not enough memory" in str(error) or "allocate memory" in str(error):
        return OUT_OF_MAIN_MEMORY
    torch = sys.modules.get("torch")
    return OUT_OF_MEMORY if torch and isinstance(error, torch.OutOfMemoryError) else None


def _ended(sentence: str, code: int) -> int:
    """Print the last sentence and return the exit code."""
    stream = LastingStream(sys.stderr)
    print(sentence, file=stream)
    stream.flush()
    return code


def make_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of these commands; `command` in the parsed arguments is the function to call."""
    parser = Parser(
        prog="python -m multitalk_core",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"multitalk {__version__}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=CommandParser
    )
    with loading_libraries():
        modules = [import_module(f".{name}_command", __package__) for name in names]
    for module in modules:
        module.add_command(commands)
    return parser
