"""The training of the demo's models, stage by stage; a stopped stage continues."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..audio.features import AudioEncoder
from ..film.spec import SamplingOptions
from ..hosts.diffusers.models import Models
from ..method.audio_patch import BindingOptions
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
from .vae import train_vae

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

SIZE, LARGE = Size(frames=13, height=64, width=96), Size(frames=13, height=128, width=192)
ONE, TWO = Kind(persons=(1,)), Kind(persons=(2,), crossing=0.3)
EVENTS = Kind(persons=(1, 2, 3), crossing=0.25, acting=0.6, voiced=False)
CLIPS = {
    "events": (Portion(EVENTS, SIZE, 800), Portion(EVENTS, LARGE, 400)),
    "two": (Portion(TWO, SIZE, 1000),),
    "large": (Portion(TWO, LARGE, 400),),
    "one": (Portion(ONE, SIZE, 300),),
    "ordered": (Portion(replace(TWO, left_to_right=True), SIZE, 1000),),
}
SEEDS_A_KIND = 1_000_000
SAMPLING = SamplingOptions(steps=12, shift=3.0, scales=GuidanceScales(1.0, 4.0))


@dataclass(frozen=True)
class World:
    """Sizes and steps of the demo's training.

    Attributes
    ----------
    size : Size
    sway : float
        Maximum amplitude of the persons' movement, in picture heights.
    audio_steps, vae_steps : int
    clips : dict of str to portions
        Training clips by the name of their folder.
    stages : dict of str to Stage
        In training order.
    sampling : SamplingOptions
        Sampling options of the scores.
    """

    size: Size = SIZE
    sway: float = 0.02
    audio_steps: int = 250
    vae_steps: int = 12500
    clips: dict[str, tuple[Portion, ...]] = field(default_factory=lambda: CLIPS)
    stages: dict[str, Stage] = field(default_factory=lambda: STAGES | ABLATIONS)
    sampling: SamplingOptions = SAMPLING

    def audio_encoder(self, folder: Path) -> AudioEncoder:
        """Train the audio encoder, or read the trained one."""
        return train_audio_encoder(folder, self.audio_steps)

    def vae(self, folder: Path) -> "AutoencoderKLWan":
        """Train the VAE, or read the trained one."""
        return train_vae(folder, self.vae_steps)

    def prepare_clips(self, folder: Path, name: str, on_clips: Callable[[int], None] | None = None) -> None:
        """Encode the training clips of one folder."""
        vae, encoder, text = self.vae(folder), self.audio_encoder(folder), make_text(TEXT_WIDTH)
        first_seed = SEEDS_A_KIND * list(self.clips).index(name)
        for done in prepare(
            folder / name,
            self.clips[name],
            vae=vae,
            encoder=encoder,
            text=text,
            sway=self.sway,
            first_seed=first_seed,
        ):
            if on_clips is not None:
                on_clips(done)

    def train_stage(self, folder: Path, name: str, on_step: Progress | None = None) -> None:
        """Train one stage on the encoded clips; the stages it starts from must be trained."""
        stage = self.stages[name]
        model = self._model(stage)
        for earlier in stage.after:
            start_from(model, folder / "stages" / earlier)
        i2v_clips = ShardedClips(folder / "events") if stage.events else None
        clips = ShardedClips(folder / stage.clips)
        train(
            model,
            clips,
            stage.recipe,
            folder=folder / "stages" / name,
            on_step=on_step,
            i2v_clips=i2v_clips,
        )

    def is_trained(self, folder: Path, name: str) -> bool:
        """Whether a stage is completely trained."""
        return checkpoint_path(folder / "stages" / name, self.stages[name].recipe.steps).exists()

    def sampler(self, folder: Path, name: str, size: Size | None = None) -> Sampler:
        """A sampler with the newest weights of a stage; `size` defaults to `self.size`."""
        stage = self.stages[name]
        model = self._model(stage)
        for trained in (*stage.after, name):
            start_from(model, folder / "stages" / trained)
        model.host.remove()
        model.eval().requires_grad_(False)
        models = Models(
            model.transformer,
            self.vae(folder),
            make_text(TEXT_WIDTH),
            None,
            torch.device("cpu"),
            torch.float32,
            "toy world",
        )
        binding = BindingOptions(scheme=stage.recipe.scheme, ranges=stage.recipe.ranges)
        encoder = self.audio_encoder(folder)
        return Sampler(models, model.adapter, encoder, self.sampling, size or self.size, binding)

    def write(self, folder: Path, name: str, output: Path) -> None:
        """Write the weights of a stage as the files of the embedded demo."""
        sampler, stage = self.sampler(folder, name), self.stages[name]
        trained = ", then ".join(
            f"{part} {self.stages[part].recipe.steps} steps ({self.stages[part].recipe.trained})"
            for part in (*stage.after, name)
        )
        provenance = (
            f"toy world: {trained} of {stage.recipe.batch} clips; VAE {self.vae_steps} steps; "
            f"wav2vec2 {self.audio_steps} steps"
        )
        models = sampler.models
        write_models(
            output,
            transformer=models.transformer,
            adapter=sampler.adapter,
            vae=models.vae,
            audio_encoder=sampler.encoder.model,
            text=make_text(TEXT_WIDTH),
            provenance=provenance,
        )

    def _model(self, stage: Stage) -> TrainingModel:
        torch.manual_seed(stage.recipe.seed)
        return TrainingModel(make_transformer(), make_adapter(), stage.recipe)
