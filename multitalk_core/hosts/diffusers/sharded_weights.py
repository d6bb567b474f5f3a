"""Weights that one GPU cannot hold: each of several processes has a part of every block."""

from itertools import chain
from typing import TYPE_CHECKING

from ...method.adapter import AudioAdapter
from .processes import Processes

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


def shard_weights(transformer: "WanTransformer3DModel", adapter: AudioAdapter, processes: Processes) -> None:
    """Leave on this process's device its part of the weights, by FSDP2.

    A block gathers its weights, and those of its audio layer, when its forward pass begins, and drops them
    when it ends. The audio projection stays whole: only the first process calls it, once a clip.

    Parameters
    ----------
    transformer : WanTransformer3DModel
        In main memory, with its tokens already divided.
    adapter : AudioAdapter
        In main memory.
    processes : Processes
    """
    from torch.distributed.fsdp import fully_shard

    adapter.audio_proj.to(processes.device)
    for weight in chain(transformer.parameters(), adapter.parameters()):
        weight.requires_grad_(False)  # FSDP wants one precision of all that is trained
    for index, block in enumerate(transformer.blocks):
        layers = [adapter.blocks[str(index)]] if index in adapter.shape.blocks else []
        fully_shard([block, *layers], mesh=processes.mesh)
    fully_shard(transformer, mesh=processes.mesh, reshard_after_forward=True)
