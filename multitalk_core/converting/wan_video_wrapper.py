"""WanVideoWrapper's nodes, and what they mean here: a new node is one entry of MEANINGS, or of LOADERS."""

from .node_meaning import MEMORY, ONE_PICTURE, OTHER_METHOD, READ_ON, TILING, Lost, NodeMeaning
from .wan_video_loaders import LOADERS

SAMPLERS = ("WanVideoSampler", "WanVideoSamplerv2", "WanVideoSamplerFromSettings")
EMBEDS = "MultiTalkWav2VecEmbeds"
SCHEDULER = "WanVideoScheduler"

TRICK = Lost("this change of the sampling has no counterpart")

_SAMPLING_WIDGETS = (
    "steps",
    "cfg",
    "shift",
    "seed",
    "force_offload",
    "scheduler",
    "riflex_freq_index",
    "denoise_strength",
    "batched_cfg",
    "rope_function",
    "start_step",
    "end_step",
    "add_noise_to_samples",
)
_SAMPLING = {
    "steps": "sampler.steps",
    "cfg": "cfg",
    "shift": "sampler.shift",
    "seed": "sampler.seed",
    "scheduler": "scheduler",
    "denoise_strength": "denoise_strength",
    "start_step": "start_step",
    "add_noise_to_samples": "add_noise",
}
_SAMPLING_SOCKETS = {
    "model": READ_ON,
    "image_embeds": READ_ON,
    "text_embeds": READ_ON,
    "multitalk_embeds": READ_ON,
    "cache_args": READ_ON,
    "context_options": READ_ON,
    "samples": READ_ON,
    "extra_args": READ_ON,
    "sampler_inputs": READ_ON,
}
_SAMPLING_LOST = {
    "force_offload": MEMORY,
    "riflex_freq_index": Lost("RIFLEx is not applied: long films are made of clips", (0,)),
    "batched_cfg": Lost("ComfyUI decides which passes run together", (True, False, "")),
    "rope_function": Lost("ComfyUI has one way to compute positions", ("comfy", "default", "comfy_chunked")),
    "end_step": Lost("all steps are run", (-1,)),
    "enhance_hf": Lost("its change of the noise levels has no counterpart", (False,)),
    "sigmas": Lost("noise levels of one's own: use MultiTalk Sigmas or any scheduler with MultiTalk Guider"),
    "feta_args": Lost("Enhance-A-Video has no counterpart"),
    "slg_args": Lost("skip layer guidance has no counterpart"),
    "experimental_args": TRICK,
    "freeinit_args": TRICK,
    "loop_args": TRICK,
    "flowedit_args": TRICK,
    "unianimate_poses": OTHER_METHOD,
    "fantasytalking_embeds": OTHER_METHOD,
    "uni3c_embeds": OTHER_METHOD,
}
_SAMPLER = NodeMeaning(
    widgets=_SAMPLING_WIDGETS, carried=_SAMPLING, sockets=_SAMPLING_SOCKETS, lost=_SAMPLING_LOST
)
_SCHEDULER = NodeMeaning(
    widgets=("scheduler", "steps", "shift", "start_step", "end_step", "enhance_hf"),
    carried=_SAMPLING,
    lost=_SAMPLING_LOST,
)
_WINDOW_WIDGETS = ("width", "height", "frame_window_size", "motion_frame")
_WINDOW = NodeMeaning(
    widgets=(*_WINDOW_WIDGETS, "force_offload", "colormatch", "tiled_vae", "mode", "output_path"),
    carried={
        "width": "sampler.width",
        "height": "sampler.height",
        "frame_window_size": "sampler.clip_frames",
        "motion_frame": "sampler.motion_frames",
        "colormatch": "colormatch",
        "mode": "mode",
    },
    sockets={"vae": READ_ON, "clip_embeds": READ_ON, "start_image": "picture"},
    lost={
        "force_offload": MEMORY,
        "tiled_vae": TILING,
        "output_path": Lost(
            "clips are stored by themselves, and MultiTalk Long Video's video is the film", ("",)
        ),
    },
)

MEANINGS = LOADERS | {
    "WanVideoSampler": _SAMPLER,
    "WanVideoSamplerSettings": _SAMPLER,
    "WanVideoSamplerFromSettings": NodeMeaning(sockets=_SAMPLING_SOCKETS),
    "WanVideoSamplerv2": NodeMeaning(
        widgets=("cfg", "seed", "force_offload", "add_noise_to_samples"),
        carried={"cfg": "cfg", "seed": "sampler.seed", "add_noise_to_samples": "add_noise"},
        sockets=_SAMPLING_SOCKETS | {"scheduler": READ_ON},
        lost=_SAMPLING_LOST,
    ),
    "WanVideoSamplerExtraArgs": NodeMeaning(
        widgets=("riflex_freq_index", "rope_function"),
        sockets=_SAMPLING_SOCKETS,
        lost=_SAMPLING_LOST,
    ),
    SCHEDULER: _SCHEDULER,
    "WanVideoSchedulerv2": _SCHEDULER,
    EMBEDS: NodeMeaning(
        widgets=(
            "normalize_loudness",
            "num_frames",
            "fps",
            "audio_scale",
            "audio_cfg_scale",
            "multi_audio_type",
            "add_noise_floor",
            "smooth_transients",
        ),
        carried={
            "normalize_loudness": "voices.normalise_loudness",
            "num_frames": "num_frames",
            "fps": "voices.fps",
            "audio_scale": "sampler.audio_strength",
            "audio_cfg_scale": "audio_cfg",
            "multi_audio_type": "multi_audio_type",
        },
        sockets={
            "wav2vec_model": READ_ON,
            **{f"audio_{number}": f"voice_{number}" for number in range(1, 5)},
            "ref_target_masks": "masks",
        },
        lost={
            "add_noise_floor": Lost("voices are encoded as they are", (False,)),
            "smooth_transients": Lost("voices are encoded as they are", (False,)),
        },
    ),
    "WanVideoImageToVideoMultiTalk": _WINDOW,
    "WanVideoImageToVideoMultiTalkEnhanced": NodeMeaning(
        widgets=(
            *_WINDOW_WIDGETS,
            "image_count",
            "force_offload",
            "colormatch",
            "tiled_vae",
            "mode",
            "output_path",
        ),
        carried=_WINDOW.carried,
        sockets=_WINDOW.sockets,
        lost=_WINDOW.lost
        | {"image_count": Lost("a film has one picture", (1,))}
        | {f"start_image_{number}": ONE_PICTURE for number in range(2, 21)},
    ),
    "WanVideoImageToVideoEncode": NodeMeaning(
        widgets=(
            "width",
            "height",
            "num_frames",
            "noise_aug_strength",
            "start_latent_strength",
            "end_latent_strength",
            "force_offload",
            "fun_or_fl2v_model",
            "tiled_vae",
        ),
        carried={"width": "sampler.width", "height": "sampler.height", "num_frames": "clip_length"},
        sockets={"vae": READ_ON, "clip_embeds": READ_ON, "start_image": "picture"},
        lost={
            "noise_aug_strength": Lost("the picture is taken as it is", (0, 0.0)),
            "start_latent_strength": Lost("the picture is taken as it is", (1, 1.0)),
            "end_latent_strength": Lost("the picture is taken as it is", (1, 1.0)),
            "force_offload": MEMORY,
            "fun_or_fl2v_model": Lost("only Wan2.1 I2V is animated", (True, False)),
            "tiled_vae": TILING,
            "end_image": ONE_PICTURE,
            "control_embeds": OTHER_METHOD,
            "temporal_mask": OTHER_METHOD,
            "extra_latents": OTHER_METHOD,
            "add_cond_latents": OTHER_METHOD,
        },
    ),
    "WanVideoEncode": NodeMeaning(
        widgets=(
            "enable_vae_tiling",
            "tile_x",
            "tile_y",
            "tile_stride_x",
            "tile_stride_y",
            "noise_aug_strength",
            "latent_strength",
        ),
        sockets={"vae": READ_ON, "image": "dubbed", "mask": "region"},
        lost={
            "enable_vae_tiling": TILING,
            "noise_aug_strength": Lost("the video is taken as it is", (0, 0.0)),
            "latent_strength": Lost("the video is taken as it is", (1, 1.0)),
        },
    ),
    "WanVideoContextOptions": NodeMeaning(
        widgets=(
            "context_schedule",
            "context_frames",
            "context_stride",
            "context_overlap",
            "freenoise",
            "verbose",
            "fuse_method",
        ),
        carried={"context_frames": "sampler.clip_frames", "context_overlap": "sampler.motion_frames"},
        lost={
            "context_schedule": Lost("clips follow one another; windows are not blended at every step"),
            "freenoise": Lost("every clip has noise of its own", (False,)),
            "fuse_method": Lost("clips follow one another", ("linear",)),
            "reference_latent": ONE_PICTURE,
        },
    ),
    "WanVideoTeaCache": NodeMeaning(
        widgets=("rel_l1_thresh", "start_step", "end_step", "cache_device", "use_coefficients", "mode"),
        carried={"rel_l1_thresh": "other_cache", "start_step": "cache_start", "end_step": "cache_end"},
        lost={"cache_device": MEMORY},
    ),
    "WanVideoMagCache": NodeMeaning(
        widgets=("magcache_thresh", "magcache_K", "start_step", "end_step", "cache_device"),
        carried={"magcache_thresh": "other_cache", "start_step": "cache_start", "end_step": "cache_end"},
        lost={"cache_device": MEMORY},
    ),
    "WanVideoEasyCache": NodeMeaning(
        widgets=("easycache_thresh", "start_step", "end_step", "cache_device"),
        carried={
            "easycache_thresh": "cache.reuse_threshold",
            "start_step": "cache_start",
            "end_step": "cache_end",
        },
        lost={"cache_device": MEMORY},
    ),
    "WanVideoDecode": NodeMeaning(
        widgets=("enable_vae_tiling", "tile_x", "tile_y", "tile_stride_x", "tile_stride_y", "normalization"),
        lost={
            "enable_vae_tiling": TILING,
            "normalization": Lost("brightness is left as the VAE gives it", ("default",)),
        },
    ),
    "WanVideoPassImagesFromSamples": NodeMeaning(),
}
