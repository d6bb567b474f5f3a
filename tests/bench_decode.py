"""CPU time and page faults of the VAE's encoding and decoding, as diffusers does them and as the hosts do.

    python -m tests.bench_decode [--size 96 144] [--frames 13] [--base 16] [--profile]

Both ways run in one process in turn, so that the ratio means something on a busy machine. Widths other than
the embedded model's 16 (Wan2.1 has 96) get random weights.
"""

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.kernels.fast_convolutions import FastConvolutions

EMBEDDED_BASE, ROUNDS = 16, 3


@dataclass
class Way:
    """One way through the VAE, and what its runs took."""

    run: Callable[[Tensor], Tensor]
    seconds: float = float("inf")
    faults: int = 0
    result: Tensor | None = None

    def measure(self, given: Tensor) -> None:
        """Run once; the fastest run counts."""
        faults, start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.process_time()
        self.result = self.run(given)
        self.seconds = min(self.seconds, time.process_time() - start)
        self.faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults


def compare(name: str, run: Callable[[Tensor], Tensor], given: Tensor) -> None:
    """Print both ways of one task and their ratio."""

    def fast(given: Tensor) -> Tensor:
        with FastConvolutions():
            return run(given)

    plain, ours = Way(run), Way(fast)
    for _ in range(ROUNDS):
        plain.measure(given)
        ours.measure(given)
    error = (ours.result - plain.result).abs().max() / plain.result.abs().max()
    print(
        f"{name}: {plain.seconds:.2f} s of CPU time in diffusers, {ours.seconds:.2f} s here, "
        f"{plain.seconds / ours.seconds:.1f} times less; page faults {plain.faults:,} and {ours.faults:,}; "
        f"relative error {error:.1e}"
    )


def main() -> None:
    """Print one line for decoding and one for encoding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, nargs=2, default=[96, 144], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--frames", type=int, default=13)
    parser.add_argument("--base", type=int, default=EMBEDDED_BASE, help="channels at full size")
    parser.add_argument("--profile", action="store_true", help="where the decoding's time goes")
    options = parser.parse_args()
    torch.manual_seed(0)
    vae = load_embedded().vae
    if options.base != EMBEDDED_BASE:
        vae = AutoencoderKLWan(base_dim=options.base).eval()
    height, width = options.size
    frames = torch.rand(1, 3, options.frames, height, width) * 2 - 1
    with torch.no_grad():
        latent = vae.encode(frames).latent_dist.mode()
        compare("decode", lambda given: vae.decode(given).sample, latent)
        compare("encode", lambda given: vae.encode(given).latent_dist.mode(), frames)
        if options.profile:
            with profile(activities=[ProfilerActivity.CPU]) as profiler, FastConvolutions():
                vae.decode(latent)
            print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=12))


if __name__ == "__main__":
    main()
