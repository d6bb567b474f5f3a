"""The ComfyUI host: gives a Wan MODEL the audio layers through ComfyUI's own patch points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

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
    ClipAudio,
    Observer,
    audio_rows,
)
from ...multitalk_core.method.labels import LabelRanges
from ...multitalk_core.method.wan import SPATIAL_STRIDE, Grid, video_frames
from .adapter_patch import adapter_on
from .forward_pass import ForwardPass, add_audio, area_error, bind_tokens

KEY = "multitalk"  # of everything this pack puts into a MODEL
WITHOUT_AUDIO = "multitalk_without_audio"  # in a condition: its rows have no voices
PASS = "multitalk_pass"  # the pass, among the arguments of the DiT and then in its transformer options

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


class AudioHost:
    """Hands queries, keys and hidden states of a Wan MODEL to an AudioPatch.

    Which rows a call conditions lies in its transformer options.

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
        self.adapters = {adapter.load_device: adapter}
        self.audio = audio
        self.patch = AudioPatch(adapter.model, options, observer=observer)
        self.reference_in_front = reference_in_front
        self._voices: dict[tuple[torch.device, torch.dtype], ClipVoices] = {}
        self._has_run = False  # later passes may leave out all blocks, as EasyCache does

    def attach(self, model: ModelPatcher) -> None:
        """Put the patches into a MODEL that belongs to the caller."""
        model.set_model_attn1_patch(LocatePersons())
        model.set_model_attn2_patch(AddAudio(self.adapters))
        model.add_wrapper_with_key(WrappersMP.PREPARE_SAMPLING, KEY, self.follow_devices)
        model.add_wrapper_with_key(WrappersMP.OUTER_SAMPLE, KEY, self.check_size)
        model.add_wrapper_with_key(WrappersMP.CALC_COND_BATCH, KEY, self.note_conditions)
        model.add_wrapper_with_key(WrappersMP.APPLY_MODEL, KEY, self.condition_pass)
        model.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, KEY, note_options)

    def follow_devices(
        self, prepare: Callable[..., Any], model: ModelPatcher, *arguments: Any, **options: Any
    ) -> Any:
        """Wrap `prepare_sampling`: an adapter on each GPU among which ComfyUI splits the conditions."""
        devices = [clone.load_device for clone in model.get_additional_models_with_key("multigpu")]
        for device in [*self.adapters][1:]:
            if device not in devices:
                del self.adapters[device]
        for device in devices:
            if device not in self.adapters:
                self.adapters[device] = adapter_on(self.adapter, device)
        return prepare(model, *arguments, **options)

    @property
    def adapter(self) -> ModelPatcher:
        """The adapter on the MODEL's own device."""
        return next(iter(self.adapters.values()))

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

    def condition_pass(  # noqa: PLR0917
        self,
        apply: Callable[..., Tensor],
        x: Tensor,
        t: Tensor,
        c_concat: Tensor | None,
        c_crossattn: Tensor | None,
        control: Any,
        transformer_options: dict[str, Any],
        **named: Any,
    ) -> Tensor:
        """Wrap `apply_model`: hand the DiT its pass, by name."""
        current = self.begin_pass(transformer_options, x)
        given = x, t, c_concat, c_crossattn, control, transformer_options
        run = partial(apply, *given, **named, **{PASS: current})
        try:
            result = run()
            if current.is_traced and not (self._has_run or current.blocks_run):
                # Blocks that torch.compile traced one by one, before the model had voices, have none.
                torch.compiler.reset()
                result = run()
            self._has_run = True
            return result
        finally:
            current.end()

    def begin_pass(self, options: dict[str, Any], latent: Tensor) -> ForwardPass:
        """Read from the transformer options which rows of a forward pass are conditioned on the voices."""
        grid, seen = self.audio.grid, Grid.of_latent(latent)
        if (seen.height, seen.width) != (grid.height, grid.width) or seen.frames < grid.frames:
            raise area_error()
        conditioned: ConditionedPass = _carried(options, KEY)
        entries = options["uuids"]
        copies = len(latent) // len(entries)  # a latent batch: rows of one entry stand together
        audible = tuple(uuid not in conditioned.silent for uuid in entries for _ in range(copies))
        observed = options["cond_or_uncond"].index(0) * copies if 0 in options["cond_or_uncond"] else None
        rows = conditioned.voices.rows(audible, observed, latent.device)
        adapter = self.adapters.get(options.get("multigpu_thread_device"), self.adapter)
        patch = AudioPatch(adapter.model, self.patch.options, observer=self.patch.observer)
        return ForwardPass(patch, rows, grid, reference_in_front=self.reference_in_front)


def note_options(  # noqa: PLR0917
    forward: Callable[..., Tensor],
    x: Tensor,
    timestep: Tensor,
    context: Tensor,
    clip_fea: Tensor | None,
    time_dim_concat: Tensor | None,
    transformer_options: dict[str, Any],
    **named: Any,
) -> Tensor:
    """Wrap the DiT's forward: put the pass into the transformer options, where the blocks find it.

    It comes by name because ComfyUI's compile node keeps the guards on that: a graph that was traced without
    voices is not taken for a model with them.
    """
    current: ForwardPass = _carried(named, PASS)
    del named[PASS]
    current.is_traced = torch.compiler.is_compiling()
    current.options = transformer_options
    transformer_options[PASS] = current
    return forward(x, timestep, context, clip_fea, time_dim_concat, transformer_options, **named)


def _carried(options: dict[str, Any], key: str) -> Any:
    """What this pack has put into the options of a forward pass."""
    if key not in options:
        raise _replaced_error()
    return options[key]


def _replaced_error() -> MultiTalkError:
    return MultiTalkError(
        "A node after MultiTalk replaces patches or wrappers of the model, so MultiTalk cannot locate "
        "the persons: put that node before MultiTalk Apply, or remove it."
    )


class LocatePersons:
    """ComfyUI's `attn1_patch`: after a block's self-attention."""

    def __call__(self, arguments: dict[str, Any]) -> Tensor:
        """Bind the block's tokens; the attention's result stays as it is."""
        options = arguments["transformer_options"]
        current: ForwardPass = _carried(options, PASS)
        number = current.block_number(options)
        current.bound = bind_tokens(arguments["q"], arguments["k"], current.ticket, number)
        return arguments["x"]


class AddAudio:
    """ComfyUI's `attn2_patch`: after a block's text cross-attention."""

    def __init__(self, adapters: Mapping[torch.device, ModelPatcher]):
        self.adapters = adapters

    def models(self) -> list[ModelPatcher]:
        """What ComfyUI loads and offloads with the MODEL."""
        return list(self.adapters.values())

    def __call__(self, arguments: dict[str, Any]) -> Tensor:
        """The hidden states, to which the block's audio layer is added in place: they are the block's own."""
        current: ForwardPass = _carried(arguments["transformer_options"], PASS)
        if current.bound is None:
            raise _replaced_error()
        add_audio(arguments["x"], current.bound, current.ticket)
        return arguments["x"]
