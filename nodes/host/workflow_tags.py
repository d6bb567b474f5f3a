"""The graph that made a video, as ComfyUI's Save Video writes it into the file."""

import json

from comfy.cli_args import args
from comfy_api.latest import io


def workflow_tags(hidden: io.HiddenHolder) -> dict[str, str]:
    """Metadata by name; empty where ComfyUI was started with --disable-metadata.

    Parameters
    ----------
    hidden : HiddenHolder
        Of a node with the hidden inputs prompt and extra_pnginfo.
    """
    if args.disable_metadata:
        return {}
    tags = dict(hidden.extra_pnginfo or {})
    if hidden.prompt is not None:
        tags["prompt"] = hidden.prompt
    return {name: json.dumps(value) for name, value in tags.items()}
