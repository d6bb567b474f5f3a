"""Singing without its music, by a separation model that the user brings.

Knows demucs-infer; knows nothing of speakers.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..errors import MultiTalkError, quoted
from ..files.given import check_file
from .waveform import Waveform, from_array

if TYPE_CHECKING:
    from demucs_infer.htdemucs import HTDemucs

VOCALS = "vocals"
QUIETEST = 1e-8  # added to a deviation that divides
INSTALL = 'install it with pip install "demucs-infer[safetensors]"'
CONVERT = "tools/demucs_to_safetensors.py writes one from Meta's .th file (docs/script.md)"


class VocalSeparator:
    """Takes the singing out of a mix.

    Parameters
    ----------
    checkpoint : Path
        Weights of a Hybrid Transformer Demucs as safetensors, with the stem "vocals".

    Raises
    ------
    MultiTalkError
        When demucs-infer is not installed, or the file is missing or something else.
    """

    def __init__(self, checkpoint: Path) -> None:
        check_checkpoint(checkpoint)
        self.model = _load(checkpoint)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"

    def __call__(self, mix: Waveform) -> Waveform:
        """The vocals, as long as the mix and at its rate; the same for the same mix."""
        from demucs_infer.apply import apply_model

        model = self.model
        sound = mix.stereo() if model.audio_channels == 2 else mix.mono()
        samples = torch.from_numpy(sound.resampled(model.samplerate).samples)
        middle, spread = samples.mean(), samples.mean(0).std() + QUIETEST
        # No shift: shifts are drawn at random, and a film is to find its stored clips again.
        stems = apply_model(
            model, ((samples - middle) / spread)[None], shifts=0, device=torch.device(self.device)
        )
        vocals = stems[0, model.sources.index(VOCALS)] * spread + middle
        found = from_array(vocals, model.samplerate).resampled(mix.rate)
        return replace(found.padded(mix.samples.shape[1]).first(mix.samples.shape[1]), notes=mix.notes)


def check_checkpoint(path: Path) -> None:
    """Raise a MultiTalkError unless the path is a safetensors file."""
    try:
        check_file(path, "separation model")
    except MultiTalkError as error:
        raise MultiTalkError(
            f"{error} Weights for --separate-vocals are yours to bring: {CONVERT}."
        ) from error
    if path.suffix.lower() != ".safetensors":
        raise MultiTalkError(f"The separation model {quoted(path)} is no .safetensors file: {CONVERT}.")


def _load(path: Path) -> "HTDemucs":
    try:
        from demucs_infer.safetensors import load_safetensors_model
    except ImportError as error:
        raise MultiTalkError(
            f"Separating vocals needs demucs-infer, which is not installed: {INSTALL}."
        ) from error
    from safetensors import SafetensorError

    try:
        model = load_safetensors_model(path).eval()
    except (ValueError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise MultiTalkError(
            f"{path} is not a Hybrid Transformer Demucs as safetensors ({quoted(reason)}): {CONVERT}."
        ) from error
    if VOCALS not in model.sources:
        raise MultiTalkError(
            f"The separation model {path} has the stems {', '.join(map(quoted, model.sources))} and no "
            "vocals: choose another."
        )
    return model
