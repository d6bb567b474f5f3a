"""Step caches: fewer passes, each voice with its person, and no clip that sees the cache of another."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_film import TinyFilm
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import make_film
from multitalk_core.film.spec import RecordedStep, SamplingOptions
from multitalk_core.hosts.diffusers.offloading import Offload, place
from multitalk_core.hosts.diffusers.step_cache import StepCache, check_steps
from multitalk_core.method.guidance import GuidanceScales

STEPS, PASSES = 12, 3


class CountedFilm:
    """A film of one clip, its latent with any cache, and how often the last block computes."""

    def __init__(self):
        tiny = TinyFilm(1)
        self.model, self.passes = tiny.model, 0
        sampling = SamplingOptions(steps=STEPS, scales=GuidanceScales(5.0, 4.0))
        recorded, plan = RecordedStep(block=3, step=STEPS - 1), plan_clips(5, 5, 1)
        self.spec = replace(tiny.spec, sampling=sampling, recorded=recorded, plan=plan)
        conversation = self.spec.conversation
        turned = replace(conversation, features=conversation.features[::-1])
        self.specs = {False: self.spec, True: replace(self.spec, conversation=turned)}
        self.model.models.transformer.blocks[-1].ffn.register_forward_hook(self._count)

    def _count(self, *_):
        self.passes += 1

    def latent(self, cache, *, swapped=False, rows_at_once=1):
        self.model.step_cache, self.model.rows_at_once, self.passes = StepCache(cache), rows_at_once, 0
        (clip,) = make_film(self.specs[swapped], self.model)
        assert clip.record is not None, "the last step is computed in full"
        return clip.latent


@pytest.fixture(scope="module")
def film():
    return CountedFilm()


@pytest.fixture(scope="module")
def plain(film):
    """The film, and how it changes when the two persons have each other's voices."""
    latent = film.latent(StepCache.NONE)
    return latent, film.latent(StepCache.NONE, swapped=True) - latent


@pytest.mark.parametrize("cache", [StepCache.FIRST_BLOCK, StepCache.TAYLORSEER])
def test_a_cache_saves_passes_and_keeps_the_voices(film, plain, cache):
    expected, exchanged = plain
    ours = film.latent(cache)
    assert PASSES * 3 < film.passes < PASSES * STEPS
    assert (ours - expected).norm() < 0.1 * expected.norm()
    change = film.latent(cache, swapped=True) - ours
    assert torch.cosine_similarity(change.flatten(), exchanged.flatten(), dim=0) > 0.8
    assert torch.equal(film.latent(cache), ours), "nothing is left of the clip before"


def test_the_model_is_left_without_a_cache(film, plain):
    assert torch.equal(film.latent(StepCache.NONE), plain[0]) and film.passes == PASSES * STEPS


def test_rows_in_one_batch_are_cached_too(film):
    together, apart = (film.latent(StepCache.TAYLORSEER, rows_at_once=rows) for rows in (3, 1))
    assert (together - apart).norm() < 1e-3 * apart.norm()


def test_blocks_in_main_memory_are_skipped_too(film):
    offloaded = CountedFilm()
    place([offloaded.model.models.transformer], torch.device("cpu"), Offload.GROUP)
    cache = StepCache.FIRST_BLOCK
    assert torch.equal(offloaded.latent(cache), film.latent(cache)) and offloaded.passes == film.passes


def test_too_few_steps_are_refused():
    with pytest.raises(MultiTalkError, match="cannot skip any of 2 steps: take at least 4 steps"):
        check_steps(StepCache.FIRST_BLOCK, 2)
    check_steps(StepCache.NONE, 1)


def test_an_unknown_cache_is_refused(film):
    with pytest.raises(MultiTalkError, match='no step cache "tea": choose "none", "first-block" or'):
        type(film.model)(film.model.models, film.model.adapter, prompt="", step_cache="tea")
