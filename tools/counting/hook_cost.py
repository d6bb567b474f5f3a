"""What the hooks of one DiT block cost on a GPU, counted on fake tensors: this project's, and its peers'."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from multitalk_core.kernels import Way, localize
from multitalk_core.kernels.way import only
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, BindingOptions
from multitalk_core.method.binding import AudioFreeRows
from multitalk_core.method.labels import RangeTensors
from multitalk_core.method.schemes import resolved_scheme
from tools.counting.launch_counter import GPU, LaunchCounter
from tools.counting.own_kernels import own_kernels
from tools.gpu_day.model_size import ModelSize
from tools.peers import Peer, PeerVoices

HALF = torch.bfloat16


@dataclass(frozen=True)
class Cost:
    """What one block's hooks cost.

    Attributes
    ----------
    mapped, located, attended : LaunchCounter
        Localization alone; the first hook, which is that and labels, except the peers'; and the audio layer
        with its sum.
    """

    mapped: LaunchCounter
    located: LaunchCounter
    attended: LaunchCounter

    @property
    def host_copies(self) -> int:
        """Of both."""
        return self.located.host_copies + self.attended.host_copies

    @property
    def peak(self) -> int:
        """The larger of both, in bytes."""
        return max(self.located.peak, self.attended.peak)


class Layers:
    """Layers on the GPU, their weights as they come."""

    class Linear(nn.Linear):
        """Without values."""

        def reset_parameters(self) -> None:
            """Nothing: fake tensors draw no numbers."""

    LayerNorm = nn.LayerNorm


def on_gpu(*shape: int, dtype: torch.dtype = HALF) -> Tensor:
    """A tensor that is only counted."""
    return torch.empty(shape, dtype=dtype, device=GPU)


def counted_adapter(size: ModelSize) -> AudioAdapter:
    """Of one layer."""
    return AudioAdapter(size.adapter_shape(1), size.heads, layers=Layers, device=GPU, dtype=HALF)


def own_rows(size: ModelSize, persons: int, audible: tuple[bool, ...]) -> AudioRows:
    """Rows as `audio_rows` builds them once a clip."""
    count, silent, grid = len(audible), not any(audible), size.grid
    free = None
    if not silent and not all(audible):
        free = AudioFreeRows(on_gpu(count, dtype=torch.bool), on_gpu(count, 1, persons, dtype=torch.bool))
    bounds = [on_gpu(persons, 2, dtype=torch.float32) for _ in range(2)]
    return AudioRows(
        tokens=on_gpu(count, grid.frames, 1 if silent else persons, size.audio_tokens, size.audio_width),
        masks=on_gpu(1, persons + 1, grid.tokens_per_frame, dtype=torch.float32),
        ranges=RangeTensors(bounds[0], 12.0, on_gpu(persons, dtype=torch.float32), bounds[1]),
        audio_free=free,
        observed=None,
        silent=silent,
    )


@torch.no_grad()
def own_cost(size: ModelSize, persons: int, way: Way, *, audible: tuple[bool, ...] = (True,)) -> Cost:
    """Of this project's hooks, by one way of its kernels."""
    grid, scheme = size.grid, resolved_scheme("automatic", voices=persons, among_bystanders=False)
    with FakeTensorMode(), only(way):
        block = AudioPatch(counted_adapter(size), BindingOptions(scheme=scheme)).block(0)
        assert block is not None
        rows = own_rows(size, persons, audible)
        query, key = (on_gpu(len(audible), grid.tokens, size.heads, size.channels) for _ in range(2))
        hidden = on_gpu(len(audible), grid.tokens, size.width)
        mapped, located, attended = (LaunchCounter(own_kernels(way)) for _ in range(3))
        with mapped:
            localize(query, key, rows.masks)
        with located:
            binding = block.after_self_attention(query, key, rows=rows, grid=grid)
        with attended:
            hidden += block.after_text_attention(hidden, rows=rows, grid=grid, binding=binding)
    return Cost(mapped, located, attended)


@torch.no_grad()
def peer_cost(size: ModelSize, persons: int, peer: Peer) -> Cost:
    """Of a peer's two hooks, whose masks lie on the host."""
    with FakeTensorMode():
        rows = own_rows(size, persons, (True,))
        rows = replace(rows, masks=torch.empty(rows.masks.shape))
        voices = PeerVoices(counted_adapter(size).blocks["0"], rows, peer)
        query, key = (on_gpu(1, size.tokens, size.heads, size.channels) for _ in range(2))
        hidden = on_gpu(1, size.tokens, size.width)
        located, attended = LaunchCounter(), LaunchCounter()
        with located:
            similarity = voices.locate(query, key)
        with attended:
            voices.add(hidden, similarity)
    return Cost(located, located, attended)
