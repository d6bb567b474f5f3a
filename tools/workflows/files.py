"""The released models' files that the workflows name: folder, address, alternatives."""

from dataclasses import dataclass

SDPOSE = "https://huggingface.co/Comfy-Org/SDPose/resolve/main"
WAN = "https://huggingface.co/Comfy-Org/Wan_2.1_ComfyUI_repackaged/resolve/main/split_files"


@dataclass(frozen=True)
class ModelFile:
    """A file under ComfyUI/models.

    Attributes
    ----------
    folder : str
    address : str
        Where to download it.
    instead : str, optional
        Alternatives, in words.
    """

    folder: str
    address: str
    instead: str = ""


FILES = {
    "wan2.1_i2v_480p_14B_fp8_scaled.safetensors": ModelFile(
        "diffusion_models",
        f"{WAN}/diffusion_models/wan2.1_i2v_480p_14B_fp8_scaled.safetensors",
        "the fp16 file, or the 720p one (shift 11)",
    ),
    "multitalk.safetensors": ModelFile(
        "model_patches",
        "https://huggingface.co/MeiGen-AI/MeiGen-MultiTalk/resolve/main/multitalk.safetensors",
        "InfiniteTalk's: wan2.1_infiniteTalk_multi_fp16.safetensors",
    ),
    "wav2vec2-chinese-base_fp16.safetensors": ModelFile(
        "audio_encoders",
        "https://huggingface.co/Kijai/wav2vec2_safetensors/resolve/main/wav2vec2-chinese-base_fp16.safetensors",
        "the folder TencentGameMate/chinese-wav2vec2-base",
    ),
    "wan_2.1_vae.safetensors": ModelFile("vae", f"{WAN}/vae/wan_2.1_vae.safetensors"),
    "clip_vision_h.safetensors": ModelFile("clip_vision", f"{WAN}/clip_vision/clip_vision_h.safetensors"),
    "umt5_xxl_fp8_e4m3fn_scaled.safetensors": ModelFile(
        "text_encoders", f"{WAN}/text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors"
    ),
    "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors": ModelFile(
        "loras",
        "https://huggingface.co/Kijai/WanVideo_comfy/resolve/main/Lightx2v/"
        "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors",
    ),
    "sam3.1_multiplex_fp16.safetensors": ModelFile(
        "checkpoints",
        "https://huggingface.co/Comfy-Org/sam3.1/resolve/main/checkpoints/sam3.1_multiplex_fp16.safetensors",
    ),
    "rt_detr_v4-x-hgnet_fp16.safetensors": ModelFile(
        "diffusion_models",
        f"{SDPOSE}/diffusion_models/rt_detr_v4-x-hgnet_fp16.safetensors",
        "rt_detr_v4-x-hgnet_fp32.safetensors",
    ),
    "qwen3vl_4b_fp8_scaled.safetensors": ModelFile(
        "text_encoders",
        "https://huggingface.co/Comfy-Org/Qwen3-VL/resolve/main/text_encoders/qwen3vl_4b_fp8_scaled.safetensors",
    ),
}
LICENCES = "Check the licences of the downloads."
