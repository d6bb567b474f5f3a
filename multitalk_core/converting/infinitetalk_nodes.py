"""ComfyUI's own InfiniteTalk and sampling nodes, and what they mean here."""

from .node_meaning import READ_ON, Lost, NodeMeaning

TO_VIDEO = "WanInfiniteTalkToVideo"
SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "SamplerCustom")
SHIFTS = ("ModelSamplingSD3", "ModelSamplingAuraFlow")
WAN_SHIFT = 8.0  # ComfyUI's own for Wan2.1

_SAMPLED = {"model": "model", "positive": "positive", "negative": "negative", "latent_image": READ_ON}
_WHOLE = Lost("every clip is sampled from pure noise", (1, 1.0))

MEANINGS = {
    TO_VIDEO: NodeMeaning(
        widgets=("mode", "width", "height", "length", "motion_frame_count", "audio_scale"),
        carried={
            "width": "sampler.width",
            "height": "sampler.height",
            "length": "window",
            "motion_frame_count": "sampler.motion_frames",
            "audio_scale": "sampler.audio_strength",
        },
        sockets={
            "model": "model",
            "model_patch": "adapter",
            "positive": "positive",
            "negative": "negative",
            "vae": "vae",
            "audio_encoder_output_1": "voice_1",
            "mode.audio_encoder_output_2": "voice_2",
            "mode.mask_1": "mask_1",
            "mode.mask_2": "mask_2",
            "clip_vision_output": "clip_vision",
            "start_image": "picture",
        },
        lost={"previous_frames": Lost("")},  # windows are found by it
    ),
    "KSampler": NodeMeaning(
        widgets=("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
        carried={
            "seed": "sampler.seed",
            "steps": "sampler.steps",
            "cfg": "cfg",
            "sampler_name": "sampler.sampler_name",
            "scheduler": "sampler.scheduler",
        },
        sockets=_SAMPLED,
        lost={"denoise": _WHOLE},
    ),
    "KSamplerAdvanced": NodeMeaning(
        widgets=(
            "add_noise",
            "noise_seed",
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "start_at_step",
            "end_at_step",
            "return_with_leftover_noise",
        ),
        carried={
            "noise_seed": "sampler.seed",
            "steps": "sampler.steps",
            "cfg": "cfg",
            "sampler_name": "sampler.sampler_name",
            "scheduler": "sampler.scheduler",
        },
        sockets=_SAMPLED,
        lost={
            "add_noise": Lost("every clip is sampled from pure noise", ("enable",)),
            "start_at_step": Lost("all steps are run", (0,)),
            "end_at_step": Lost("all steps are run", (10000,)),
            "return_with_leftover_noise": Lost("all steps are run", ("disable",)),
        },
    ),
    "SamplerCustomAdvanced": NodeMeaning(
        sockets=dict.fromkeys(("noise", "guider", "sampler", "sigmas", "latent_image"), READ_ON),
    ),
    "SamplerCustom": NodeMeaning(
        widgets=("add_noise", "noise_seed", "cfg"),
        carried={"noise_seed": "sampler.seed", "cfg": "cfg"},
        sockets=_SAMPLED | dict.fromkeys(("sampler", "sigmas"), READ_ON),
        lost={"add_noise": Lost("every clip is sampled from pure noise", (True,))},
    ),
    "RandomNoise": NodeMeaning(widgets=("noise_seed",), carried={"noise_seed": "sampler.seed"}),
    "CFGGuider": NodeMeaning(widgets=("cfg",), carried={"cfg": "cfg"}, sockets=_SAMPLED),
    "BasicGuider": NodeMeaning(sockets={"model": "model", "conditioning": "positive"}),
    "KSamplerSelect": NodeMeaning(
        widgets=("sampler_name",), carried={"sampler_name": "sampler.sampler_name"}
    ),
    "BasicScheduler": NodeMeaning(
        widgets=("scheduler", "steps", "denoise"),
        carried={"scheduler": "sampler.scheduler", "steps": "sampler.steps"},
        lost={"denoise": _WHOLE, "model": Lost("")},  # shifts are found from the sampler upwards
    ),
    **{
        kind: NodeMeaning(widgets=("shift",), carried={"shift": "sampler.shift"}, lost={"model": Lost("")})
        for kind in SHIFTS
    },
    "AudioEncoderEncode": NodeMeaning(sockets={"audio_encoder": "encoder", "audio": "voice"}),
    "CLIPVisionEncode": NodeMeaning(
        widgets=("crop",),
        sockets={"clip_vision": "clip_vision"},
        lost={"crop": Lost("the picture is shown to CLIP vision whole", ("none", "center"))},
    ),
}
