"""The command `farm`: films by the thousand, on as many servers as there are GPUs."""

import argparse
from pathlib import Path

from ..farm.farm_actor import ServerSettings
from ..farm.farm_driver import FarmOptions
from ..farm.farm_folder import FarmFolder
from ..farm.farm_run import run_farm
from ..farm.jobs import JobFile
from ..files.outputs import check_inputs_stay
from ..limits import KEPT_FREE_GIGABYTES, RETRIES
from .options.limited_number import within
from .options.paths import folder_path, input_file, input_folder
from .options.server_options import add_server_options, check_server_options

SOME_FAILED = 1  # exit code

DESCRIPTION = """\
Make the films of a list, one JSON object a line:

  {"id": "talk-1", "graph": "talk.json",
   "overrides": {"10.seed": 1, "Load Image.image": "anna.png"}}
  {"id": "talk-2", "graph": "from_json.json", "input": "talk_2.json"}

A graph is in ComfyUI's API form. Overrides name an input of a node, by the
node's id or title. An input is a file of MultiTalk's own scripts, or its
object, for the graph's node MultiTalk Input JSON.

Every GPU gets a ComfyUI server with this pack. Run the command again after a
stop or a crash: finished films are not made again, and a long film continues
after its last stored clip. See docs/farm.md."""

EPILOG = """\
exit codes: 0 all films are finished; 1 some failed, see failures.jsonl; 2 an
input cannot be used, or the disk is full; 130 stopped.

examples:
  one machine, its GPUs or else its CPU:
    python -m multitalk_core farm jobs.jsonl --output films

  a cluster, after `ray start` on each machine:
    python -m multitalk_core farm jobs.jsonl --output /shared/films --cluster auto"""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "farm",
        help="make the films of a list on many ComfyUI servers",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("jobs", type=input_file, metavar="JOBS.jsonl", help="the films, one a line")
    parser.add_argument(
        "--output",
        type=folder_path,
        default=Path("farm"),
        metavar="FOLDER",
        help="where films, results.jsonl and failures.jsonl go; all machines need to see it (default: farm)",
    )
    parser.add_argument("--graph", type=input_file, metavar="FILE", help="the graph of lines that name none")
    parser.add_argument(
        "--input-folder",
        type=input_folder,
        metavar="FOLDER",
        help="ComfyUI's input folder, with the pictures and voices (default: the folder of JOBS.jsonl)",
    )
    parser.add_argument(
        "--user-folder",
        type=input_folder,
        metavar="FOLDER",
        help="ComfyUI's user folder, shared by all servers, with stored clips and signing keys (default: "
        "user in the output folder)",
    )
    parser.add_argument(
        "--retries",
        type=within(RETRIES),
        default=2,
        help="how often a film begins again, elsewhere, after its server or machine was lost (default: 2)",
    )
    parser.add_argument(
        "--keep-free",
        type=within(KEPT_FREE_GIGABYTES),
        default=5.0,
        metavar="GB",
        help="begin no film when the output's disk has less free space (default: 5)",
    )
    add_server_options(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Check all jobs and make the films that are not finished; the exit code."""
    check_server_options(arguments)
    output = FarmFolder(arguments.output.absolute())
    lists = [output.results.path, output.failures.path]
    check_inputs_stay(lists, filter(None, [arguments.jobs, arguments.graph]), "--output")
    inputs = (arguments.input_folder or arguments.jobs.parent).absolute()
    seen = None if arguments.join else inputs
    jobs = JobFile(arguments.jobs, graph=arguments.graph, inputs=seen).read()
    settings = ServerSettings(
        output=output,
        inputs=inputs,
        user=(arguments.user_folder or output.root / "user").absolute(),
        comfyui=arguments.comfyui,
        python=arguments.comfyui_python,
        options=arguments.comfyui_options,
    )
    options = FarmOptions(
        settings=settings,
        servers=arguments.servers,
        joined=tuple(arguments.join),
        cluster=arguments.cluster,
        dashboard=arguments.dashboard,
        retries=arguments.retries,
        keep_free=arguments.keep_free,
    )
    failed = run_farm(jobs, options)
    print(f"{len(jobs) - failed} of {len(jobs)} films are in {output.films}")
    return SOME_FAILED if failed else 0
