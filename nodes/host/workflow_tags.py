"""The graph that made a video, as ComfyUI's Save Video writes it into the file."""

import json
from collections.abc import Mapping

from comfy.cli_args import args


def workflow_tags(
    prompt: Mapping[str, object] | None, extra_pnginfo: Mapping[str, object] | None
) -> dict[str, str]:
    """Metadata by name; empty where ComfyUI was started with --disable-metadata.

    Parameters
    ----------
    prompt, extra_pnginfo : mapping or None
        The hidden inputs of a node: the graph as it was queued, and what the page adds to it.
    """
    if args.disable_metadata:
        return {}
    tags = {**(extra_pnginfo or {}), **({} if prompt is None else {"prompt": prompt})}
    return {name: json.dumps(value) for name, value in tags.items()}
