"""Voices as wav2vec2 features, one set of hidden states per video frame (paper 3.2).

Knows transformers and 16 kHz samples; knows nothing of speakers or timelines. The convolutions run in
pieces and are exact all the same; the transformer hears the whole voice at once, unless asked for pieces.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import MultiTalkError
from ..guards.interruption import go_on
from .blockwise_attention import interruptible
from .running_statistics import VoiceNorms
from .wav2vec2 import build_wav2vec2, read_wav2vec2
from .waveform import SPEECH_RATE

CONVOLUTION_FRAMES_PER_PIECE = 500  # ten seconds
OVERLAP_SECONDS = 5.0


@dataclass(frozen=True)
class Piece:
    """Frames that the transformer hears at once.

    Attributes
    ----------
    start, end : int
        Frames that are kept.
    first, last : int
        Frames that are heard: those and some on either side.
    first_sample, last_sample : int
        Where these lie in the sound. What comes later shapes nothing of the piece; what came before shapes
        the norms.
    """

    start: int
    end: int
    first: int
    last: int
    first_sample: int
    last_sample: int


def cut_pieces(count: int, samples: int, fps: float, seconds: float | None) -> list[Piece]:
    """Pieces of `seconds` each, which stay the same when the sound grows longer; None is one piece."""
    length = count if seconds is None else max(1, round(seconds * fps))
    overlap = round(OVERLAP_SECONDS * fps)
    pieces = []
    for start in range(0, count, length):
        first, last = max(0, start - overlap), min(count, start + length + overlap)
        last_sample = samples if last == count else round(last / fps * SPEECH_RATE)
        first_sample = round(first / fps * SPEECH_RATE)
        pieces.append(Piece(start, min(count, start + length), first, last, first_sample, last_sample))
    return pieces


class AudioEncoder:
    """wav2vec2, heard at video frames.

    Parameters
    ----------
    model : transformers.Wav2Vec2Model
        In eval mode.
    normalise : bool
        Whether the wave gets zero mean and unit variance first (`do_normalize` of the preprocessor).
    """

    def __init__(self, model: nn.Module, normalise: bool = False) -> None:
        self.model = model
        self.normalise = normalise

    @classmethod
    def load(
        cls,
        path: str | Path,
        device: str | torch.device = "cpu",
        normalise: bool | None = None,
    ) -> "AudioEncoder":
        """Load a Hugging Face wav2vec2 folder or a single .safetensors file, in float32.

        Parameters
        ----------
        path
            A folder with config.json and model.safetensors, or one .safetensors file.
        device
            Where the network runs.
        normalise
            Give the wave zero mean and unit variance. None: as preprocessor_config.json says, or not where
            there is none.

        Raises
        ------
        MultiTalkError
            When the path holds no wav2vec2 weights in safetensors.
        """
        state, config, recommended = read_wav2vec2(Path(path))
        model = build_wav2vec2(state, config, str(path))
        return cls(model.to(device), recommended if normalise is None else normalise)

    @classmethod
    def from_state(
        cls,
        state: dict[str, Tensor],
        config: dict | None = None,
        normalise: bool = False,
        source: str = "The audio encoder",
    ) -> "AudioEncoder":
        """An encoder from wav2vec2 tensors at hand, under their original names, in float32.

        Parameters
        ----------
        state
            With or without the prefix `wav2vec2.`.
        config
            Entries of a Hugging Face config.json; what it lacks is read from the tensors.
        normalise
            Give the wave zero mean and unit variance.
        source
            Where the tensors come from, for messages.

        Raises
        ------
        MultiTalkError
            When the tensors are not wav2vec2's or do not fit `config`.
        """
        return cls(build_wav2vec2(state, config or {}, source), normalise)

    @property
    def layers(self) -> int:
        return len(self.model.encoder.layers)

    @property
    def channels(self) -> int:
        return self.model.config.hidden_size

    @torch.no_grad()
    def encode(
        self,
        samples: np.ndarray,
        fps: float = 25.0,
        frames: int | None = None,
        seconds_per_piece: float | None = None,
        *,
        check_interrupted: Callable[[], None] = go_on,
    ) -> Tensor:
        """Hidden states 1..N of every video frame.

        The convolutional features are resized linearly (align_corners) to the frame count before the
        feature projection and the transformer, as in the released code. Ten minutes of voice through base
        size took 1.2 GB of memory above the weights, 0.5 GB of it the result, and 5 minutes on 2 busy cores
        (`python -m tests.bench_audio --minutes 10`).

        Parameters
        ----------
        samples : np.ndarray [samples], float32
            Mono at 16 kHz.
        fps : float
            Video frames per second.
        frames : int, optional
            Frames that the whole sound is spread over; int(samples / 16000 * fps) by default.
        seconds_per_piece : float, optional
            Encode pieces of this length, with 5 s of overlap on either side, rather than the whole: less
            memory, and what follows a piece and its overlap does not change it. wav2vec2 hears the whole
            voice, so this changes the features: by 2.8 % (largest relative error; mean 2.1 %) at 20 s and
            8.0 % (3.8 %) at 5 s, for a minute of speech and random weights of base size
            (`python -m tests.bench_audio --minutes 1 --pieces 5 20`).
        check_interrupted : callable
            Called before every convolution piece, layer and block of attention; raises to stop.

        Returns
        -------
        Tensor [frames, layers, channels], float32, on the CPU

        Raises
        ------
        MultiTalkError
            When the sound is too short for a single frame.
        """
        count = int(len(samples) / SPEECH_RATE * fps) if frames is None else frames
        if count < 1 or len(samples) < self._receptive_field():
            raise MultiTalkError(
                f"The voice is {len(samples) / SPEECH_RATE:.3f} seconds long, too short for one video frame; "
                "use a longer one."
            )
        states = torch.empty(count, self.layers, self.channels)
        norms = VoiceNorms(samples, self.model.feature_extractor.conv_layers[0], self.normalise)
        for piece in cut_pieces(count, len(samples), fps, seconds_per_piece):
            norms.hear(piece.last_sample, check_interrupted)
            features = functional.interpolate(
                self._convolve(norms, piece.first_sample, check_interrupted),
                size=piece.last - piece.first,
                mode="linear",
                align_corners=True,
            )
            hidden = self.model.feature_projection(features.transpose(1, 2))[0]
            inner = slice(piece.start - piece.first, piece.end - piece.first)
            with interruptible(check_interrupted):
                self._transform(hidden, states[piece.start : piece.end], inner)
        return states

    def silence(self, frames: int, fps: float = 25.0) -> Tensor:
        """Features of encoded silence, which are not zeros.

        Returns
        -------
        Tensor [frames, layers, channels], float32, on the CPU
        """
        samples = max(math.ceil(frames / fps * SPEECH_RATE), self._receptive_field())
        return self.encode(np.zeros(samples, np.float32), fps, frames)

    def _transform(self, hidden: Tensor, states: Tensor, inner: slice) -> None:
        """Run the transformer and write the inner frames of its hidden states, one layer at a time."""
        encoder = self.model.encoder

        def keep(layer: int) -> None:
            def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
                states[:, layer] = output[0, inner]

            return hook

        hooks = [layer.register_forward_hook(keep(n)) for n, layer in enumerate(encoder.layers)]
        try:
            # The last state is the encoder's own output: large models normalise it once more.
            states[:, -1] = encoder(hidden).last_hidden_state[0, inner]
        finally:
            for hook in hooks:
                hook.remove()

    def _receptive_field(self) -> int:
        """Samples that one convolutional frame hears."""
        field = 1
        for layer in reversed(self.model.feature_extractor.conv_layers):
            field = (field - 1) * layer.conv.stride[0] + layer.conv.kernel_size[0]
        return field

    def _convolve(
        self, norms: VoiceNorms, first: int = 0, check_interrupted: Callable[[], None] = go_on
    ) -> Tensor:
        """Convolutional features of what was heard from the sample `first` on, computed in pieces.

        Returns
        -------
        Tensor [1, channels, convolution frames]
        """
        statistics = norms.convolved() if norms.grouped else None
        layers = self.model.feature_extractor.conv_layers
        hop, field = math.prod(layer.conv.stride[0] for layer in layers), self._receptive_field()
        count = (norms.heard - first - field) // hop + 1
        pieces = []
        for start in range(0, count, CONVOLUTION_FRAMES_PER_PIECE):
            check_interrupted()
            stop = min(start + CONVOLUTION_FRAMES_PER_PIECE, count)
            piece = norms.wave(first + start * hop, first + (stop - 1) * hop + field)[None, None]
            for layer in layers:
                if isinstance(getattr(layer, "layer_norm", None), nn.GroupNorm):
                    # With known statistics, group norm with one group a channel is batch norm.
                    norm = layer.layer_norm
                    normed = functional.batch_norm(
                        layer.conv(piece), *statistics, norm.weight, norm.bias, eps=norm.eps
                    )
                    piece = layer.activation(normed)
                else:
                    piece = layer(piece)
            pieces.append(piece)
        return torch.cat(pieces, dim=2)
