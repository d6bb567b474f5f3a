"""The whole training of the demo's models, stage by stage; each goes on where it was stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..audio.features import AudioEncoder
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import SamplingSettings
from ..method.guidance import GuidanceScales
from ..training.saving import checkpoint_path, start_from
from ..training.shards import ShardedClips
from ..training.trainer import Progress, train
from ..training.training_model import TrainingModel
from .captions import make_text
from .scoring import Sampler
from .stages import ABLATIONS, STAGES, Stage
from .talks import Kind, Portion, Size, prepare
from .toy_audio_encoder import train_audio_encoder
from .toy_models import TEXT_WIDTH, make_adapter, make_transformer, write_models
from .vae import train_vae, tune_decoder

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

SIZE, LARGE = Size(frames=13, height=64, width=96), Size(frames=13, height=96, width=144)
ONE, TWO = Kind(persons=(1,)), Kind(persons=(2,), crossing=0.3)
EVENTS = Kind(persons=(1, 2, 3), crossing=0.25, acting=0.6, heard=False)
CLIPS = {
    "events": (Portion(EVENTS, SIZE, 800), Portion(EVENTS, LARGE, 200)),
    "two": (Portion(TWO, SIZE, 1000),),
    "large": (Portion(TWO, LARGE, 250),),
    "one": (Portion(ONE, SIZE, 300),),
    "ordered": (Portion(replace(TWO, left_to_right=True), SIZE, 1000),),
}
SEEDS_A_KIND = 1_000_000
SETTINGS = SamplingSettings(steps=12, shift=3.0, scales=GuidanceScales(1.0, 4.0), rows_at_once=2)


@dataclass(frozen=True)
class World:
    """Sizes and lengths of the demo's training.

    Attributes
    ----------
    size : Size
    sway : float
        Of the persons, in picture heights.
    audio_steps, vae_steps, decoder_steps : int
    clips : dict of str to portions
        Encoded once and trained on, by the name of their folder.
    stages : dict of str to Stage
        In the order of their training.
    settings : SamplingSettings
        Of the scores.
    """

    size: Size = SIZE
    sway: float = 0.02
    audio_steps: int = 250
    vae_steps: int = 5700
    decoder_steps: int = 1500
    clips: dict[str, tuple[Portion, ...]] = field(default_factory=lambda: CLIPS)
    stages: dict[str, Stage] = field(default_factory=lambda: STAGES | ABLATIONS)
    settings: SamplingSettings = SETTINGS

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

    def prepare_clips(self, folder: Path, name: str, on_clips: Callable[[int], None] | None = None) -> None:
        """Encode the training clips of one folder."""
        vae, encoder, text = self.vae(folder), self.audio_encoder(folder), make_text(TEXT_WIDTH)
        first_seed = SEEDS_A_KIND * list(self.clips).index(name)
        for done in prepare(folder / name, self.clips[name], vae, encoder, text, self.sway, first_seed):
            if on_clips is not None:
                on_clips(done)

    def train_stage(self, folder: Path, name: str, on_step: Progress | None = None) -> None:
        """Train one stage on the encoded clips, after those it starts from."""
        stage = self.stages[name]
        model = self._model(stage)
        for earlier in stage.after:
            start_from(model, folder / "stages" / earlier)
        i2v_clips = ShardedClips(folder / "events") if stage.events else None
        clips = ShardedClips(folder / stage.clips)
        train(model, clips, stage.recipe, folder / "stages" / name, on_step=on_step, i2v_clips=i2v_clips)

    def is_trained(self, folder: Path, name: str) -> bool:
        """Whether a stage has made its last update."""
        return checkpoint_path(folder / "stages" / name, self.stages[name].recipe.steps).exists()

    def sampler(self, folder: Path, name: str, size: Size | None = None) -> Sampler:
        """A trained stage's newest weights, ready to make films; `self.size` where none is told."""
        stage = self.stages[name]
        model = self._model(stage)
        for trained in (*stage.after, name):
            start_from(model, folder / "stages" / trained)
        model.host.remove()
        model.eval().requires_grad_(False)
        models = Models(
            model.transformer,
            self.tuned_vae(folder),
            make_text(TEXT_WIDTH),
            None,
            torch.device("cpu"),
            torch.float32,
            "toy world",
        )
        settings = replace(self.settings, scheme=stage.recipe.scheme, ranges=stage.recipe.ranges)
        return Sampler(models, model.adapter, self.audio_encoder(folder), settings, size or self.size)

    def write(self, folder: Path, name: str, output: Path) -> None:
        """A stage's weights as the files of the embedded demo."""
        sampler, stage = self.sampler(folder, name), self.stages[name]
        trained = ", then ".join(
            f"{part} {self.stages[part].recipe.steps} steps ({self.stages[part].recipe.trained})"
            for part in (*stage.after, name)
        )
        made = (
            f"toy world: {trained} of {stage.recipe.batch} clips; VAE {self.vae_steps} steps, its decoder "
            f"{self.decoder_steps} more; wav2vec2 {self.audio_steps} steps"
        )
        models = sampler.models
        write_models(
            output,
            models.transformer,
            sampler.adapter,
            models.vae,
            sampler.encoder.model,
            make_text(TEXT_WIDTH),
            made,
        )

    def _model(self, stage: Stage) -> TrainingModel:
        torch.manual_seed(stage.recipe.seed)
        return TrainingModel(make_transformer(), make_adapter(), stage.recipe)
