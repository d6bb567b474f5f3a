"""Where the weights of models lie between their turns: on the device, or in main memory."""

from collections.abc import Iterable

import torch

from ...guards.words import Word


class Offload(Word):
    """What of the weights moves to the device, and when.

    NONE keeps all there. MODEL moves each model there for its turn; the adapter stays. GROUP moves one block
    of the transformer, and on CUDA the next one while this one computes, or one layer of the other models.
    SEQUENTIAL moves one layer, and waits for it: the least memory, and slow. SHARD leaves each of several
    processes its part of the transformer and the adapter, as `divide` places them; other models move as with
    MODEL.
    """

    NONE = "none"
    MODEL = "model"
    GROUP = "group"
    SEQUENTIAL = "sequential"
    SHARD = "shard"


IN_ONE_PROCESS = [str(offload) for offload in Offload if offload != Offload.SHARD]


def place(in_turn: Iterable[torch.nn.Module], device: torch.device, offload: Offload) -> None:
    """Put models, in the order of their use, where `offload` wants them."""
    from accelerate import cpu_offload, cpu_offload_with_hook
    from diffusers import WanTransformer3DModel

    previous = None
    for model in in_turn:
        model.eval()
        if offload == Offload.NONE:
            model.to(device)
        elif offload == Offload.SHARD and isinstance(model, WanTransformer3DModel):
            continue
        elif offload in (Offload.MODEL, Offload.SHARD):
            _, previous = cpu_offload_with_hook(model, device, prev_module_hook=previous)
        elif offload == Offload.GROUP:
            _offload_groups(model, device)
        else:
            cpu_offload(model, device, offload_buffers=len(model._parameters) > 0)


def place_adapter(adapter: torch.nn.Module, device: torch.device, offload: Offload) -> None:
    """Put an adapter where `offload` wants it: its layers go with the transformer's blocks."""
    from accelerate import cpu_offload

    if offload == Offload.SEQUENTIAL:
        cpu_offload(adapter, device)
    elif offload == Offload.GROUP:
        _offload_groups(adapter, device)
    elif offload != Offload.SHARD:
        adapter.to(device)


def _offload_groups(model: torch.nn.Module, device: torch.device) -> None:
    """The transformer by blocks; others, whose parts are called one by one, by layers."""
    from diffusers import WanTransformer3DModel
    from diffusers.hooks import apply_group_offloading

    main_memory = torch.device("cpu")
    if isinstance(model, WanTransformer3DModel):
        apply_group_offloading(
            model,
            device,
            main_memory,
            offload_type="block_level",
            num_blocks_per_group=1,
            use_stream=device.type == "cuda",
        )
    else:
        apply_group_offloading(model, device, main_memory, offload_type="leaf_level")
