"""Frames in memory, counted after every clip of a film of ten, with and without all of them as images."""

import gc
import logging

import torch
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.film.film import FinishedClip
from multitalk_pack.multitalk_core.film.write import write_film
from multitalk_pack.multitalk_core.guards.memory import GIGABYTE
from multitalk_pack.nodes.host.reporter import Reporter
from scene import EXCHANGE, SIDE, prepared, save_outputs

CLIPS, NEW = 10, 8


def frames_in_memory() -> float:
    """Float32 pixels in tensors of the film's size, as frames; views of the same memory count once."""
    sizes = {}
    for found in gc.get_objects():
        if type(found) is torch.Tensor and found.ndim >= 4 and found.shape.count(SIDE) == 2:
            storage = found.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
    return sum(sizes.values()) / (SIDE * SIDE * 3 * 4)


def warnings(frames: int) -> list[str]:
    """What the log says of a film that keeps so many frames in memory."""
    said = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    listener = Listener(logging.WARNING)
    logging.getLogger().addHandler(listener)
    prepared(plan_clips(NEW + 1, NEW + 1, 1), frames_in_memory=frames)
    logging.getLogger().removeHandler(listener)
    return [text for text in said if "memory" in text]


class CountingListener:
    """A node's reporter, and the frames in memory after every clip."""

    def __init__(self, reporter: Reporter) -> None:
        self.note, self.step, self.reporter = reporter.note, reporter.step, reporter
        self.counts: list[float] = []

    def clip(self, finished: FinishedClip) -> None:
        """Count."""
        self.reporter.clip(finished)
        self.counts.append(frames_in_memory())


def main() -> None:
    """One film streamed, one with its images; and which numbers of frames are warned of."""
    plan = plan_clips(CLIPS * NEW + 1, NEW + 1, 1)
    outputs = {}
    for name in ("streamed", "with_images"):
        run = prepared(plan, steps=1, record_step=0, text_scale=1.0)
        listener = CountingListener(run.reporter)
        with torch.inference_mode():  # as ComfyUI runs nodes
            write_film(
                run.spec,
                run.model,
                EXCHANGE / f"{name}.mp4",
                listener=listener,
                in_memory=name == "with_images",
            )
        outputs[name] = torch.tensor(listener.counts)
    gigabyte = GIGABYTE // (SIDE * SIDE * 3 * 4)  # frames
    outputs["short_warned"] = torch.tensor(len(warnings(3 * gigabyte)))
    (warning,) = warnings(10 * gigabyte)
    outputs["long_says_10_gb"] = torch.tensor("take 10.0 GB of memory" in warning)
    save_outputs(outputs)


main()
