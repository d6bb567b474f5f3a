"""MultiTalk's core: audio-driven multi-person conversational video on Wan2.1.

It knows nothing of ComfyUI. The names in `__all__` are for those who build on it; each is imported with its
libraries when it is first used, so `import multitalk_core` alone is cheap.
"""

from importlib import import_module

__version__ = "0.2.0.dev0"

_HOMES = {
    # the paper
    "AudioAdapter": "method.adapter",
    "AudioPatch": "method.audio_patch",
    "BindingOptions": "method.audio_patch",
    "BindingRecorder": "method.recorder",
    "Grid": "method.wan",
    "GuidanceScales": "method.guidance",
    "LabelRanges": "method.labels",
    "audio_rows": "method.audio_patch",
    "audio_windows": "method.windows",
    "build_adapter": "checkpoint",
    "read_adapter": "checkpoint",
    "spread_ranges": "method.labels",
    # voices, pictures, persons
    "AudioEncoder": "audio.features",
    "Timeline": "audio.timeline",
    "encode_conversation": "audio.conversation",
    "persons_from_boxes": "persons.masks",
    "persons_from_masks": "persons.masks",
    "persons_from_parts": "persons.masks",
    "read_audio": "audio.waveform",
    "read_picture": "media.picture",
    "resize_and_crop": "media.picture",
    # films
    "FilmSpec": "film.spec",
    "SamplingOptions": "film.spec",
    "make_film": "film.film",
    "plan_clips": "film.clips",
    "write_film": "film.write",
    # the diffusers host
    "DiffusersVideoModel": "hosts.diffusers.video_model",
    "WanHost": "hosts.diffusers.wan_host",
    "load_adapter": "hosts.diffusers.video_model",
    "load_embedded": "hosts.diffusers.embedded_models",
    "load_folder": "hosts.diffusers.wan_folder",
    "MultiTalkError": "errors",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    """A public name, from the module where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
