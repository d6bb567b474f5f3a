"""Inputs that several nodes share, so that they read the same everywhere."""

import comfy.samplers
from comfy_api.latest import io

from ...multitalk_core import limits
from ...multitalk_core.film.dubbing import USUAL_DENOISE
from ...multitalk_core.method.schemes import AUTOMATIC, SCHEMES, schemes_help
from ..host.sampling_sigmas import RELEASED
from ..host.sockets import MultiTalkAudio, MultiTalkPersons


def voices_and_persons() -> list[io.Input]:
    """What every node that animates needs first."""
    return [
        io.Model.Input(
            "model",
            tooltip="Wan2.1 I2V model (36 input channels), from ComfyUI's own loader or a GGUF loader. "
            "LoRA, cache and torch.compile nodes can come before this one.",
        ),
        io.ModelPatch.Input(
            "audio_adapter", tooltip="The MultiTalk or InfiniteTalk audio adapter for this model."
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
            "Video, to dub it: denoise sets how much of its motion stays, its mouths are regenerated and "
            "its sound is replaced.",
        ),
        io.ClipVision.Input(
            "clip_vision",
            optional=True,
            tooltip="CLIP vision model (ViT-H), for Wan2.1 I2V models with an image embedder. Each clip of "
            "a long video is conditioned on its own picture.",
        ),
    ]


def denoise() -> io.Float.Input:
    """How much of a dubbed video is regenerated."""
    return io.Float.Input(
        "denoise",
        default=USUAL_DENOISE,
        **within(limits.DENOISE),
        step=0.01,
        optional=True,
        tooltip="Only when dubbing: how much of the video is regenerated, 0.01 to 1. Lower values keep more "
        "of its motion and of its old mouth movements. 1 starts from pure noise, the usual choice with the "
        "continuation infinitetalk.",
    )


def region() -> io.Mask.Input:
    """Where a dubbed video is regenerated."""
    return io.Mask.Input(
        "region",
        optional=True,
        tooltip="Only when dubbing: a mask that is white where the video is regenerated, usually the mouths "
        "or faces. Connect one mask for the whole video, or one per frame. The rest stays unchanged, so "
        "denoise can be high. Without a mask the whole frame is regenerated.",
    )


def mouths_only() -> io.Boolean.Input:
    """The region that needs no mask."""
    return io.Boolean.Input(
        "mouths_only",
        default=False,
        optional=True,
        tooltip="Only when dubbing: follow the persons' faces through the video and regenerate only their "
        "mouths, so that denoise can be high. In place of a region.",
    )


def sampling() -> list[io.Input]:
    """Steps, sampler, schedule and guidance."""
    return [
        steps(),
        io.Combo.Input(
            "sampler_name",
            options=comfy.samplers.SAMPLER_NAMES,
            default="euler",
            tooltip="The reference implementation uses euler.",
        ),
        io.Combo.Input(
            "scheduler",
            options=[RELEASED, *comfy.samplers.SCHEDULER_NAMES],
            default=RELEASED,
            tooltip="released: the noise levels of the reference implementation, which no ComfyUI scheduler "
            "reproduces exactly.",
        ),
        shift(),
        text_scale(),
        audio_scale(),
        io.Int.Input(
            "seed",
            default=0,
            **within(limits.SEED),
            control_after_generate=io.ControlAfterGenerate.fixed,
            tooltip="The same seed and settings give the same video.",
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
        default=5.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the video follows the prompt, 0 to 100: 5 in the reference implementation, 1 "
        "with a few-step LoRA. 1 saves a pass per step.",
    )


def audio_scale() -> io.Float.Input:
    return io.Float.Input(
        "audio_scale",
        default=4.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the video follows the voices, 0 to 100: 4 in the reference implementation, 2 "
        "with a few-step LoRA. 1 saves a pass per step.",
    )


def projected_guidance() -> io.Boolean.Input:
    return io.Boolean.Input(
        "projected_guidance",
        default=False,
        advanced=True,
        tooltip="Adaptive projected guidance, as in the reference implementation: less saturation at high "
        "scales. Off by default.",
    )


def binding() -> list[io.Input]:
    """How voices are bound to persons."""
    return [
        io.Combo.Input(
            "scheme",
            options=[AUTOMATIC, *SCHEMES],
            default=AUTOMATIC,
            tooltip=f"How voices are bound to persons. {schemes_help()}",
        ),
        io.Float.Input(
            "audio_strength",
            default=1.0,
            **within(limits.AUDIO_STRENGTH),
            step=0.05,
            advanced=True,
            tooltip="Strength of the audio layers, 0 to 10: 1 as trained, 0 is off.",
        ),
        io.Float.Input(
            "label_range",
            default=4.0,
            **within(limits.LABEL_RANGE),
            step=0.5,
            advanced=True,
            tooltip="Width of each person's label range, 0 to 100; 4 in the paper.",
        ),
        io.Float.Input(
            "label_distance",
            default=20.0,
            **within(limits.LABEL_DISTANCE),
            step=0.5,
            advanced=True,
            tooltip="Distance from one person's lowest label to the next person's, 0 to 1000; 20 in the "
            "paper.",
        ),
        io.Float.Input(
            "background_label",
            default=12.0,
            **within(limits.BACKGROUND_LABEL),
            step=0.5,
            advanced=True,
            tooltip="Label of everything that belongs to no person, -1000 to 1000; 12 in the paper.",
        ),
    ]


def finishing() -> list[io.Input]:
    """Colours, the draft switch, and what is recorded."""
    return [
        io.Float.Input(
            "colour_strength",
            default=1.0,
            **within(limits.FRACTION),
            step=0.05,
            advanced=True,
            tooltip="How strongly the frames' colours are matched to the picture's, 0 to 1; 1 in the "
            "reference implementation.",
        ),
        io.Boolean.Input(
            "draft",
            default=False,
            tooltip="A quick preview: only the first clip, in at most 8 steps. Good for checking persons "
            "and timing, not lip sync.",
        ),
        io.Int.Input(
            "record_block",
            default=-1,
            **within(limits.RECORDED),
            advanced=True,
            tooltip="Model block whose binding is recorded, from 0; -1 is the middle block.",
        ),
        io.Int.Input(
            "record_step",
            default=-1,
            **within(limits.RECORDED),
            advanced=True,
            tooltip="Sampling step at which the binding is recorded, from 0; -1 is the last step.",
        ),
    ]


def within(limit: limits.Limit) -> dict[str, int | float]:
    """A limit as an input's minimum and maximum."""
    return {"min": limit.least if limit.whole else Minimum(limit.least), "max": limit.most}


class Minimum(float):
    """A minimum above which NaN does not lie.

    ComfyUI asks for `value < minimum`, and of two floats Python asks the one of the narrower class first.
    """

    def __gt__(self, value: float) -> bool:
        return not value >= self
