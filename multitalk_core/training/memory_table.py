"""The memory that a training needs on each GPU, counted from the model's own numbers."""

from dataclasses import dataclass

from torch import nn

from .training_model import TrainingModel

ADAM_BYTES = 8  # two moments in float32
GPUS = (1, 2, 4, 8, 16, 32)
COMPUTE_BYTES = 2  # of a number in bfloat16


@dataclass(frozen=True)
class Memory:
    """Bytes on each GPU.

    Attributes
    ----------
    weights, gradients, optimizer : int
    gathered : int
        Weights in the precision to compute in, beside the stored ones: where these lie in parts on all GPUs,
        two blocks and what is outside of blocks; else the copies of what trains.
    activations : int
        What all blocks keep; with gradient checkpointing what one does, and the input of every block.
    """

    weights: int
    gradients: int
    optimizer: int
    gathered: int
    activations: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.gradients + self.optimizer + self.gathered + self.activations


def memory(model: TrainingModel, tokens: int, rows: int, parts: int = 1) -> Memory:
    """What an update needs, mixed precision taken for granted.

    Parameters
    ----------
    model : TrainingModel
        The meta device will do.
    tokens : int
        Of a clip: latent frames · height / 16 · width / 16.
    rows : int
        Clips at once on each GPU.
    parts : int
        GPUs that share weights, gradients and optimizer state (FSDP, ZeRO-3).

    Returns
    -------
    Memory
    """
    stored = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    numbers = sum(parameter.numel() for parameter in trained)
    gradients = sum(parameter.numel() * parameter.element_size() for parameter in trained)
    gathered = COMPUTE_BYTES * (numbers if parts == 1 else _gathered_numbers(model))
    config = model.transformer.config
    width = config.num_attention_heads * config.attention_head_dim
    all_trained = model.transformer.blocks[0].ffn.net[2].weight.requires_grad
    kept = block_bytes(width, config.ffn_dim, all_trained)
    if model.transformer.gradient_checkpointing:
        kept += COMPUTE_BYTES * config.num_layers * width
    else:
        kept *= config.num_layers
    return Memory(
        weights=stored // parts,
        gradients=gradients // parts,
        optimizer=ADAM_BYTES * numbers // parts,
        gathered=gathered,
        activations=rows * tokens * kept,
    )


def block_bytes(width: int, ffn: int, all_trained: bool) -> int:
    """What a block with its audio layer keeps of every token until its backward pass, in mixed precision.

    Counted on real blocks (tests/training/test_training_memory.py): linear in both widths, much less where
    the base is frozen, whose linear layers need not keep their inputs.
    """
    return 76 * width + 4 * ffn if all_trained else 44 * width + 2 * ffn


def count_numbers(module: nn.Module) -> int:
    """Parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def _gathered_numbers(model: TrainingModel) -> int:
    """Parameters that are whole at once where they lie in parts: two blocks, and all outside of blocks."""
    block = count_numbers(model.transformer.blocks[0])
    block += count_numbers(next(iter(model.adapter.blocks.values())))
    inside = count_numbers(model.transformer.blocks) + count_numbers(model.adapter.blocks)
    return 2 * block + count_numbers(model) - inside


def memory_table(model: TrainingModel, tokens: int) -> str:
    """What GPUs need that hold everything, and that share it, for several numbers of them."""
    names = ("weights", "gradients", "optimizer", "gathered", "activations", "total")
    lines = [
        f"Gigabytes on each GPU for one clip of {tokens:,} tokens at a time; add 2 to 4 for CUDA itself.",
        "".join(f"{name:>13}" for name in ("GPUs", *names)),
    ]
    for gpus in GPUS:
        need = memory(model, tokens, 1, gpus)
        numbers = "".join(f"{getattr(need, name) / 1e9:13.1f}" for name in names)
        lines.append(f"{gpus:13d}{numbers}")
    return "\n".join([*lines, SHARING])


SHARING = """\
Several GPUs share weights, gradients and optimizer state (FSDP, ZeRO-3); where they do not, each needs
what one alone needs. Larger batches are split by `accumulation`; n clips at once take n times the
activations."""
