"""The memory that training needs on each GPU, counted from the model's parameters."""

from dataclasses import dataclass

from torch import nn

from .training_model import TrainingModel

ADAM_BYTES = 8  # two moments in float32
GPUS = (1, 2, 4, 8, 16, 32)
COMPUTE_BYTES = 2  # bfloat16


@dataclass(frozen=True)
class Memory:
    """Bytes needed on each GPU.

    Attributes
    ----------
    weights, gradients, optimizer : int
    gathered : int
        Weights cast to the compute precision, besides the stored ones: with sharding, two blocks and
        everything outside of blocks; otherwise a copy of the trained weights.
    activations : int
        Activations stored for the backward pass: of all blocks, or with gradient checkpointing of one block
        plus the input of every block.
    """

    weights: int
    gradients: int
    optimizer: int
    gathered: int
    activations: int

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.weights + self.gradients + self.optimizer + self.gathered + self.activations


def needed_memory(model: TrainingModel, tokens: int, rows: int, *, gpus: int = 1) -> Memory:
    """The memory of an update in mixed precision.

    Parameters
    ----------
    model : TrainingModel
        May be on the meta device.
    tokens : int
        Tokens of a clip: latent frames · height / 16 · width / 16.
    rows : int
        Clips at once on each GPU.
    gpus : int
        GPUs that share weights, gradients and optimizer state (FSDP, ZeRO-3).

    Returns
    -------
    Memory
    """
    stored = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    numbers = sum(parameter.numel() for parameter in trained)
    gradients = sum(parameter.numel() * parameter.element_size() for parameter in trained)
    gathered = COMPUTE_BYTES * (numbers if gpus == 1 else _gathered_numbers(model))
    config = model.transformer.config
    width = config.num_attention_heads * config.attention_head_dim
    all_trained = model.transformer.blocks[0].ffn.net[2].weight.requires_grad
    per_token = block_bytes(width, config.ffn_dim, all_trained)
    if model.transformer.gradient_checkpointing:
        per_token += COMPUTE_BYTES * config.num_layers * width
    else:
        per_token *= config.num_layers
    return Memory(
        weights=stored // gpus,
        gradients=gradients // gpus,
        optimizer=ADAM_BYTES * numbers // gpus,
        gathered=gathered,
        activations=rows * tokens * per_token,
    )


def block_bytes(width: int, ffn: int, all_trained: bool) -> int:
    """Bytes per token that a block with its audio layer stores for the backward pass, in mixed precision.

    Counted on real blocks (tests/training/test_training_memory.py): linear in both widths, and much less with
    a frozen base, whose linear layers need not store their inputs.
    """
    return 76 * width + 4 * ffn if all_trained else 44 * width + 2 * ffn


def count_numbers(module: nn.Module) -> int:
    """Parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def _gathered_numbers(model: TrainingModel) -> int:
    """Number of parameters unsharded at one time: two blocks and everything outside of blocks."""
    block = count_numbers(model.transformer.blocks[0])
    block += count_numbers(next(iter(model.adapter.blocks.values())))
    inside = count_numbers(model.transformer.blocks) + count_numbers(model.adapter.blocks)
    return 2 * block + count_numbers(model) - inside


def memory_table(model: TrainingModel, tokens: int) -> str:
    """A table of the memory on each GPU, for several numbers of GPUs that share the model."""
    names = ("weights", "gradients", "optimizer", "gathered", "activations", "total")
    lines = [
        f"Gigabytes on each GPU for one clip of {tokens:,} tokens at a time; CUDA itself needs 2 to 4 more.",
        "".join(f"{name:>13}" for name in ("GPUs", *names)),
    ]
    for gpus in GPUS:
        need = needed_memory(model, tokens, 1, gpus=gpus)
        numbers = "".join(f"{getattr(need, name) / 1e9:13.1f}" for name in names)
        lines.append(f"{gpus:13d}{numbers}")
    return "\n".join([*lines, SHARING])


SHARING = """\
The rows assume that all GPUs share weights, gradients and optimizer state (FSDP, ZeRO-3); without sharding
each GPU needs what a single one needs. `accumulation` splits larger batches; n clips at once take n times
the activations."""
