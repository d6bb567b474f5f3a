"""The golden cases of long video: windows, plans, conditions and the sampling loop."""

import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from multitalk_core.audio.conversation import mirrored_indices
from multitalk_core.film.clips import plan_mirrored
from multitalk_core.media.picture import resize_and_crop
from multitalk_core.method.conditioning import conditioning_frames, conditioning_mask
from multitalk_core.method.guidance import GuidancePass, GuidanceScales, guide
from multitalk_core.method.motion_latent import motion_latent
from multitalk_core.method.sampling import clip_noise, sample_clip
from multitalk_core.method.schedule import released_timesteps
from multitalk_core.method.wan import latent_frames
from multitalk_core.method.windows import audio_windows, window_indices

Comparisons = Iterator[tuple[str, Tensor, Tensor]]


def prolonged_features(features: list[Tensor], prolonged: tuple[int, ...], is_last: bool) -> list[Tensor]:
    """Features as the reference implementation reads them: tails are mirrored only before the last clip."""
    if not is_last:
        return features
    return [f[mirrored_indices(len(f), more)] for f, more in zip(features, prolonged, strict=True)]


def windows_of_clip(features: list[Tensor], start: int, frames: int, window: int = 5) -> Tensor:
    """Windows of voices of different length, each clamped to its own array."""
    return torch.cat([audio_windows(f[None], start, frames, window=window) for f in features])


def compare_audio_windows(config: dict[str, Any], tensors: dict[str, Tensor], case: dict) -> Comparisons:
    features = [tensors["embs_1"], tensors["embs_2"]]
    planned = plan_mirrored([len(f) for f in features], config["frame_num"], config["motion_frame"])
    clips = planned.plan.clips
    yield "number of clips", torch.tensor(len(clips)), torch.tensor(config["clips"])
    for clip in clips:
        is_last = clip is clips[-1]
        span = torch.tensor([clip.start, clip.start + clip.frames], dtype=torch.int32)
        yield f"range_{clip.index}", span, tensors[f"range_{clip.index}"]
        prolonged = prolonged_features(features, planned.prolonged, is_last)
        windows = windows_of_clip(prolonged, clip.start, clip.frames, config["window"])
        yield f"windows_{clip.index}", windows, tensors[f"windows_{clip.index}"]
        own = [torch.arange(len(f)) for f in features]
        own = prolonged_features(own, planned.prolonged, is_last)
        indices = [
            index[window_indices(clip.start, clip.frames, len(index), window=config["window"])]
            for index in own
        ]
        yield f"source_index_{clip.index}", torch.stack(indices), tensors[f"source_index_{clip.index}"]


def stand_in_encode(pixels: Tensor) -> Tensor:
    """The case's stand-in VAE: means of 8×8 blocks over each latent frame's video frames."""
    frames = pixels.shape[2]
    blocks = pixels.unflatten(3, (-1, 8)).unflatten(5, (-1, 8)).mean(dim=(4, 6))
    groups = [blocks[:, :, :1]] + [blocks[:, :, 1 + 4 * j : 5 + 4 * j] for j in range((frames - 1) // 4)]
    means = torch.stack([group.mean(dim=2) for group in groups], dim=2)
    channels = torch.arange(16)
    return means[:, channels % 3] * (0.5 + channels / 16).view(1, -1, 1, 1, 1)


def stand_in_decode(latent: Tensor) -> Tensor:
    """The inverse stand-in: tanh of channel means, blocks, four fading frames a latent frame."""
    colours = torch.stack([latent[:, k::3].mean(dim=1) for k in range(3)], dim=1).tanh()
    fading = 1 - 0.05 * torch.arange(4)
    later = colours[:, :, 1:, None] * fading.view(1, 1, 1, -1, 1, 1)
    frames = torch.cat([colours[:, :, :1], later.flatten(2, 3)], dim=2)
    return frames.repeat_interleave(8, dim=-2).repeat_interleave(8, dim=-1)


def compare_long_video(config: dict[str, Any], tensors: dict[str, Tensor], case: dict) -> Comparisons:
    for name, released in tensors.items():
        if match := re.fullmatch(r"timesteps_(\d+)_shift_(\d+)", name):
            yield name, released_timesteps(*map(int, match.groups())), released
    for name in config:
        if name.startswith("run_"):
            yield from compare_run(name.removeprefix("run_"), config, tensors)
    for name, job in config["index_runs"].items():
        yield from compare_indices(name, job, tensors)


def compare_indices(name: str, job: dict[str, Any], tensors: dict[str, Tensor]) -> Comparisons:
    """Which clip and audio frame every film frame comes from."""
    voices = job["audio_frames"]
    planned = plan_mirrored(voices, job["frame_num"], job["motion_frame"], limit=job["max_frames_num"])
    clips = planned.plan.clips
    yield f"{name} clips", torch.tensor(len(clips)), torch.tensor(job["clips"])
    yield f"{name} prolonged", torch.tensor(planned.prolonged), torch.tensor(job["miss_lengths"])
    yield f"{name} end", torch.tensor(planned.plan.end), torch.tensor(job["frames_made"])
    yield f"{name} frames", torch.tensor(planned.plan.frames), torch.tensor(job["frames_returned"])
    kept = [(clip, clip.motion_frames + frame) for clip in clips for frame in range(clip.new_frames)]
    yield f"{name} clip", torch.tensor([clip.index for clip, _ in kept]), tensors[f"index_{name}_clip"]
    yield f"{name} frame", torch.tensor([frame for _, frame in kept]), tensors[f"index_{name}_frame"]
    for clip in clips:
        is_last = clip is clips[-1] and len(clips) > 1
        sources = prolonged_features([torch.arange(v) for v in voices], planned.prolonged, is_last)
        centres = [s[window_indices(clip.start, clip.frames, len(s))[:, 2]] for s in sources]
        yield f"{name} audio {clip.index}", torch.stack(centres), tensors[f"index_{name}_audio_{clip.index}"]


def compare_run(run: str, config: dict[str, Any], tensors: dict[str, Tensor]) -> Comparisons:
    """A whole film through the stand-in VAE and network."""
    job = config[f"run_{run}"]
    height, width = config["bucket"]
    frames, motion_frames = job["frame_num"], job["motion_frame"]
    features = [tensors[f"{run}_audio_1"], tensors[f"{run}_audio_2"]]
    planned = plan_mirrored([len(f) for f in features], frames, motion_frames)
    scales = GuidanceScales(job["text_guide_scale"], job["audio_guide_scale"])
    timesteps = released_timesteps(job["steps"], job["shift"])
    yield f"{run}_timesteps", timesteps, tensors[f"{run}_timesteps"]
    generator = torch.Generator().manual_seed(job["seed"])
    picture = tensors["image_rgb"].float().div(255).movedim(-1, 0)
    given = resize_and_crop(picture, height, width)[None, :, None] * 2 - 1
    film = []
    for clip in planned.plan.clips:
        label = f"{run}_{clip.index}_"
        is_last = clip is planned.plan.clips[-1]
        encoded = stand_in_encode(conditioning_frames(given, frames))
        mask = conditioning_mask(frames, given.shape[2], height=height // 8, width=width // 8)
        audio = windows_of_clip(prolonged_features(features, planned.prolonged, is_last), clip.start, frames)
        noise = clip_noise((1, 16, latent_frames(frames), height // 8, width // 8), generator)
        motion = motion_latent(encoded, motion_frames, generator) if clip.index else None
        seen, guided = [], []
        predict = recorded(stand_in_model(tensors, encoded, audio, scales), seen, guided)
        latent = sample_clip(predict, noise, timesteps, motion=motion)
        given_latents = latent_frames(given.shape[2])
        yield label + "cond_pixels", given, tensors[label + "cond_pixels"]
        yield label + "clip_pixels", given[:, :, -1:], tensors[label + "clip_pixels"]
        yield label + "msk", mask[None], tensors[label + "msk"]
        yield label + "y_latent", encoded, tensors[label + "y_latent"]
        yield label + "latent_motion", encoded[0, :, :given_latents], tensors[label + "latent_motion"]
        yield label + "guided", torch.cat(guided), tensors[label + "guided"]
        yield label + "step_latents", torch.cat([*seen, latent]), tensors[label + "step_latents"]
        if motion is not None:
            injected = torch.cat([*seen, latent])[:, :, :given_latents]
            yield label + "motion_injected", injected, tensors[label + "motion_injected"]
        frames_made = stand_in_decode(latent)
        film.append(frames_made[:, :, clip.motion_frames : clip.motion_frames + clip.new_frames])
        given = frames_made[:, :, -motion_frames:]
    yield f"{run}_video", torch.cat(film, dim=2)[0, :, :, ::8, ::8], tensors[f"{run}_video"]
    yield f"{run}_video_clip_last", frames_made[0, :, :, ::8, ::8], tensors[f"{run}_video_clip_last"]


def stand_in_model(tensors: dict[str, Tensor], encoded: Tensor, audio: Tensor, scales: GuidanceScales) -> Any:
    """The case's stand-in network under the core's guidance."""
    contents = {
        GuidancePass.PROMPT: (tensors["context"], audio),
        GuidancePass.NEGATIVE: (tensors["context_null"], audio),
        GuidancePass.NEGATIVE_WITHOUT_AUDIO: (tensors["context_null"], torch.zeros_like(audio[:1])),
        GuidancePass.PROMPT_WITHOUT_AUDIO: (tensors["context"], torch.zeros_like(audio[:1])),
    }

    def predict(latent: Tensor, timestep: Tensor) -> Tensor:
        def prediction(context: Tensor, voices: Tensor) -> Tensor:
            constant = 0.5 * context.mean() + 2.0 * voices.mean() - 0.1 * timestep / 1000
            return 0.3 * latent + 0.4 * encoded + constant

        return guide({name: prediction(*contents[name]) for name in scales.passes()}, scales)

    return predict


def recorded(predict: Any, seen: list[Tensor], guided: list[Tensor]) -> Any:
    """`predict`, keeping what went in and what came out."""

    def recording(latent: Tensor, timestep: Tensor) -> Tensor:
        seen.append(latent)
        guided.append(predict(latent, timestep))
        return guided[-1]

    return recording
