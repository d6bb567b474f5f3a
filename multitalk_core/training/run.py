"""A training run as its config describes it: load the models, check them, write the result."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, is_tensorboard_available
from torch import Tensor, nn

from ..checkpoint import write_adapter
from ..demo.files import EMBEDDED
from ..errors import MultiTalkError
from ..files.given import loading, read_json
from ..files.whole import is_taken
from ..hosts.diffusers.embedded_models import load_embedded
from ..hosts.diffusers.wan_adapter import read_fitting_adapter
from ..hosts.diffusers.wan_folder import load_transformer
from ..method.adapter import AudioAdapter
from ..method.adapter_shape import AdapterShape
from ..method.wan import video_frames
from .config import TrainingConfig, checkpoints_of
from .recipe import ADAPTER, BASE
from .record import write_whole
from .saving import newest_weights, start_from
from .shards import TrainingClip
from .silent_start import silenced
from .training_model import TrainingModel

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

DTYPES = {"no": torch.float32, "bf16": torch.bfloat16}
RESULT = "adapter.safetensors"


def make_model(config: TrainingConfig, clip: TrainingClip, empty: bool = False) -> TrainingModel:
    """The model before its first update.

    A frozen base has the compute precision; trained weights are float32.

    Parameters
    ----------
    config : TrainingConfig
    clip : TrainingClip
        One of the training clips; it must fit the model.
    empty : bool
        Whether to build the model on the meta device, without weights.

    Raises
    ------
    MultiTalkError
        When a file cannot be used, or the parts do not match.
    """
    recipe = config.recipe
    dtype = DTYPES[config.precision] if recipe.trained == ADAPTER else torch.float32
    if empty:
        transformer = _empty_transformer(config.model, dtype)
    elif config.model is None:
        transformer = nn.Module.to(load_embedded().transformer, dtype)  # diffusers' own `to` warns
    else:
        transformer = load_transformer(config.model, dtype)
    with torch.device("meta" if empty else "cpu"):
        adapter = _new_adapter(config, transformer, clip)
    if config.adapter is not None and not empty:
        adapter = read_fitting_adapter(
            config.adapter, transformer, torch.float32, model_name="the base model"
        )
    check_fits(clip, transformer, adapter, config=config)
    if config.gradient_checkpointing:
        transformer.enable_gradient_checkpointing()
    model = TrainingModel(transformer, adapter, recipe)
    if not empty:
        for output in config.start_from:
            start_from(model, checkpoints_of(output))
    return model


def _empty_transformer(folder: Path | None, dtype: torch.dtype) -> "WanTransformer3DModel":
    from diffusers import WanTransformer3DModel

    source = (folder or EMBEDDED / "diffusers") / "transformer"
    read_json(source / "config.json", "transformer's configuration")
    with loading(source, "transformer"), torch.device("meta"):
        config = WanTransformer3DModel.load_config(source, local_files_only=True)
        return nn.Module.to(WanTransformer3DModel.from_config(config), dtype)


def _new_adapter(
    config: TrainingConfig, transformer: "WanTransformer3DModel", clip: TrainingClip
) -> AudioAdapter:
    """A new adapter on all blocks, which adds nothing."""
    heads = transformer.config.num_attention_heads
    sizes = config.new_adapter
    frames, layers, channels = clip.features.shape[1:]
    shape = AdapterShape(
        blocks=tuple(range(transformer.config.num_layers)),
        width=heads * transformer.config.attention_head_dim,
        audio_width=sizes.audio_width,
        context_tokens=sizes.context_tokens,
        intermediate=sizes.intermediate,
        window=frames + 1 - video_frames(clip.latent.shape[1]),
        feature_size=layers * channels,
    )
    with torch.random.fork_rng():
        torch.manual_seed(config.recipe.seed)
        return silenced(AudioAdapter(shape, heads))


def check_fits(
    clip: TrainingClip,
    transformer: "WanTransformer3DModel",
    adapter: AudioAdapter,
    *,
    config: TrainingConfig,
) -> None:
    """Refuse clips that were prepared for another model, adapter or label ranges.

    Raises
    ------
    MultiTalkError
    """
    text = transformer.config.text_dim
    if clip.text.shape[-1] != text:
        raise MultiTalkError(
            f"The clips' captions have {clip.text.shape[-1]} channels but the model expects {text}: prepare "
            "the clips with the model that you train."
        )
    if (clip.image is None) != (transformer.config.image_dim is None):
        raise MultiTalkError(
            "Only one of the clips and the model has CLIP image tokens: prepare the clips with this model."
        )
    frames, layers, channels = clip.features.shape[1:]
    encoded = (frames + 1 - video_frames(clip.latent.shape[1]), layers * channels)
    expected = (adapter.shape.window, adapter.shape.feature_size)
    if encoded != expected:
        raise MultiTalkError(
            f"The clips have windows of {encoded[0]} frames with {encoded[1]} audio features each, but the "
            f"adapter expects {expected[0]} with {expected[1]}: prepare the clips with the adapter's own "
            "audio encoder."
        )
    ranges, voices = config.recipe.ranges, len(clip.features)
    if ranges is not None and voices > 1 and len(ranges.audio) != voices:
        raise MultiTalkError(
            f"The label ranges are for {len(ranges.audio)} persons but the clips have {voices}: give "
            f"`ranges` for {voices} persons."
        )


def check_same_run(config: TrainingConfig) -> None:
    """Refuse to continue a run with another recipe; only `steps` may change.

    Raises
    ------
    MultiTalkError
    """
    recipe = asdict(config.recipe)
    del recipe["steps"]
    files = {"model": config.model, "adapter": config.adapter, "start_from": config.start_from}
    data = {"clips": config.clips, "i2v_clips": config.i2v_clips}
    now = json.loads(json.dumps(recipe | files | data, default=str))
    record = config.output / "run.json"
    before = read_json(record, "record", "choose another output folder") if is_taken(record) else now
    for name, value in now.items():
        if before.get(name) != value:
            raise MultiTalkError(
                f"The run in {config.output} was started with {name} = {before.get(name)}, not {value}: use "
                "the same value, or another output folder."
            )
    config.output.mkdir(parents=True, exist_ok=True)
    write_whole(record, now)


def write_result(config: TrainingConfig) -> Path:
    """Write the trained adapter under the released key names, and a trained base in diffusers format.

    Returns
    -------
    Path
        The adapter, or the folder of the base if only the base was trained.
    """
    weights, steps = newest_weights(config.checkpoints)
    dtype = DTYPES[config.precision]
    transformer = config.output / "transformer"
    if config.recipe.trained != ADAPTER:
        empty = _empty_transformer(config.model, dtype)
        empty.load_state_dict(_part(weights, "transformer.", dtype), assign=True)
        empty.save_pretrained(transformer)
    if config.recipe.trained == BASE:
        return transformer
    about = f"trained with {steps} updates of {config.recipe.batch} clips, scheme {config.recipe.scheme}"
    path = config.output / RESULT
    write_adapter(path, _part(weights, "adapter.", dtype), {"multitalk": about})
    return path


def _part(weights: dict[str, Tensor], prefix: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """The weights of one part of the model, under that part's own names."""
    return {
        name.removeprefix(prefix): tensor.to(dtype)
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }


def make_accelerator(config: TrainingConfig) -> Accelerator:
    """The accelerator with the config's precision, accumulation and tracker.

    Raises
    ------
    MultiTalkError
        When TensorBoard is missing, or the batch cannot be divided among processes and accumulation.
    """
    if config.tensorboard and not is_tensorboard_available():
        raise MultiTalkError(
            "TensorBoard is not installed: run `pip install tensorboard`, or write `tensorboard = false`."
        )
    accelerator = Accelerator(
        mixed_precision=config.precision,
        gradient_accumulation_steps=config.accumulation,
        log_with="tensorboard" if config.tensorboard else None,
        project_dir=config.output,
    )
    batch, parts = config.recipe.batch, accelerator.num_processes * config.accumulation
    if batch % parts:
        raise MultiTalkError(
            f"A batch of {batch} cannot be divided among {accelerator.num_processes} process(es) with an "
            f"accumulation of {config.accumulation}: make it a multiple of {parts}."
        )
    if accelerator.distributed_type == DistributedType.DEEPSPEED:  # it has no loader to read this from
        settings = accelerator.state.deepspeed_plugin.deepspeed_config
        settings["train_micro_batch_size_per_gpu"] = batch // parts
    return accelerator
