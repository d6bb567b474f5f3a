"""The command `farm`: films by the thousand, on as many servers as there are GPUs."""

import argparse
import shlex
from pathlib import Path

from ..farm.farm_actor import ServerSettings
from ..farm.farm_driver import FarmOptions
from ..farm.farm_folder import FarmFolder
from ..farm.farm_run import run_farm
from ..farm.jobs import JobFile
from ..limits import KEPT_FREE_GIGABYTES, RETRIES, SERVERS
from .options.limited_number import within
from .options.paths import folder_path, input_file, input_folder

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
    _add_servers(parser)
    parser.set_defaults(command=run)


def _add_servers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("servers")
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--servers",
        type=within(SERVERS),
        metavar="NUMBER",
        help="how many servers (default: one for each GPU, or one on the CPU)",
    )
    which.add_argument(
        "--join",
        action="append",
        default=[],
        metavar="URL",
        help="use a ComfyUI that runs, such as http://10.0.0.5:8188, and start none; repeatable",
    )
    group.add_argument(
        "--comfyui",
        type=Path,
        metavar="FOLDER",
        help="ComfyUI's folder on each machine (default: COMFYUI_PATH, where this pack lies, ~/ComfyUI)",
    )
    group.add_argument(
        "--comfyui-python",
        type=Path,
        metavar="FILE",
        help="ComfyUI's interpreter on each machine (default: COMFYUI_PYTHON, .venv in its folder)",
    )
    group.add_argument(
        "--comfyui-options",
        type=shlex.split,
        default=(),
        metavar="OPTIONS",
        help='further options of ComfyUI, in one text: "--lowvram --reserve-vram 1"',
    )
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Ray cluster, HOST:PORT, or auto for the one that `ray start` has started on this machine "
        "(default: Ray starts here, and ends with the command)",
    )
    group.add_argument(
        "--no-dashboard",
        action="store_false",
        dest="dashboard",
        help="start Ray without its dashboard, which is for this machine alone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check all jobs and make the films that are not finished; the exit code."""
    output = FarmFolder(arguments.output.absolute())
    inputs = (arguments.input_folder or arguments.jobs.parent).absolute()
    seen = None if arguments.join else inputs
    jobs = JobFile(arguments.jobs, graph=arguments.graph, inputs=seen).read()
    settings = ServerSettings(
        output=output,
        inputs=inputs,
        user=(arguments.user_folder or output.root / "user").absolute(),
        comfyui=arguments.comfyui,
        python=arguments.comfyui_python,
        options=tuple(arguments.comfyui_options),
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
