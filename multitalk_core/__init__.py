"""MultiTalk's core: audio-driven multi-person conversational video on Wan2.1.

It knows nothing of ComfyUI. The names in `__all__` are for those who build on it; each is imported with its
libraries when it is first used, so `import multitalk_core` alone is cheap.
"""

from importlib import import_module

__version__ = "0.2.0"

_HOMES = {
    "MultiTalkError": "errors",
    # the paper
    "AudioAdapter": "method.adapter",
    "AudioPatch": "method.audio_patch",
    "AudioRows": "method.audio_patch",
    "Binding": "method.binding",
    "BindingOptions": "method.audio_patch",
    "BindingRecorder": "method.recorder",
    "ClipAudio": "method.audio_patch",
    "Grid": "method.wan",
    "GuidancePass": "method.guidance",
    "GuidanceScales": "method.guidance",
    "LabelRanges": "method.labels",
    "Labels": "method.binding",
    "ProjectedGuidance": "method.guidance",
    "RangeTensors": "method.labels",
    "Scheme": "method.schemes.scheme",
    "audio_rows": "method.audio_patch",
    "audio_windows": "method.windows",
    "build_adapter": "checkpoint",
    "guide": "method.guidance",
    "read_adapter": "checkpoint",
    "register": "method.schemes",
    "released_timesteps": "method.schedule",
    "sample_clip": "method.sampling",
    "spread_ranges": "method.labels",
    "token_classes": "method.localization",
    # voices, pictures, persons
    "AudioEncoder": "audio.features",
    "Box": "persons.marking",
    "Conversation": "audio.conversation",
    "Persons": "persons.masks",
    "Timeline": "audio.timeline",
    "VideoFile": "media.video_file",
    "encode_conversation": "audio.conversation",
    "persons_from_boxes": "persons.marking",
    "persons_from_masks": "persons.marking",
    "persons_from_parts": "persons.marking",
    "read_audio": "audio.sound_file",
    "read_picture": "media.picture",
    "resize_and_crop": "media.picture",
    # films
    "ClipInputs": "film.clip_inputs",
    "ClipOverride": "film.spec",
    "Continuation": "film.spec",
    "Dubbing": "film.dubbing",
    "FilmListener": "film.film_listener",
    "FilmResult": "film.write",
    "FilmSpec": "film.spec",
    "FinishedClip": "film.film",
    "FittedVideo": "media.video_source",
    "RecordedStep": "film.spec",
    "SamplingOptions": "film.spec",
    "SeamCorrection": "film.seams",
    "StoreOptions": "film.spec",
    "FilmMark": "origin.film_mark",
    "VideoModel": "film.clip_inputs",
    "dub": "film.dubbed_persons",
    "make_film": "film.film",
    "plan_clips": "film.clips",
    "read_identity": "origin.signing_identity",
    "register_watermark": "origin.watermark",
    "write_film": "film.write",
    # scores
    "EvaluatedFilm": "evaluation.evaluated_film",
    "MeasureNetworks": "evaluation.measure_networks",
    "evaluate": "evaluation.evaluate",
    # the diffusers host
    "DiffusersVideoModel": "hosts.diffusers.video_model",
    "Lora": "hosts.diffusers.lora",
    "Models": "hosts.diffusers.models",
    "TransformerOptions": "hosts.diffusers.wan_transformer",
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
