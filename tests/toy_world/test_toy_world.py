"""The toy world: deterministic scenes, voices that open mouths, and a VAE with Wan's constants."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.demo.text import TOKENS
from multitalk_core.evaluation.mouth_openness import CartoonFace, follow_faces
from multitalk_core.hosts.diffusers.models import decode_latent, encode_frames
from multitalk_core.toy_world.acting import seen_actions
from multitalk_core.toy_world.captions import caption, make_text
from multitalk_core.toy_world.locating import faces_on_tokens
from multitalk_core.toy_world.scene import FPS, HOPS, NODS, REDDENS, STAYS, random_scene
from multitalk_core.toy_world.speech import openness
from multitalk_core.toy_world.state import load_state, save_state
from multitalk_core.toy_world.talks import UNSEEN_SEEDS, Kind, Size, person_masks, random_talk
from multitalk_core.toy_world.toy_audio_encoder import hidden_states, make_audio_encoder
from multitalk_core.toy_world.toy_models import WIDTH, make_adapter, make_vae
from multitalk_core.toy_world.tracks import SEEN_SENTENCES, UNSEEN_SENTENCES
from multitalk_core.toy_world.vae import CROP_FRAMES, fold_statistics, loud_latents
from multitalk_core.toy_world.whole_clips import (
    decode_clips,
    encode_clips,
    encode_latents,
    forget_earlier_frames,
)

SIZE = Size(13, 32, 48)
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_a_seed_is_a_scene():
    mouths = torch.rand(2, 5, generator=torch.Generator().manual_seed(0))
    film = random_scene(3).frames(mouths, 48)
    assert film.shape == (5, 48, 72, 3) and film.min() >= 0 and film.max() <= 1
    assert torch.equal(film, random_scene(3).frames(mouths, 48))
    assert not torch.equal(film, random_scene(4).frames(mouths, 48))


def test_an_adapter_adds_nothing_before_it_is_trained():
    for block in make_adapter().blocks.values():
        assert block.audio_cross_attn.proj(torch.ones(1, WIDTH)).abs().max() == 0


def test_windows_are_parts_of_the_frames():
    scene, mouths = random_scene(3).crossing(), torch.rand(2, 5, generator=torch.Generator().manual_seed(0))
    film = scene.frames(mouths, 48)
    corners = [(0, 0), (7, 30), (16, 40)]
    parts = scene.windows(mouths, 48, corners=torch.tensor(corners), size=(32, 16))
    for part, (top, left) in zip(parts, corners, strict=True):
        assert torch.equal(part, film[:, top : top + 32, left : left + 16])


def test_a_mouth_changes_only_its_own_face():
    scene = random_scene(1)
    closed, left_open = torch.zeros(2, 1), torch.tensor([[1.0], [0.0]])
    changed = (scene.frames(closed, 64) - scene.frames(left_open, 64)).abs().sum(-1)[0] > 0.1
    columns = torch.arange(96)[changed.any(0)]
    assert changed.sum() > 20 and columns.max() < 48


def test_no_two_people_wear_the_same():
    """Of a few colours the model would learn to paint the nearest, and his blue shirt turn green."""
    persons = [person for seed in range(20) for person in random_scene(seed).persons]
    for part in ("shirt", "skin", "hair"):
        assert len({getattr(person.look, part) for person in persons}) > 30, part


def test_people_sway_about_their_place():
    scene = random_scene(2)
    person, (x, y) = scene.persons[0], scene.paths(4 * FPS)[0].unbind(-1)
    assert x[0] == pytest.approx(person.x) and 0.001 < (x - person.x).abs().max() <= 2 * person.sway[0]
    assert (y == person.y).all()


@pytest.mark.parametrize("seed", range(4))
def test_what_people_do_is_recognised_and_captioned(seed):
    asked = [(HOPS, NODS), (REDDENS, STAYS), (STAYS, HOPS), (NODS, REDDENS)][seed]
    scene = random_scene(seed).acting(asked)
    film = scene.frames(torch.zeros(2, 13), 64)
    faces = [CartoonFace(person.x, person.y, person.size) for person in scene.persons]
    assert seen_actions(film, scene, follow_faces(film, faces)) == list(asked)
    words = caption(scene)
    assert words.startswith("two people talk")
    for place, action in zip(("left", "right"), asked, strict=True):
        assert (f"{place} {action}" in words) == (action != STAYS)


def test_people_change_sides_and_the_larger_one_passes_in_front():
    scene = random_scene(0, sway=0.0).crossing()
    first, second = scene.paths(13)
    torch.testing.assert_close(first[-1, 0], second[0, 0])
    swapped = replace(scene, persons=scene.persons[::-1])
    mouths = torch.zeros(2, 13)
    assert torch.equal(scene.frames(mouths, 48), swapped.frames(mouths, 48))
    assert "they cross" in caption(scene)


def test_nothing_moves_in_the_given_frames():
    scene = replace(random_scene(3, sway=0.0), start=4).acting((HOPS, REDDENS))
    film = scene.frames(torch.zeros(2, 13), 48)
    assert torch.equal(film[:5], film[:1].expand(5, -1, -1, -1)) and not torch.equal(film[6], film[0])


def test_every_word_of_a_prompt_counts_with_the_person_it_refers_to():
    text = make_text(8)
    plain, acted = text("Two people talk."), text("two friends are talking, left hops, right nods")
    assert plain.shape == (1, TOKENS, 8) and torch.equal(plain[0, :3], acted[0, :3])
    left, hops, right, nods = acted[0, 3:7]
    torch.testing.assert_close(hops - left / 2, text("hops")[0, 0])
    torch.testing.assert_close(text("right hops")[0, 1] - right / 2, text("hops")[0, 0])
    assert not torch.equal(left, right)
    assert torch.equal(text("anything", negative=True), text("", negative=True))
    assert not torch.equal(nods, hops)
    assert torch.equal(text("An unheard-of kitchen."), text("two people talk"))


def test_loudness_opens_the_mouth():
    time = np.arange(16000) / 16000
    tone = (0.15 * np.sin(2 * np.pi * 220 * time) * (time >= 0.5)).astype(np.float32)
    opened = openness(tone, 25)
    assert (opened[:10] == 0).all() and (opened[16:] > 0.8).all()


@needs_espeak
def test_a_talk_is_deterministic_and_holds_unseen_sentences_back():
    talk, again = (random_talk(UNSEEN_SEEDS, SIZE, Kind(), sway=0.02) for _ in range(2))
    assert torch.equal(talk.film(SIZE), again.film(SIZE))
    assert not set(SEEN_SENTENCES) & set(UNSEEN_SENTENCES)
    assert talk.openness(13).shape == (2, 13)


@needs_espeak
def test_features_of_a_clip_are_those_of_the_whole_track():
    torch.manual_seed(0)
    encoder = AudioEncoder(make_audio_encoder().eval().requires_grad_(False))
    talk = random_talk(5, SIZE, Kind(), sway=0.02)
    features = talk.features(encoder, 13)
    track, start = talk.tracks[1], talk.starts[1]
    whole = encoder.encode(track.samples, frames=len(track.openness))
    last = len(whole) - 1
    expected = whole[[min(max(start + index, 0), last) for index in range(-2, 15)]]
    assert torch.equal(features[1], expected)


def test_masks_follow_the_order_of_the_speakers():
    scene = random_scene(0)
    swapped = replace(scene, persons=scene.persons[::-1])
    for seed in range(6):
        masks = person_masks(swapped, 64, 96, rng=np.random.default_rng(seed)).masks
        columns = [mask.any(0).nonzero().float().mean() for mask in masks]
        assert columns[0] > columns[1]


def test_tokens_on_faces_are_those_of_their_persons():
    scene = random_scene(0, sway=0.0).crossing()
    owners = faces_on_tokens(scene, 13, height=64, width=96).unflatten(0, (4, 4, 6))
    columns = torch.arange(6).expand(4, 6)
    first = [(columns[frame == 0]).float().mean() for frame in owners[[0, 3]]]
    assert first[0] < 2.5 < first[1]  # the first person starts on the left and ends on the right
    assert (owners == -1).any() and (owners[0] == 1).sum() >= 2


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
    forget_earlier_frames(vae)
    clip = random_scene(0).frames(torch.rand(2, 5), 32).permute(3, 0, 1, 2)[None] * 2 - 1
    before = decode_latent(vae, encode_frames(vae, clip))
    fold_statistics(vae, [clip])
    latent = encode_frames(vae, clip)
    torch.testing.assert_close(latent.mean((0, 2, 3, 4)), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(latent.std((0, 2, 3, 4)), torch.ones(16), atol=1e-3, rtol=0)
    torch.testing.assert_close(decode_latent(vae, latent), before, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_the_vae_on_whole_clips_is_diffusers_frame_by_frame():
    torch.manual_seed(0)
    vae = make_vae().eval()
    forget_earlier_frames(vae)
    clips = torch.rand(2, 3, 13, 32, 48) * 2 - 1
    mean, log_variance = encode_clips(vae, clips)
    posterior = vae.encode(clips).latent_dist
    torch.testing.assert_close(mean, posterior.mean, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(log_variance, posterior.logvar, atol=1e-5, rtol=1e-4)
    decoded = decode_clips(vae, mean)
    torch.testing.assert_close(decoded.clamp(-1, 1), vae.decode(mean).sample, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(decode_clips(vae, mean[:, :, :1]), decoded[:, :, :1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(encode_latents(vae, clips), encode_frames(vae, clips), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_vae_meets_all_that_a_long_film_has_within_the_trained_length():
    torch.manual_seed(0)
    vae = make_vae().eval()
    forget_earlier_frames(vae)
    clip = random_scene(0).frames(torch.zeros(2, CROP_FRAMES + 12), 32).permute(3, 0, 1, 2)[None] * 2 - 1
    still = clip[:, :, :1].expand_as(clip)
    latent = encode_clips(vae, still)[0]
    torch.testing.assert_close(latent[:, :, 2], latent[:, :, -1], atol=1e-5, rtol=1e-4)
    decoded = decode_clips(vae, latent)
    trained, later = decoded[:, :, CROP_FRAMES - 4 : CROP_FRAMES], decoded[:, :, -4:]
    torch.testing.assert_close(trained, later, atol=1e-5, rtol=1e-4)


def test_a_state_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "state.pt"
    assert load_state(path) is None
    save_state(path, {"step": 1})
    with pytest.raises(AttributeError):
        save_state(path, {"step": lambda: None})  # cannot be written
    assert load_state(path) == {"step": 1}
