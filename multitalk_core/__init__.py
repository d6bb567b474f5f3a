"""MultiTalk's core: audio-driven multi-person conversational video on Wan2.1.

It knows nothing of ComfyUI. The names in `__all__` are for those who build on it; each is imported with its
libraries when it is first used, so `import multitalk_core` alone is cheap.
"""

from importlib import import_module

__version__ = "0.2.0.dev0"

_HOMES = {
    "AudioAdapter": "method.adapter",
    "adapter_shape": "checkpoint",
    "read_adapter": "checkpoint",
    "AudioPatch": "method.audio_patch",
    "audio_rows": "method.audio_patch",
    "Grid": "method.wan",
    "GuidanceScales": "method.guidance",
    "LabelRanges": "method.labels",
    "spread_ranges": "method.labels",
    "audio_windows": "method.windows",
    "BindingRecorder": "method.recorder",
    "MultiTalkError": "errors",
    "AudioEncoder": "audio.features",
    "Timeline": "audio.timeline",
    "encode_conversation": "audio.conversation",
    "read_audio": "audio.waveform",
    "persons_from_boxes": "persons.masks",
    "persons_from_parts": "persons.masks",
    "plan_clips": "film.clips",
    "make_film": "film.film",
    "WanHost": "hosts.diffusers.wan_host",
    "load_adapter": "hosts.diffusers.video_model",
    "load_embedded": "hosts.diffusers.embedded_models",
    "load_folder": "hosts.diffusers.wan_folder",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    """A public name, from the module where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
