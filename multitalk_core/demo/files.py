"""Where the demo's own files lie."""

from pathlib import Path

EMBEDDED = Path(__file__).with_name("assets")
EMBEDDED_FILES = {
    "transformer": "diffusion_models/multitalk_demo_dit.safetensors",
    "vae": "vae/multitalk_demo_vae.safetensors",
    "adapter": "model_patches/multitalk_demo_adapter.safetensors",
    "audio_encoder": "audio_encoders/multitalk_demo_wav2vec2.safetensors",
    "text": "text/multitalk_demo_text.safetensors",
}
