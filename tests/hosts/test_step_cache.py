"""Step caches: fewer passes, each voice with its person, and no clip that sees the cache of another."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_film import TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.film import make_film
from multitalk_core.film.spec import RecordedStep, SamplingOptions
from multitalk_core.hosts.diffusers.offloading import Offload, place
from multitalk_core.hosts.diffusers.step_cache import StepCache, check_steps
from multitalk_core.method.guidance import GuidanceScales

STEPS = 12


@pytest.fixture(scope="module")
def tiny():
    return TinyFilm(2, clip_frames=9)


@pytest.fixture(scope="module")
def spec(tiny):
    sampling = SamplingOptions(steps=STEPS, scales=GuidanceScales(5.0, 4.0))
    return replace(tiny.spec, sampling=sampling, recorded=RecordedStep(block=3, step=STEPS - 1))


@pytest.fixture
def passes(tiny):
    """How often the last block has computed."""
    counted = []
    block = tiny.model.models.transformer.blocks[-1]
    handle = block.ffn.register_forward_hook(lambda *_: counted.append(1))
    yield counted
    handle.remove()


def latents(tiny, spec, cache, rows_at_once=1):
    tiny.model.step_cache, tiny.model.rows_at_once = cache, rows_at_once
    try:
        clips = list(make_film(spec, tiny.model))
    finally:
        tiny.model.step_cache, tiny.model.rows_at_once = StepCache.NONE, 1
    assert all(clip.record is not None for clip in clips), "the last step is computed in full"
    return torch.cat([clip.latent for clip in clips])


def distance(ours, theirs):
    return float((ours - theirs).norm() / theirs.norm())


@pytest.fixture(scope="module")
def plain(tiny, spec):
    """The film, and the one whose two persons have each other's voices."""
    turned = replace(spec, conversation=replace(spec.conversation, features=spec.conversation.features[::-1]))
    return latents(tiny, spec, StepCache.NONE), latents(tiny, turned, StepCache.NONE)


@pytest.mark.parametrize("cache", [StepCache.FIRST_BLOCK, StepCache.TAYLORSEER])
def test_a_cache_saves_passes_and_keeps_the_voices(tiny, spec, plain, passes, cache):
    expected, swapped = plain
    ours = latents(tiny, spec, cache)
    assert 0 < len(passes) < 2 * 3 * STEPS
    assert distance(ours, expected) < 0.5 * distance(swapped, expected)
    assert torch.equal(latents(tiny, spec, cache), ours), "nothing is left of the film before"
    assert torch.equal(latents(tiny, spec, StepCache.NONE), expected)


def test_rows_in_one_batch_and_group_offloading_are_cached_too(tiny, spec):
    together = latents(tiny, spec, StepCache.TAYLORSEER, rows_at_once=3)
    apart = latents(tiny, spec, StepCache.TAYLORSEER)
    assert distance(together, apart) < 1e-3
    offloaded = TinyFilm(2, clip_frames=9)
    place([offloaded.model.models.transformer], torch.device("cpu"), Offload.GROUP)
    for cache in (StepCache.FIRST_BLOCK, StepCache.TAYLORSEER):
        assert torch.equal(latents(offloaded, spec, cache), latents(tiny, spec, cache))


def test_too_few_steps_are_refused():
    with pytest.raises(MultiTalkError, match="cannot skip any of 2 steps: take at least 4 steps"):
        check_steps(StepCache.FIRST_BLOCK, 2)
    check_steps(StepCache.NONE, 1)


def test_an_unknown_cache_is_refused(tiny):
    with pytest.raises(MultiTalkError, match='no step cache "tea": choose "none", "first-block" or'):
        type(tiny.model)(tiny.model.models, tiny.model.adapter, prompt="", step_cache="tea")
