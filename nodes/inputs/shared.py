"""Inputs that several nodes have, so that they read the same everywhere."""

import comfy.samplers
from comfy_api.latest import io

from ...multitalk_core import limits
from ...multitalk_core.film.dubbing import USUAL_DENOISE
from ...multitalk_core.media.picture import check_pixels
from ...multitalk_core.method.schemes import SCHEMES, schemes_help
from ...multitalk_core.method.wan import TOKEN_STEP, check_frames, check_side
from ..host.checks import naming
from ..host.sampling_sigmas import RELEASED
from ..host.sockets import MultiTalkAudio, MultiTalkPersons


def voices_and_persons() -> list[io.Input]:
    """What every node that animates needs first."""
    return [
        io.Model.Input(
            "model",
            tooltip="Wan2.1 I2V (36 input channels), from ComfyUI's own loader or a GGUF loader; LoRAs, "
            "caches, torch.compile and the like may come before.",
        ),
        io.ModelPatch.Input(
            "audio_adapter", tooltip="MultiTalk's or InfiniteTalk's audio adapter for this very model."
        ),
        MultiTalkAudio.Input("audio", tooltip="The voices, from Encode MultiTalk Audio."),
        MultiTalkPersons.Input(
            "persons",
            optional=True,
            tooltip="Who is where, from Locate MultiTalk Persons, marked on the same picture. A single voice "
            "needs none.",
        ),
    ]


def conditions() -> list[io.Input]:
    """Prompts, VAE and picture."""
    return [
        io.Conditioning.Input("positive", tooltip="The prompt, straight from the text encoder."),
        io.Conditioning.Input("negative", tooltip="The negative prompt, straight from the text encoder."),
        io.Vae.Input("vae", tooltip="Wan2.1's VAE."),
        io.MultiType.Input(
            "picture",
            [io.Image, io.Video],
            tooltip="The picture to animate, uncropped; the first of a batch. It is scaled until it covers "
            "the video and its centre is cut out. Or a video to dub, as from Load Video: its motion stays as "
            "far as denoise lets it, the mouths are made anew, and its sound is replaced.",
        ),
        io.ClipVision.Input(
            "clip_vision",
            optional=True,
            tooltip="CLIP vision model (ViT-H) for Wan2.1 I2V models with an image embedder; each clip of a "
            "long video is shown its own picture.",
        ),
    ]


def denoise() -> io.Float.Input:
    """How much of a video is made anew."""
    return io.Float.Input(
        "denoise",
        default=USUAL_DENOISE,
        **within(limits.DENOISE),
        step=0.01,
        optional=True,
        tooltip="Only with a video as the picture: how much of it is made anew, from 0.01 to 1. Less keeps "
        "more of its motion, and of its mouths; 1 starts from noise, as is usual with the continuation "
        "infinitetalk.",
    )


def region() -> io.Mask.Input:
    """Where a video is made anew."""
    return io.Mask.Input(
        "region",
        optional=True,
        tooltip="Only with a video as the picture: white where it is made anew, the mouths or faces, one "
        "mask or one for each of its pictures. Elsewhere the video stays as it is, and denoise can be high. "
        "Without a mask everything is made anew.",
    )


def size() -> list[io.Input]:
    """Width and height of the video."""
    return [
        _size("width", 832, "Width"),
        _size("height", 480, "Height"),
    ]


def _size(name: str, default: int, label: str) -> io.Int.Input:
    return io.Int.Input(
        name,
        default=default,
        **within(limits.SIZE),
        step=TOKEN_STEP,
        tooltip=f"{label} of the video in pixels, a multiple of 16.",
    )


def sampling() -> list[io.Input]:
    """Steps, sampler, schedule and guidance."""
    return [
        steps(),
        io.Combo.Input(
            "sampler_name",
            options=comfy.samplers.SAMPLER_NAMES,
            default="euler",
            tooltip="euler as released.",
        ),
        io.Combo.Input(
            "scheduler",
            options=[RELEASED, *comfy.samplers.SCHEDULER_NAMES],
            default=RELEASED,
            tooltip="released: the noise levels of MultiTalk's own code, which none of ComfyUI's schedulers "
            "gives exactly.",
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
        tooltip="Sampling steps, 1 to 1000: 40 as in the paper, 4 to 8 with a few-step LoRA.",
    )


def shift() -> io.Float.Input:
    return io.Float.Input(
        "shift",
        default=7.0,
        **within(limits.SHIFT),
        step=0.1,
        tooltip="How far the noise levels lean towards noise, 0.1 to 100: 7 at 480p, 11 at 720p, 2 with a "
        "few-step LoRA. Replaces the model's own shift.",
    )


def text_scale() -> io.Float.Input:
    return io.Float.Input(
        "text_scale",
        default=5.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the prompt is followed, 0 to 100: 5 as released; 1 with a few-step LoRA, which "
        "saves a pass.",
    )


def audio_scale() -> io.Float.Input:
    return io.Float.Input(
        "audio_scale",
        default=4.0,
        **within(limits.GUIDANCE),
        step=0.1,
        tooltip="How strongly the voices are followed, 0 to 100: 4 as released, 2 with a few-step LoRA; 1 "
        "saves a pass.",
    )


def projected_guidance() -> io.Boolean.Input:
    return io.Boolean.Input(
        "projected_guidance",
        default=False,
        advanced=True,
        tooltip="Adaptive projected guidance as released: less saturation at high scales. Off by default.",
    )


def binding() -> list[io.Input]:
    """How voices are bound to persons."""
    return [
        io.Combo.Input(
            "scheme",
            options=list(SCHEMES),
            default="l-rope",
            tooltip=f"How voices are bound to persons. {schemes_help()}",
        ),
        io.Float.Input(
            "audio_strength",
            default=1.0,
            **within(limits.AUDIO_STRENGTH),
            step=0.05,
            advanced=True,
            tooltip="Factor of what the audio layers add, 0 to 10; 1 as trained, 0 is silence.",
        ),
        io.Float.Input(
            "label_range",
            default=4.0,
            **within(limits.LABEL_RANGE),
            step=0.5,
            advanced=True,
            tooltip="Width of each person's range of labels, 0 to 100; 4 in the paper.",
        ),
        io.Float.Input(
            "label_distance",
            default=20.0,
            **within(limits.LABEL_DISTANCE),
            step=0.5,
            advanced=True,
            tooltip="From one person's lowest label to the next one's, 0 to 1000; 20 in the paper.",
        ),
        io.Float.Input(
            "background_label",
            default=12.0,
            **within(limits.BACKGROUND_LABEL),
            step=0.5,
            advanced=True,
            tooltip="Label of everything that is nobody, -1000 to 1000; 12 in the paper.",
        ),
    ]


def finishing() -> list[io.Input]:
    """Colours, a quick look, and what is recorded."""
    return [
        io.Float.Input(
            "colour_strength",
            default=1.0,
            **within(limits.FRACTION),
            step=0.05,
            advanced=True,
            tooltip="How far the frames' colours are matched with the picture's, 0 to 1; 1 as released.",
        ),
        io.Boolean.Input(
            "draft",
            default=False,
            tooltip="A quick look: the first clip only, in at most 8 steps. Good for checking persons and "
            "timing, not the lips.",
        ),
        io.Int.Input(
            "record_block",
            default=-1,
            **within(limits.RECORDED),
            advanced=True,
            tooltip="Block of the model whose findings go to the binding output, from 0; -1: the middle one.",
        ),
        io.Int.Input(
            "record_step",
            default=-1,
            **within(limits.RECORDED),
            advanced=True,
            tooltip="Step at which they are recorded, from 0; -1: the last one.",
        ),
    ]


def check_sizes(width: int | None, height: int | None, **frames: int | None) -> None:
    """Raise a MultiTalkError for sizes that no film has and counts that are not 4n + 1.

    None is a value that is linked and not yet known; the names of counts are input ids.
    """
    for name, side in (("width", width), ("height", height)):
        if side is not None:
            check_side(name, side)
    if None not in (width, height):
        with naming("width, height"):
            check_pixels(width, height, "The film")
    for name, count in frames.items():
        if count is not None:
            check_frames(count, name)


def within(limit: limits.Limit) -> dict[str, int | float]:
    """A limit as an input's minimum and maximum."""
    return {"min": limit.least if limit.whole else Minimum(limit.least), "max": limit.most}


class Minimum(float):
    """A minimum above which NaN does not lie.

    ComfyUI asks for `value < minimum`, and of two floats Python asks the one of the narrower class first.
    """

    def __gt__(self, value: float) -> bool:
        return not value >= self
