"""Vocals drive the mouths and the film keeps the whole mix; the separation by the real demucs-infer.

Released weights are not at hand: the model here has their architecture, small and untrained.
"""

from fractions import Fraction

import numpy as np
import pytest
import torch

from multitalk_core.audio.driven_timeline import driven_by
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.vocals import VocalSeparator
from multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError
from tools.demucs_to_safetensors import convert

RATE = 22050


def mix(seconds: float = 1.0, pitch: float = 300.0) -> Waveform:
    samples = 0.3 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)
    return Waveform(samples.astype(np.float32)[None], RATE)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """As Meta's file is, a pickle, converted as a user would."""
    demucs = pytest.importorskip("demucs_infer.htdemucs")
    sources = {"sources": ["drums", "bass", "other", "vocals"], "segment": Fraction(39, 10)}
    small = sources | {"channels": 8, "t_layers": 1, "t_heads": 2, "bottom_channels": 16}
    torch.manual_seed(0)
    model = demucs.HTDemucs(**small)
    folder = tmp_path_factory.mktemp("demucs")
    package = {"klass": demucs.HTDemucs, "args": (), "kwargs": small, "state": model.half().state_dict()}
    torch.save(package, folder / "955717e8.th")
    convert(folder / "955717e8.th", folder / "htdemucs.safetensors")
    return folder / "htdemucs.safetensors"


def test_the_vocals_are_as_long_as_the_mix_and_the_same_each_time(checkpoint):
    separator = VocalSeparator(checkpoint)
    first, again = separator(mix()), separator(mix())
    assert first.rate == RATE and first.samples.shape[1] == mix().samples.shape[1]
    assert np.array_equal(first.samples, again.samples)
    assert np.abs(first.samples).max() > 0


def halved(sound: Waveform) -> Waveform:
    """The first half of a sound: a part that is easily told from the whole."""
    samples = sound.samples.copy()
    samples[:, samples.shape[1] // 2 :] = 0
    return Waveform(samples, sound.rate)


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_mouths_follow_the_part_and_the_film_sounds_like_the_mix(start):
    whole = Timeline.placed([(0, start, mix()), (1, 0.0, mix(pitch=500.0))])
    driven = driven_by(whole, halved)
    edges = round(0.01 * RATE)  # a voice that starts late fades in and out over 5 ms
    difference = np.abs(driven.sound().samples - whole.sound().samples)[0]
    assert difference[edges : round(start * RATE)].max(initial=0) < 1e-6
    assert difference[round(start * RATE) + edges : -edges].max() < 1e-6
    half = round((start + 0.5) * SPEECH_RATE) + 100
    tracks = driven.tracks()
    assert np.abs(tracks[0, : half - 200]).max() > 0.01 and np.abs(tracks[0, half:]).max() < 1e-6
    assert driven.seconds == whole.seconds


def test_a_wrong_model_is_refused_before_anything_is_loaded(tmp_path, checkpoint, capsys):
    given = [
        "generate",
        "--picture",
        str(EMBEDDED / "picture.png"),
        "--voice",
        str(EMBEDDED / "voice_1.flac"),
    ]
    (tmp_path / "model.th").write_bytes(b"x")
    for path, sentence in [
        (tmp_path / "none.safetensors", "There is no separation model at"),
        (tmp_path / "model.th", "is no .safetensors file"),
    ]:
        assert main([*given, "--separate-vocals", str(path)]) == 2
        assert sentence in (said := capsys.readouterr().err) and "demucs_to_safetensors.py" in said
    with pytest.raises(MultiTalkError, match="is not a Hybrid Transformer Demucs as safetensors"):
        VocalSeparator(EMBEDDED / "vae" / "multitalk_demo_vae.safetensors")
