"""What the other processes of a film do: they join in the first one's forward passes."""

from typing import TYPE_CHECKING

import torch

from ...method.adapter import AudioAdapter
from ...method.audio_patch import AudioPatch
from .context_parallel import divide
from .processes import Processes
from .wan_host import WanHost

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


@torch.no_grad()
def join_passes(transformer: "WanTransformer3DModel", adapter: AudioAdapter, processes: Processes) -> None:
    """Join in the forward passes of the first process until it says that nothing more comes.

    Raises
    ------
    MultiTalkError
        When another process has ended.
    """
    divide(transformer, adapter, processes)
    while (given := processes.receive()) is not None:
        host = WanHost(transformer, AudioPatch(adapter, given.binding))
        try:
            with processes.joining(), host.conditioned(given.rows):
                transformer(**given.inputs)
        finally:
            host.remove()
