"""Arguments that say which ComfyUI servers make a farm's films."""

import argparse
import os
import re
import shlex
from argparse import ArgumentTypeError
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import MultiTalkError, quoted
from ...limits import SERVERS
from .limited_number import within
from .paths import input_path

ADDRESS = re.compile(r"https?://((?![?#@])[!-~])+", re.IGNORECASE)
# Of ComfyUI, and given by the farm itself.
OF_THE_FARM = ("--port", "--output-directory", "--temp-directory", "--input-directory", "--user-directory")
# Of servers that the farm starts.
OF_STARTED = ("input_folder", "user_folder", "comfyui", "comfyui_python", "comfyui_options", "cluster")


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
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
        type=server_address,
        action="append",
        default=[],
        metavar="URL",
        help="use a ComfyUI that runs, such as http://10.0.0.5:8188, and start none; repeatable",
    )
    group.add_argument(
        "--comfyui",
        type=own_path,
        metavar="FOLDER",
        help="ComfyUI's folder on each machine (default: COMFYUI_PATH, where this pack lies, ~/ComfyUI)",
    )
    group.add_argument(
        "--comfyui-python",
        type=own_path,
        metavar="FILE",
        help="ComfyUI's interpreter on each machine (default: COMFYUI_PYTHON, .venv in its folder)",
    )
    group.add_argument(
        "--comfyui-options",
        type=comfyui_options,
        default=(),
        metavar="OPTIONS",
        help="further options of ComfyUI, in one text after an equals sign: --comfyui-options=--lowvram, "
        '--comfyui-options="--lowvram --reserve-vram 1"',
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


def check_server_options(arguments: argparse.Namespace) -> None:
    """Refuse options that would have no effect beside others, and a server that is joined twice.

    Raises
    ------
    MultiTalkError
    """
    unused = [arguments.given[name] for name in OF_STARTED if name in arguments.given]
    if arguments.join and unused:
        names = ", ".join(unused)
        raise MultiTalkError(
            f"Servers that --join names run already, with their own folders and options: leave {names} out."
        )
    if arguments.cluster and not arguments.dashboard:
        raise MultiTalkError(
            "A cluster's dashboard belongs to its `ray start`: leave --no-dashboard or --cluster out."
        )
    for address in arguments.join:
        if arguments.join.count(address) > 1:
            raise MultiTalkError(f"--join names {address} twice: name each server once.")


def own_path(text: str) -> Path:
    """A path on the servers' machines, absolute: they have other working directories."""
    return Path(os.path.expanduser(input_path(text))).absolute()


def comfyui_options(text: str) -> tuple[str, ...]:
    """Options for ComfyUI's main.py, as a shell divides them."""
    try:
        options = tuple(shlex.split(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{quoted(text)} has an open quote or ends with a backslash") from error
    for option in options:
        if option.partition("=")[0] in OF_THE_FARM:
            raise ArgumentTypeError(f"the farm itself gives {option.partition('=')[0]}: leave it out")
    return options


def server_address(text: str) -> str:
    """The address of a ComfyUI server: http://HOST:PORT, or HOST:PORT."""
    address = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(address)
        usable = parts.port != 0 and parts.hostname is not None and not parts.netloc.endswith(":")
    except ValueError:  # of the port, or of an IPv6 address
        usable = False
    if not (usable and ADDRESS.fullmatch(address)):
        raise ArgumentTypeError(f"{quoted(text)} is no address of a server, such as http://10.0.0.5:8188")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
