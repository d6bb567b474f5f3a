"""The ComfyUI host and the diffusers host make the same film of the same weights and noise."""

from fractions import Fraction

import pytest
import torch
from comfy_process import draw_scene, run_in_comfyui

from golden import relative_error
from multitalk_core.audio.conversation import Conversation
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import make_film
from multitalk_core.film.spec import Continuation, FilmSpec, RecordedStep, SamplingOptions
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel, load_adapter
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.method.audio_patch import BindingOptions
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.persons.masks import Box, persons_from_boxes

SIDE = 48
TOLERANCE = 1e-4  # two libraries, two versions of torch, two guided steps
FRAMES_TOLERANCE = 1e-3  # the VAE and the match of colours on top: a quarter of an 8-bit level
SCHEMES = ("routed", "add", "split", "concat")
SAMPLING = {
    "text_scale_1": {"scales": GuidanceScales(text=1.0)},
    "audio_scale_1": {"scales": GuidanceScales(audio=1.0)},
    "one_pass": {"scales": GuidanceScales(1.0, 1.0)},
    "projected": {"projected": True},
}
TWO_CLIPS = ("three_passes", "projected", "dubbed", "sparse", "masked")
DENOISE = {"dubbed": 0.5, "sparse": 1.0, "masked": 1.0}
VARIANTS = ("three_passes", *SAMPLING, *SCHEMES, *DENOISE)


@pytest.fixture(scope="module")
def scene_tensors():
    return draw_scene()


@pytest.fixture(scope="module")
def comfy_films(scene_tensors, tmp_path_factory):
    return run_in_comfyui("agreement", tmp_path_factory.mktemp("agreement"), scene_tensors)


@pytest.fixture(scope="module")
def models():
    loaded = load_embedded()
    return loaded, load_adapter(str(EMBEDDED / EMBEDDED_FILES["adapter"]), loaded)


@pytest.mark.parametrize("variant", VARIANTS)
def test_hosts_agree(variant, comfy_films, models, scene_tensors):
    loaded, adapter = models
    picture, features = scene_tensors["picture"], scene_tensors["features"]
    sound = Waveform(torch.ones(1, 16000).numpy(), 16000)
    timeline, pieces = Timeline.together([sound, sound]), ((features.shape[1], "drawn"),)
    conversation = Conversation(tuple(features), scene_tensors["silence"], 25.0, sound, timeline, pieces)
    persons = persons_from_boxes([Box(0, 0, 16, SIDE), Box(32, 0, SIDE, SIDE)], SIDE, SIDE)
    dubbing = None
    if variant in DENOISE:
        images = torch.stack([picture.roll(frame, 1) for frame in range(15)])
        video = FittedVideo(VideoInMemory(images, Fraction(30)), SIDE, SIDE, 25.0)
        region = None
        if variant == "masked":
            masks = torch.zeros(15, SIDE, SIDE, 1)
            masks[:, :, : SIDE // 2] = 1.0
            region = FittedVideo(VideoInMemory(masks, Fraction(30)), SIDE, SIDE, 25.0)
        dubbing = Dubbing(video, DENOISE[variant], region)
    spec = FilmSpec(
        picture=picture,
        masks=persons.token_masks(SIDE, SIDE),
        conversation=conversation,
        plan=plan_clips(13, 9, 5) if variant in TWO_CLIPS else plan_clips(5, 5, 1),
        seed=5,
        sampling=SamplingOptions(steps=2, **SAMPLING.get(variant, {})),
        binding=BindingOptions(scheme=variant if variant in SCHEMES else "l-rope"),
        continuation=Continuation.INFINITETALK if variant == "sparse" else Continuation.MULTITALK,
        dubbing=dubbing,
        recorded=RecordedStep(block=3, step=1),
    )
    film = list(make_film(spec, DiffusersVideoModel(loaded, adapter, prompt="", negative_prompt="")))
    ours = {
        "frames": torch.cat([clip.frames for clip in film]),
        "latents": torch.cat([clip.latent for clip in film]),
    }
    for clip in film:
        if (record := clip.record) is not None:
            ours[f"similarity_{clip.clip.index}"] = record.similarity
            if record.labels is not None:
                ours[f"labels_{clip.clip.index}"] = record.labels
    errors = {name: relative_error(comfy_films[f"{variant}.{name}"], value) for name, value in ours.items()}
    assert errors.pop("frames") < FRAMES_TOLERANCE
    assert max(errors.values()) < TOLERANCE, errors
