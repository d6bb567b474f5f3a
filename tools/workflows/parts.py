"""Groups of nodes that several graphs have."""

from multitalk_core.hosts.diffusers.video_model import NEGATIVE_PROMPT

from .graph import Group, Node

MANNER = "Natural gestures and a little nodding while speaking. Realistic, natural light, steady camera."
PROMPTS = {
    1: f"A person talks to the camera in a friendly way. {MANNER}",
    2: f"Two people side by side talk to each other and look at each other now and then. {MANNER}",
    3: f"Three people side by side talk to one another and look at each other now and then. {MANNER}",
}
FPS, FRAMES = 25.0, 81


def models(diffusion_model: str, vae: str, adapter: str, dtype: str, encoder: str, **further: Node) -> Group:
    nodes = {
        "model": Node("UNETLoader", {"unet_name": diffusion_model, "weight_dtype": "default"}),
        **further,
        "adapter": Node("MultiTalkAudioAdapterLoader", {"adapter": adapter, "dtype": dtype}),
        "encoder": Node("MultiTalkAudioEncoderLoader", {"audio_encoder": encoder}),
        "vae": Node("VAELoader", {"vae_name": vae}),
    }
    return Group("Models", nodes)


def released_models(**further: Node) -> Group:
    group = models(
        "wan2.1_i2v_480p_14B_fp8_scaled.safetensors",
        "wan_2.1_vae.safetensors",
        "multitalk.safetensors",
        "bfloat16",  # it is stored in float32, 10 GB
        "wav2vec2-chinese-base_fp16.safetensors",
        **further,
    )
    text_encoder = {
        "clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
        "type": "wan",
        "device": "default",
    }
    released = {
        "clip_vision": Node("CLIPVisionLoader", {"clip_name": "clip_vision_h.safetensors"}),
        "text_encoder": Node("CLIPLoader", text_encoder),
    }
    return Group(group.title, {**group.nodes, **released})


def prompts(prompt: str | tuple[str, str]) -> Group:
    clip = ("text_encoder", "CLIP")
    nodes = {
        "positive": Node("CLIPTextEncode", {"clip": clip, "text": prompt}, "Prompt", 40),
        "negative": Node("CLIPTextEncode", {"clip": clip, "text": NEGATIVE_PROMPT}, "Negative prompt", 40),
    }
    return Group("Prompts", nodes)


def picture(file: str) -> dict[str, Node]:
    return {"picture": Node("LoadImage", {"image": file}, "Picture", 60)}


def persons(image: tuple[str, str], method: dict, size: dict | None = None) -> dict[str, Node]:
    inputs = {"image": image, **method, "speaker_order": "", **(size or AS_PICTURE)}
    return {"persons": Node("MultiTalkPersonLocalizer", inputs, height=200)}


def faces(
    count: int, image: tuple[str, str] = ("picture", "IMAGE"), size: dict | None = None
) -> dict[str, Node]:
    return persons(image, {"method": "automatic", "method.persons": count, "method.model": "faces"}, size)


def segmented(count: int) -> dict[str, Node]:
    """A mask per person, by ComfyUI's own SAM 3 nodes."""
    found = {
        "model": ("segmenter", "MODEL"),
        "image": ("picture", "IMAGE"),
        "conditioning": ("sought", "CONDITIONING"),
        "threshold": 0.5,
        "refine_iterations": 2,
        "individual_masks": True,
    }
    masks = {"method": "masks", "method.person_1": ("found", "masks"), "method.allow_overlap": False}
    return {
        "segmenter": Node("CheckpointLoaderSimple", {"ckpt_name": "sam3.1_multiplex_fp16.safetensors"}),
        "sought": Node("CLIPTextEncode", {"clip": ("segmenter", "CLIP"), "text": f"person:{count}"}, "Find"),
        "found": Node("SAM3_Detect", found),
        **persons(("picture", "IMAGE"), masks),
    }


def drawn() -> dict[str, Node]:
    """Boxes that the user draws on the picture, in the order of the voices."""
    canvas = {
        "background": ("picture", "IMAGE"),
        "width": ("measured", "width"),
        "height": ("measured", "height"),
    }
    boxes = {"method": "boxes", "method.boxes": ("drawn", "bboxes"), "method.order": "given"}
    return {
        "measured": Node("GetImageSize", {"image": ("picture", "IMAGE")}),
        "drawn": Node("CreateBoundingBoxes", canvas, "Draw a box around each person", 60),
        **persons(("picture", "IMAGE"), boxes),
    }


def boxed(count: int) -> dict[str, Node]:
    """A box per person, by ComfyUI's own RT-DETR nodes."""
    detector = {"unet_name": "rt_detr_v4-x-hgnet_fp16.safetensors", "weight_dtype": "default"}
    found = {
        "model": ("detector", "MODEL"),
        "image": ("picture", "IMAGE"),
        "threshold": 0.5,
        "class_name": "person",
        "max_detections": count,
    }
    boxes = {"method": "boxes", "method.boxes": ("found", "bboxes"), "method.order": "left-to-right"}
    return {
        "detector": Node("UNETLoader", detector, "Load RT-DETR"),
        "found": Node("RTDETR_detect", found),
        **persons(("picture", "IMAGE"), boxes),
    }


def recordings(*files: str) -> dict[str, Node]:
    return {
        f"voice_{number}": Node("LoadAudio", {"audio": file}, f"Voice of speaker {number}")
        for number, file in enumerate(files, 1)
    }


def conversation(voices: list[tuple[str, str]], timing: dict, length: dict) -> dict[str, Node]:
    inputs = {
        "audio_encoder": ("encoder", "audio encoder"),
        **{f"speaker_{number}": voice for number, voice in enumerate(voices, 1)},
        **timing,
        **length,
        "speakers": 0,
        "normalise_loudness": True,
        "fps": FPS,
        "seconds_per_piece": 0.0,
    }
    return {"voices": Node("MultiTalkAudioEncoder", inputs, height=150)}


def spoken(count: int, timing: dict, length: dict, examples: str = "voice") -> dict[str, Node]:
    """Recordings from files, and the node that places them in time."""
    files = [f"multitalk_{examples}_{number}.mp3" for number in range(1, count + 1)]
    voices = [(f"voice_{number}", "AUDIO") for number in range(1, count + 1)]
    return recordings(*files) | conversation(voices, timing, length)


TOGETHER = {"timing": "together"}
IN_TURN = {"timing": "in turn", "timing.gap": 0.2}
WHOLE = {"length": "until the voices end"}
ONE_CLIP = {"length": "frames", "length.frames": FRAMES}

VOICES_AND_PERSONS = {
    "model": ("model", "MODEL"),
    "audio_adapter": ("adapter", "audio adapter"),
    "audio": ("voices", "multitalk audio"),
    "persons": ("persons", "persons"),
}
CONDITIONS = {
    "positive": ("positive", "CONDITIONING"),
    "negative": ("negative", "CONDITIONING"),
    "vae": ("vae", "VAE"),
    "picture": ("picture", "IMAGE"),
    "clip_vision": ("clip_vision", "CLIP_VISION"),
}
AS_PICTURE = {"width": 0, "height": 0}
LENGTH = {"frames": ("voices", "frames")}
SAMPLING = {
    "steps": 40,
    "shift": 7.0,
    "text_scale": 5.0,
    "audio_scale": 4.0,
    "seed": 0,
    "draft": False,
}


def sampler(kind: str, length: dict, **changes: object) -> dict[str, Node]:
    inputs = VOICES_AND_PERSONS | CONDITIONS | AS_PICTURE | length | SAMPLING | changes
    return {"sampler": Node(kind, {name: value for name, value in inputs.items() if value is not None})}


def one_clip(**changes: object) -> dict[str, Node]:
    return sampler("MultiTalkSampler", LENGTH, **changes)


def long_video(**changes: object) -> dict[str, Node]:
    return sampler("MultiTalkLongVideo", {"length": 0}, **changes)


def settings(topic: str, **values: object) -> dict[str, Node]:
    """A settings node of this topic, named after the input that it is linked to."""
    return {f"{topic}_settings": Node(f"MultiTalk{topic.title()}Settings", values)}


def with_settings(topic: str) -> dict[str, tuple[str, str]]:
    """The link from a settings node."""
    return {f"{topic}_settings": (f"{topic}_settings", f"{topic} settings")}


def save(name: str, video: tuple[str, str], height: int = 220) -> dict[str, Node]:
    inputs = {
        "video": video,
        "filename_prefix": f"MultiTalk/{name}",
        "format": "auto",
        "format.codec": "auto",
    }
    return {"save": Node("SaveVideo", inputs, height=height)}


def film(name: str, images: tuple[str, str] = ("sampler", "images")) -> dict[str, Node]:
    inputs = {"images": images, "audio": ("voices", "sound"), "fps": FPS, "bit_depth": 8}
    return {"video": Node("CreateVideo", inputs), **save(name, ("video", "VIDEO"))}


def binding(frames: str = "images") -> dict[str, Node]:
    inputs = {"images": ("sampler", frames), "binding": ("sampler", "binding")}
    return {"binding": Node("MultiTalkBindingPreview", inputs, height=260)}


def steadiness() -> dict[str, Node]:
    return {"steadiness": Node("PreviewImage", {"images": ("sampler", "steadiness")}, "Steadiness", 100)}


def mouths() -> dict[str, Node]:
    inputs = {
        "images": ("sampler", "images"),
        "audio": ("voices", "multitalk audio"),
        "picture": ("scene", "picture"),
    }
    return {"mouths": Node("MultiTalkMouthsPlot", inputs, height=255)}
