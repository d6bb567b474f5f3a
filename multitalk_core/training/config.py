"""The TOML file that describes a training run."""

import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from ..errors import MultiTalkError, quoted
from ..files.given import read_text
from ..limits import (
    ADAPTER_WIDTH,
    BATCH,
    CLIP_NORM,
    FRACTION,
    GUIDANCE,
    RATE,
    SAMPLE_CLIPS,
    SAVE_MINUTES,
    SEED,
    SHIFT,
    STEPS,
    UPDATES,
    WEIGHT_DECAY,
    Limit,
)
from ..method.labels import LabelRanges
from ..method.schemes import SCHEMES
from .recipe import ADAPTER, BASE, FULL, Recipe

LONGEST_CONFIG = 1_000_000  # bytes
PRECISIONS = ("no", "bf16")
CHOICES = {"trained": (BASE, ADAPTER, FULL), "scheme": SCHEMES, "precision": PRECISIONS}
LIMITS: dict[str, Limit[int] | Limit[float]] = {
    "steps": Limit(1, UPDATES.most), "batch": BATCH, "accumulation": BATCH, "learning_rate": RATE,
    "warm_up": UPDATES, "final_rate": FRACTION, "weight_decay": WEIGHT_DECAY, "clip_norm": CLIP_NORM,
    "without_audio": FRACTION, "shift": SHIFT, "seed": SEED, "every": UPDATES, "count": SAMPLE_CLIPS,
    "sampling_steps": STEPS, "audio_scale": GUIDANCE, "minutes_between_saves": SAVE_MINUTES,
    "context_tokens": ADAPTER_WIDTH, "audio_width": ADAPTER_WIDTH, "intermediate": ADAPTER_WIDTH,
}  # fmt: skip


@dataclass(frozen=True)
class NewAdapter:
    """Sizes of a new adapter; the defaults are those of the released one.

    Attributes
    ----------
    context_tokens : int
        Audio tokens per voice and latent frame.
    audio_width : int
        Width of an audio token.
    intermediate : int
        Hidden width of the audio projection.
    """

    context_tokens: int = 32
    audio_width: int = 768
    intermediate: int = 512


@dataclass(frozen=True)
class Samples:
    """Sample videos of training clips, made during the training.

    Attributes
    ----------
    every : int
        Updates between sample videos; 0 makes none.
    count : int
        How many of the first clips to sample.
    sampling_steps : int
    audio_scale : float
        Guidance scale of the voices.
    """

    every: int = 0
    count: int = 2
    sampling_steps: int = 20
    audio_scale: float = 2.0


@dataclass(frozen=True)
class TrainingConfig:
    """A training run. Paths are relative to the config's folder.

    Attributes
    ----------
    output : Path
        Folder for checkpoints, TensorBoard logs and the result.
    clips : tuple of Path
        Folders of clips with voices, made by `prepare`.
    recipe : Recipe
    i2v_clips : tuple of Path
        Folders of clips without voices, made by `prepare`.
    model : Path or None
        Wan2.1-I2V in diffusers format; None is the embedded miniature model.
    adapter : Path or None
        Adapter to start from; None is a new one.
    start_from : tuple of Path
        Output folders of earlier stages, loaded in this order.
    precision : str
        "no" or "bf16": accelerate's mixed precision.
    gradient_checkpointing : bool
        Recompute activations instead of storing them.
    accumulation : int
        Number of parts in which an update's batch is computed.
    minutes_between_saves : float
    tensorboard : bool
    new_adapter : NewAdapter
    samples : Samples
    """

    output: Path
    clips: tuple[Path, ...]
    recipe: Recipe
    i2v_clips: tuple[Path, ...] = ()
    model: Path | None = None
    adapter: Path | None = None
    start_from: tuple[Path, ...] = ()
    precision: str = "no"
    gradient_checkpointing: bool = False
    accumulation: int = 1
    minutes_between_saves: float = 10.0
    tensorboard: bool = True
    new_adapter: NewAdapter = field(default_factory=NewAdapter)
    samples: Samples = field(default_factory=Samples)

    @property
    def checkpoints(self) -> Path:
        """Folder of the run's checkpoints."""
        return checkpoints_of(self.output)


def checkpoints_of(output: Path) -> Path:
    """Folder of the checkpoints in an output folder."""
    return output / "checkpoints"


def read_config(path: Path) -> TrainingConfig:
    """Read a config.

    Raises
    ------
    MultiTalkError
        When it cannot be read, misses a key, or has an unknown key or a wrong value.
    """
    text = read_text(path, "config", LONGEST_CONFIG)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError(f"The config {path} is not valid TOML ({error}): fix the syntax.") from error
    return _filled(TrainingConfig, table, path=path)


def _filled(kind: type, table: dict[str, Any], *, path: Path, section: str = "") -> Any:
    """Build a dataclass from a TOML table."""
    known = {field.name: field for field in fields(kind)}
    where = f"in [{section}] of" if section else "in"
    if unknown := [name for name in table if name not in known]:
        raise MultiTalkError(
            f"There is no key {quoted(unknown[0])} {where} the config {path}: use {', '.join(known)}."
        )
    for name, key in known.items():
        if name not in table and key.default is MISSING and key.default_factory is MISSING:
            raise MultiTalkError(f"The key {name} is missing {where} the config {path}: add it.")
    values = {}
    for name, value in table.items():
        try:
            values[name] = _value(known[name].type, value, path=path, name=name)
            if name in CHOICES and values[name] not in CHOICES[name]:
                raise ValueError(f"choose {', '.join(CHOICES[name])}")
            if name in LIMITS:
                LIMITS[name].check(f"{name} {where} the config {path}", values[name])
        except MultiTalkError:  # already a whole sentence
            raise
        except ValueError as error:
            raise MultiTalkError(f"{name} {where} the config {path} is {quoted(value)}: {error}.") from error
    return kind(**values)


def _value(kind: Any, value: Any, *, path: Path, name: str) -> Any:
    """Convert a TOML value to a field's type; a ValueError says what was expected."""
    if get_origin(kind) in (Union, UnionType):
        kind = get_args(kind)[0]
    if kind in (Recipe, NewAdapter, Samples):
        if not isinstance(value, dict):
            raise ValueError(f"write it as a section [{name}]")
        return _filled(kind, value, path=path, section=name)
    if kind is Path and isinstance(value, str):
        if not value or "\0" in value:
            raise ValueError("this is not a path")
        return path.parent / value
    if get_origin(kind) is tuple:
        values = value if isinstance(value, list) else [value]
        return tuple(_value(get_args(kind)[0], one, path=path, name=name) for one in values)
    if kind is LabelRanges and isinstance(value, str):
        return None if value == "paper" else _ranges(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        expected = {bool: "true or false", int: "a whole number", float: "a number"}
        raise ValueError(f"give {expected.get(kind, 'a text')}")
    return value


def _ranges(text: str) -> LabelRanges:
    return LabelRanges.parse(text, 2 if text == "narrow" else text.partition("/")[0].count(",") + 1)
