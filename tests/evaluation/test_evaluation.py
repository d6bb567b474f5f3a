"""The binding score: the detector on real toy videos, and the score on mouths of known binding."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.evaluation.binding_score import binding_score
from multitalk_core.evaluation.envelope import loudness_envelope
from multitalk_core.evaluation.film_score import measure_film
from multitalk_core.evaluation.mouth_openness import CartoonFace, find_faces, follow_faces, mouth_openness
from multitalk_core.media.picture import resize_and_crop
from multitalk_core.toy_world.scene import random_scene
from multitalk_core.toy_world.vae import random_openness


def voices(films, frames=50):
    generator = torch.Generator().manual_seed(0)
    return [random_openness(2, frames, generator) for _ in range(films)]


def faces_of(scene):
    return [CartoonFace(person.x, person.y, person.size) for person in scene.persons]


@pytest.mark.parametrize("height", [64, 128])
def test_the_detector_reads_real_toy_videos(height):
    spoken = voices(6, 25)
    scenes = [random_scene(seed) for seed in range(6)]
    measured = [
        mouth_openness(scene.frames(mouths, height), faces_of(scene))
        for scene, mouths in zip(scenes, spoken, strict=True)
    ]
    assert binding_score(measured, spoken).own.low > 0.95


def test_the_detector_follows_a_walking_face():
    scene = random_scene(0)
    walking = replace(scene, persons=(replace(scene.persons[0], walk=0.5),))
    mouths = voices(1, 25)[0][:1]
    measured = mouth_openness(walking.frames(mouths, 64), faces_of(walking))
    assert torch.corrcoef(torch.cat([measured, mouths]))[0, 1] > 0.95


def test_faces_that_cross_are_followed_where_they_are_expected():
    scene = random_scene(2, sway=0.0).crossing()
    mouths = voices(1, 13)[0]
    expected = scene.paths(13)
    paths = follow_faces(scene.frames(mouths, 64), faces_of(scene), expected=expected)
    assert expected[0, -1, 0] == pytest.approx(scene.persons[1].x, abs=1e-6)
    in_front = max(range(2), key=lambda index: scene.persons[index].size)
    torch.testing.assert_close(paths[in_front], expected[in_front], atol=0.03, rtol=0)


def test_faces_are_found_where_they_are():
    for seed in range(6):
        scene = random_scene(seed)
        found = find_faces(scene.frames(torch.zeros(2, 1), 320)[0])
        for face, truth in zip(found, faces_of(scene), strict=True):
            assert (face.x, face.y, face.size) == pytest.approx((truth.x, truth.y, truth.size), abs=0.01)


def test_a_picture_without_faces_is_refused():
    with pytest.raises(MultiTalkError, match="No cartoon face"):
        find_faces(torch.full((200, 300, 3), 0.5))


def test_the_score_tells_binding_from_none():
    spoken = voices(12)
    bound = binding_score(spoken, spoken)
    assert bound.own.value == pytest.approx(1) and bound.difference.low > 0.5
    swapped = binding_score([voice.flip(0) for voice in spoken], spoken)
    assert swapped.other.value == pytest.approx(1) and swapped.difference.high < -0.5
    both = binding_score([voice.mean(0, keepdim=True).expand(2, -1) for voice in spoken], spoken)
    assert both.own.low > 0.4 and both.difference.value == pytest.approx(0, abs=1e-6)
    still = binding_score([torch.zeros_like(voice) for voice in spoken], spoken)
    assert still.own.value == still.difference.value == 0


def test_the_score_is_the_plain_correlation():
    spoken = voices(1)[0]
    measured = spoken + 0.3 * torch.randn(spoken.shape, generator=torch.Generator().manual_seed(1))
    stacked = [measured[0] - measured[0].mean(), measured[1] - measured[1].mean()]
    centred = [spoken[0] - spoken[0].mean(), spoken[1] - spoken[1].mean()]
    expected = torch.corrcoef(torch.stack([torch.cat(stacked), torch.cat(centred)]))[0, 1]
    assert binding_score([measured], [spoken]).own.value == pytest.approx(expected.item(), abs=1e-5)


def test_the_envelope_is_the_loudness_of_each_frame():
    samples = np.zeros(16000, np.float32)
    samples[8000:] = 0.2
    envelope = loudness_envelope(samples, 25)
    assert (envelope[:10] == 0).all()
    torch.testing.assert_close(envelope[15:22], torch.full((7,), 0.2), atol=1e-4, rtol=0)
    assert loudness_envelope(samples, 50)[40:].max() == 0


def test_a_film_is_scored_by_its_picture_and_its_voices():
    scene = random_scene(0, aspect=1.6, sway=0.0)
    rng = np.random.default_rng(0)
    rate = 16000
    loudness = np.repeat(rng.uniform(0, 0.1, (2, 16)), rate // 8, axis=1)
    samples = (loudness * rng.normal(size=loudness.shape)).astype(np.float32)
    mouths = torch.stack([loudness_envelope(voice, 50) / 0.12 for voice in samples])
    picture = scene.frames(torch.zeros(2, 1), 400)[0]
    film = resize_and_crop(scene.frames(mouths, 128).movedim(-1, 1), 128, 192).movedim(1, -1)
    score = measure_film(film, picture, list(samples)).score()
    assert score.own.low > 0.95 and score.difference.low > 0.3
    swapped = measure_film(film, picture, list(samples[::-1])).score()
    assert swapped.difference.high < -0.3


def test_faces_and_voices_must_be_as_many():
    picture = random_scene(0).frames(torch.zeros(2, 1), 400)[0]
    with pytest.raises(MultiTalkError, match="2 cartoon face"):
        measure_film(torch.zeros(1, 64, 96, 3), picture, [np.zeros(16000, np.float32)])
