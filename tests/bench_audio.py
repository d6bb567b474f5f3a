"""CPU time and peak memory of encoding a long voice, and what pieces change in its features.

    nice python -m tests.bench_audio --minutes 60
    nice python -m tests.bench_audio --minutes 10 --whole
    nice python -m tests.bench_audio --minutes 5 --pieces 60 120
    nice python -m tests.bench_audio --minutes 10 --pieces 60 120 --demo

The voice is encoded as for a film first. A wav2vec2 of base size has seeded random weights: time and memory
are real, differences only indicative. The demo's encoder is trained, and small.
"""

import argparse
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2Model

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.pieces import piece_seconds
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.waveform import SPEECH_RATE, speech
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

FPS = 25
SENTENCE = "One picture, one voice for each person, and every person speaks with their own voice only. "


def spoken(minutes: float) -> np.ndarray:
    """A voice by espeak-ng, [samples], repeated up to the length."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        subprocess.run(["espeak-ng", "-w", path, SENTENCE * 4], check=True)
        return np.resize(speech(read_audio(path)), round(minutes * 60 * SPEECH_RATE))


def of_base_size() -> AudioEncoder:
    """With random weights."""
    torch.manual_seed(0)
    return AudioEncoder.from_state(Wav2Vec2Model(Wav2Vec2Config()).state_dict())


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def encoded(encoder: AudioEncoder, voice: np.ndarray, seconds: float | None, name: str) -> Tensor:
    """The features, and a line of what they cost."""
    before, start = peak_megabytes(), time.process_time()
    features = encoder.encode(voice, seconds_per_piece=seconds)
    cpu, megabytes = time.process_time() - start, peak_megabytes() - before
    result = features.numel() * features.element_size() / 2**20
    print(
        f"{name}: {cpu:.1f} s of CPU time, peak {megabytes:.0f} MB more, result {result:.0f} MB", flush=True
    )
    return features


def compare(features: Tensor, whole: Tensor, seconds: float) -> None:
    """How far pieces are from the whole, and how a border stands out among other frames."""
    difference = features - whole
    length = round(seconds * FPS)
    borders = torch.arange(length, len(whole), length)
    jumps = (difference[borders] - difference[borders - 1]).norm(dim=-1)
    moves = (whole[1:] - whole[:-1]).norm(dim=-1)
    print(
        f"  relative difference: largest {difference.abs().max() / whole.abs().max():.4f}, mean "
        f"{difference.abs().mean() / whole.abs().mean():.4f}; between the frames at a border at most "
        f"{jumps.max() / moves.mean():.4f} of what features change from frame to frame on average"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--whole", action="store_true", help="encode the voice whole too, and compare")
    parser.add_argument("--pieces", type=float, nargs="*", default=[], help="seconds per piece to compare")
    parser.add_argument("--demo", action="store_true", help="the demo's encoder instead of base size")
    arguments = parser.parse_args()
    encoder = of_base_size()
    if arguments.demo:
        encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
    voice, seconds = spoken(arguments.minutes), arguments.minutes * 60
    of_film = piece_seconds(seconds, None)
    name = "whole" if of_film is None else f"in pieces of {of_film:g} s"
    features = encoded(encoder, voice, None, f"{arguments.minutes:g} min as for a film, {name}")
    if not (arguments.whole or arguments.pieces):
        return
    whole = features if of_film is None else encoded(encoder, voice, seconds, "whole")
    if of_film is not None:
        compare(features, whole, of_film)
    del features
    for length in arguments.pieces:
        compare(encoded(encoder, voice, length, f"pieces of {length:g} s"), whole, length)


if __name__ == "__main__":
    main()
