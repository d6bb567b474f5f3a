"""The command `train`: a training run from its config, or the memory that it would need."""

import argparse
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError, quoted
from ..files.outputs import check_inputs_stay
from ..files.whole import is_taken, name_trouble
from .options.paths import input_file

if TYPE_CHECKING:
    from accelerate import Accelerator

    from ..training.config import TrainingConfig
    from ..training.samples import SampleVideos
    from ..training.shards import ShardedClips
    from ..training.training_model import TrainingModel

RESULTS = ("adapter.safetensors", "transformer")
WRITTEN = ("run.json", "adapter.safetensors", "transformer/*", "checkpoints/**/*", "samples/*")
READ = ("*.*", "checkpoints/*/*")  # of prepared clips, and of an earlier stage

DESCRIPTION = """\
Train an adapter on clips that `prepare` made. The run's state is saved as it
goes: one that was stopped, however it was, goes on with the same command. At
the end the adapter lies in the output folder, for `generate` and the nodes."""

CONFIG = """\
a config, with all that it needs; docs/training.md tells the rest
  output = "runs/stage1"
  clips = "prepared/one_person"
  i2v_clips = "prepared/events"          # without voices, for the image-to-video task
  model = "Wan2.1-I2V-14B-480P-Diffusers"  # left out: the miniature model
  precision = "bf16"
  gradient_checkpointing = true

  [recipe]
  steps = 20000
  batch = 64

on several GPUs
  accelerate launch --config_file docs/training/fsdp.yaml -m multitalk_core train CONFIG.toml"""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "train",
        help="train an adapter on prepared clips",
        description=DESCRIPTION,
        epilog=CONFIG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("config", type=input_file, metavar="CONFIG.toml", help="the training run, see below")
    parser.add_argument(
        "--memory",
        action="store_true",
        help="only say how much memory each GPU needs; no weights are read and nothing is trained",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Train as the config says."""
    from ..training.config import read_config

    config = read_config(arguments.config)
    check(config, arguments.config)
    if arguments.memory:
        tell_memory(config)
    else:
        train_config(config)


def check(config: "TrainingConfig", file: Path) -> None:
    """Refuse what cannot be read, and an output folder whose files are inputs or another's.

    Raises
    ------
    MultiTalkError
    """
    weights = [path for path in (config.model, config.adapter) if path is not None]
    folders = [*config.clips, *config.i2v_clips, *config.start_from]
    inputs = [file, *weights, *folders]
    for path in inputs:
        if not path.exists():
            raise MultiTalkError(
                f"There is nothing at {path}, which the config {file} names: check the path."
            )
    output = config.output
    if output.name and (trouble := name_trouble(output.name)):
        raise MultiTalkError(f"The output folder's name {quoted(output.name)} {trouble}: choose another.")
    if output.exists() and not output.is_dir():
        raise MultiTalkError(f"The output {output} is no folder: choose another.")
    written = chain.from_iterable(output.glob(pattern) for pattern in WRITTEN)
    read = chain.from_iterable(folder.glob(pattern) for folder in folders for pattern in READ)
    check_inputs_stay(written, [file, *weights, *read], "output")
    foreign = [output / name for name in RESULTS if is_taken(output / name)]
    if foreign and not (output / "run.json").exists():
        raise MultiTalkError(f"{foreign[0]} exists, and no training made it: choose another output folder.")


def train_config(config: "TrainingConfig") -> None:
    """Train, showing a bar, and write the result.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    KeyboardInterrupt
        With a sentence that says what was kept.
    """
    from tqdm import tqdm

    from ..training.run import check_fits, check_same_run, make_accelerator, make_model, write_result
    from ..training.shards import ShardedClips
    from ..training.trainer import train
    from .summary import print_lines

    accelerator = make_accelerator(config)
    clips = ShardedClips(*config.clips)
    i2v_clips = ShardedClips(*config.i2v_clips) if config.i2v_clips else None
    model = make_model(config, clips[0])
    for kind in [*clips.kinds, *(i2v_clips.kinds if i2v_clips else [])]:
        check_fits(kind[0], model.transformer, model.adapter, config)
    if accelerator.is_main_process:
        check_same_run(config)
        print_lines(outlook(config, model, clips, i2v_clips))
    if config.tensorboard:
        accelerator.init_trackers("tensorboard")
    bar = tqdm(
        total=config.recipe.steps, unit="update", disable=not accelerator.is_main_process, dynamic_ncols=True
    )

    def show(step: int, loss: float) -> None:
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        bar.update(step - bar.n)

    try:
        with bar:
            train(
                model,
                clips,
                config.recipe,
                config.checkpoints,
                accelerator,
                show,
                60 * config.minutes_between_saves,
                i2v_clips,
                _samples(config, clips, accelerator),
            )
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(
            f"what was last saved is kept in {config.checkpoints}; the same command goes on from there."
        ) from stopped
    finally:
        accelerator.end_training()
    if accelerator.is_main_process:
        print_lines({"trained": str(write_result(config))})


def tell_memory(config: "TrainingConfig") -> None:
    """Print what each GPU needs, for the largest of the clips."""
    from ..training.memory_table import memory_table
    from ..training.run import make_model
    from ..training.shards import ShardedClips

    clips = ShardedClips(*config.clips)
    model = make_model(config, clips[0], empty=True)
    tokens = max(kind[0].latent[0].numel() for kind in clips.kinds) // 4
    print(memory_table(model, tokens))


def outlook(
    config: "TrainingConfig",
    model: "TrainingModel",
    clips: "ShardedClips",
    i2v_clips: "ShardedClips | None",
) -> dict[str, str]:
    """What is about to be trained, by name."""
    recipe = config.recipe
    numbers = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    without = f"{recipe.without_audio:.0%} of the clips without their audio"
    if i2v_clips is not None:
        without = f"{len(i2v_clips)} without voices, {recipe.without_audio:.0%} of the updates"
    return {
        "trained": f"{recipe.trained}, {numbers:,} numbers, {recipe.steps} updates of {recipe.batch} clips",
        "clips": f"{len(clips)} with voices; {without}",
        "rate": f"{recipe.learning_rate:g} after {recipe.warm_up} updates, scheme {recipe.scheme}",
        "output": f"{config.output}",
    }


def _samples(
    config: "TrainingConfig", clips: "ShardedClips", accelerator: "Accelerator"
) -> "SampleVideos | None":
    if config.samples.every == 0:
        return None
    from ..hosts.diffusers.embedded_models import load_embedded
    from ..hosts.diffusers.wan_folder import load_vae
    from ..training.samples import SampleVideos

    vae = load_embedded().vae if config.model is None else load_vae(config.model)
    folder = config.output / "samples"
    return SampleVideos(clips, config.samples, config.recipe.shift, vae, accelerator, folder)
