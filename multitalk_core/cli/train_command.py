"""The command `train`: run a training from its config, or report the memory it needs."""

import argparse
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError, quoted
from ..files.outputs import check_inputs_stay
from ..files.whole import is_taken, name_trouble
from .library_loading import loading_libraries
from .options.paths import input_file

if TYPE_CHECKING:
    from accelerate import Accelerator

    from ..training.config import TrainingConfig
    from ..training.samples import SampleVideos
    from ..training.shards import ShardedClips
    from ..training.training_model import TrainingModel

RESULTS = ("adapter.safetensors", "transformer")
WRITTEN = ("run.json", "adapter.safetensors", "transformer/*", "checkpoints/**/*", "samples/*")
READ = ("*.*", "checkpoints/*/*")  # files of prepared clips and of an earlier stage

DESCRIPTION = """\
Train an adapter on clips that `prepare` made. Checkpoints are saved during the
run: to continue one that was stopped or killed, run the same command again. The
trained adapter is written to the output folder, for `generate` and ComfyUI."""

CONFIG = """\
a config with the usual keys; docs/training.md describes all of them
  output = "runs/stage1"
  clips = "prepared/one_person"
  i2v_clips = "prepared/events"          # without voices, for the image-to-video task
  model = "Wan2.1-I2V-14B-480P-Diffusers"  # default: the miniature model
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
    parser.add_argument(
        "config", type=input_file, metavar="CONFIG.toml", help="description of the training run, see below"
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="only report the memory that each GPU needs; no weights are loaded and nothing is trained",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Train, or report the memory that training needs."""
    from ..training.config import read_config

    config = read_config(arguments.config)
    check(config, arguments.config)
    if arguments.memory:
        report_memory(config)
    else:
        train_config(config)


def check(config: "TrainingConfig", file: Path) -> None:
    """Refuse missing inputs, and an output folder whose files are inputs or not of a training.

    Raises
    ------
    MultiTalkError
    """
    weights = [path for path in (config.model, config.adapter) if path is not None]
    folders = [*config.clips, *config.i2v_clips, *config.start_from]
    inputs = [file, *weights, *folders]
    for path in inputs:
        if not path.exists():
            raise MultiTalkError(f"The config {file} names {path}, which does not exist: check the path.")
    output = config.output
    if output.name and (trouble := name_trouble(output.name)):
        raise MultiTalkError(f"The output folder's name {quoted(output.name)} {trouble}: choose another.")
    if output.exists() and not output.is_dir():
        raise MultiTalkError(f"The output {output} is not a folder: choose another.")
    written = chain.from_iterable(output.glob(pattern) for pattern in WRITTEN)
    read = chain.from_iterable(folder.glob(pattern) for folder in folders for pattern in READ)
    check_inputs_stay(written, [file, *weights, *read], "output")
    foreign = [output / name for name in RESULTS if is_taken(output / name)]
    if foreign and not (output / "run.json").exists():
        raise MultiTalkError(
            f"{foreign[0]} exists and is not the result of a training: choose another output folder."
        )


def train_config(config: "TrainingConfig") -> None:
    """Train with a progress bar, and write the result.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    KeyboardInterrupt
        Its message says where the last checkpoint is.
    """
    from tqdm import tqdm

    with loading_libraries():
        from ..training.run import check_fits, check_same_run, make_accelerator, make_model, write_result
        from ..training.shards import ShardedClips
        from ..training.trainer import train
    from .summary import print_lines

    accelerator = make_accelerator(config)
    clips = ShardedClips(*config.clips)
    i2v_clips = ShardedClips(*config.i2v_clips) if config.i2v_clips else None
    model = make_model(config, clips[0])
    for kind in [*clips.kinds, *(i2v_clips.kinds if i2v_clips else [])]:
        check_fits(kind[0], model.transformer, model.adapter, config=config)
    if accelerator.is_main_process:
        check_same_run(config)
        print_lines(outlook(config, model, clips, i2v_clips=i2v_clips))
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
                folder=config.checkpoints,
                accelerator=accelerator,
                on_step=show,
                seconds_between_saves=60 * config.minutes_between_saves,
                i2v_clips=i2v_clips,
                after_update=_samples(config, clips, accelerator),
            )
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(
            f"the last checkpoint is in {config.checkpoints}; run the same command again to continue."
        ) from stopped
    finally:
        accelerator.end_training()
    if accelerator.is_main_process:
        print_lines({"trained": str(write_result(config))})


def report_memory(config: "TrainingConfig") -> None:
    """Print the memory that each GPU needs for the largest of the clips."""
    from ..method.wan import Grid
    from ..training.memory_table import memory_table
    from ..training.run import make_model
    from ..training.shards import ShardedClips

    clips = ShardedClips(*config.clips)
    model = make_model(config, clips[0], empty=True)
    tokens = max(Grid.of_latent(kind[0].latent).tokens for kind in clips.kinds)
    print(memory_table(model, tokens))


def outlook(
    config: "TrainingConfig",
    model: "TrainingModel",
    clips: "ShardedClips",
    *,
    i2v_clips: "ShardedClips | None",
) -> dict[str, str]:
    """A summary of the run, as lines by name."""
    recipe = config.recipe
    numbers = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    i2v = f"{recipe.without_audio:.0%} of them trained without audio"
    if i2v_clips is not None:
        i2v = f"{len(i2v_clips)} without voices, in {recipe.without_audio:.0%} of the updates"
    return {
        "trained": f"{recipe.trained}, {numbers:,} parameters",
        "clips": f"{len(clips)} with voices; {i2v}",
        "recipe": f"{recipe.steps} updates of {recipe.batch} clips, learning rate {recipe.learning_rate:g} "
        f"after {recipe.warm_up} updates, scheme {recipe.scheme}",
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
    return SampleVideos(
        clips,
        config.samples,
        shift=config.recipe.shift,
        vae=vae,
        accelerator=accelerator,
        folder=folder,
    )
