"""A node that gives what no node should, on an output that fits every socket."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import folder_paths
import numpy as np
import torch
from comfy_api.latest import Input, InputImpl, Types

NAN = float("nan")


def _sound(*shape: int, rate: object = 16000) -> dict:
    return {"waveform": torch.ones(shape), "sample_rate": rate}


def _box(*sides: object) -> dict:
    return dict(zip(("x", "y", "width", "height"), sides, strict=True))


def _found(left: int, label: str, score: float) -> dict:
    """As RT-DETR's node gives it."""
    return _box(float(left), 50.0, 200.0, 300.0) | {"label": label, "score": score}


def _halves(*columns: slice, height: int = 400, width: int = 640) -> torch.Tensor:
    """As SAM3 Detect gives individual masks."""
    masks = torch.zeros(len(columns), height, width)
    for mask, column in zip(masks, columns, strict=True):
        mask[50:-50, column] = 1
    return masks


def _video(images: torch.Tensor) -> Input.Video:
    return InputImpl.VideoFromComponents(
        Types.VideoComponents(images=images, frame_rate=Fraction(25), audio=None)
    )


def _phone_video() -> Input.Video:
    """A file of the input folder as an API node hands one on: in memory."""
    return InputImpl.VideoFromFile(
        BytesIO((Path(folder_paths.get_input_directory()) / "phone.mov").read_bytes())
    )


VALUES = {
    "nothing": lambda: None,
    "a number": lambda: 5,
    "a NumPy width": lambda: np.int64(64),
    "a number of torch": lambda: torch.tensor(3.0),
    "a broken number": lambda: NAN,
    "a word": lambda: "\ud800 word",
    "an empty list": lambda: [],
    "an empty dict": lambda: {},
    "no picture": lambda: torch.zeros(0, 8, 8, 3),
    "one picture without its batch": lambda: torch.zeros(8, 8, 3),
    "a picture of one colour": lambda: torch.zeros(1, 8, 8, 1),
    "a picture of whole numbers": lambda: torch.zeros(1, 8, 8, 3, dtype=torch.uint8),
    "a broken picture": lambda: torch.full((1, 64, 64, 3), NAN),
    "a thin picture": lambda: torch.zeros(1, 1, 9000, 3),
    "a small picture": lambda: torch.zeros(1, 1, 1, 3),
    "a huge picture": lambda: torch.zeros(1).expand(1, 9000, 9000, 3),
    "no mask": lambda: torch.zeros(0, 8, 8),
    "a flat mask": lambda: torch.zeros(8),
    "a mask with colours": lambda: torch.ones(1, 1, 8, 8),
    "a broken mask": lambda: torch.full((1, 400, 640), NAN),
    "nine masks": lambda: torch.eye(9)[:, :, None],
    "no sound": lambda: _sound(1, 1, 0),
    "a sound without samples": lambda: {"waveform": None, "sample_rate": 16000},
    "a fast sound": lambda: _sound(1, 1, 16000, rate=2147483647),
    "a sound without a rate": lambda: _sound(1, 1, 16000, rate=None),
    "two sounds": lambda: _sound(2, 1, 16000),
    "a sound of nine channels": lambda: _sound(1, 9, 16000),
    "a sound of no channels": lambda: _sound(16000),
    "a broken sound": lambda: {"waveform": torch.full((1, 1, 16000), NAN), "sample_rate": 16000},
    "a silent sound": lambda: {"waveform": torch.zeros(1, 1, 16000), "sample_rate": 16000},
    "a latent picture": lambda: {"samples": torch.zeros(1, 4, 4, 6)},
    "an odd latent": lambda: {"samples": torch.zeros(1, 16, 2, 5, 7)},
    "a latent of nothing": lambda: {"samples": torch.zeros(1, 16, 0, 4, 6)},
    "a latent without samples": lambda: {"samples": None},
    "another model's prompt": lambda: [[torch.zeros(1, 77, 768), {}]],
    "a prompt of words": lambda: [["words", {}]],
    "boxes of a detector": lambda: [_box(*np.float32([left, 50, 200, 300])) for left in (64, 360)],
    "boxes as rows": lambda: [[64, 56, 300, 400], [340, 50, 576, 400]],
    "persons of RT-DETR": lambda: [[_found(360, "person", 0.91), _found(64, "person", 0.88)]],
    "a person and a dog": lambda: [[_found(360, "dog", 0.9), _found(64, "person", 0.8)]],
    "masks of SAM3": lambda: _halves(slice(360, 560), slice(64, 264)),
    "masks of SAM3 in the template": lambda: _halves(slice(460, 720), slice(110, 370), height=480, width=832),
    "no box": lambda: [[]],
    "a box turned over": lambda: _box(300, 100, -200, 200),
    "a broken box": lambda: _box(NAN, 0, 100, 100),
    "a box of words": lambda: _box("left", "top", "right", "bottom"),
    "half a box": lambda: {"x": 1, "y": 2},
    "a box elsewhere": lambda: _box(600, 300, 2000, 2000),
    "nine boxes": lambda: [_box(60 * left, 0, 50, 300) for left in range(9)],
    "no video": lambda: _video(torch.zeros(0, 8, 8, 3)),
    "a phone's video in memory": _phone_video,
    "a video that breaks": lambda: _video(
        torch.cat([torch.rand(5, 64, 64, 3), torch.full((1, 64, 64, 3), NAN)])
    ),
}


class OddValue:
    """By name."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {"name": (list(VALUES),)}})
    RETURN_TYPES = ("*",)
    FUNCTION = "give"
    CATEGORY = "tests"

    def give(self, name: str) -> tuple[object]:
        return (VALUES[name](),)


NODE_CLASS_MAPPINGS = {"OddValue": OddValue}
