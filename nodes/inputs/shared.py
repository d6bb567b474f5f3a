"""Inputs that several nodes share, so that they read the same everywhere."""

from comfy_api.latest import io

from ...multitalk_core import limits
from ..host.sockets import (
    MultiTalkAudio,
    MultiTalkBindingSettings,
    MultiTalkDenoiseSettings,
    MultiTalkPersons,
    MultiTalkSamplingSettings,
)


def voices_and_persons() -> list[io.Input]:
    """What every node that animates needs first."""
    return [
        io.Model.Input(
            "model",
            tooltip="Wan2.1 I2V model (36 input channels), from ComfyUI's own loader or a GGUF loader. "
            "LoRA, cache and torch.compile nodes can come before this one.",
        ),
        io.ModelPatch.Input(
            "audio_adapter",
            display_name="audio adapter",
            tooltip="The MultiTalk or InfiniteTalk audio adapter for this model.",
        ),
        MultiTalkAudio.Input("audio", tooltip="The voices, from Encode MultiTalk Audio."),
        MultiTalkPersons.Input(
            "persons",
            optional=True,
            tooltip="Person masks from Locate MultiTalk Persons, made from the same picture. Not needed for "
            "a single voice.",
        ),
    ]


def conditions() -> list[io.Input]:
    """Prompts, VAE and picture."""
    return [
        io.Conditioning.Input("positive", tooltip="The prompt, directly from the text encoder."),
        io.Conditioning.Input("negative", tooltip="The negative prompt, directly from the text encoder."),
        io.Vae.Input("vae", tooltip="The Wan2.1 VAE."),
        io.MultiType.Input(
            "picture",
            [io.Image, io.Video],
            tooltip="The picture to animate, uncropped; only the first of a batch is used. It is scaled to "
            "cover the video and cropped around its centre. Connect a video instead, for example from Load "
            "Video, to dub it: its mouths are regenerated, its sound is replaced, and the denoise settings "
            "say how much of its motion stays.",
        ),
        io.ClipVision.Input(
            "clip_vision",
            display_name="clip vision",
            optional=True,
            tooltip="CLIP vision model (ViT-H), for Wan2.1 I2V models with an image embedder. Each clip of "
            "a long video is conditioned on its own picture.",
        ),
    ]


def region() -> io.Mask.Input:
    """Where a dubbed video, or one person of a film, is regenerated."""
    return io.Mask.Input(
        "region",
        optional=True,
        tooltip="When dubbing, and for retakes of one person: a mask that is white where the video is "
        "regenerated, usually the mouths or faces. Connect one mask for the whole video, or one per frame. "
        "The rest stays unchanged, so denoise can be high. Without a mask the whole frame is "
        "regenerated when dubbing.",
    )


def sampling(*, seed_changes: bool) -> list[io.Input]:
    """Steps, guidance, seed and the draft switch.

    Parameters
    ----------
    seed_changes : bool
        Whether the page offers to change the seed after each run.
    """
    return [
        steps(),
        shift(),
        text_scale(),
        audio_scale(),
        io.Int.Input(
            "seed",
            default=0,
            **within(limits.SEED),
            control_after_generate=io.ControlAfterGenerate.fixed if seed_changes else False,
            tooltip="The same seed and settings give the same video.",
        ),
        io.Boolean.Input(
            "draft",
            default=False,
            tooltip="A quick preview: only the first clip, in at most 8 steps. Good for checking persons and "
            "timing, not lip sync.",
        ),
    ]


def steps() -> io.Int.Input:
    return io.Int.Input(
        "steps",
        default=40,
        **within(limits.STEPS),
        tooltip="Sampling steps, 1 to 1000: 40 in the paper, 4 to 8 with a few-step LoRA.",
    )


def shift() -> io.Float.Input:
    return io.Float.Input(
        "shift",
        default=7.0,
        **within(limits.SHIFT),
        step=0.1,
        tooltip="Shifts the noise levels towards more noise, 0.1 to 100: 7 at 480p, 11 at 720p, 2 with a "
        "few-step LoRA. Replaces the model's own shift.",
    )


def text_scale() -> io.Float.Input:
    return io.Float.Input(
        "text_scale",
        display_name="text scale",
        default=5.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the video follows the prompt, 0 to 100: 5 in the reference implementation, 1 "
        "with a few-step LoRA. 1 saves a pass per step.",
    )


def audio_scale() -> io.Float.Input:
    return io.Float.Input(
        "audio_scale",
        display_name="audio scale",
        default=4.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the video follows the voices, 0 to 100: 4 in the reference implementation, 2 "
        "with a few-step LoRA. 1 saves a pass per step.",
    )


def projected_guidance() -> io.Boolean.Input:
    return io.Boolean.Input(
        "projected_guidance",
        display_name="projected guidance",
        default=False,
        advanced=True,
        tooltip="Adaptive projected guidance, as in the reference implementation: less saturation at high "
        "scales. Off by default.",
    )


def sampling_settings() -> io.Input:
    return MultiTalkSamplingSettings.Input(
        "sampling_settings",
        display_name="sampling settings",
        optional=True,
        tooltip="Sampler, noise levels and colours, from MultiTalk Sampling Settings. Without it, those of "
        "the reference implementation.",
    )


def binding_settings() -> io.Input:
    return MultiTalkBindingSettings.Input(
        "binding_settings",
        display_name="binding settings",
        optional=True,
        tooltip="How voices are bound to persons, from MultiTalk Binding Settings. Without it, the scheme is "
        "chosen automatically, with the paper's labels.",
    )


def denoise_settings() -> io.Input:
    return MultiTalkDenoiseSettings.Input(
        "denoise_settings",
        display_name="denoise settings",
        optional=True,
        tooltip="Only when dubbing: how much of the video is regenerated, from MultiTalk Denoise Settings.",
    )


def label_of(input_id: str) -> str:
    """What the page shows for one of several numbered inputs."""
    return input_id.replace("_", " ")


def within(limit: limits.Limit) -> dict[str, int | float]:
    """A limit as an input's minimum and maximum."""
    return {"min": limit.least if limit.whole else Minimum(limit.least), "max": limit.most}


class Minimum(float):
    """A minimum above which NaN does not lie.

    ComfyUI asks for `value < minimum`, and of two floats Python asks the one of the narrower class first.
    """

    def __gt__(self, value: float) -> bool:
        return not value >= self
