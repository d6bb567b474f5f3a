"""`python -m multitalk_core.toy_world`: train the demo's models, score them, write their files."""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import torch

from ..guidance import GuidanceScales
from ..standalone.models import EMBEDDED
from .audio_encoder import probe
from .world import World


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m multitalk_core.toy_world", description=__doc__)
    parser.add_argument("command", choices=("train", "score", "write"))
    parser.add_argument("folder", type=Path, help="where the training's state lies; a stopped one goes on")
    world = World()
    parser.add_argument("--vae-steps", type=int, default=world.vae_steps)
    parser.add_argument("--decoder-steps", type=int, default=world.decoder_steps)
    parser.add_argument("--clips", type=int, default=world.clips)
    parser.add_argument("--steps", type=int, default=world.recipe.steps)
    parser.add_argument("--batch", type=int, default=world.recipe.batch)
    parser.add_argument("--talks", type=int, default=32, help="unseen talks to score")
    parser.add_argument("--audio-scale", type=float, default=world.settings.scales.audio)
    parser.add_argument("--output", type=Path, default=EMBEDDED, help="folder of the written files")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    world = World(vae_steps=arguments.vae_steps, decoder_steps=arguments.decoder_steps, clips=arguments.clips)
    world = replace(
        world,
        recipe=replace(world.recipe, steps=arguments.steps, batch=arguments.batch),
        settings=replace(world.settings, scales=GuidanceScales(1.0, arguments.audio_scale)),
    )
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.command == "train":
        train(world, arguments.folder)
    elif arguments.command == "score":
        score = world.score(arguments.folder, arguments.talks)
        print(f"{arguments.talks} unseen talks: {score.straight}\nvoices swapped: {score.swapped}")
    else:
        world.write(arguments.folder, arguments.output)


def train(world: World, folder: Path) -> None:
    started = time.monotonic()

    def report(text: str) -> None:
        print(f"{(time.monotonic() - started) / 60:6.1f} min  {text}", flush=True)

    def report_step(step: int, loss: float) -> None:
        if step % 50 == 0:
            report(f"DiT {step}: loss {loss:.4f}")

    report(f"probe of the audio encoder: R² {probe(world.audio_encoder(folder)):.3f}")
    world.prepare_clips(folder, lambda done: report(f"{done} clips encoded"))
    world.train_dit(folder, report_step)
    world.tuned_vae(folder)
    report("done")


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
