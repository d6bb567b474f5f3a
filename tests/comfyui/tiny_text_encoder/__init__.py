"""A text encoder for the demo's DiT, of ComfyUI's own classes: CLIP's tokens, one small seeded layer."""

from types import SimpleNamespace

import torch
from comfy.sd import CLIP
from comfy.sd1_clip import SD1ClipModel, SD1Tokenizer, SDClipModel

CONFIG = {
    "hidden_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "hidden_act": "quick_gelu",
    "max_position_embeddings": 77,
    "vocab_size": 49408,
    "eos_token_id": 49407,
}


class TinyModel(SDClipModel):
    def __init__(self, **settings):
        super().__init__(**settings, textmodel_json_config=CONFIG)


class TinyClip(SD1ClipModel):
    def __init__(self, **settings):
        super().__init__(**settings, clip_model=TinyModel)


class TinyTextEncoder:
    """Gives a CLIP."""

    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES = ("CLIP",)
    FUNCTION = "load"
    CATEGORY = "tests"

    def load(self) -> tuple[CLIP]:
        clip = CLIP(SimpleNamespace(params={}, clip=TinyClip, tokenizer=SD1Tokenizer))
        generator = torch.Generator().manual_seed(0)
        for weight in clip.cond_stage_model.parameters():
            weight.data.normal_(0, 0.2, generator=generator)
        return (clip,)


NODE_CLASS_MAPPINGS = {"TinyTextEncoder": TinyTextEncoder}
