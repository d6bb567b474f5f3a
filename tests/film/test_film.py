"""A film on the embedded models: clips join, seeds repeat, silence follows the voices."""

import numpy as np
import pytest
import torch
from torch import Tensor

from multitalk_core.audio.conversation import Conversation, encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.film.clips import Clip, plan_clips
from multitalk_core.film.film import INFINITETALK, FinishedClip, make_film
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.video_model import MultiTalkPipeline, SamplingSettings, load_adapter
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.method.recorder import BindingRecorder
from multitalk_core.persons.masks import persons_from_parts

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
def picture() -> Tensor:
    return torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(0))


def film(
    models: Models, conversation: Conversation, picture: Tensor, seed: int = 0, **options: object
) -> list[FinishedClip]:
    settings = {"steps": 2, "scales": GuidanceScales(), "rows_at_once": 3} | options.pop("settings", {})
    pipeline = MultiTalkPipeline(
        models,
        load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models),
        persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH),
        "two people talk",
        settings=SamplingSettings(**settings),
        **options,
    )
    plan = plan_clips(conversation.frames, clip_frames=9, motion_frames=5)
    return list(make_film(pipeline, picture, conversation, plan, seed))


def test_a_film_has_every_frame_and_repeats_from_its_seed(
    models: Models, conversation: Conversation, picture: Tensor
) -> None:
    first = torch.cat([clip.frames for clip in film(models, conversation, picture)])
    assert first.shape == (conversation.frames, HEIGHT, WIDTH, 3)
    assert first.min() >= 0
    assert first.max() <= 1
    again = torch.cat([clip.frames for clip in film(models, conversation, picture)])
    assert torch.equal(first, again)
    other = torch.cat([clip.frames for clip in film(models, conversation, picture, seed=1)])
    assert not torch.equal(first, other)


def test_rows_at_once_change_nothing(models: Models, conversation: Conversation, picture: Tensor) -> None:
    together = film(models, conversation, picture)[0].latent
    for rows in (1, 2):
        one_by_one = film(models, conversation, picture, settings={"rows_at_once": rows})[0].latent
        torch.testing.assert_close(one_by_one, together, rtol=1e-3, atol=1e-3)


def test_every_clip_is_recorded_and_every_step_reported(
    models: Models, conversation: Conversation, picture: Tensor
) -> None:
    steps = []
    recorder = BindingRecorder(block=3, recorded_step=1)
    clips = film(models, conversation, picture, recorder=recorder, on_step=lambda *step: steps.append(step))
    assert sorted(recorder.records) == list(range(len(clips)))
    assert recorder.records[1].classes.shape == (3, HEIGHT // 16, WIDTH // 16)
    assert steps == [(clip.clip.index, step) for clip in clips for step in range(2)]


def test_infinitetalk_is_shown_the_picture_in_every_clip_and_holds_its_motion_clean(
    models: Models, conversation: Conversation, picture: Tensor
) -> None:
    pipeline = MultiTalkPipeline(
        models,
        load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models),
        persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH),
        "two people talk",
        settings=SamplingSettings(steps=1, rows_at_once=3),
    )
    seen, sample = [], pipeline.sample
    pipeline.sample = lambda inputs: seen.append(inputs) or sample(inputs)
    plan = plan_clips(13, clip_frames=9, motion_frames=5)
    first, second = make_film(pipeline, picture, conversation, plan, 0, continuation=INFINITETALK)
    assert torch.equal(seen[0].given, seen[1].given), "the picture conditions every clip"
    assert torch.equal(seen[0].mask, seen[1].mask)
    assert seen[0].motion is None
    motion = seen[1].motion
    assert not motion.noised
    before = first.frames[-5:].movedim(-1, 0)[None] * 2 - 1
    torch.testing.assert_close(motion.latent, pipeline.encode(before), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(second.latent[:, :, :2], motion.latent)


@pytest.mark.parametrize("overlap", [1, 5, 9, 13, 25])
def test_every_overlap_joins_frame_by_frame(
    models: Models, conversation: Conversation, picture: Tensor, overlap: int
) -> None:
    """A clip is given the film's very frames that it repeats, and hears what is heard at them."""
    pipeline = MultiTalkPipeline(
        models,
        load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models),
        persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH),
        "two people talk",
        settings=SamplingSettings(steps=1, scales=GuidanceScales(1.0, 1.0)),
    )
    seen, sample = [], pipeline.sample
    pipeline.sample = lambda inputs: seen.append(inputs) or sample(inputs)
    plan = plan_clips(29 + 29 - overlap, clip_frames=29, motion_frames=overlap)
    frames = torch.cat([clip.frames for clip in make_film(pipeline, picture, conversation, plan, 0)])
    assert len(plan.clips) == 2 and len(frames) == plan.frames
    first = seen[1].clip.start
    repeated = frames[first : first + overlap].movedim(-1, 0)[None] * 2 - 1
    torch.testing.assert_close(seen[1].given, repeated)
    assert int(seen[1].mask[0, :, :, 0, 0].sum()) == overlap + 3, "frame 0 counts four times"
    heard = torch.cat([conversation.features[0], conversation.silence])
    torch.testing.assert_close(seen[1].windows[0, 0, 2], heard[first])


def test_silence_follows_the_voices(conversation: Conversation) -> None:
    clip = Clip(0, conversation.frames - 4, 9, 0, 9)
    windows = conversation.windows(clip.start, clip.frames, window=5)
    assert windows.shape[:3] == (2, 9, 5)
    torch.testing.assert_close(windows[0, 3, 2], conversation.features[0][-1])
    torch.testing.assert_close(windows[:, 6, 2], conversation.silence[2].expand(2, -1, -1))
    mirrored = conversation.windows(clip.start, clip.frames, window=5, prolonged=9)
    torch.testing.assert_close(mirrored[0, 4, 2], conversation.features[0][-1])


def test_a_later_clip_hears_the_true_earlier_frames(conversation: Conversation) -> None:
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
