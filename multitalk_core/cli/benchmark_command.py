"""The command `benchmark`: the films of a list, each made once, for `evaluate` to score."""

import argparse

from ..errors import MultiTalkError
from ..files.lock import Locked, locked
from ..files.outputs import check_folder
from . import generate_command
from .benchmark_folder import BenchmarkFolder
from .benchmark_list import BenchmarkRow, FaultyRow, read_benchmark
from .options.input_options import PERSONS, SOURCES, VOICES
from .options.paths import folder_path, input_file

LOCK = ".benchmark.lock"
# What the list says, or what leaves a film unfinished.
FROM_THE_LIST = SOURCES | VOICES | PERSONS
FROM_THE_LIST |= {"input", "prompt", "order", "output", "overwrite", "stop_after", "retake"}
SEVERAL_GPUS = {"context_parallel", "parallel_attention"}

DESCRIPTION = """\
Make the films of a benchmark: a list with one JSON object a line, in the form
of `generate --input` with a name:

  {"name": "01", "prompt": "Two people talk.", "cond_image": "01.png",
   "cond_audio": {"person1": "01_left.wav", "person2": "01_right.wav"},
   "audio_type": "para", "bbox": {"person1": [56, 64, 400, 300], "person2": ...}}

Files are looked for beside the list. NAME.mp4 and NAME.json are written for
each, which is what `evaluate FOLDER` reads. Run the command again after a
stop: finished films are not made again. A line that cannot be used is reported,
and the others go on."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "benchmark",
        usage="%(prog)s LIST.jsonl FOLDER [options of generate]",
        help="make the films of a list, for evaluate to score",
        description=DESCRIPTION,
        epilog="example: python -m multitalk_core benchmark mthm.jsonl films --model Wan2.1 --steps 40",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("list", type=input_file, metavar="LIST.jsonl", help="the films, one a line")
    parser.add_argument("folder", type=folder_path, metavar="FOLDER", help="where the films go")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="options of generate for all films, such as --model and --steps",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make every film that is not finished.

    Raises
    ------
    MultiTalkError
        For a list or options that cannot be used, and, once all others are made, when a film failed.
    """
    _check_options(arguments.options)
    rows = read_benchmark(arguments.list)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    check_folder(arguments.folder)
    try:
        with locked(arguments.folder / LOCK, signed=False):
            failed = _make_all(rows, BenchmarkFolder(arguments.folder, arguments.options))
    except Locked as taken:
        raise MultiTalkError(
            f"Another run makes the films in {arguments.folder}: wait until it ends."
        ) from taken
    print(f"{len(rows) - len(failed)} of {len(rows)} films are in {arguments.folder}")
    if failed:
        raise MultiTalkError(f"{len(failed)} of {len(rows)} lines failed. {' '.join(failed)}")


def _check_options(options: list[str]) -> None:
    """Refuse options that `generate` does not have, those that the list stands for, and several GPUs."""
    from .main import make_parser

    given = make_parser().parse_args(["generate", *options]).given
    if SEVERAL_GPUS & given.keys():
        raise MultiTalkError(
            "The films of a list are made by one process: leave --context-parallel and --parallel-attention "
            "out."
        )
    if taken := [option for name, option in given.items() if name in FROM_THE_LIST]:
        raise MultiTalkError(
            f"{', '.join(taken)}: the list says this of every film, so leave the option out."
        )


def _make_all(rows: list[BenchmarkRow | FaultyRow], folder: BenchmarkFolder) -> list[str]:
    """Make the films; a sentence for each that failed."""
    failed = []
    for number, row in enumerate(rows, start=1):
        try:
            if isinstance(row, FaultyRow):
                raise MultiTalkError(row.sentence)
            if folder.is_finished(row):
                print(f"film {number} of {len(rows)}: {row.name} is finished")
                continue
            print(f"film {number} of {len(rows)}: {row.name}")
            _make(row, folder)
        except MultiTalkError as error:
            failed.append(f"Line {row.line}: {error}")
            print(failed[-1])
    return failed


def _make(row: BenchmarkRow, folder: BenchmarkFolder) -> None:
    from .main import make_parser

    film, entry = folder.files(row)
    replaces = ["--overwrite"] if folder.start(row) else []
    given = ["generate", "--input", str(entry), "--output", str(film), *replaces, *folder.options]
    generate_command.run(make_parser().parse_args(given))
    folder.finish(row)
