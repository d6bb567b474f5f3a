"""The toy world: deterministic scenes, voices that open mouths, and a VAE with Wan's constants."""

import shutil

import numpy as np
import pytest
import torch

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.standalone.models import decode_latent, encode_frames
from multitalk_core.toy_world.audio_encoder import hidden_states, make_audio_encoder
from multitalk_core.toy_world.models import make_vae
from multitalk_core.toy_world.scene import FPS, random_scene
from multitalk_core.toy_world.speech import openness
from multitalk_core.toy_world.state import load_state, save_state
from multitalk_core.toy_world.talks import UNSEEN_SEEDS, Size, person_masks, random_talk
from multitalk_core.toy_world.tracks import SEEN_SENTENCES, UNSEEN_SENTENCES
from multitalk_core.toy_world.vae import fold_statistics, loud_latents

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_a_seed_is_a_scene():
    mouths = torch.rand(2, 5, generator=torch.Generator().manual_seed(0))
    film = random_scene(3).frames(mouths, 48)
    assert film.shape == (5, 48, 72, 3) and film.min() >= 0 and film.max() <= 1
    assert torch.equal(film, random_scene(3).frames(mouths, 48))
    assert not torch.equal(film, random_scene(4).frames(mouths, 48))


def test_a_mouth_changes_only_its_own_face():
    scene = random_scene(1)
    closed, left_open = torch.zeros(2, 1), torch.tensor([[1.0], [0.0]])
    changed = (scene.frames(closed, 64) - scene.frames(left_open, 64)).abs().sum(-1)[0] > 0.1
    columns = torch.arange(96)[changed.any(0)]
    assert changed.sum() > 20 and columns.max() < 48


def test_people_sway_about_their_place():
    person = random_scene(2).persons[0]
    x, y = person.path(4 * FPS)
    assert x[0] == pytest.approx(person.x) and 0.001 < (x - person.x).abs().max() <= 2 * person.sway[0]
    assert (y == person.y).all()


def test_loudness_opens_the_mouth():
    time = np.arange(16000) / 16000
    tone = (0.15 * np.sin(2 * np.pi * 220 * time) * (time >= 0.5)).astype(np.float32)
    opened = openness(tone, 25)
    assert (opened[:10] == 0).all() and (opened[16:] > 0.8).all()


@needs_espeak
def test_a_talk_is_deterministic_and_holds_unseen_sentences_back():
    talk, again = (random_talk(UNSEEN_SEEDS, 13, 1.5, 0.02) for _ in range(2))
    assert torch.equal(talk.film(Size(13, 32, 48)), again.film(Size(13, 32, 48)))
    assert not set(SEEN_SENTENCES) & set(UNSEEN_SENTENCES)
    assert talk.openness(13).shape == (2, 13)


@needs_espeak
def test_features_of_a_clip_are_those_of_the_whole_track():
    torch.manual_seed(0)
    encoder = AudioEncoder(make_audio_encoder().eval().requires_grad_(False))
    talk = random_talk(5, 13, 1.5, 0.02)
    features = talk.features(encoder, 13)
    track, start = talk.tracks[1], talk.starts[1]
    whole = encoder.encode(track.samples, frames=len(track.openness))
    last = len(whole) - 1
    expected = whole[[min(max(start + index, 0), last) for index in range(-2, 15)]]
    assert torch.equal(features[1], expected)


def test_masks_follow_the_order_of_the_speakers():
    scene = random_scene(0)
    swapped = type(scene)(scene.persons[::-1], scene.wall, scene.floor, scene.aspect)
    for seed in range(6):
        masks = person_masks(swapped, 64, 96, np.random.default_rng(seed)).masks
        columns = [mask.any(0).nonzero().float().mean() for mask in masks]
        assert columns[0] > columns[1]


def test_hidden_states_with_gradients_are_those_of_the_encoder():
    torch.manual_seed(0)
    model = make_audio_encoder().eval()
    samples = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    expected = AudioEncoder(model).encode(samples, frames=25).flatten(1)
    torch.testing.assert_close(
        hidden_states(model, torch.from_numpy(samples)[None], 25)[0], expected, atol=1e-4, rtol=1e-4
    )


def test_folding_gives_wans_statistics_and_changes_no_picture():
    torch.manual_seed(0)
    vae = make_vae().eval().requires_grad_(False)
    loud_latents(vae)
    clip = random_scene(0).frames(torch.rand(2, 5), 32).permute(3, 0, 1, 2)[None] * 2 - 1
    before = decode_latent(vae, encode_frames(vae, clip))
    fold_statistics(vae, [clip])
    latent = encode_frames(vae, clip)
    torch.testing.assert_close(latent.mean((0, 2, 3, 4)), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(latent.std((0, 2, 3, 4)), torch.ones(16), atol=1e-3, rtol=0)
    torch.testing.assert_close(decode_latent(vae, latent), before, atol=1e-4, rtol=1e-3)


def test_a_state_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "state.pt"
    assert load_state(path) is None
    save_state(path, {"step": 1})
    with pytest.raises(AttributeError):
        save_state(path, {"step": lambda: None})  # cannot be written
    assert load_state(path) == {"step": 1}
