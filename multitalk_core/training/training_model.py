"""The model in training: Wan with its audio layers, from a batch of clips to the loss."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..hosts.diffusers.wan_host import WanHost
from ..method.adapter import AudioAdapter
from ..method.audio_patch import AudioPatch, AudioRows, BindingOptions
from ..method.binding import AudioFreeRows
from ..method.labels import spread_ranges
from ..method.schedule import TIMESTEPS, noised, shifted
from .recipe import ADAPTER, BASE, Recipe
from .shards import TrainingClip

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


@dataclass(frozen=True)
class Draws:
    """The random part of a batch.

    Attributes
    ----------
    noise : Tensor, shape of the batch's latents
    level : Tensor [rows], in 0..1
        Uniform, before the shift.
    audible : Tensor [rows], bool
        False where the audio embedding is zeroed (I2V task).
    """

    noise: Tensor
    level: Tensor
    audible: Tensor

    def to(self, device: torch.device) -> "Draws":
        """The same on `device`."""
        return Draws(self.noise.to(device), self.level.to(device), self.audible.to(device))


class TrainingModel(nn.Module):
    """Wan and the adapter as one module with one forward pass, for wrappers of several processes.

    Parameters
    ----------
    transformer : WanTransformer3DModel
        Frozen in place where the recipe trains the adapter alone.
    adapter : AudioAdapter
    recipe : Recipe
    """

    def __init__(self, transformer: "WanTransformer3DModel", adapter: AudioAdapter, recipe: Recipe):
        super().__init__()
        self.transformer = transformer.requires_grad_(recipe.trained != ADAPTER)
        self.adapter = adapter.requires_grad_(recipe.trained != BASE)
        self.conditioned = recipe.trained != BASE
        self.host = WanHost(
            transformer, AudioPatch(adapter, BindingOptions(scheme=recipe.scheme, ranges=recipe.ranges))
        )

    def forward(self, clips: TrainingClip, latent: Tensor, *, level: Tensor, audible: Tensor) -> Tensor:
        """The predicted velocity.

        Parameters
        ----------
        clips : TrainingClip
            A batch; what it is conditioned on.
        latent : Tensor, shape of the batch's latents
            On the path to noise.
        level : Tensor [rows], in 0..1
        audible : Tensor [rows], bool

        Returns
        -------
        Tensor of the latents' shape
        """
        # DeepSpeed holds all weights in bfloat16 and casts nothing; elsewhere this is float32 already.
        dtype = self.adapter.audio_proj.proj1.weight.dtype
        clips, latent = clips.to(dtype), latent.to(dtype)
        # The rows stay until the next batch: with gradient checkpointing the backward pass needs them.
        self.host.rows = self._rows(clips, audible) if self.conditioned else None
        return self.transformer(
            hidden_states=torch.cat([latent, clips.mask, clips.encoded], dim=1),
            timestep=level * TIMESTEPS,
            encoder_hidden_states=clips.text,
            encoder_hidden_states_image=clips.image,
            return_dict=False,
        )[0]

    def _rows(self, clips: TrainingClip, audible: Tensor) -> AudioRows:
        """Condition each clip on its own voices, or on the zero embedding if it is not audible."""
        features = clips.features * audible.view(-1, 1, 1, 1, 1)
        if features.shape[1] == 0:  # the zero embedding of one person
            features = features.new_zeros(len(features), 1, *features.shape[2:])
        windows = features.unfold(2, self.adapter.shape.window, 1).movedim(-1, 3)
        tokens = self.adapter.audio_proj(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])
        voices = tokens.shape[1]
        return AudioRows(
            tokens=tokens.transpose(1, 2),
            masks=clips.persons,
            ranges=(self.host.patch.options.ranges or spread_ranges(voices)).on(tokens.device),
            audio_free=None if bool(audible.all()) else AudioFreeRows.of(audible, voices),
        )


def flow_loss(model: nn.Module, clips: TrainingClip, draws: Draws, *, shift: float) -> Tensor:
    """Mean squared error of the predicted velocity of every clip, [rows].

    Parameters
    ----------
    model : TrainingModel
        Or what wraps it for several processes.
    clips : TrainingClip
    draws : Draws
    shift : float
        Of the levels.
    """
    level = shifted(draws.level, shift)
    latent = noised(clips.latent, draws.noise, level.view(-1, 1, 1, 1, 1))
    predicted: Tensor = model(clips, latent, level=level, audible=draws.audible)
    target = draws.noise - clips.latent
    return F.mse_loss(predicted.float(), target, reduction="none").flatten(1).mean(1)
