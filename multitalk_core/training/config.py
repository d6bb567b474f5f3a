"""The file that describes a training run, in TOML."""

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
    """Sizes of an adapter that starts from nothing; the defaults are the released one's.

    Attributes
    ----------
    context_tokens : int
        Audio tokens of a voice and latent frame.
    audio_width : int
        Of an audio token.
    intermediate : int
        Of the audio projection.
    """

    context_tokens: int = 32
    audio_width: int = 768
    intermediate: int = 512


@dataclass(frozen=True)
class Samples:
    """Videos made as the training goes, from its own clips.

    Attributes
    ----------
    every : int
        Updates; 0 makes none.
    count : int
        Clips, the first ones.
    sampling_steps : int
    audio_scale : float
        Guidance by the voices.
    """

    every: int = 0
    count: int = 2
    sampling_steps: int = 20
    audio_scale: float = 2.0


@dataclass(frozen=True)
class TrainingConfig:
    """A training run. Paths are as seen from the file's folder.

    Attributes
    ----------
    output : Path
        Folder of checkpoints, TensorBoard's files and the result.
    clips : tuple of Path
        Folders that `prepare` made, of clips with voices.
    recipe : Recipe
    i2v_clips : tuple of Path
        Likewise without voices.
    model : Path or None
        Wan2.1-I2V in diffusers' format; None is the embedded miniature model.
    adapter : Path or None
        To start from; None is a new one.
    start_from : tuple of Path
        Output folders of earlier stages, loaded one after the other.
    precision : str
        "no" or "bf16": accelerate's mixed precision.
    gradient_checkpointing : bool
        Compute activations twice rather than keep them.
    accumulation : int
        Parts that an update's batch is computed in.
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
        """Where the run's state is saved."""
        return checkpoints_of(self.output)


def checkpoints_of(output: Path) -> Path:
    """Where the run of an output folder saves its state."""
    return output / "checkpoints"


def read_config(path: Path) -> TrainingConfig:
    """Read a config.

    Raises
    ------
    MultiTalkError
        When it cannot be read, lacks something, or says something that does not exist.
    """
    text = read_text(path, "config", LONGEST_CONFIG)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError(f"The config {path} is no TOML ({error}): correct it there.") from error
    return _filled(TrainingConfig, table, path, "")


def _filled(kind: type, table: dict[str, Any], path: Path, section: str) -> Any:
    """A dataclass from a table."""
    known = {field.name: field for field in fields(kind)}
    where = f"in [{section}] of" if section else "in"
    if strange := [name for name in table if name not in known]:
        raise MultiTalkError(
            f"There is no key {quoted(strange[0])} {where} the config {path}: use {', '.join(known)}."
        )
    for name, found in known.items():
        if name not in table and found.default is MISSING and found.default_factory is MISSING:
            raise MultiTalkError(f"The key {name} is missing {where} the config {path}: add it.")
    values = {}
    for name, value in table.items():
        try:
            values[name] = _value(known[name].type, value, path, name)
            if name in CHOICES and values[name] not in CHOICES[name]:
                raise ValueError(f"choose {', '.join(CHOICES[name])}")
            if name in LIMITS:
                LIMITS[name].check(f"{name} {where} the config {path}", values[name])
        except MultiTalkError:  # of a section, or of a part that knows better
            raise
        except ValueError as error:
            raise MultiTalkError(f"{name} {where} the config {path} is {quoted(value)}: {error}.") from error
    return kind(**values)


def _value(kind: Any, value: Any, path: Path, name: str) -> Any:
    """A value of TOML as a field's type; a ValueError says what was expected."""
    if get_origin(kind) in (Union, UnionType):
        kind = get_args(kind)[0]
    if kind in (Recipe, NewAdapter, Samples):
        if not isinstance(value, dict):
            raise ValueError(f"write it as a section [{name}]")
        return _filled(kind, value, path, name)
    if kind is Path and isinstance(value, str):
        if not value or "\0" in value:
            raise ValueError("no path reads so")
        return path.parent / value
    if get_origin(kind) is tuple:
        values = value if isinstance(value, list) else [value]
        return tuple(_value(get_args(kind)[0], one, path, name) for one in values)
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
