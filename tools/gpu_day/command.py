"""Options of tools/gpu_day.py, and the parts in order."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch

from multitalk_core.errors import MultiTalkError

from . import config_sweep, kernel_bench, kernel_check, kernel_profile, speed_page, two_cards, whole_model
from .measuring_run import MeasuringRun

Part = Callable[[MeasuringRun], None]
PARTS: dict[str, tuple[Part, str]] = {
    "check": (kernel_check.run_check, "480"),
    "bench-480": (kernel_bench.run_bench, "480"),
    "bench-720": (kernel_bench.run_bench, "720"),
    "sweep": (config_sweep.run_sweep, "480"),
    "whole-model": (whole_model.run_whole_model, "480"),
    "profile": (kernel_profile.run_profile, "480"),
    "two-cards": (two_cards.run_two_cards, "480"),
}
# The share of the minutes that each part gets of a short run of all; that of two cards comes on top.
SHORT = {"check": 0.27, "bench-480": 0.25, "sweep": 0.15, "whole-model": 0.27, "profile": 0.06}
SHORT |= {"two-cards": 0.4}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, or write the page; 1 where a check found an error."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.divided_pass is not None:
        from .divided_pass import run_divided_pass

        run_divided_pass(options.divided_pass)
        return 0
    if options.split_conditions is not None:
        from .split_conditions import run_split_conditions

        run_split_conditions(options.split_conditions)
        return 0
    if options.write_docs is not None:
        try:
            speed_page.write(options.write_docs)
        except MultiTalkError as error:
            parser.error(str(error))
        return 0
    if problem := _problem(options) or _made(options.output):
        parser.error(problem)
    torch.manual_seed(options.seed)
    if options.tiny:
        torch.set_num_threads(1)  # several would wait for each other longer than such shapes take
    shares = SHORT if options.part == ["all-short"] else dict.fromkeys(options.part, 1.0)
    runs = [_run(name, options, minutes=share * options.minutes) for name, share in shares.items()]
    for run in runs:
        print(f"{run.path}: {summary(run)}")
    return 0 if all(sound(run) for run in runs) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Check and time the kernels on this machine's GPU.")
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--part", nargs="+", choices=[*PARTS, "all-short"], help="what to check or time")
    todo.add_argument(
        "--write-docs",
        nargs="*",
        type=Path,
        metavar="JSON",
        help="take these files into docs/speed/ and write the tables of docs/speed.md",
    )
    for process in ("--divided-pass", "--split-conditions"):  # of two-cards
        todo.add_argument(process, help=argparse.SUPPRESS)
    folder = Path(os.environ.get("OUT", "gpu_day"))
    parser.add_argument("--output", type=Path, default=folder, help="folder of the JSON ($OUT, or gpu_day)")
    parser.add_argument("--minutes", type=float, default=8.5, help="no item begins later (8.5, each part)")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="(cuda)")
    parser.add_argument("--tiny", action="store_true", help="tiny shapes, to try the tool on a CPU")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--comfyui", type=Path, help="a ComfyUI folder, to time in it as well")
    return parser


def _problem(options: argparse.Namespace) -> str | None:
    """Why nothing can be measured, as a sentence."""
    if "all-short" in options.part and len(options.part) > 1:
        return "all-short is every part already: name it alone."
    if torch.device(options.device).type == "cuda" and not torch.cuda.is_available():
        return "torch finds no GPU here: run this where one is, or try the tool with --device cpu --tiny."
    if options.device == "cpu" and not options.tiny:
        return "--device cpu only tries the tool, at tiny shapes: add --tiny."
    if not options.minutes > 0:
        return f"--minutes {options.minutes:g} leaves no time for anything: give more than 0."
    if options.comfyui is not None and not (options.comfyui / "comfy").is_dir():
        return f"{options.comfyui} is no ComfyUI: give the folder that holds comfy/."
    return None


def _made(folder: Path) -> str | None:
    """Make the folder of the JSON; a sentence where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"The folder {folder} cannot be made ({error.strerror}): choose another --output."
    return None


def _run(name: str, options: argparse.Namespace, *, minutes: float) -> MeasuringRun:
    part, size = PARTS[name]
    run = MeasuringRun(
        name,
        options.output,
        device=torch.device(options.device),
        size="tiny" if options.tiny else size,
        minutes=minutes,
        comfyui=options.comfyui,
    )
    part(run)
    run.save()
    return run


def sound(run: MeasuringRun) -> bool:
    """Whether nothing failed and every check is within its bounds."""
    return not run.failed and all(figures.get("ok", True) for figures in run.items.values())


def summary(run: MeasuringRun) -> str:
    """One line of a part."""
    wrong = [name for name, figures in run.items.items() if not figures.get("ok", True)]
    parts = [f"{len(run.items)} item{'' if len(run.items) == 1 else 's'}"]
    parts += [
        f"{len(names)} {word} ({', '.join(list(names)[:5])}{', …' if len(names) > 5 else ''})"
        for word, names in (
            ("out of bounds", wrong),
            ("failed", run.failed),
            ("skipped", run.skipped),
            ("left out for time", run.left_out),
        )
        if names
    ]
    return "; ".join(parts)
