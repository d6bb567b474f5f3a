"""The toy world's audio encoder: a tiny wav2vec2, trained to predict how far a mouth opens."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from ..audio.features import AudioEncoder
from .fitting import fit
from .state import load_state, save_state
from .toy_models import AUDIO_LAYERS, AUDIO_WIDTH, make_audio_encoder
from .tracks import random_piece, random_track, stacked

if TYPE_CHECKING:
    from transformers import Wav2Vec2Model

PIECE_FRAMES = (30, 90)
PIECES = 8
RIDGE = 0.1


def hidden_states(model: "Wav2Vec2Model", samples: Tensor, frames: int) -> Tensor:
    """Features as of `AudioEncoder.encode`, with gradients, [rows, frames, layers · channels]."""
    convolved = F.interpolate(
        model.feature_extractor(samples), size=frames, mode="linear", align_corners=True
    )
    projected = model.feature_projection(convolved.transpose(1, 2))[0]
    states: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda layer, inputs, output: states.append(output))
        for layer in model.encoder.layers
    ]
    model.encoder(projected)
    for hook in hooks:
        hook.remove()
    return torch.cat(states, dim=-1)


class Pieces(Dataset[tuple[Tensor, Tensor]]):
    """The samples and openness of random tracks' pieces, by step."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, step])
        frames = int(rng.integers(*PIECE_FRAMES))
        tracks = [random_track(int(rng.integers(2**31)), sentences=3) for _ in range(PIECES)]
        return stacked([random_piece(track, frames, rng) for track in tracks])


def train_audio_encoder(folder: Path, steps: int, seed: int = 0) -> AudioEncoder:
    """Train the encoder with a linear head that predicts the mouth's openness, or read a trained one."""
    torch.manual_seed(seed)
    model = make_audio_encoder()
    path = folder / "audio_encoder.pt"
    if (state := load_state(path)) is not None:
        model.load_state_dict(state)
        return AudioEncoder(model.eval().requires_grad_(False))
    head = nn.Linear(AUDIO_LAYERS * AUDIO_WIDTH, 1)

    def loss_of(pieces: tuple[Tensor, Tensor], step: int) -> Tensor:
        samples, opened = pieces
        return F.mse_loss(head(hidden_states(model, samples, opened.shape[1]))[..., 0], opened)

    network = nn.ModuleList([model, head])
    fit(
        network,
        list(network.parameters()),
        batches=Pieces(seed),
        loss_of=loss_of,
        path=folder / "audio.pt",
        steps=steps,
    )
    save_state(path, model.state_dict())
    return AudioEncoder(model.eval().requires_grad_(False))


def probe(encoder: AudioEncoder, fitted: int = 60, tested: int = 30) -> float:
    """R² of a linear probe from one frame's features to the mouth's openness, on unseen sentences."""

    def encoded(seeds: range, unseen: bool) -> tuple[Tensor, Tensor]:
        tracks = [random_track(seed, unseen) for seed in seeds]
        features = [
            encoder.encode(track.samples, frames=len(track.openness)).flatten(1).double() for track in tracks
        ]
        return torch.cat(features), torch.cat([track.openness for track in tracks]).double()

    known, known_openness = encoded(range(fitted), False)
    new, new_openness = encoded(range(fitted, fitted + tested), True)
    mean, deviation = known.mean(0), known.std(0) + 1e-6
    known, new = (F.pad((features - mean) / deviation, (0, 1), value=1.0) for features in (known, new))
    weights = torch.linalg.solve(
        known.T @ known + RIDGE * torch.eye(known.shape[1]), known.T @ known_openness
    )
    error = (new @ weights - new_openness).square().mean()
    return 1 - (error / new_openness.var()).item()
