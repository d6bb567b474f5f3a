"""Voices recorded at any level reach the encoder equally loud."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from multitalk_core.audio.loudness import integrated_loudness, normalise_loudness

GOLDEN = load_file(Path(__file__).parents[1] / "golden" / "loudness.safetensors")


def murmur(seconds: float, level: float) -> np.ndarray:
    """Noise that swells like syllables, [samples]."""
    time = np.arange(round(16000 * seconds)) / 16000
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (level * noise * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)


@pytest.mark.parametrize("index", [0, 1])
def test_the_released_codes_numbers(index):
    samples = GOLDEN[f"input_{index}"]
    assert integrated_loudness(samples) == pytest.approx(GOLDEN[f"lufs_{index}"].item(), rel=1e-6)
    expected = GOLDEN[f"output_{index}"]
    assert np.abs(normalise_loudness(samples) - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("level", [1e-3, 0.05, 0.9])
@pytest.mark.parametrize("target", [-23.0, -14.0])
def test_a_voice_of_any_level_reaches_the_target(level, target):
    assert integrated_loudness(normalise_loudness(murmur(2.0, level), target=target)) == pytest.approx(
        target, abs=1e-3
    )


def test_pauses_between_words_do_not_count():
    speech = murmur(2.0, 0.1)
    with_pause = np.concatenate([speech, np.zeros(160000, np.float32), speech])
    assert integrated_loudness(with_pause) == pytest.approx(integrated_loudness(speech), abs=0.5)


@pytest.mark.parametrize("samples", [np.zeros(32000, np.float32), murmur(0.39, 0.1), GOLDEN["silence_input"]])
def test_silence_and_very_short_sounds_stay_as_they_are(samples):
    assert np.array_equal(normalise_loudness(samples), samples)
