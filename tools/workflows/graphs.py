"""The graphs in workflows/: their nodes, values and links.

A tuple (node, output) among the inputs is a link.
"""

from .graph import Group, Node, Workflow
from .parts import (
    CONDITIONS,
    IN_TURN,
    ONE_CLIP,
    PROMPTS,
    TOGETHER,
    VOICES_AND_PERSONS,
    WHOLE,
    binding,
    boxed,
    conversation,
    drawn,
    faces,
    film,
    long_video,
    models,
    mouths,
    one_clip,
    persons,
    picture,
    prompts,
    recordings,
    released_models,
    save,
    segmented,
    settings,
    spoken,
    steadiness,
    with_settings,
)

CAPTION_REQUEST = (
    "Describe this picture in one paragraph as a prompt for a video in which the people in it talk: who they "
    "are, what they wear, where they are, the light and the camera; then how they move while they speak. "
    "No headings, no lists."
)
SIZE = {"width": 832, "height": 480}
PEOPLE = {2: "multitalk_two_people.png", 3: "multitalk_three_people.png"}
RECORDING = "multitalk_conversation.mp3"
TURNS = "speaker,start,end\n1,0,2.3\n2,2.3,4\n1,4,6\n2,6,7.3"


def demo() -> Workflow:
    embedded = {
        "positive": ("scene", "positive"),
        "negative": ("scene", "negative"),
        "picture": ("scene", "picture"),
        "clip_vision": None,
        "steps": 12,
        "shift": 3.0,
        "text_scale": 1.0,
        **with_settings("clip"),
        **with_settings("sampling"),
    }
    clips = {
        "clip_frames": 13,
        "motion_frames": 5,
        "continuation": "infinitetalk",
        "seam_frames": 4,
        "codec_correction": 0.0,
    }
    sampling = {
        "sampler_name": "euler",
        "scheduler": "released",
        "projected_guidance": False,
        "colour_strength": 1.0,
        "colour_method": "mean",
    }
    set_up = settings("clip", **clips) | settings("sampling", **sampling)
    loaders = models(
        "multitalk_demo_dit.safetensors",
        "multitalk_demo_vae.safetensors",
        "multitalk_demo_adapter.safetensors",
        "as stored",
        "multitalk_demo_wav2vec2.safetensors",
    )
    voices = [("scene", "voice 1"), ("scene", "voice 2")]
    halves = {"method": "equal parts", "method.parts": 2}
    return Workflow(
        "demo",
        [
            [Group("Start here"), Group("Scene", {"scene": Node("MultiTalkDemo")}), loaders],
            [Group("Persons", persons(("scene", "picture"), halves)), Group("Settings", set_up)],
            [Group("Voices", conversation(voices, TOGETHER, WHOLE), 400)],
            [Group("Video", long_video(**embedded))],
            [Group("Result", save("demo", ("sampler", "video"), 280) | mouths() | binding(), 440)],
        ],
        app_inputs=(("scene", "prompt"), ("sampler", "length"), ("sampler", "seed"), ("sampler", "draft")),
        app_outputs=("save", "mouths"),
    )


def one_person_talks() -> Workflow:
    return Workflow(
        "one_person_talks",
        [
            [Group("Start here"), released_models()],
            [Group("Picture", picture("multitalk_one_person.png")), prompts(PROMPTS[1])],
            [Group("Voices", spoken(1, TOGETHER, ONE_CLIP))],
            [Group("Video", one_clip(persons=None))],
            [Group("Result", film("one_person_talks"), 440)],
        ],
    )


def speakers_with(
    name: str,
    loaders: Group,
    prompt: Group,
    voices: dict[str, Node],
    shot: dict[str, Node],
    result: dict[str, Node],
    people: int = 2,
    located: dict[str, Node] | None = None,
    further: tuple[Group, ...] = (),
) -> Workflow:
    seen = picture(PEOPLE[people])
    if located is None:
        pictured, marked = Group("Picture and persons", seen | faces(people)), []
    else:
        finding = {name: node for name, node in located.items() if name != "persons"}
        pictured, marked = (
            Group("Picture", seen | finding),
            [Group("Persons", {"persons": located["persons"]})],
        )
    return Workflow(
        name,
        [
            [Group("Start here"), loaders],
            [pictured],
            [Group("Voices", voices)],
            [*marked, Group("Video", shot), *([prompt] if further else [])],
            [Group("Result", result, 440), *(further or [prompt])],
        ],
    )


def two_people_talk() -> Workflow:
    return speakers_with(
        "two_people_talk",
        released_models(),
        prompts(PROMPTS[2]),
        spoken(2, TOGETHER, ONE_CLIP),
        one_clip(),
        film("two_people_talk") | binding(),
    )


def two_people_from_one_recording() -> Workflow:
    table = {"timing": "table", "timing.turns": TURNS, "timing.names": ""}
    voices = recordings(RECORDING) | conversation([("voice_1", "AUDIO")], table, WHOLE)
    voices["voice_1"] = Node("LoadAudio", {"audio": RECORDING}, "Recording of everyone")
    return speakers_with(
        "two_people_from_one_recording",
        released_models(),
        prompts(PROMPTS[2]),
        voices,
        long_video(),
        save("two_people_from_one_recording", ("sampler", "video")) | binding("video"),
    )


def two_people_from_a_script() -> Workflow:
    """ComfyUI has no text-to-speech of its own: recorded lines stand in its place."""
    script = "Anna: Good morning. Did you sleep well?\nBen: Not at all.\n[pause 0.5]\nAnna: Oh no!\n"
    script += "[overlap 0.3]\nBen: It was the cat."
    numbers = range(1, 5)
    lines = {
        f"line_{number}": Node(
            "LoadAudio", {"audio": f"multitalk_script_line_{number}.mp3"}, f"Recording of line {number}"
        )
        for number in numbers
    }
    listed = {f"inputs.input{number - 1}": (f"line_{number}", "AUDIO") for number in numbers}
    joined = {"sounds": ("sounds", "list"), "script": ("script", "script"), "gap": 0.2}
    table = {"timing": "table", "timing.turns": ("join", "turns"), "timing.names": ""}
    prompted = {"script": script, "voices": "Anna = af_heart\nBen = am_michael"}
    spoken_lines = lines | {"sounds": Node("CreateList", listed), "join": Node("MultiTalkJoinLines", joined)}
    return Workflow(
        "two_people_from_a_script",
        [
            [Group("Start here"), released_models()],
            [
                Group("Script", {"script": Node("MultiTalkScript", prompted, height=20)}),
                Group("Picture and persons", picture(PEOPLE[2]) | faces(2)),
            ],
            [Group("Spoken lines", spoken_lines)],
            [Group("Voices", conversation([("join", "recording")], table, WHOLE)), prompts(PROMPTS[2])],
            [
                Group("Video", long_video()),
                Group("Result", save("two_people_from_a_script", ("sampler", "video")), 440),
            ],
        ],
    )


def three_people_talk() -> Workflow:
    return speakers_with(
        "three_people_talk",
        released_models(),
        prompts(PROMPTS[3]),
        spoken(3, IN_TURN, WHOLE, "line"),
        long_video(),
        save("three_people_talk", ("sampler", "video")) | binding("video"),
        people=3,
    )


def long_conversation() -> Workflow:
    return speakers_with(
        "long_conversation",
        released_models(),
        prompts(PROMPTS[2]),
        spoken(2, TOGETHER, WHOLE),
        long_video(),
        save("long_conversation", ("sampler", "video")) | binding("video") | steadiness(),
    )


def dub_a_video() -> Workflow:
    video = {"picture": Node("LoadVideo", {"file": "multitalk_two_people_talk.mp4"}, "Video to dub", 60)}
    result = save("dub_a_video", ("sampler", "video")) | binding("video") | steadiness()
    return Workflow(
        "dub_a_video",
        [
            [Group("Start here"), released_models()],
            [
                Group("Video and persons", video | faces(2, ("picture", "VIDEO"))),
                Group("Dubbing", settings("denoise", denoise=0.8, mouths_only=True)),
            ],
            [Group("Voices", spoken(2, TOGETHER, WHOLE))],
            [Group("Video", long_video(picture=("picture", "VIDEO"), **with_settings("denoise")))],
            [Group("Result", result, 440), prompts(PROMPTS[2])],
        ],
    )


def two_people_in_few_steps() -> Workflow:
    lora = {
        "model": ("model", "MODEL"),
        "lora_name": "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors",
        "strength_model": 1.0,
    }
    changes = {"model": ("lora", "MODEL"), "steps": 6, "shift": 2.0, "text_scale": 1.0, "audio_scale": 2.0}
    return speakers_with(
        "two_people_in_few_steps",
        released_models(lora=Node("LoraLoaderModelOnly", lora)),
        prompts(PROMPTS[2]),
        spoken(2, TOGETHER, ONE_CLIP),
        one_clip(**changes),
        film("two_people_in_few_steps") | binding(),
    )


def two_people_with_custom_sampling() -> Workflow:
    start = {
        "positive": ("positive", "CONDITIONING"),
        "negative": ("negative", "CONDITIONING"),
        "vae": ("vae", "VAE"),
        "clip_vision_output": ("seen", "CLIP_VISION_OUTPUT"),
        "start_image": ("picture", "IMAGE"),
        **SIZE,
        "length": ("voices", "frames"),
        "batch_size": 1,
    }
    seen = {"clip_vision": ("clip_vision", "CLIP_VISION"), "image": ("picture", "IMAGE"), "crop": "none"}
    guider = {
        "model": ("apply", "model"),
        "positive": ("start", "positive"),
        "negative": ("start", "negative"),
        "text_scale": 5.0,
        "audio_scale": 4.0,
        "projected_guidance": False,
    }
    sampling = {
        "noise": ("noise", "NOISE"),
        "guider": ("guider", "guider"),
        "sampler": ("euler", "SAMPLER"),
        "sigmas": ("sigmas", "sigmas"),
        "latent_image": ("start", "latent"),
    }
    decode = {"samples": ("sample", "output"), "vae": ("vae", "VAE")}
    apply = VOICES_AND_PERSONS | {"latent": ("start", "latent"), "start_frame": 0}
    video = film("two_people_with_custom_sampling", ("decode", "IMAGE"))
    return Workflow(
        "two_people_with_custom_sampling",
        [
            [Group("Start here"), released_models()],
            [Group("Picture and persons", picture(PEOPLE[2]) | faces(2, size=SIZE))],
            [Group("Voices", spoken(2, TOGETHER, ONE_CLIP))],
            [
                Group(
                    "Model and guidance",
                    {
                        "seen": Node("CLIPVisionEncode", seen),
                        "start": Node("WanImageToVideo", start),
                        "apply": Node("MultiTalkApply", apply),
                        "guider": Node("MultiTalkGuider", guider),
                    },
                ),
                prompts(PROMPTS[2]),
            ],
            [
                Group(
                    "Sampling",
                    {
                        "noise": Node("RandomNoise", {"noise_seed": 0}),
                        "euler": Node("KSamplerSelect", {"sampler_name": "euler"}),
                        "sigmas": Node("MultiTalkSigmas", {"steps": 40, "shift": 7.0}),
                        "sample": Node("SamplerCustomAdvanced", sampling),
                        "decode": Node("VAEDecode", decode),
                    },
                ),
                Group("Result", video, 440),
            ],
        ],
    )


def prompt_from_the_picture() -> Workflow:
    request = {
        "clip": ("language_model", "CLIP"),
        "image": ("picture", "IMAGE"),
        "prompt": CAPTION_REQUEST,
        "max_length": 256,
        "sampling_mode": "off",
        "thinking": False,
        "use_default_template": True,
    }
    loader = {"clip_name": "qwen3vl_4b_fp8_scaled.safetensors", "type": "qwen_image", "device": "default"}
    caption = {
        "language_model": Node("CLIPLoader", loader, "Load vision-language model"),
        "caption": Node("TextGenerate", request, "Caption the picture", 30),
        "shown": Node("PreviewAny", {"source": ("caption", "generated_text")}, "Caption", 80),
    }
    return speakers_with(
        "prompt_from_the_picture",
        released_models(),
        prompts(("caption", "generated_text")),
        spoken(2, TOGETHER, ONE_CLIP),
        one_clip(),
        film("prompt_from_the_picture"),
        further=(Group("Caption", caption),),
    )


def located_by(name: str, located: dict[str, Node]) -> Workflow:
    return speakers_with(
        name,
        released_models(),
        prompts(PROMPTS[2]),
        spoken(2, TOGETHER, ONE_CLIP),
        one_clip(),
        film(name) | binding(),
        located=located,
    )


def people_by_sam3_masks() -> Workflow:
    return located_by("people_by_sam3_masks", segmented(2))


def people_by_rt_detr_boxes() -> Workflow:
    return located_by("people_by_rt_detr_boxes", boxed(2))


def people_by_drawn_boxes() -> Workflow:
    return located_by("people_by_drawn_boxes", drawn())


def doctor() -> Workflow:
    inputs = {**VOICES_AND_PERSONS, **CONDITIONS}
    report = Node("PreviewAny", {"source": ("doctor", "report")}, "Report", 600)
    return speakers_with(
        "doctor",
        released_models(),
        prompts(PROMPTS[2]),
        spoken(2, TOGETHER, WHOLE),
        {"doctor": Node("MultiTalkDoctor", inputs)},
        {"report": report},
    )


WORKFLOWS = [
    demo,
    one_person_talks,
    two_people_talk,
    two_people_from_one_recording,
    two_people_from_a_script,
    three_people_talk,
    long_conversation,
    dub_a_video,
    two_people_in_few_steps,
    two_people_with_custom_sampling,
    prompt_from_the_picture,
    people_by_sam3_masks,
    people_by_rt_detr_boxes,
    people_by_drawn_boxes,
    doctor,
]
