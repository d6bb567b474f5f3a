"""Graphs in API format around the embedded demo, small enough for a CPU."""

from pathlib import Path

WIDTH, HEIGHT = 48, 32
Graph = dict[str, dict]


def node(class_type: str, **inputs: object) -> dict:
    """One node; an input that comes from another node is [its id, the output's index]."""
    return {"class_type": class_type, "inputs": inputs}


def scene(name: str) -> Graph:
    """Models, two voices, their persons and the demo's text.

    Parameters
    ----------
    name : str
        A file in ComfyUI's input folder.
    """
    return {
        "demo": node("MultiTalkDemo"),
        "picture": node("LoadImage", image=name),
        "model": node("UNETLoader", unet_name="multitalk_demo_dit.safetensors", weight_dtype="default"),
        "vae": node("VAELoader", vae_name="multitalk_demo_vae.safetensors"),
        "adapter": node(
            "MultiTalkAudioAdapterLoader", adapter="multitalk_demo_adapter.safetensors", dtype="as stored"
        ),
        "encoder": node("MultiTalkAudioEncoderLoader", audio_encoder="multitalk_demo_wav2vec2.safetensors"),
        "audio": node(
            "MultiTalkAudioEncoder",
            audio_encoder=["encoder", 0],
            **{"speaker_1": ["demo", 1], "speaker_2": ["demo", 2]},
            timing="together",
            **{"length": "frames", "length.frames": 30},
            speakers=0,
            normalise_loudness=True,
            fps=25.0,
            seconds_per_piece=0.0,
        ),
        "persons": node(
            "MultiTalkPersonLocalizer",
            image=["picture", 0],
            **{"method": "equal parts", "method.parts": 2},
            speaker_order="",
        ),
    }


VOICES = {
    "model": ["model", 0],
    "audio_adapter": ["adapter", 0],
    "audio": ["audio", 0],
    "persons": ["persons", 0],
}
NODES = {"sampler": "MultiTalkSampler", "film": "MultiTalkLongVideo", "apply": "MultiTalkApply"}
# The settings nodes by the input they are linked to: their kind, and all values.
SETTINGS = {
    "sampling_settings": (
        "MultiTalkSamplingSettings",
        {
            "sampler_name": "euler",
            "scheduler": "released",
            "projected_guidance": False,
            "colour_strength": 0.0,
            "colour_method": "lab",
        },
    ),
    "binding_settings": (
        "MultiTalkBindingSettings",
        {
            "scheme": "l-rope",
            "audio_strength": 1.0,
            "label_range": 4.0,
            "label_distance": 20.0,
            "background_label": 12.0,
            "record_block": -1,
            "record_step": -1,
        },
    ),
    "clip_settings": (
        "MultiTalkClipSettings",
        {
            "clip_frames": 9,
            "motion_frames": 5,
            "continuation": "multitalk",
            "seam_frames": 4,
            "codec_correction": 0.0,
        },
    ),
    "store_settings": (
        "MultiTalkStoreSettings",
        {"store_clips": True, "store_at_most": 50.0, "stop_after": 0},
    ),
    "denoise_settings": ("MultiTalkDenoiseSettings", {"denoise": 0.4, "mouths_only": False}),
}
SAMPLING = {
    **VOICES,
    "positive": ["demo", 4],
    "negative": ["demo", 5],
    "vae": ["vae", 0],
    "picture": ["picture", 0],
    "width": WIDTH,
    "height": HEIGHT,
    "steps": 2,
    "shift": 7.0,
    "text_scale": 5.0,
    "audio_scale": 4.0,
    "seed": 3,
    "draft": False,
}


def animated(kind: str, values: dict, *topics: str) -> Graph:
    """A node that animates, and the settings nodes of these topics; values may be of either."""
    graph = {}
    for topic in (f"{topic}_settings" for topic in topics):
        settings, defaults = SETTINGS[topic]
        own = {name: values.pop(name) for name in defaults if name in values}
        graph[topic] = node(settings, **(defaults | own))
        values[topic] = [topic, 0]
    return graph | {kind: node(NODES[kind], **values)}


def sampler_graph(name: str, **changes: object) -> Graph:
    """One clip of five frames through the all-in-one sampler, saved as pictures."""
    values = SAMPLING | {"frames": 5} | changes
    return (
        scene(name)
        | animated("sampler", values, "sampling", "binding", "denoise")
        | {
            "save": node("SaveImage", images=["sampler", 1], filename_prefix="sampler"),
        }
    )


def long_video_graph(name: str, **changes: object) -> Graph:
    """Two clips, saved as a video."""
    topics = ("sampling", "binding", "clip", "store", "denoise")
    return (
        scene(name)
        | animated("film", SAMPLING | {"length": 13} | changes, *topics)
        | {
            "save": node("SaveVideo", video=["film", 2], filename_prefix="film", format="mp4", codec="h264"),
            "images": node("SaveImage", images=["film", 0], filename_prefix="film"),
        }
    )


def script_graph(script: str = "Anna: Hello.", voices: str = "Anna = en-us+f3") -> Graph:
    """A script through a text-to-speech node, its lines joined, and what comes out."""
    return {
        "script": node("MultiTalkScript", script=script, voices=voices),
        "tts": node("Espeak", text=["script", 0], voice=["script", 1]),
        "join": node("MultiTalkJoinLines", sounds=["tts", 0], script=["script", 2], gap=0.2),
        "turns": node("PreviewAny", source=["join", 1]),
        "recording": node("PreviewAudio", audio=["join", 0]),
    }


def custom_graph(name: str, **changes: object) -> Graph:
    """The same clip as `sampler_graph` through Apply, guider and ComfyUI's own sampler."""
    return scene(name) | {
        "conditioned": node(
            "WanImageToVideo",
            positive=["demo", 4],
            negative=["demo", 5],
            vae=["vae", 0],
            width=WIDTH,
            height=HEIGHT,
            length=5,
            batch_size=1,
            start_image=["picture", 0],
        ),
        **animated("apply", VOICES | {"latent": ["conditioned", 2], "start_frame": 0} | changes, "binding"),
        "guider": node(
            "MultiTalkGuider",
            model=["apply", 0],
            positive=["conditioned", 0],
            negative=["conditioned", 1],
            text_scale=5.0,
            audio_scale=4.0,
            projected_guidance=False,
        ),
        "sigmas": node("MultiTalkSigmas", steps=2, shift=7.0),
        "euler": node("KSamplerSelect", sampler_name="euler"),
        "noise": node("RandomNoise", noise_seed=3),
        "sampled": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["euler", 0],
            sigmas=["sigmas", 0],
            latent_image=["conditioned", 2],
        ),
        "frames": node("VAEDecode", samples=["sampled", 0], vae=["vae", 0]),
        "save": node("SaveImage", images=["frames", 0], filename_prefix="custom"),
    }


def frame_paths(server, run, save: str = "save") -> list[Path]:
    """The pictures that a save node wrote."""
    return [server.path(shown) for shown in run.outputs[save]["images"]]
