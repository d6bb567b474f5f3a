"""The command `doctor`: checks files, machine and kernels, makes a trial film, and writes one report."""

import argparse
from pathlib import Path

from ..errors import MultiTalkError
from ..files.outputs import check_folder, free_name
from ..files.whole import whole_file
from .library_loading import loading_libraries
from .options import memory_options, model_options
from .options.paths import input_folder, input_folder_or_file, input_path, output_file
from .options.types import box

DEFAULT = Path("doctor.md")
DESCRIPTION = """\
Check whether films can be made here with your own weights: what each file is
and whether they fit each other, versions, memory, the GPU and its kernels.
Then make 5 frames in 2 steps at a small size, again with the voices
exchanged, and with silence. One report says of each check: pass, warn or
fail, and what to do. It names files without their folders, contains no prompt
and no picture, and can be attached to a bug report.

Without options it checks the shipped miniature model. Exit code 2 if a check
failed, else 0."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor",
        help="check your own weights, this machine and its GPU, and write a report",
        description=DESCRIPTION,
        epilog="example: python -m multitalk_core doctor --model Wan2.1-I2V-14B-480P-Diffusers "
        "--adapter multitalk.safetensors --audio-encoder chinese-wav2vec2-base --offload group",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    group = parser.add_argument_group("trial film")
    group.add_argument(
        "--picture",
        type=input_path,
        metavar="FILE",
        help="a picture of people, whose faces are looked for (default: the shipped one)",
    )
    group.add_argument(
        "--boxes",
        type=box,
        nargs="+",
        metavar="LEFT,TOP,RIGHT,BOTTOM",
        help="one rectangle per person, in pixels of the picture, instead of looking for faces",
    )
    group.add_argument(
        "--voice",
        type=input_path,
        action="append",
        dest="voices",
        metavar="FILE",
        help="the voice of a person; repeat the option for each person (default: the shipped ones)",
    )
    model_options.add_arguments(parser)
    memory_options.add_loading_arguments(parser)
    parser.add_argument(
        "--output",
        type=output_file,
        default=DEFAULT,
        metavar="FILE",
        help="file for the report; a taken name gets a number (default: %(default)s)",
    )
    for action in parser._actions:  # a path that cannot be used is a finding, and ends no other check
        if action.type in (input_folder, input_folder_or_file):
            action.type = input_path
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Run all checks and write the report.

    Raises
    ------
    MultiTalkError
        When a check failed, or the report's folder cannot be written to.
    KeyboardInterrupt
        With a sentence that names the report so far.
    """
    check_folder(arguments.output.parent)
    with loading_libraries():
        from ..doctor.checkup import Checkup
        from ..doctor.report_line import Verdict
        from .doctor_run import examine

    checkup = Checkup(_named(arguments), lambda line: print(line, flush=True))
    try:
        examine(arguments, checkup)
    except KeyboardInterrupt as interrupt:
        report = _written(arguments.output, checkup.report(ended_early=True))
        raise KeyboardInterrupt(f"the report so far is {report}.") from interrupt
    report = _written(arguments.output, checkup.report())
    print(f"{checkup.summary()} The report is {report}.")
    if failures := checkup.count(Verdict.FAIL):
        raise MultiTalkError(
            f"{failures} check{'' if failures == 1 else 's'} failed: {report} says what to do."
        )


def _named(arguments: argparse.Namespace) -> list[Path]:
    """The files and folders that the arguments name."""
    values = [value for value in vars(arguments).values() if isinstance(value, Path)]
    return [*values, *(arguments.voices or ()), *(lora.path for lora in arguments.loras or ())]


def _written(output: Path, text: str) -> Path:
    """Write the report under a free name."""
    path = free_name(output)
    try:
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MultiTalkError(
            f"The report cannot be written to {path} ({error.strerror}): free some space, or choose another "
            "--output. Until then copy it from above."
        ) from error
    return path
