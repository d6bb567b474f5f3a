"""Weights and inputs of golden metrics, drawn by the rules that their README states."""

import hashlib
import json
import zlib
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

ONE = np.float32(1)
TENTH = np.float32(0.1)


class GoldenMetrics:
    """A folder with a manifest, expected tensors and lists of keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tensors = cache(lambda file: load_file(folder / file))
        self.weights = cache(self._weights)

    @cached_property
    def manifest(self) -> dict:
        return json.loads((self.folder / "manifest.json").read_text())

    def tolerance(self, measure: str, value: str) -> float:
        """The one number that a tolerance has."""
        numbers = self.manifest["tolerances"][measure][value]
        return next(number for number in numbers.values() if isinstance(number, float | int))

    def random(self, name: str) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(self.manifest["seed"] ^ zlib.crc32(name.encode())))

    def _weights(self, network: str) -> dict[str, Tensor]:
        """Random weights of a network."""
        entry = self.manifest["networks"][network]
        keys = json.loads((self.folder / entry["keys"]).read_text())
        return {key: torch.from_numpy(self._drawn(key, shape, entry["gain"])) for key, shape, _ in keys}

    def _drawn(self, key: str, shape: list[int], gain: float) -> NDArray:
        leaf = key.rpartition(".")[2]
        if leaf == "num_batches_tracked":
            return np.zeros((), dtype=np.int64)
        drawn = self.random(key).standard_normal(size=shape, dtype=np.float32)
        if leaf == "running_var":
            return ONE + TENTH * np.abs(drawn)
        if leaf in ("running_mean", "bias"):
            return TENTH * drawn
        if len(shape) == 1:
            return ONE + TENTH * drawn
        return drawn * np.float32(np.sqrt(gain / np.prod(shape[1:])))

    def video(self, name: str, shape: list[int], grid: list[int]) -> Tensor:
        """Smooth random frames, [frames, height, width, 3] in uint8; a picture has a grid of two numbers."""
        if len(grid) == 2:
            return self.video(name, [1, *shape[:2]], [2, *grid])[0]
        values = self.random(name).integers(0, 256, size=(*grid, 3), dtype=np.int64)
        for axis, points in enumerate(shape[:3]):
            position = np.arange(points) * (grid[axis] - 1) * 256 // max(points - 1, 1)
            lower = np.minimum(position >> 8, grid[axis] - 2)
            weight = (position - 256 * lower).reshape([-1 if each == axis else 1 for each in range(4)])
            values = values.take(lower, axis) * (256 - weight) + values.take(lower + 1, axis) * weight
        return torch.from_numpy((values >> 24).astype(np.uint8))

    def entry_video(self, entry: dict) -> Tensor:
        """The video or picture that an entry of the manifest describes; its digest is checked."""
        video = self.video(entry["name"], entry["shape"], entry["grid"])
        if "sha256" in entry:
            assert digest(video) == entry["sha256"], f"the rule of {entry['name']} gives other pixels"
        return video

    def pictures(self, entry: dict) -> Tensor:
        """A set of pictures of the same size."""
        return torch.stack([self.video(name, entry["shape"], entry["grid"]) for name in entry["names"]])

    def wave(self, entry: dict, samples: int) -> Tensor:
        """Noise under a random envelope, int16 at 16 kHz."""
        random = self.random(entry["name"])
        noise = random.integers(-6000, 6001, size=samples, dtype=np.int64)
        steps = random.integers(0, 257, size=samples // 1600 + 2, dtype=np.int64)
        whole, part = np.divmod(np.arange(samples), 1600)
        envelope = (steps[whole] * (1600 - part) + steps[whole + 1] * part) // 1600
        sound = torch.from_numpy((noise * envelope >> 8).astype(np.int16))
        assert digest(sound) == entry["sha256"], f"the rule of {entry['name']} gives other samples"
        return sound


def digest(*tensors: Tensor) -> str:
    """SHA-256 over the bytes of tensors."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(np.ascontiguousarray(tensor.numpy()).tobytes())
    return found.hexdigest()
