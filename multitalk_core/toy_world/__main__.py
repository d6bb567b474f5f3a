"""`python -m multitalk_core.toy_world`: train the demo's models, measure them, write their files."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ..demo.files import EMBEDDED
from .report import write_report
from .results import make_results
from .stages import ABLATIONS, STAGES
from .toy_audio_encoder import probe
from .world import World

REPORT = Path("docs/results.md")
TALKS = 24
STEPS_BETWEEN_LINES = 50


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m multitalk_core.toy_world", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    help_texts = {
        "train": "the stages in their order; a stopped training goes on",
        "measure": "the numbers of docs/results.md, of all stages that are trained",
        "report": "docs/results.md from the numbers",
        "write": "a stage's weights as the embedded demo's files",
    }
    parsers = {name: commands.add_parser(name, help=text) for name, text in help_texts.items()}
    for command in parsers.values():
        command.add_argument("folder", type=Path, help="where the training's state lies")
    stages = list(STAGES | ABLATIONS)
    parsers["train"].add_argument("--stages", nargs="+", choices=stages, default=list(STAGES))
    parsers["measure"].add_argument("--talks", type=int, default=TALKS, help="unseen talks of a measure")
    parsers["report"].add_argument("--output", type=Path, default=REPORT)
    parsers["write"].add_argument("--stage", choices=stages, default=list(STAGES)[-1])
    parsers["write"].add_argument("--output", type=Path, default=EMBEDDED, help="folder of the written files")
    return parser.parse_args()


def main() -> None:
    arguments, world, started = parse_arguments(), World(), time.monotonic()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)

    def report(text: str) -> None:
        print(f"{(time.monotonic() - started) / 60:6.1f} min  {text}", flush=True)

    if arguments.command == "train":
        train(world, folder, arguments.stages, report)
    elif arguments.command == "measure":
        make_results(world, folder, arguments.talks, report)
    elif arguments.command == "report":
        write_report(folder, arguments.output)
    else:
        world.write(folder, arguments.stage, arguments.output)


def train(world: World, folder: Path, stages: list[str], report: Callable[[str], None]) -> None:
    report(f"probe of the audio encoder: R² {probe(world.audio_encoder(folder)):.3f}")
    for name in dict.fromkeys(["events", *(world.stages[stage].clips for stage in stages)]):
        world.prepare_clips(folder, name, lambda done, name=name: report(f"{name}: {done} clips encoded"))
    for stage in stages:

        def on_step(step: int, loss: float, stage: str = stage) -> None:
            if step % STEPS_BETWEEN_LINES == 0:
                report(f"{stage} {step}: loss {loss:.4f}")

        world.train_stage(folder, stage, on_step)
    world.tuned_vae(folder)
    report("done")


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
