"""Frames in memory, counted after every clip of a film of ten, with and without all of them as images."""

import gc
import logging
from collections.abc import Iterator

import torch
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.film.film import FinishedClip
from multitalk_pack.multitalk_core.film.steadiness import Steadiness
from multitalk_pack.nodes.host.clip_settings import ClipSettings
from multitalk_pack.nodes.host.video_output import write_film
from scene import EXCHANGE, SIDE, conversation, save_outputs, shoot

CLIPS, NEW = 10, 8


def frames_in_memory() -> float:
    """Float32 pixels in tensors of the film's size, as frames; views of the same memory count once."""
    sizes = {}
    for held in gc.get_objects():
        if type(held) is torch.Tensor and held.ndim >= 4 and held.shape.count(SIDE) == 2:
            storage = held.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
    return sum(sizes.values()) / (SIDE * SIDE * 3 * 4)


def warnings(held: int) -> list[str]:
    """What a film says that holds so many frames."""
    said = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    listener = Listener(logging.WARNING)
    logging.getLogger().addHandler(listener)
    shoot().film(plan_clips(NEW + 1, NEW + 1, 1), None, ClipSettings(held=held))
    logging.getLogger().removeHandler(listener)
    return [text for text in said if "memory" in text]


def main() -> None:
    """One film streamed, one with its images; and which numbers of frames are warned of."""
    plan = plan_clips(CLIPS * NEW + 1, NEW + 1, 1)
    outputs = {}
    for name in ("streamed", "with_images"):
        images = torch.empty(plan.frames, SIDE, SIDE, 3) if name == "with_images" else None
        counts = []

        def counted(film: Iterator[FinishedClip], counts=counts) -> Iterator[FinishedClip]:
            for finished in film:
                counts.append(frames_in_memory())
                yield finished

        clips = ClipSettings(steadiness=Steadiness())
        run = shoot(steps=1, record_step=0, text_scale=1.0)
        film = counted(run.film(plan, None, clips))
        path = EXCHANGE / f"{name}.mp4"
        with torch.inference_mode():  # as ComfyUI runs nodes
            write_film(film, path, (SIDE, SIDE), 25.0, conversation().sound, images, run.reporter.tell, False)
        outputs[name] = torch.tensor(counts)
    gibibyte = 2**30 // (SIDE * SIDE * 3 * 4)  # frames
    outputs["short_warned"] = torch.tensor(len(warnings(3 * gibibyte)))
    (warning,) = warnings(10 * gibibyte)
    outputs["long_says_10_gb"] = torch.tensor("take 10.0 GB of memory" in warning)
    save_outputs(outputs)


main()
