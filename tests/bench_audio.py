"""CPU time and peak memory of encoding a long voice with a wav2vec2 of base size, and what pieces change.

    nice python -m tests.bench_audio --minutes 10
    nice python -m tests.bench_audio --minutes 1 --pieces 10 20
    nice python -m tests.bench_audio --minutes 10 --pieces 20 --small

The weights are seeded random ones: time and memory are real, the pieces' difference only indicative.
"""

import argparse
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.waveform import SPEECH_RATE, speech

SMALL = {
    "conv_dim": [512] + [32] * 6,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "intermediate_size": 64,
}
SENTENCE = "One picture, one voice for each person, and every person speaks with their own voice only. "


def spoken(minutes: float) -> np.ndarray:
    """A voice by espeak-ng, [samples], repeated up to the length."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        subprocess.run(["espeak-ng", "-w", path, SENTENCE * 4], check=True)
        return np.resize(speech(read_audio(path)), round(minutes * 60 * SPEECH_RATE))


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--pieces", type=float, nargs="*", default=[], help="seconds per piece to compare")
    parser.add_argument("--small", action="store_true", help="little behind the first convolution")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    config = Wav2Vec2Config(**SMALL if arguments.small else {})
    encoder = AudioEncoder.from_state(Wav2Vec2Model(config).state_dict())
    voice = spoken(arguments.minutes)
    before, start = peak_megabytes(), time.process_time()
    whole = encoder.encode(voice, seconds_per_piece=arguments.minutes * 60)
    seconds, megabytes = time.process_time() - start, peak_megabytes() - before
    result = whole.numel() * whole.element_size() / 2**20
    print(
        f"{arguments.minutes:g} min, {len(whole)} frames: {seconds:.1f} s of CPU time, "
        f"peak {megabytes:.0f} MB more, of which {result:.0f} MB are the result"
    )
    for length in arguments.pieces:
        start = time.process_time()
        difference = (encoder.encode(voice, seconds_per_piece=length) - whole).abs()
        print(
            f"pieces of {length:g} s: {time.process_time() - start:.1f} s, relative difference: "
            f"largest {difference.max() / whole.abs().max():.4f}, "
            f"mean {difference.mean() / whole.abs().mean():.4f}"
        )


if __name__ == "__main__":
    main()
