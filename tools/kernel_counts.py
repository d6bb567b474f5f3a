"""What the two hooks of a DiT block cost on a GPU, counted without one.

    python tools/kernel_counts.py

True shapes of Wan2.1-14B in bfloat16. Every operation is counted on fake tensors: launches, bytes read and
written, memory beside what the block has, copies from the host.

Why the audio layer is not at its ideal of 3.0 GB and 5 launches (480p, two persons, one row):
- The sum with the hidden states is a launch of its own, two passes more. A matrix product could add them, but
  its one addend is the projection's bias; and the layer is the host's, whose fp8, GGUF and LoRA add nothing.
- Weights are read, too, 0.1 GB, and the voices' keys and values are computed in every block: those of a whole
  clip would take 1.1 GB for two persons.
- Routing clears the projection's bias from the background's tokens, two passes more.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

sys.path.insert(0, str(Path(__file__).parents[1]))

from multitalk_core.kernels import Way
from multitalk_core.kernels.way import only
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, BindingOptions
from multitalk_core.method.binding import AudioFreeRows
from multitalk_core.method.labels import RangeTensors
from multitalk_core.method.schemes import resolved_scheme
from multitalk_core.method.wan import Grid
from tools.counting.launch_counter import GPU, LaunchCounter
from tools.counting.own_kernels import own_kernels
from tools.gpu_day.model_size import SIZES as MODELS
from tools.peers import PEERS, Peer, PeerVoices

MODEL = MODELS["480"]
SIZES = {"480p": MODEL.grid, "720p": MODELS["720"].grid}
PERSONS = (1, 2, 4)
HALF = torch.bfloat16


@dataclass(frozen=True)
class Cost:
    """What one block's hooks cost.

    Attributes
    ----------
    located, attended : LaunchCounter
        Localization with its labels, and the audio layer with its sum.
    """

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


def counted_adapter() -> AudioAdapter:
    """Of one layer."""
    return AudioAdapter(MODEL.adapter_shape(1), MODEL.heads, layers=Layers, device=GPU, dtype=HALF)


def own_rows(grid: Grid, persons: int, audible: tuple[bool, ...]) -> AudioRows:
    """Rows as `audio_rows` builds them once a clip."""
    count, silent = len(audible), not any(audible)
    free = None
    if not silent and not all(audible):
        free = AudioFreeRows(on_gpu(count, dtype=torch.bool), on_gpu(count, 1, persons, dtype=torch.bool))
    bounds = [on_gpu(persons, 2, dtype=torch.float32) for _ in range(2)]
    return AudioRows(
        tokens=on_gpu(count, grid.frames, 1 if silent else persons, MODEL.audio_tokens, MODEL.audio_width),
        masks=on_gpu(1, persons + 1, grid.tokens_per_frame, dtype=torch.float32),
        ranges=RangeTensors(bounds[0], 12.0, on_gpu(persons, dtype=torch.float32), bounds[1]),
        audio_free=free,
        observed=None,
        silent=silent,
    )


@torch.no_grad()
def own_cost(
    size: str, persons: int, way: Way, *, audible: tuple[bool, ...] = (True,), scheme: str | None = None
) -> Cost:
    """Of this project's hooks, by one way of its kernels."""
    grid = SIZES[size]
    scheme = scheme or resolved_scheme("automatic", voices=persons, among_bystanders=False)
    with FakeTensorMode(), only(way):
        block = AudioPatch(counted_adapter(), BindingOptions(scheme=scheme)).block(0)
        assert block is not None
        rows = own_rows(grid, persons, audible)
        query, key = (on_gpu(len(audible), grid.tokens, MODEL.heads, MODEL.channels) for _ in range(2))
        hidden = on_gpu(len(audible), grid.tokens, MODEL.width)
        located, attended = LaunchCounter(own_kernels(way)), LaunchCounter(own_kernels(way))
        with located:
            binding = block.after_self_attention(query, key, rows=rows, grid=grid)
        with attended:
            hidden += block.after_text_attention(hidden, rows=rows, grid=grid, binding=binding)
    return Cost(located, attended)


@torch.no_grad()
def peer_cost(size: str, persons: int, peer: Peer) -> Cost:
    """Of a peer's two hooks, whose masks lie on the host."""
    grid = SIZES[size]
    with FakeTensorMode():
        rows = own_rows(grid, persons, (True,))
        rows = replace(rows, masks=torch.empty(rows.masks.shape))
        voices = PeerVoices(counted_adapter().blocks["0"], rows, peer)
        query, key = (on_gpu(1, grid.tokens, MODEL.heads, MODEL.channels) for _ in range(2))
        hidden = on_gpu(1, grid.tokens, MODEL.width)
        located, attended = LaunchCounter(), LaunchCounter()
        with located:
            similarity = voices.locate(query, key)
        with attended:
            voices.add(hidden, similarity)
    return Cost(located, attended)


def costs() -> Iterator[tuple[str, int, str, Cost]]:
    """Size, persons, whose, and cost of every row of the table."""
    for size in SIZES:
        for persons in PERSONS:
            for way in (Way.TRITON, Way.SDPA):
                yield size, persons, f"ours, {way}", own_cost(size, persons, way)
            silent = own_cost(size, persons, Way.TRITON, audible=(False,))
            yield size, persons, "ours, triton, a row without audio", silent
            together = own_cost(size, persons, Way.TRITON, audible=(True, True, False))
            yield size, persons, "ours, triton, three rows at once", together
            yield size, persons, "ComfyUI's node", peer_cost(size, persons, PEERS["comfyui"])
            yield size, persons, "the released code", peer_cost(size, persons, PEERS["released"])


def ideal(size: str) -> tuple[float, float]:
    """GB of localization, which reads queries and reference keys once, and of the audio layer.

    The audio layer passes over the hidden states: twice each for norm, queries and attention, and three times
    for the projection that adds to them.
    """
    grid = SIZES[size]
    one_pass = grid.tokens * MODEL.width * HALF.itemsize / 1e9
    return one_pass * (1 + 1 / grid.frames), 9 * one_pass


def main() -> None:
    """Print the table."""
    print("One block. Launches and GB: localization with labels + audio layer with its sum.\n")
    print("| Size | Persons | Whose | Launches | GB | Peak MB | Host copies |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        located, attended = ideal(size)
        print(f"| {size} | 2 | ideal | 1 + 5 | {located:.2f} + {attended:.2f} | | 0 |")
    for size, persons, whose, cost in costs():
        launches = [part.launches.total() for part in (cost.located, cost.attended)]
        traffic = [part.bytes / 1e9 for part in (cost.located, cost.attended)]
        print(
            f"| {size} | {persons} | {whose} | {launches[0]} + {launches[1]} | {traffic[0]:.2f} + "
            f"{traffic[1]:.2f} | {cost.peak / 1e6:,.0f} | {cost.host_copies} |"
        )


if __name__ == "__main__":
    main()
