"""A film on the embedded models: clips follow each other, seeds repeat, silence follows the voices."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from helpers.tiny_film import RecordingListener
from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clip_inputs import ClipInputs
from multitalk_core.film.clips import Clip, plan_clips
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.spec import Continuation, FilmSpec, RecordedStep, SamplingOptions
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel, load_adapter
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.persons.marking import persons_from_parts

HEIGHT, WIDTH = 32, 48


@pytest.fixture(scope="module")
def models() -> Models:
    return load_embedded()


@pytest.fixture(scope="module")
def conversation() -> Conversation:
    seconds = np.arange(16000 * 6 // 10) / 16000
    voices = [np.sin(2 * np.pi * pitch * seconds) * np.sin(9 * seconds) for pitch in (140, 210)]
    timeline = Timeline.together([Waveform(voice[None].astype(np.float32), 16000) for voice in voices])
    return encode_conversation(timeline, AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"]))


@pytest.fixture(scope="module")
def spec(conversation: Conversation) -> FilmSpec:
    return FilmSpec(
        picture=torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(0)),
        masks=persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH),
        conversation=conversation,
        plan=plan_clips(conversation.frames, clip_frames=9, motion_frames=5),
        sampling=SamplingOptions(steps=2),
    )


def video_model(models: Models, rows_at_once: int = 3) -> DiffusersVideoModel:
    adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)
    return DiffusersVideoModel(models, adapter, prompt="two people talk", rows_at_once=rows_at_once)


@pytest.fixture
def model(models: Models) -> DiffusersVideoModel:
    return video_model(models)


@pytest.fixture
def inputs(model: DiffusersVideoModel, monkeypatch: pytest.MonkeyPatch) -> list[ClipInputs]:
    """What the model is asked to sample."""
    inputs, sample = [], model.sample
    monkeypatch.setattr(model, "sample", lambda given: inputs.append(given) or sample(given))
    return inputs


def frames(clips: list[FinishedClip]) -> Tensor:
    return torch.cat([clip.frames for clip in clips])


def test_a_film_has_every_frame_and_repeats_from_its_seed(spec, model):
    first = frames(make_film(spec, model))
    assert first.shape == (spec.conversation.frames, HEIGHT, WIDTH, 3)
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, frames(make_film(spec, model)))
    assert not torch.equal(first, frames(make_film(replace(spec, seed=1), model)))


def test_rows_at_once_change_nothing(spec, models):
    one_clip = replace(spec, stop_after=0)
    (together,) = make_film(one_clip, video_model(models))
    for rows in (1, 2):
        (one_by_one,) = make_film(one_clip, video_model(models, rows))
        torch.testing.assert_close(one_by_one.latent, together.latent, rtol=1e-3, atol=1e-3)


def test_every_clip_is_recorded_and_every_step_reported(spec, model):
    listener = RecordingListener()
    recorded = replace(spec, recorded=RecordedStep(block=3, step=1))
    clips = list(make_film(recorded, model, listener=listener))
    assert all(clip.record.classes.shape == (3, HEIGHT // 16, WIDTH // 16) for clip in clips)
    assert listener.steps == [(clip.clip.index, step) for clip in clips for step in range(2)]
    assert [clip.clip for clip in listener.clips] == [clip.clip for clip in clips]
    assert all(clip.record is None for clip in make_film(replace(spec, stop_after=0), model))


def test_it_stops_after_a_clip(spec, model):
    clips = list(make_film(replace(spec, stop_after=1), model))
    assert [clip.clip.index for clip in clips] == [0, 1]
    assert len(frames(clips)) == replace(spec, stop_after=1).frames == 13


def test_infinitetalk_is_shown_the_picture_in_every_clip_and_keeps_its_motion_clean(spec, model, inputs):
    infinite = replace(
        spec,
        plan=plan_clips(13, clip_frames=9, motion_frames=5),
        sampling=SamplingOptions(steps=1),
        continuation=Continuation.INFINITETALK,
    )
    first, second = make_film(infinite, model)
    assert torch.equal(inputs[0].given, inputs[1].given), "the picture conditions every clip"
    assert torch.equal(inputs[0].mask, inputs[1].mask)
    assert inputs[0].motion is None
    motion = inputs[1].motion
    assert not motion.noised
    before = first.frames[-5:].movedim(-1, 0)[None] * 2 - 1
    torch.testing.assert_close(motion.latent, model.encode(before), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(second.latent[:, :, :2], motion.latent)


@pytest.mark.parametrize("overlap", [1, 5, 9, 13, 25])
def test_every_overlap_continues_frame_by_frame(spec, model, inputs, overlap):
    """A clip is given the film's very frames that it repeats, and the voices at these frames."""
    plan = plan_clips(29 + 29 - overlap, clip_frames=29, motion_frames=overlap)
    sampling = SamplingOptions(steps=1, scales=GuidanceScales(1.0, 1.0))
    made = frames(make_film(replace(spec, plan=plan, sampling=sampling), model))
    assert len(plan.clips) == 2 and len(made) == plan.frames
    first = inputs[1].clip.start
    repeated = made[first : first + overlap].movedim(-1, 0)[None] * 2 - 1
    torch.testing.assert_close(inputs[1].given, repeated)
    assert int(inputs[1].mask[0, :, :, 0, 0].sum()) == overlap + 3, "frame 0 counts four times"
    spoken = torch.cat([spec.conversation.features[0], spec.conversation.silence])
    torch.testing.assert_close(inputs[1].audio.windows[0, 0, 2], spoken[first])


def test_silence_follows_the_voices(conversation: Conversation) -> None:
    clip = Clip(0, conversation.frames - 4, 9, 0, 9)
    windows = conversation.windows(clip.start, clip.frames, window=5)
    assert windows.shape[:3] == (2, 9, 5)
    torch.testing.assert_close(windows[0, 3, 2], conversation.features[0][-1])
    torch.testing.assert_close(windows[:, 6, 2], conversation.silence[2].expand(2, -1, -1))
    mirrored = conversation.windows(clip.start, clip.frames, window=5, prolonged=9)
    torch.testing.assert_close(mirrored[0, 4, 2], conversation.features[0][-1])


def test_a_later_clip_is_conditioned_on_the_true_earlier_frames(conversation: Conversation) -> None:
    later = conversation.windows(4, 5, window=5)
    torch.testing.assert_close(later[1, 0, 0], conversation.features[1][2])


def test_an_adapter_of_another_model_is_refused(models: Models, tmp_path: object) -> None:
    from multitalk_core.checkpoint import write_adapter
    from multitalk_core.checkpoint.adapter_sizes import expected_sizes
    from multitalk_core.method.adapter_shape import AdapterShape

    shape = AdapterShape((0, 1), 64, 16, 2, 8, 5, 12)
    state = {key: torch.zeros(size) for key, size in expected_sizes(shape).items()}
    write_adapter(tmp_path / "other.safetensors", state)
    with pytest.raises(MultiTalkError, match="64 wide"):
        load_adapter(tmp_path / "other.safetensors", models)
