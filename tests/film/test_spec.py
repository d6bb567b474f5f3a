"""What distinguishes films: a golden key, and every option that must be part of it."""

from dataclasses import replace

import pytest
import torch

from multitalk_core.audio.conversation import Conversation
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import ClipOverride, Continuation, FilmSpec, RecordedStep, SamplingOptions
from multitalk_core.film.store import chain
from multitalk_core.method.audio_patch import BindingOptions
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.method.labels import spread_ranges

# Another key makes every stored film start again: change it only with a line in CHANGELOG.md.
GOLDEN = ("8a660eb8967be4ab", "4907399ab76a3740")  # of two clips, the digits that name their files


def conversation() -> Conversation:
    sound = Waveform(torch.ones(1, 16000).numpy(), 16000)
    features = tuple(torch.zeros(25, 2, 3) for _ in range(2))
    timeline = Timeline.together([sound, sound])
    return Conversation(features, torch.zeros(25, 2, 3), 25.0, sound, timeline, ((25, "two voices"),))


@pytest.fixture
def spec() -> FilmSpec:
    return FilmSpec(
        picture=torch.arange(32 * 48 * 3).view(32, 48, 3) / 8192,
        masks=torch.eye(3, 6),
        conversation=conversation(),
        plan=plan_clips(17, clip_frames=9, motion_frames=1),
        binding=BindingOptions(ranges=spread_ranges(2)),
        overrides={1: ClipOverride(seed=7, prompt="They laugh.")},
        identity={"model": ["wan.safetensors", 1, 2], "prompt": "Two people talk."},
        text_encoder="umt5",
    )


def keys(spec: FilmSpec) -> list[str]:
    return chain(spec.description(), list(spec.links()))


def test_the_golden_key(spec):
    first, second = keys(spec)
    assert (first[:16], second[:16]) == GOLDEN


@pytest.mark.parametrize(
    "change",
    [
        {"picture": torch.zeros(32, 48, 3)},
        {"masks": torch.zeros(3, 6)},
        {"seed": 1},
        {"sampling": SamplingOptions(steps=4)},
        {"sampling": SamplingOptions(shift=3.0)},
        {"sampling": SamplingOptions(scales=GuidanceScales(text=1.0))},
        {"sampling": SamplingOptions(scales=GuidanceScales(audio=1.0))},
        {"sampling": SamplingOptions(projected=True)},
        {"binding": BindingOptions(scheme="routed", ranges=spread_ranges(2))},
        {"binding": BindingOptions()},
        {"binding": BindingOptions(ranges=spread_ranges(2), strength=0.5)},
        {"seams": SeamCorrection(colour_strength=0.5)},
        {"seams": SeamCorrection(colour_method="mean")},
        {"seams": SeamCorrection(seam_frames=4)},
        {"seams": SeamCorrection(codec_correction=0.5)},
        {"continuation": Continuation.INFINITETALK},
        {"dubbing": Dubbing(None, 0.4)},
        {"identity": {}},
        {"overrides": {0: ClipOverride(seed=1)}},
        {"overrides": {0: ClipOverride(prompt="They nod.")}},
        {"window": 7},
    ],
)
def test_what_shapes_the_first_clip_is_part_of_its_key(spec, change):
    assert keys(replace(spec, **change))[0] != keys(spec)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"overrides": {}},
        {"overrides": {1: ClipOverride(seed=7)}},
        {"overrides": {1: ClipOverride(prompt="They laugh.")}},
        {"text_encoder": "another"},
        {"prolonged": 9},
    ],
)
def test_what_shapes_a_later_clip_leaves_those_before(spec, change):
    first, second = keys(replace(spec, **change))
    assert first == keys(spec)[0] and second != keys(spec)[1]


def test_what_shapes_no_frame_is_no_part_of_the_keys(spec):
    assert keys(replace(spec, recorded=RecordedStep(block=1, step=2), stop_after=0)) == keys(spec)
    longer = replace(spec, plan=plan_clips(25, clip_frames=9, motion_frames=1))
    assert keys(longer)[:2] == keys(spec)


def test_an_unknown_continuation_is_refused_and_the_known_ones_are_named(spec):
    with pytest.raises(
        MultiTalkError, match='no continuation "multitlk": choose "multitalk" or "infinitetalk"'
    ):
        replace(spec, continuation="multitlk")
    assert replace(spec, continuation="infinitetalk").continuation is Continuation.INFINITETALK
