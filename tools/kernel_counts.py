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

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from multitalk_core.kernels import Way
from tools.counting.hook_cost import HALF, Cost, own_cost, peer_cost
from tools.gpu_day.model_size import SIZES as MODELS
from tools.peers import PEERS

SIZES = {"480p": MODELS["480"], "720p": MODELS["720"]}
PERSONS = (1, 2, 4)


def costs() -> Iterator[tuple[str, int, str, Cost]]:
    """Size, persons, whose, and cost of every row of the table."""
    for size in SIZES:
        for persons in PERSONS:
            for way in (Way.TRITON, Way.SDPA):
                yield size, persons, f"ours, {way}", own_cost(SIZES[size], persons, way)
            silent = own_cost(SIZES[size], persons, Way.TRITON, audible=(False,))
            yield size, persons, "ours, triton, a row without audio", silent
            together = own_cost(SIZES[size], persons, Way.TRITON, audible=(True, True, False))
            yield size, persons, "ours, triton, three rows at once", together
            yield size, persons, "ComfyUI's node", peer_cost(SIZES[size], persons, PEERS["comfyui"])
            yield size, persons, "the released code", peer_cost(SIZES[size], persons, PEERS["released"])


def ideal(size: str) -> tuple[float, float]:
    """GB of localization, which reads queries and reference keys once, and of the audio layer.

    The audio layer passes over the hidden states: twice each for norm, queries and attention, and three times
    for the projection that adds to them.
    """
    model = SIZES[size]
    one_pass = model.tokens * model.width * HALF.itemsize / 1e9
    return one_pass * (1 + 1 / model.grid.frames), 9 * one_pass


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.parse_args()
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
