"""MultiTalk for ComfyUI: hands its nodes and its help pages on; everything else is in nodes/."""

from .nodes import comfy_entrypoint

WEB_DIRECTORY = "./web"

__all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
