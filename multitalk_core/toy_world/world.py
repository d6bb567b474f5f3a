"""The whole training of the demo's models, stage by stage; each goes on where it was stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..adapter import AudioAdapter
from ..audio.features import AudioEncoder
from ..guidance import GuidanceScales
from ..standalone.models import Models
from ..standalone.pipeline import SamplingSettings
from ..training.clips import ShardedClips
from ..training.model import TrainingModel
from ..training.recipe import FULL, Recipe
from ..training.saving import newest_weights
from ..training.trainer import Progress, train
from .audio_encoder import train_audio_encoder
from .models import make_adapter, make_texts, make_transformer, write_models
from .scoring import ToyScore, score_talks
from .talks import Size, prepare
from .vae import train_vae, tune_decoder

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel


SIZE = Size(frames=13, height=64, width=96)
RECIPE = Recipe(
    steps=3000, batch=16, learning_rate=1e-3, warm_up=100, final_rate=0.05, shift=3.0, trained=FULL
)


@dataclass(frozen=True)
class World:
    """Sizes and lengths of the demo's training.

    Attributes
    ----------
    size : Size
    sway : float
        Of the persons, in picture heights.
    audio_steps, vae_steps, decoder_steps : int
    clips : int
        Encoded once and trained on.
    recipe : Recipe
        Base model and adapter together, from nothing.
    settings : SamplingSettings
        Of the scores.
    """

    size: Size = SIZE
    sway: float = 0.02
    audio_steps: int = 250
    vae_steps: int = 5200
    decoder_steps: int = 4000
    clips: int = 2000
    recipe: Recipe = RECIPE
    settings: SamplingSettings = field(
        default_factory=lambda: SamplingSettings(steps=12, shift=3.0, scales=GuidanceScales(1.0, 2.0))
    )

    def audio_encoder(self, folder: Path) -> AudioEncoder:
        """Trained, or read."""
        return train_audio_encoder(folder, self.audio_steps)

    def vae(self, folder: Path) -> "AutoencoderKLWan":
        """Encoder and decoder trained together, or read."""
        return train_vae(folder, self.vae_steps)

    def tuned_vae(self, folder: Path) -> "AutoencoderKLWan":
        """The same encoder with a decoder trained further, or read."""
        vae = self.vae(folder)
        tune_decoder(vae, folder, self.decoder_steps)
        return vae

    def prepare_clips(self, folder: Path, on_clips: Callable[[int], None] | None = None) -> None:
        """Encode the training clips."""
        vae, encoder = self.tuned_vae(folder), self.audio_encoder(folder)
        for done in prepare(folder / "clips", self.clips, self.size, vae, encoder, make_texts(), self.sway):
            if on_clips is not None:
                on_clips(done)

    def train_dit(self, folder: Path, on_step: Progress | None = None) -> None:
        """Train base model and adapter on the encoded clips."""
        clips = ShardedClips(folder / "clips")
        train(self._first_model(), clips, self.recipe, folder / "dit", on_step=on_step)

    def score(self, folder: Path, talks: int) -> ToyScore:
        """Binding of the newest weights on unseen talks."""
        transformer, adapter, _ = self._newest(folder)
        texts = make_texts()

        def text(prompt: str, negative: bool = False) -> Tensor:
            return texts["negative" if negative else "prompt"][None]

        vae, encoder = self.tuned_vae(folder), self.audio_encoder(folder)
        models = Models(transformer, vae, text, None, torch.device("cpu"), torch.float32, True, "toy world")
        return score_talks(models, adapter, encoder, self.settings, self.size, talks, self.sway)

    def write(self, folder: Path, output: Path) -> None:
        """The newest weights as the files of the embedded demo."""
        transformer, adapter, steps = self._newest(folder)
        size = self.size
        made = (
            f"toy world: base and adapter trained together from nothing, {steps} steps of "
            f"{self.recipe.batch} clips of {size.width}x{size.height}x{size.frames}, {self.clips} clips in "
            f"all; VAE {self.vae_steps} steps, its decoder {self.decoder_steps} more; wav2vec2 "
            f"{self.audio_steps} steps"
        )
        encoder = self.audio_encoder(folder).model
        write_models(output, transformer, adapter, self.tuned_vae(folder), encoder, make_texts(), made)

    def _first_model(self) -> TrainingModel:
        torch.manual_seed(self.recipe.seed)
        return TrainingModel(make_transformer(), make_adapter(), self.recipe)

    def _newest(self, folder: Path) -> tuple["WanTransformer3DModel", AudioAdapter, int]:
        """Plain transformer and adapter of the newest checkpoint, and after how many updates."""
        model = self._first_model()
        state, steps = newest_weights(folder / "dit")
        model.load_state_dict(state)
        model.host.remove()
        model.eval().requires_grad_(False)
        return model.transformer, model.adapter, steps
