"""Frames in memory, counted after every clip of a film of ten, with and without all of them as images."""

import gc
from collections.abc import Iterator

import torch
from multitalk_pack.multitalk_core.clips import plan_clips
from multitalk_pack.multitalk_core.film import FinishedClip
from multitalk_pack.nodes.film_file import write_film
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


def main() -> None:
    """One film streamed, one with its images."""
    plan = plan_clips(CLIPS * NEW + 1, NEW + 1, 1)
    outputs = {}
    for name in ("streamed", "with_images"):
        images = torch.empty(plan.frames, SIDE, SIDE, 3) if name == "with_images" else None
        counts = []

        def counted(film: Iterator[FinishedClip], counts=counts) -> Iterator[FinishedClip]:
            for finished in film:
                counts.append(frames_in_memory())
                yield finished

        film = counted(shoot(steps=1, record_step=0, text_scale=1.0).film(plan, None))
        path = EXCHANGE / f"{name}.mp4"
        with torch.inference_mode():  # as ComfyUI runs nodes
            write_film(film, path, (SIDE, SIDE), 25.0, conversation().sound, images)
        outputs[name] = torch.tensor(counts)
    save_outputs(outputs)


main()
