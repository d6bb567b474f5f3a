"""The ComfyUI host: gives a Wan MODEL the audio layers through ComfyUI's own patch points."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import comfy.model_management
import torch
from comfy.model_base import BaseModel
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.method.audio_patch import (
    AudioPatch,
    AudioRows,
    BindingOptions,
    BlockPatch,
    ClipAudio,
    Observer,
    audio_rows,
)
from ...multitalk_core.method.binding import Binding
from ...multitalk_core.method.labels import LabelRanges
from ...multitalk_core.method.wan import SPATIAL_STRIDE, Grid, video_frames

KEY = "multitalk"  # of everything this pack puts into a MODEL
WITHOUT_AUDIO = "multitalk_without_audio"  # in a condition: its rows have no voices
PASS = "multitalk_pass"  # in the transformer options of one forward pass

Condition = list[dict[str, Any]]


class ClipVoices:
    """A clip's voices as tokens, and the rows made of them: both are built once, not once a step.

    Parameters
    ----------
    tokens : Tensor [speakers + 1, latent frames, audio tokens, audio width]
        The last entry is no voice.
    masks : Tensor [persons + 1, tokens of a frame]
    ranges : LabelRanges or None
        Of the binding.
    """

    def __init__(self, tokens: Tensor, masks: Tensor, ranges: LabelRanges | None):
        self.tokens = tokens
        self.masks = masks
        self.ranges = ranges
        self._rows: dict[tuple[tuple[bool, ...], int | None, torch.device], AudioRows] = {}

    def rows(self, audible: tuple[bool, ...], observed: int | None, device: torch.device) -> AudioRows:
        """Rows on a device, those that are not audible without audio."""
        key = audible, observed, device
        if key not in self._rows:
            tokens = self.tokens.to(device)
            self._rows[key] = audio_rows(tokens, self.masks, audible, ranges=self.ranges, observed=observed)
        return self._rows[key]


@dataclass(frozen=True)
class ConditionedPass:
    """The voices that one call of `calc_cond_batch` is conditioned on; travels in its transformer options.

    Attributes
    ----------
    voices : ClipVoices
    silent : frozenset of UUID
        Of the conditions without audio.
    """

    voices: ClipVoices
    silent: frozenset[UUID]


@dataclass
class ForwardPass:
    """One forward pass of the DiT.

    Attributes
    ----------
    rows : AudioRows
    grid : Grid
        The clip's; the token sequence can be longer.
    tokens : slice
        Of the sequence, those of the clip.
    block : BlockPatch or None
        The one at work; None without an audio layer.
    binding : Binding or None
        Of that block.
    """

    rows: AudioRows
    grid: Grid
    tokens: slice
    block: BlockPatch | None = None
    binding: Binding | None = None


class AudioHost:
    """Hands queries, keys and hidden states of a Wan MODEL to an AudioPatch.

    It has no state of a run: which rows a call conditions lies in its transformer options.

    Parameters
    ----------
    adapter : ModelPatcher
        Around an AudioAdapter.
    audio : ClipAudio
    options : BindingOptions
    reference_in_front : bool
        Whether tokens beyond the clip's stand in front of them (Wan models with a reference picture).
    observer : Observer, optional
        Gets what was located in the first condition's first row.
    """

    def __init__(
        self,
        adapter: ModelPatcher,
        audio: ClipAudio,
        options: BindingOptions,
        *,
        reference_in_front: bool = False,
        observer: Observer | None = None,
    ):
        self.adapter = adapter
        self.audio = audio
        self.patch = AudioPatch(adapter.model, options, observer=observer)
        self.reference_in_front = reference_in_front
        self._voices: dict[tuple[torch.device, torch.dtype], ClipVoices] = {}

    def attach(self, model: ModelPatcher) -> None:
        """Put the patches into a MODEL that belongs to the caller."""
        model.set_model_attn1_patch(LocatePersons(self))
        model.set_model_attn2_patch(AddAudio(self))
        model.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, self.check_size)
        model.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, KEY, self.note_conditions)

    def note_conditions(  # noqa: PLR0917
        self,
        calculate: Callable[..., list[Tensor]],
        model: BaseModel,
        conditions: list[Condition | None],
        latent: Tensor,
        timestep: Tensor,
        model_options: dict[str, Any],
    ) -> list[Tensor]:
        """Wrap `calc_cond_batch`: voices through the adapter, and which conditions are without audio."""
        options = model_options["transformer_options"]
        if "context_window" in options:
            raise MultiTalkError(
                "Context windows drop the first frame, where MultiTalk locates the persons: remove the "
                "context windows node and use MultiTalk Long Video."
            )
        silent = [
            entry["uuid"] for condition in conditions for entry in condition or () if WITHOUT_AUDIO in entry
        ]
        voices = self.voices(latent.device, model.get_dtype_inference())
        conditioned = ConditionedPass(voices, frozenset(silent))
        model_options = {**model_options, "transformer_options": {**options, KEY: conditioned}}
        return calculate(model, conditions, latent, timestep, model_options)

    def voices(self, device: torch.device, dtype: torch.dtype) -> ClipVoices:
        """The voices through the adapter, once for all passes of a device and precision."""
        if (device, dtype) not in self._voices:
            tokens = self.adapter.model.voice_tokens(self.audio.windows.to(device, dtype))
            self._voices[device, dtype] = ClipVoices(tokens, self.audio.masks, self.patch.options.ranges)
        return self._voices[device, dtype]

    def check_size(
        self, sample: Callable[..., Tensor], noise: Tensor, *arguments: Any, **options: Any
    ) -> Tensor:
        """Wrap `outer_sample`: refuse a latent for which the voices were not prepared."""
        grid = self.audio.grid
        given = tuple(noise.shape[-3:])
        if given != grid.latent_size:
            frames, rows, columns = given
            prepared, height, width = grid.video_size
            raise MultiTalkError(
                f"The latent is {columns * SPATIAL_STRIDE}×{rows * SPATIAL_STRIDE} with "
                f"{video_frames(frames)} frames, but the voices were prepared for {width}×{height} with "
                f"{prepared} frames: connect the same latent to MultiTalk Apply and to the sampler."
            )
        return sample(noise, *arguments, **options)

    def _check_grid(self, frames: int, height: int, width: int) -> None:
        grid = self.audio.grid
        if (height, width) != (grid.height, grid.width) or frames < grid.frames:
            raise MultiTalkError(
                "A prompt is limited to an area, so the model sees only part of each frame and MultiTalk "
                "cannot locate the persons: use Conditioning (Set Mask) instead."
            )

    def begin_pass(self, options: dict[str, Any], query: Tensor) -> ForwardPass:
        """Read from the transformer options which rows of a forward pass are conditioned on the voices."""
        conditioned: ConditionedPass = _carried(options, KEY)
        self._check_grid(*options["grid_sizes"])
        entries = options["uuids"]
        copies = len(query) // len(entries)  # a latent batch: rows of one entry stand together
        audible = tuple(uuid not in conditioned.silent for uuid in entries for _ in range(copies))
        observed = options["cond_or_uncond"].index(0) * copies if 0 in options["cond_or_uncond"] else None
        rows = conditioned.voices.rows(audible, observed, query.device)
        grid = self.audio.grid
        start = grid.tokens_per_frame if self.reference_in_front and query.shape[1] > grid.tokens else 0
        return ForwardPass(rows, grid, slice(start, start + grid.tokens))


def _carried(options: dict[str, Any], key: str) -> Any:
    """What this pack has put into the transformer options of a forward pass."""
    if key not in options:
        raise MultiTalkError(
            "A node after MultiTalk replaces patches or wrappers of the model, so MultiTalk cannot locate "
            "the persons: put that node before MultiTalk Apply, or remove it."
        )
    return options[key]


class LocatePersons:
    """ComfyUI's `attn1_patch`: after a block's self-attention."""

    def __init__(self, host: AudioHost):
        self.host = host

    # torch.compile would freeze block_index and uuids at their first values.
    @torch.compiler.disable
    def __call__(self, arguments: dict[str, Any]) -> Tensor:
        """Bind the block's tokens; the attention's result stays as it is."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        options = arguments["transformer_options"]
        query, key = arguments["q"], arguments["k"]
        if PASS not in options:
            options[PASS] = self.host.begin_pass(options, query)
        current: ForwardPass = options[PASS]
        current.block = self.host.patch.block(options["block_index"])
        if current.block is not None:
            current.binding = current.block.after_self_attention(
                query[:, current.tokens], key[:, current.tokens], rows=current.rows, grid=current.grid
            )
        return arguments["x"]


class AddAudio:
    """ComfyUI's `attn2_patch`: after a block's text cross-attention."""

    def __init__(self, host: AudioHost):
        self.host = host

    def models(self) -> list[ModelPatcher]:
        """What ComfyUI loads and offloads with the MODEL."""
        return [self.host.adapter]

    @torch.compiler.disable
    def __call__(self, arguments: dict[str, Any]) -> Tensor:
        """The hidden states with what the block's audio layer adds."""
        options, hidden = arguments["transformer_options"], arguments["x"]
        current: ForwardPass = _carried(options, PASS)
        if current.block is None or current.binding is None:
            return hidden
        own = hidden[:, current.tokens]
        added = current.block.after_text_attention(
            own, rows=current.rows, grid=current.grid, binding=current.binding
        )
        if own.shape[1] == hidden.shape[1]:
            return hidden + added
        hidden = hidden.clone()
        hidden[:, current.tokens] += added
        return hidden
