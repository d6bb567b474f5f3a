"""Small graphs in the form of other packs' examples, written for these tests, in both of ComfyUI's forms."""

from copy import deepcopy

TEMPLATE = "lib/python3*/site-packages/comfyui_workflow_templates*/templates/video_wan2_1_infinitetalk.json"
SEEDS = ("seed", "noise_seed")

# The widgets of each node as its pack declares them, in order, and its sockets and outputs with their types.
SHAPES = {
    "WanVideoModelLoader": (
        ["model", "base_precision", "quantization", "load_device", "attention_mode"],
        {
            "compile_args": "WANCOMPILEARGS",
            "block_swap_args": "BLOCKSWAPARGS",
            "lora": "WANVIDLORA",
            "multitalk_model": "MULTITALKMODEL",
        },
        ["WANVIDEOMODEL"],
    ),
    "WanVideoBlockSwap": (
        ["blocks_to_swap", "offload_img_emb", "offload_txt_emb", "use_non_blocking", "vace_blocks_to_swap"],
        {},
        ["BLOCKSWAPARGS"],
    ),
    "WanVideoLoraSelect": (
        ["lora", "strength", "low_mem_load", "merge_loras"],
        {"prev_lora": "WANVIDLORA", "blocks": "SELECTEDBLOCKS"},
        ["WANVIDLORA"],
    ),
    "WanVideoLoraSelectMulti": (
        [*(f"{name}_{number}" for number in range(5) for name in ("lora", "strength")), "low_mem_load"],
        {"prev_lora": "WANVIDLORA"},
        ["WANVIDLORA"],
    ),
    "MultiTalkModelLoader": (["model"], {}, ["MULTITALKMODEL"]),
    "WanVideoVAELoader": (["model_name", "precision"], {"compile_args": "WANCOMPILEARGS"}, ["WANVAE"]),
    "LoadWanVideoT5TextEncoder": (
        ["model_name", "precision", "load_device", "quantization"],
        {},
        ["WANTEXTENCODER"],
    ),
    "WanVideoTextEncode": (
        ["positive_prompt", "negative_prompt", "force_offload", "use_disk_cache", "device"],
        {"t5": "WANTEXTENCODER", "model_to_offload": "WANVIDEOMODEL"},
        ["WANVIDEOTEXTEMBEDS"],
    ),
    "Wav2VecModelLoader": (["model", "base_precision", "load_device"], {}, ["WAV2VECMODEL"]),
    "MultiTalkWav2VecEmbeds": (
        ["normalize_loudness", "num_frames", "fps", "audio_scale", "audio_cfg_scale", "multi_audio_type"],
        {
            "wav2vec_model": "WAV2VECMODEL",
            "audio_1": "AUDIO",
            "audio_2": "AUDIO",
            "ref_target_masks": "MASK",
        },
        ["MULTITALK_EMBEDS", "AUDIO", "INT"],
    ),
    "WanVideoImageToVideoMultiTalk": (
        [
            "width",
            "height",
            "frame_window_size",
            "motion_frame",
            "force_offload",
            "colormatch",
            "tiled_vae",
            "mode",
            "output_path",
        ],
        {"vae": "WANVAE", "start_image": "IMAGE", "clip_embeds": "WANVIDIMAGE_CLIPEMBEDS"},
        ["WANVIDIMAGE_EMBEDS", "STRING"],
    ),
    "WanVideoClipVisionEncode": (
        ["strength_1", "strength_2", "crop", "combine_embeds", "force_offload"],
        {"clip_vision": "CLIP_VISION", "image_1": "IMAGE"},
        ["WANVIDIMAGE_CLIPEMBEDS"],
    ),
    "WanVideoTeaCache": (
        ["rel_l1_thresh", "start_step", "end_step", "cache_device", "use_coefficients"],
        {},
        ["CACHEARGS"],
    ),
    "WanVideoEasyCache": (["easycache_thresh", "start_step", "end_step", "cache_device"], {}, ["CACHEARGS"]),
    "WanVideoSampler": (
        [
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
        ],
        {
            "model": "WANVIDEOMODEL",
            "image_embeds": "WANVIDIMAGE_EMBEDS",
            "text_embeds": "WANVIDEOTEXTEMBEDS",
            "samples": "LATENT",
            "cache_args": "CACHEARGS",
            "multitalk_embeds": "MULTITALK_EMBEDS",
        },
        ["LATENT", "LATENT"],
    ),
    "WanVideoEncode": (
        ["enable_vae_tiling", "tile_x", "tile_y", "tile_stride_x", "tile_stride_y"],
        {"vae": "WANVAE", "image": "IMAGE", "mask": "MASK"},
        ["LATENT"],
    ),
    "WanVideoPassImagesFromSamples": ([], {"samples": "LATENT"}, ["IMAGE"]),
    "CLIPVisionLoader": (["clip_name"], {}, ["CLIP_VISION"]),
    "LoadImage": (["image", "upload"], {}, ["IMAGE", "MASK"]),
    "LoadAudio": (["audio"], {}, ["AUDIO"]),
    "AudioCrop": (["start_time", "end_time"], {"audio": "AUDIO"}, ["AUDIO"]),
    "VHS_LoadVideo": (None, {}, ["IMAGE", "INT", "AUDIO", "VHS_VIDEOINFO"]),
    "VHS_VideoCombine": (None, {"images": "IMAGE", "audio": "AUDIO"}, ["VHS_FILENAMES"]),
    "MaskBatchMulti": (["inputcount"], {"mask_1": "MASK", "mask_2": "MASK", "mask_3": "MASK"}, ["MASK"]),
    "INTConstant": (["value"], {}, ["INT"]),
    "Reroute": ([], {"": "*"}, ["*"]),
    "UNETLoader": (["unet_name", "weight_dtype"], {}, ["MODEL"]),
    "LoraLoaderModelOnly": (["lora_name", "strength_model"], {"model": "MODEL"}, ["MODEL"]),
    "ModelSamplingSD3": (["shift"], {"model": "MODEL"}, ["MODEL"]),
    "ModelPatchLoader": (["name"], {}, ["MODEL_PATCH"]),
    "VAELoader": (["vae_name"], {}, ["VAE"]),
    "CLIPLoader": (["clip_name", "type", "device"], {}, ["CLIP"]),
    "CLIPTextEncode": (["text"], {"clip": "CLIP"}, ["CONDITIONING"]),
    "AudioEncoderLoader": (["audio_encoder_name"], {}, ["AUDIO_ENCODER"]),
    "AudioEncoderEncode": (
        [],
        {"audio_encoder": "AUDIO_ENCODER", "audio": "AUDIO"},
        ["AUDIO_ENCODER_OUTPUT"],
    ),
    "WanInfiniteTalkToVideo": (
        ["mode", "width", "height", "length", "motion_frame_count", "audio_scale"],
        {
            "model": "MODEL",
            "model_patch": "MODEL_PATCH",
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "vae": "VAE",
            "audio_encoder_output_1": "AUDIO_ENCODER_OUTPUT",
            "mode.audio_encoder_output_2": "AUDIO_ENCODER_OUTPUT",
            "mode.mask_1": "MASK",
            "mode.mask_2": "MASK",
            "start_image": "IMAGE",
            "previous_frames": "IMAGE",
        },
        ["MODEL", "CONDITIONING", "CONDITIONING", "LATENT", "INT"],
    ),
    "KSampler": (
        ["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
        {"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "latent_image": "LATENT"},
        ["LATENT"],
    ),
    "VAEDecode": ([], {"samples": "LATENT", "vae": "VAE"}, ["IMAGE"]),
    "CreateVideo": (["fps"], {"images": "IMAGE", "audio": "AUDIO"}, ["VIDEO"]),
    "SaveVideo": (["filename_prefix", "format", "codec"], {"video": "VIDEO"}, ["VIDEO"]),
}


def node(kind: str, **inputs: object) -> dict:
    """A node in the API's form; a list is a link."""
    return {"class_type": kind, "inputs": inputs}


def wrapper_graph() -> dict[str, dict]:
    """Two speakers with WanVideoWrapper's nodes."""
    return deepcopy(
        {
            "1": node(
                "WanVideoModelLoader",
                model="Wan\\i2v_480p.safetensors",
                base_precision="fp16",
                quantization="disabled",
                load_device="offload_device",
                attention_mode="sdpa",
                block_swap_args=["2", 0],
                lora=["4", 0],
                multitalk_model=["5", 0],
            ),
            "2": node(
                "WanVideoBlockSwap",
                blocks_to_swap=20,
                offload_img_emb=False,
                offload_txt_emb=False,
                use_non_blocking=True,
                vace_blocks_to_swap=0,
            ),
            "3": node(
                "WanVideoLoraSelect",
                lora="few\\steps.safetensors",
                strength=0.8,
                low_mem_load=False,
                merge_loras=True,
            ),
            "4": node(
                "WanVideoLoraSelect",
                lora="style.safetensors",
                strength=0.5,
                prev_lora=["3", 0],
                low_mem_load=False,
                merge_loras=True,
            ),
            "5": node("MultiTalkModelLoader", model="Talk\\multitalk.safetensors"),
            "6": node("WanVideoVAELoader", model_name="vae.safetensors", precision="bf16"),
            "7": node(
                "LoadWanVideoT5TextEncoder",
                model_name="umt5_xxl_fp16.safetensors",
                precision="bf16",
                load_device="offload_device",
                quantization="disabled",
            ),
            "8": node(
                "WanVideoTextEncode",
                positive_prompt="two people talk",
                negative_prompt="blurred",
                force_offload=True,
                use_disk_cache=False,
                device="gpu",
                t5=["7", 0],
            ),
            "9": node("CLIPVisionLoader", clip_name="clip_vision_h.safetensors"),
            "10": node("LoadImage", image="two.png", upload="image"),
            "11": node(
                "WanVideoClipVisionEncode",
                strength_1=1.0,
                strength_2=1.0,
                crop="center",
                combine_embeds="average",
                force_offload=True,
                clip_vision=["9", 0],
                image_1=["10", 0],
            ),
            "12": node(
                "WanVideoImageToVideoMultiTalk",
                width=832,
                height=480,
                frame_window_size=81,
                motion_frame=25,
                force_offload=False,
                colormatch="disabled",
                tiled_vae=False,
                mode="multitalk",
                output_path="",
                vae=["6", 0],
                start_image=["10", 0],
                clip_embeds=["11", 0],
            ),
            "13": node("LoadAudio", audio="a.wav"),
            "14": node("LoadAudio", audio="b.wav"),
            "15": node(
                "Wav2VecModelLoader",
                model="wav2vec2.safetensors",
                base_precision="fp16",
                load_device="main_device",
            ),
            "16": node(
                "MultiTalkWav2VecEmbeds",
                normalize_loudness=True,
                num_frames=250,
                fps=25.0,
                audio_scale=1.0,
                audio_cfg_scale=1.0,
                multi_audio_type="para",
                wav2vec_model=["15", 0],
                audio_1=["13", 0],
                audio_2=["14", 0],
            ),
            "17": node(
                "WanVideoSampler",
                steps=6,
                cfg=1.0,
                shift=11.0,
                seed=7,
                force_offload=True,
                scheduler="dpm++_sde",
                riflex_freq_index=0,
                denoise_strength=1,
                batched_cfg=False,
                rope_function="comfy",
                start_step=0,
                end_step=-1,
                add_noise_to_samples=False,
                model=["1", 0],
                image_embeds=["12", 0],
                text_embeds=["8", 0],
                multitalk_embeds=["16", 0],
            ),
            "18": node("WanVideoPassImagesFromSamples", samples=["17", 0]),
            "19": node(
                "VHS_VideoCombine",
                frame_rate=25,
                loop_count=0,
                filename_prefix="talk",
                format="video/h264-mp4",
                pix_fmt="yuv420p",
                crf=19,
                save_metadata=True,
                trim_to_audio=False,
                pingpong=False,
                save_output=True,
                images=["18", 0],
                audio=["13", 0],
            ),
        }
    )


def infinitetalk_graph() -> dict[str, dict]:
    """Two speakers and two windows with ComfyUI's own nodes."""
    graph = {
        "1": node("UNETLoader", unet_name="i2v.safetensors", weight_dtype="default"),
        "2": node("LoraLoaderModelOnly", lora_name="steps.safetensors", strength_model=1.0, model=["1", 0]),
        "3": node("ModelSamplingSD3", shift=5.0, model=["2", 0]),
        "4": node("ModelPatchLoader", name="infinitetalk.safetensors"),
        "5": node("VAELoader", vae_name="vae.safetensors"),
        "6": node("CLIPLoader", clip_name="umt5_xxl_fp16.safetensors", type="wan", device="default"),
        "7": node("CLIPTextEncode", text="two people talk", clip=["6", 0]),
        "8": node("CLIPTextEncode", text="blurred", clip=["6", 0]),
        "9": node("LoadImage", image="two.png", upload="image"),
        "10": node("LoadImage", image="left.png", upload="image"),
        "11": node("LoadImage", image="right.png", upload="image"),
        "12": node("LoadAudio", audio="a.wav"),
        "13": node("LoadAudio", audio="b.wav"),
        "14": node("AudioEncoderLoader", audio_encoder_name="wav2vec2.safetensors"),
        "15": node("AudioEncoderEncode", audio_encoder=["14", 0], audio=["12", 0]),
        "16": node("AudioEncoderEncode", audio_encoder=["14", 0], audio=["13", 0]),
    }
    for number, seed in ((20, 7), (30, 8)):
        window = {
            "mode": "two_speakers",
            "width": 832,
            "height": 480,
            "length": 81,
            "motion_frame_count": 9,
            "audio_scale": 1.0,
            "model": ["3", 0],
            "model_patch": ["4", 0],
            "positive": ["7", 0],
            "negative": ["8", 0],
            "vae": ["5", 0],
            "audio_encoder_output_1": ["15", 0],
            "mode.audio_encoder_output_2": ["16", 0],
            "mode.mask_1": ["10", 1],
            "mode.mask_2": ["11", 1],
            "start_image": ["9", 0],
        }
        if number > 20:
            window["previous_frames"] = ["22", 0]
        sampled = {
            "seed": seed,
            "steps": 20,
            "cfg": 5.0,
            "sampler_name": "euler",
            "scheduler": "simple",
            "denoise": 1.0,
        }
        links = {
            name: [str(number), slot]
            for slot, name in enumerate(("model", "positive", "negative", "latent_image"))
        }
        graph[f"{number}"] = node("WanInfiniteTalkToVideo", **window)
        graph[f"{number + 1}"] = node("KSampler", **sampled, **links)
        graph[f"{number + 2}"] = node("VAEDecode", samples=[f"{number + 1}", 0], vae=["5", 0])
    graph["40"] = node("CreateVideo", fps=25, images=["32", 0], audio=["12", 0])
    graph["41"] = node(
        "SaveVideo", filename_prefix="video/talk", format="auto", codec="auto", video=["40", 0]
    )
    return deepcopy(graph)


def page_of(graph: dict[str, dict], as_objects: bool = False) -> dict:
    """The same graph in the page's form; links as lists, or as objects as the form's version 1 has them."""
    links: list = []
    nodes = [_page_node(number, entry, graph=graph, links=links) for number, entry in graph.items()]
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    stored = [dict(zip(names, link, strict=True)) for link in links] if as_objects else links
    return {"nodes": nodes, "links": stored, "groups": [], "version": 1 if as_objects else 0.4}


def _page_node(number: str, entry: dict, *, graph: dict[str, dict], links: list) -> dict:
    widgets, sockets, outputs = SHAPES[entry["class_type"]]
    given = entry["inputs"]
    inputs = []
    for name, kind in sockets.items():
        inputs.append(
            {
                "name": name,
                "type": kind,
                "link": _link(given.get(name), number, len(inputs), links=links, kind=kind),
            }
        )
    for name in widgets or ():
        if isinstance(given.get(name), list):
            link = _link(given[name], number, len(inputs), links=links, kind="*")
            inputs.append({"name": name, "type": "*", "link": link, "widget": {"name": name}})
    return {
        "id": int(number),
        "type": entry["class_type"],
        "mode": 0,
        "inputs": inputs,
        "outputs": [{"name": kind, "type": kind} for kind in outputs],
        "widgets_values": _stored(given, widgets),
    }


def _link(value: object, number: str, slot: int, *, links: list, kind: str) -> int | None:
    if not isinstance(value, list):
        return None
    links.append([len(links) + 1, int(value[0]), value[1], int(number), slot, kind])
    return len(links)


def _stored(given: dict, widgets: list[str] | None) -> list | dict:
    if widgets is None:
        return {name: value for name, value in given.items() if not isinstance(value, list)}
    values = []
    for name in widgets:
        value = given.get(name)
        values.append(0 if isinstance(value, list) else value)
        if name in SEEDS:
            values.append("fixed")
    return values
