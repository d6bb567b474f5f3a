"""WanVideoWrapper's loaders of models and its prompts, and what they mean here."""

from .node_meaning import COMPUTING, MEMORY, ONE_PICTURE, OTHER_METHOD, READ_ON, Lost, NodeMeaning

ADAPTER = "MultiTalkModelLoader"
_PROMPTS = {
    "positive_prompt": "positive.text",
    "negative_prompt": "negative.text",
}
_LORA = {"low_mem_load": MEMORY, "merge_loras": MEMORY, "blocks": Lost("a LoRA changes all blocks")}

LOADERS = {
    "WanVideoModelLoader": NodeMeaning(
        widgets=(
            "model",
            "base_precision",
            "quantization",
            "load_device",
            "attention_mode",
            "rms_norm_function",
        ),
        carried={"model": "model", "quantization": "quantization"},
        sockets={
            "lora": READ_ON,
            "multitalk_model": READ_ON,
            "block_swap_args": READ_ON,
            "compile_args": READ_ON,
        },
        lost={
            "base_precision": COMPUTING,
            "load_device": MEMORY,
            "attention_mode": COMPUTING,
            "rms_norm_function": COMPUTING,
            "vram_management_args": MEMORY,
            "extra_model": OTHER_METHOD,
            "vace_model": OTHER_METHOD,
            "fantasytalking_model": OTHER_METHOD,
            "fantasyportrait_model": OTHER_METHOD,
        },
    ),
    "WanVideoSetLoRAs": NodeMeaning(sockets={"model": READ_ON, "lora": READ_ON}),
    "WanVideoSetBlockSwap": NodeMeaning(sockets={"model": READ_ON, "block_swap_args": READ_ON}),
    "WanVideoBlockSwap": NodeMeaning(
        widgets=(
            "blocks_to_swap",
            "offload_img_emb",
            "offload_txt_emb",
            "use_non_blocking",
            "vace_blocks_to_swap",
            "prefetch_blocks",
            "block_swap_debug",
        ),
        lost={
            "blocks_to_swap": Lost("ComfyUI moves models in and out of memory by itself", (0,)),
            "offload_img_emb": MEMORY,
            "offload_txt_emb": MEMORY,
            "use_non_blocking": MEMORY,
            "vace_blocks_to_swap": Lost("there is no VACE", (0,)),
            "prefetch_blocks": Lost("ComfyUI moves models in and out of memory by itself", (0,)),
            "block_swap_debug": MEMORY,
        },
    ),
    "WanVideoTorchCompileSettings": NodeMeaning(
        widgets=(
            "backend",
            "fullgraph",
            "mode",
            "dynamic",
            "dynamo_cache_size_limit",
            "compile_transformer_blocks_only",
            "dynamo_recompile_limit",
        ),
        lost={"backend": Lost("put ComfyUI's TorchCompileModel between the model and MultiTalk Long Video")},
    ),
    "WanVideoLoraSelect": NodeMeaning(
        widgets=("lora", "strength", "low_mem_load", "merge_loras"),
        sockets={"prev_lora": READ_ON},
        lost=_LORA,
    ),
    "WanVideoLoraSelectByName": NodeMeaning(
        widgets=("lora_name", "strength", "low_mem_load", "merge_loras"),
        sockets={"prev_lora": READ_ON},
        lost=_LORA,
    ),
    "WanVideoLoraSelectMulti": NodeMeaning(
        widgets=(
            *(f"{name}_{number}" for number in range(5) for name in ("lora", "strength")),
            "low_mem_load",
            "merge_loras",
        ),
        sockets={"prev_lora": READ_ON},
        lost=_LORA,
    ),
    ADAPTER: NodeMeaning(
        widgets=("model", "base_precision"),
        carried={"model": "adapter.adapter", "base_precision": "adapter_precision"},
    ),
    "Wav2VecModelLoader": NodeMeaning(
        widgets=("model", "base_precision", "load_device"),
        carried={"model": "audio_encoder"},
        lost={"base_precision": COMPUTING, "load_device": MEMORY},
    ),
    "DownloadAndLoadWav2VecModel": NodeMeaning(
        widgets=("model", "base_precision", "load_device"),
        carried={"model": "audio_encoder"},
        lost={"base_precision": COMPUTING, "load_device": MEMORY},
    ),
    "WanVideoVAELoader": NodeMeaning(
        widgets=("model_name", "precision"),
        carried={"model_name": "vae.vae_name"},
        sockets={"compile_args": READ_ON},
        lost={"precision": COMPUTING},
    ),
    "LoadWanVideoT5TextEncoder": NodeMeaning(
        widgets=("model_name", "precision", "load_device", "quantization"),
        carried={"model_name": "text_encoder", "quantization": "text_quantization"},
        lost={"precision": COMPUTING, "load_device": MEMORY},
    ),
    "WanVideoTextEncode": NodeMeaning(
        widgets=("positive_prompt", "negative_prompt", "force_offload", "use_disk_cache", "device"),
        carried=_PROMPTS,
        sockets={"t5": READ_ON},
        lost={
            "force_offload": MEMORY,
            "model_to_offload": MEMORY,
            "use_disk_cache": Lost("ComfyUI caches prompts in memory", (True, False)),
            "device": Lost("ComfyUI chooses the device", ("gpu",)),
        },
    ),
    "WanVideoTextEncodeCached": NodeMeaning(
        widgets=(
            "model_name",
            "precision",
            "positive_prompt",
            "negative_prompt",
            "quantization",
            "use_disk_cache",
            "device",
        ),
        carried=_PROMPTS | {"model_name": "text_encoder", "quantization": "text_quantization"},
        lost={
            "precision": COMPUTING,
            "use_disk_cache": Lost("ComfyUI caches prompts in memory", (True, False)),
            "device": Lost("ComfyUI chooses the device", ("gpu",)),
            "extender_args": Lost("no language model extends the prompt: write it out"),
        },
    ),
    "WanVideoTextEncodeSingle": NodeMeaning(
        widgets=("prompt", "force_offload", "use_disk_cache", "device"),
        carried={"prompt": "positive.text"},
        sockets={"t5": READ_ON},
        lost={"force_offload": MEMORY, "use_disk_cache": MEMORY, "device": Lost("", ("gpu", "cpu"))},
    ),
    "WanVideoApplyNAG": NodeMeaning(
        widgets=("nag_scale", "nag_tau", "nag_alpha"),
        sockets={"original_text_embeds": READ_ON},
        lost={
            "nag_text_embeds": Lost("normalised attention guidance has no counterpart; its text is left out"),
            "nag_scale": Lost("normalised attention guidance has no counterpart"),
        },
    ),
    "WanVideoTextEmbedBridge": NodeMeaning(
        sockets={"positive": "positive", "negative": "negative"},
    ),
    "WanVideoClipVisionEncode": NodeMeaning(
        widgets=("strength_1", "strength_2", "crop", "combine_embeds", "force_offload", "tiles", "ratio"),
        sockets={"clip_vision": "clip_vision"},
        lost={
            "strength_1": Lost("each clip is conditioned on its picture at full strength", (1, 1.0)),
            "strength_2": Lost("", (1, 1.0)),
            "crop": Lost("the picture is shown to CLIP vision whole", ("center",)),
            "combine_embeds": Lost("a film has one picture", ("average",)),
            "image_1": Lost("", ()),
            "image_2": ONE_PICTURE,
            "negative_image": ONE_PICTURE,
            "force_offload": MEMORY,
            "tiles": Lost("the picture is shown to CLIP vision whole", (0,)),
            "ratio": Lost("", (0.5,)),
        },
    ),
}
