"""Write multitalk_core/converting/node_list.json: the nodes that a converted graph can have.

`PYTHONPATH=.:tests/comfyui python tools/make_node_list.py`, with ComfyUI installed.
"""

import json
import tempfile
from pathlib import Path

from comfy_server import ComfyServer

from multitalk_core.converting.node_list import SHIPPED, described

MODULES = {
    "custom_nodes.ComfyUI-MultiTalk",
    "comfy_extras.nodes_apg",
    "comfy_extras.nodes_audio",
    "comfy_extras.nodes_audio_encoder",
    "comfy_extras.nodes_cfg",
    "comfy_extras.nodes_cond",
    "comfy_extras.nodes_easycache",
    "comfy_extras.nodes_images",
    "comfy_extras.nodes_logic",
    "comfy_extras.nodes_mask",
    "comfy_extras.nodes_math",
    "comfy_extras.nodes_model_patch",
    "comfy_extras.nodes_morphology",
    "comfy_extras.nodes_nag",
    "comfy_extras.nodes_painter",
    "comfy_extras.nodes_post_processing",
    "comfy_extras.nodes_primitive",
    "comfy_extras.nodes_slg",
    "comfy_extras.nodes_string",
    "comfy_extras.nodes_torch_compile",
    "comfy_extras.nodes_video",
}
SINGLE = (
    "CLIPLoader",
    "CLIPSetLastLayer",
    "CLIPTextEncode",
    "CLIPVisionLoader",
    "ConditioningZeroOut",
    "EmptyImage",
    "ImageBatch",
    "ImageInvert",
    "ImagePadForOutpaint",
    "ImageScale",
    "ImageScaleBy",
    "LoadImage",
    "LoadImageMask",
    "LoraLoader",
    "LoraLoaderModelOnly",
    "UNETLoader",
    "VAELoader",
)
# Of the pack ComfyUI-GGUF.
OTHERS = {
    "UnetLoaderGGUF": {
        "inputs": [{"id": "unet_name", "type": "COMBO", "optional": False}],
        "outputs": [{"name": "MODEL", "type": "MODEL"}],
    },
    "CLIPLoaderGGUF": {
        "inputs": [
            {"id": "clip_name", "type": "COMBO", "optional": False},
            {"id": "type", "type": "COMBO", "optional": False},
        ],
        "outputs": [{"name": "CLIP", "type": "CLIP"}],
    },
}


def node_list(object_info: dict) -> dict[str, dict]:
    """The chosen nodes, without choices of files."""
    chosen = {
        kind: described(node, with_files=False)
        for kind, node in object_info.items()
        if node["python_module"] in MODULES or kind in SINGLE
    }
    return dict(sorted((chosen | OTHERS).items()))


def main() -> None:
    """Write the list."""
    with tempfile.TemporaryDirectory() as base, ComfyServer(Path(base)) as server:
        nodes = node_list(server.object_info)
    lines = (f"{json.dumps(kind)}: {json.dumps(node, ensure_ascii=False)}" for kind, node in nodes.items())
    SHIPPED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{SHIPPED}: {len(nodes)} nodes")


if __name__ == "__main__":
    main()
