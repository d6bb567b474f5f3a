"""Time and memory of localization and of L-RoPE's rotation beside the self-attention of the same layer.

    python tests/bench.py [--heads 12] [--channels 128] [--frames 5 9 13 21] [--device cpu|cuda]

One run, so that the ratios mean something; the absolute numbers are this machine's. `plain` writes the
tokens × reference matrix out; it is skipped where that alone would take more than --largest GiB.
"""

import argparse
import multiprocessing
import resource
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from multitalk_core.kernels.rotation import rotate
from multitalk_core.method.localization import class_similarity

HEIGHT, WIDTH, CLASSES = 26, 40, 3  # tokens of a 416 × 640 film


def self_attention(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """The layer's own attention over all tokens."""
    heads = [tensor.transpose(1, 2) for tensor in (query, key, key)]
    return F.scaled_dot_product_attention(*heads)


def plain(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Localization as the formula stands: softmax over the reference, times the masks, over the heads."""
    reference = key[:, : masks.shape[-1]]
    attention = torch.einsum("bqhd,bkhd->bhqk", query, reference).div(query.shape[-1] ** 0.5).softmax(-1)
    return torch.einsum("bhqk,bck->bcq", attention, masks / masks.sum(-1, keepdim=True)) / query.shape[2]


def rotation(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Queries turned by their labels; the result alone is as large as the queries."""
    return rotate(query, torch.linspace(0, 24, query.shape[1], device=query.device)[None, :, None])


WAYS = {
    "self-attention": self_attention,
    "fused localization": class_similarity,
    "plain localization": plain,
    "label rotation": rotation,
}


def measure(way: str, frames: int, options: argparse.Namespace, answer: object) -> None:
    """Seconds (best of three) and peak MiB above the inputs, in a process of its own."""
    torch.manual_seed(0)
    tokens = frames * HEIGHT * WIDTH
    inputs = torch.randn(2, 1, tokens, options.heads, options.channels, device=options.device)
    owner = torch.arange(HEIGHT * WIDTH, device=options.device) % CLASSES
    masks = F.one_hot(owner, CLASSES).T[None].float()
    on_gpu = options.device == "cuda"
    before = torch.cuda.memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        WAYS[way](*inputs, masks)
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    if on_gpu:
        memory = (torch.cuda.max_memory_allocated() - before) / 2**20
    else:
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
    answer.send((min(seconds), memory))


def measured(way: str, frames: int, options: argparse.Namespace) -> tuple[float, float]:
    """`measure` in a fresh process, whose peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(way, frames, options, sender))
    process.start()
    result = receiver.recv()
    process.join()
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--frames", type=int, nargs="+", default=[3, 6, 11, 21], help="latent frames")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--largest", type=float, default=8.0, help="GiB of the plain matrix at most")
    options = parser.parse_args()
    print(f"{options.heads} heads of {options.channels}, {HEIGHT} × {WIDTH} tokens a frame, {options.device}")
    head = ("latent frames", "tokens", "way", "seconds", "of attention", "MiB")
    print("{:>13} {:>7}  {:20} {:>8} {:>12} {:>7}".format(*head))
    for frames in options.frames:
        tokens = frames * HEIGHT * WIDTH
        attention_seconds = None
        for way in WAYS:
            matrix = 4 * tokens * HEIGHT * WIDTH * options.heads / 2**30
            print(f"{frames:13} {tokens:7}  {way:20}", end=" ", flush=True)
            if way == "plain localization" and matrix > options.largest:
                print(f"{'—':>8} {'—':>12} (matrix of {matrix:.1f} GiB)")
                continue
            seconds, memory = measured(way, frames, options)
            attention_seconds = attention_seconds or seconds
            print(f"{seconds:8.3f} {seconds / attention_seconds:12.2f} {memory:7.0f}")


if __name__ == "__main__":
    main()
