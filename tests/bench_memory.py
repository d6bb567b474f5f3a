"""Peak memory of a short and of a long film, each in a process of its own, and a plot of both.

    python -m tests.bench_memory [--clips 5 50] [--plot docs/memory.png]

The long film must stay within 10 % of the short one, whose models and one clip it needs as well. glibc
is set to give large blocks back at once: what counts is what the film needs, not what the allocator keeps.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
from pathlib import Path

import torch
from PIL import ImageDraw

from multitalk_core.drawing.canvas import font, to_image, to_picture
from multitalk_core.film.film import FinishedClip
from multitalk_core.film.film_listener import SilentListener
from multitalk_core.film.write import write_film
from multitalk_core.media.picture import write_picture

from .helpers.tiny_film import TinyFilm

CLIP_FRAMES, HEIGHT, WIDTH = 21, 96, 160
LARGEST_RATIO = 1.1
MEGABYTE = 2**20
COLOURS = ("#0072B2", "#D55E00")


def resident() -> float:
    """Bytes that the process has in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class MemoryListener(SilentListener):
    """Measures after every clip, in MB."""

    def __init__(self) -> None:
        self.resident: list[float] = []

    def clip(self, finished: FinishedClip) -> None:
        """Measure."""
        self.resident.append(resident() / MEGABYTE)


def measure(clips: int, answer: object) -> None:
    """Make a film; send the memory in use after each clip and the peak, in MB."""
    torch.set_num_threads(1)
    film = TinyFilm(clips, clip_frames=CLIP_FRAMES, height=HEIGHT, width=WIDTH)
    listener = MemoryListener()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_film(film.stored(path / "store"), film.model, path / "film.mp4", listener=listener)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    answer.send((listener.resident, peak / MEGABYTE))


def measured(clips: int) -> tuple[list[float], float]:
    """`measure` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(clips, sender))
    process.start()
    result = receiver.recv()
    process.join()
    return result


def plot(runs: dict[int, tuple[list[float], float]], path: Path) -> None:
    """Memory after every clip, one line a run."""
    width, height, margin = 900, 420, 60
    image = to_image(torch.ones(height, width, 3))
    draw = ImageDraw.Draw(image)
    top = 1.15 * max(peak for _, peak in runs.values())
    most = max(runs)
    draw.line([(margin, 20), (margin, height - margin), (width - 20, height - margin)], fill="black", width=2)
    draw.text((width / 2, height - 20), "clip", fill="black", font=font(16), anchor="mm")
    draw.text((margin, 8), f"memory in use, up to {top:.0f} MB", fill="black", font=font(16), anchor="lt")
    for (clips, (used, peak)), colour in zip(sorted(runs.items()), COLOURS, strict=False):
        across = [margin + (width - margin - 20) * (index + 1) / most for index in range(clips)]
        up = [(height - margin) - (height - margin - 20) * value / top for value in used]
        draw.line(list(zip(across, up, strict=True)), fill=colour, width=3)
        label = f"{clips} clips, {peak:.0f} MB at most"
        row = margin + 20 * list(runs).index(clips)
        draw.text((width - 20, row), label, fill=colour, font=font(16), anchor="rt")
    write_picture(path, to_picture(image))


def main() -> None:
    """Print the peaks, draw the plot, and fail where memory grows with length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, nargs=2, default=[5, 50])
    parser.add_argument("--plot", type=Path, default=Path("docs/memory.png"))
    options = parser.parse_args()
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(MEGABYTE)
    runs = {clips: measured(clips) for clips in options.clips}
    for clips, (_, peak) in runs.items():
        print(f"{clips:4} clips of {CLIP_FRAMES} frames, {WIDTH}×{HEIGHT}: {peak:.0f} MB at most")
    ratio = runs[options.clips[1]][1] / runs[options.clips[0]][1]
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    plot(runs, options.plot)
    print(f"the long film takes {ratio:.3f} times the short one's memory; plot in {options.plot}")
    if ratio > LARGEST_RATIO:
        raise SystemExit(f"more than {LARGEST_RATIO} times: memory grows with the film's length")


if __name__ == "__main__":
    main()
