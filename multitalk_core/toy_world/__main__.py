"""`python -m multitalk_core.toy_world`: train the models of the demo, measure them and their films."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ..demo.files import EMBEDDED
from ..errors import MultiTalkError
from ..media.video_writer import read_video
from .parts import measure_demo
from .report import write_report
from .results import make_results
from .stages import ABLATIONS, STAGES
from .toy_audio_encoder import probe
from .trained_vae import take_vae
from .world import World

REPORT = Path("docs/results.md")
TALKS = 24
STEPS_BETWEEN_LINES = 50


def parse_arguments() -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(
        prog="python -m multitalk_core.toy_world",
        description="Train the models of the demo, measure them, and write their files.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    help_texts = {
        "train": "train the stages in order; a stopped training continues",
        "measure": "measure all trained stages, for docs/results.md",
        "report": "write the measured numbers to docs/results.md",
        "write": "write the weights of a stage as the files of the embedded demo",
        "inspect": "compare a film of the demo with its picture: colours, mouths and eyes",
    }
    parsers = {
        name: commands.add_parser(name, help=text, description=text) for name, text in help_texts.items()
    }
    parsers.pop("inspect").add_argument("film", type=Path, help="the film, such as demo/film.mp4")
    for command in parsers.values():
        command.add_argument("folder", type=Path, help="folder of the training's checkpoints and results")
    stages, last = list(STAGES | ABLATIONS), list(STAGES)[-1]
    parsers["train"].add_argument(
        "--stages",
        nargs="+",
        choices=stages,
        default=list(STAGES),
        metavar="STAGE",
        help=f"stages to train, of {', '.join(stages)} (default: {' '.join(STAGES)})",
    )
    parsers["train"].add_argument(
        "--vae", type=Path, metavar="FILE", help="a VAE that was trained before, instead of training one"
    )
    parsers["measure"].add_argument(
        "--talks", type=int, default=TALKS, help="unseen talks per measure (default: %(default)s)"
    )
    parsers["report"].add_argument(
        "--output", type=Path, default=REPORT, help="page to update (default: %(default)s)"
    )
    parsers["write"].add_argument(
        "--stage",
        choices=stages,
        default=last,
        metavar="STAGE",
        help=f"stage to write, of {', '.join(stages)} (default: {last})",
    )
    parsers["write"].add_argument(
        "--output", type=Path, default=EMBEDDED, help="output folder (default: the shipped demo's)"
    )
    return parser.parse_args()


def main() -> None:
    """Run one command."""
    arguments, world, started = parse_arguments(), World(), time.monotonic()
    if arguments.command == "inspect":
        print(measure_demo(read_video(arguments.film)[0]))
        return
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)

    def report(text: str) -> None:
        print(f"{(time.monotonic() - started) / 60:6.1f} min  {text}", flush=True)

    if arguments.command == "train":
        if arguments.vae is not None:
            take_vae(arguments.vae, folder)
        train(world, folder, arguments.stages, report=report)
    elif arguments.command == "measure":
        make_results(world, folder, talks=arguments.talks, report=report)
    elif arguments.command == "report":
        write_report(folder, arguments.output)
    else:
        world.write(folder, arguments.stage, arguments.output)


def train(world: World, folder: Path, stages: list[str], *, report: Callable[[str], None]) -> None:
    """Train the encoders, encode the clips, and train the stages."""
    report(f"probe of the audio encoder: R² {probe(world.audio_encoder(folder)):.3f}")
    for name in dict.fromkeys(["events", *(world.stages[stage].clips for stage in stages)]):

        def on_clips(done: int, name: str = name) -> None:
            report(f"{name}: {done} clips encoded")

        world.prepare_clips(folder, name, on_clips)
    for stage in stages:

        def on_step(step: int, loss: float, stage: str = stage) -> None:
            if step % STEPS_BETWEEN_LINES == 0:
                report(f"{stage} {step}: loss {loss:.4f}")

        world.train_stage(folder, stage, on_step)
    report("done")


if __name__ == "__main__":
    torch.manual_seed(0)
    try:
        main()
    except MultiTalkError as error:
        sys.exit(str(error))
