"""Voices as wav2vec2 features, one set of hidden states per video frame (paper 3.2).

Knows transformers and 16 kHz samples; knows nothing of speakers or timelines. The convolutions run in
pieces, with exact results; the transformer attends to the whole voice at once or to the pieces of
`cut_pieces`.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from .blockwise_attention import interruptible
from .pieces import cut_pieces
from .running_statistics import RunningStatistics
from .wav2vec2 import build_wav2vec2, read_wav2vec2
from .waveform import SPEECH_RATE

if TYPE_CHECKING:
    from transformers import Wav2Vec2Model

# Two seconds: glibc reuses blocks of this size, and gives back those above 32 MB page by page.
CONVOLUTION_FRAMES_PER_PIECE = 100


class AudioEncoder:
    """wav2vec2 with one output per video frame.

    Parameters
    ----------
    model : transformers.Wav2Vec2Model
        In eval mode.
    normalise : bool
        Whether the wave gets zero mean and unit variance first (`do_normalize` of the preprocessor).
    """

    def __init__(self, model: "Wav2Vec2Model", normalise: bool = False) -> None:
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
        path : str or Path
            A folder with config.json and model.safetensors, or one .safetensors file.
        device : str or torch.device
            Where the network runs.
        normalise : bool, optional
            Give the wave zero mean and unit variance. By default as preprocessor_config.json says; without
            that file the wave is left as it is.

        Raises
        ------
        MultiTalkError
            When there are no wav2vec2 weights in safetensors at the path.
        """
        state, config, recommended = read_wav2vec2(Path(path))
        model = build_wav2vec2(state, config, str(path))
        return cls(model.to(device), recommended if normalise is None else normalise)

    @classmethod
    def from_state(
        cls,
        state: dict[str, Tensor],
        config: dict[str, Any] | None = None,
        *,
        normalise: bool = False,
        source: str = "The audio encoder",
    ) -> "AudioEncoder":
        """Build an encoder in float32 from wav2vec2 tensors in memory.

        Parameters
        ----------
        state : dict of str to Tensor
            Under their original names, with or without the prefix `wav2vec2.`.
        config : dict, optional
            Entries of a Hugging Face config.json; missing ones are read from the tensors.
        normalise : bool
            Give the wave zero mean and unit variance.
        source : str
            Where the tensors come from, for error messages.

        Raises
        ------
        MultiTalkError
            When the tensors are not wav2vec2's or do not fit `config`.
        """
        return cls(build_wav2vec2(state, config or {}, source), normalise)

    @property
    def layers(self) -> int:
        """Number of transformer layers."""
        return len(self.model.encoder.layers)

    @property
    def channels(self) -> int:
        """Width of a hidden state."""
        return self.model.config.hidden_size

    @torch.no_grad()
    def encode(
        self,
        samples: np.ndarray,
        fps: float = 25.0,
        frames: int | None = None,
        *,
        seconds_per_piece: float | None = None,
        check_interrupted: Callable[[], None] = uninterrupted,
    ) -> Tensor:
        """Hidden states 1..N of every video frame.

        The convolutional features are resized linearly (align_corners) to the frame count before the
        feature projection and the transformer, as in the reference implementation. What a voice takes of time
        and memory stands in docs/cpu.md.

        Parameters
        ----------
        samples : np.ndarray [samples], float32
            Mono at 16 kHz.
        fps : float
            Video frames per second.
        frames : int, optional
            Number of frames for the whole sound; by default int(samples / 16000 * fps).
        seconds_per_piece : float, optional
            Encode pieces of this length, with 5 s of overlap on either side, instead of the whole sound; a
            sound of more than 5 minutes is cut into pieces of 2 minutes unless this is given. Pieces take
            less time and memory, and sound after a piece and its overlap does not change the piece.
            wav2vec2 attends to the whole voice, so pieces change the features: by 2.8 % (largest relative
            error; mean 2.1 %) at 20 s and by 8.0 % (3.8 %) at 5 s, measured on a minute of speech with
            random weights of base size (`python -m tests.bench_audio --minutes 1 --pieces 5 20`).
        check_interrupted : callable
            Called before every piece of the convolutions and every block of attention; raises to stop.

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
        statistics = self._running_statistics(samples)
        for piece in cut_pieces(count, len(samples), fps=fps, seconds=seconds_per_piece):
            statistics.advance(piece.last_sample, check_interrupted)
            features = functional.interpolate(
                self._convolve(statistics, piece.first_sample, check_interrupted),
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
        """Encode silence; its features are not zeros.

        Returns
        -------
        Tensor [frames, layers, channels], float32, on the CPU
        """
        samples = max(math.ceil(frames / fps * SPEECH_RATE), self._receptive_field())
        return self.encode(np.zeros(samples, np.float32), fps, frames)

    def _transform(self, hidden: Tensor, states: Tensor, inner: slice) -> None:
        """Run the transformer and copy the `inner` frames of each layer's output into `states`."""
        encoder = self.model.encoder

        def copy_into(layer: int) -> Callable[[nn.Module, Any, Tensor], None]:
            def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
                states[:, layer] = output[0, inner]

            return hook

        hooks = [layer.register_forward_hook(copy_into(n)) for n, layer in enumerate(encoder.layers)]
        try:
            # The last state is the encoder's own output: large models normalise it once more.
            states[:, -1] = encoder(hidden).last_hidden_state[0, inner]
        finally:
            for hook in hooks:
                hook.remove()

    def _running_statistics(self, samples: np.ndarray) -> RunningStatistics:
        first = self.model.feature_extractor.conv_layers[0]
        grouped = isinstance(first.layer_norm, nn.GroupNorm)
        return RunningStatistics(samples, first.conv, grouped=grouped, normalise=self.normalise)

    def _receptive_field(self) -> int:
        """Number of samples in the receptive field of one convolutional frame."""
        field = 1
        for layer in reversed(self.model.feature_extractor.conv_layers):
            field = (field - 1) * layer.conv.stride[0] + layer.conv.kernel_size[0]
        return field

    def _convolve(
        self,
        statistics: RunningStatistics,
        first: int = 0,
        check_interrupted: Callable[[], None] = uninterrupted,
    ) -> Tensor:
        """Convolutional features of the samples from `first` to the statistics' end, computed in pieces.

        Returns
        -------
        Tensor [1, channels, convolution frames]
        """
        layers = self.model.feature_extractor.conv_layers
        hop, field = math.prod(layer.conv.stride[0] for layer in layers), self._receptive_field()
        count = (statistics.end - first - field) // hop + 1
        pieces = []
        for start in range(0, count, CONVOLUTION_FRAMES_PER_PIECE):
            check_interrupted()
            stop = min(start + CONVOLUTION_FRAMES_PER_PIECE, count)
            piece = statistics.wave(first + start * hop, first + (stop - 1) * hop + field)[None, None]
            for layer in layers:
                if isinstance(getattr(layer, "layer_norm", None), nn.GroupNorm):
                    normed = statistics.group_norm(layer.conv(piece), layer.layer_norm)
                    piece = layer.activation(normed)
                else:
                    piece = layer(piece)
            pieces.append(piece)
        return torch.cat(pieces, dim=2)
