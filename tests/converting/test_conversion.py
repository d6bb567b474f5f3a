"""Converted graphs: every setting that is carried over changes ours, and what is not is listed."""

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.foreign_graphs import infinitetalk_graph, node, wrapper_graph
from multitalk_core.converting.conversion import Conversion, convert_graph
from multitalk_core.converting.graph_file import read_api, read_graph
from multitalk_core.converting.node_list import NodeList
from multitalk_core.errors import MultiTalkError

KNOWN = NodeList.shipped()
SAMPLING, BINDING = "MultiTalkSamplingSettings", "MultiTalkBindingSettings"
CLIPS = "MultiTalkClipSettings"
FILM, VOICES, PERSONS = "MultiTalkLongVideo", "MultiTalkAudioEncoder", "MultiTalkPersonLocalizer"


def convert(graph: dict) -> Conversion:
    return convert_graph(read_api(graph), KNOWN)


def inputs(converted: Conversion, kind: str, number: int = 0) -> dict:
    """Of one of our nodes."""
    return [entry["inputs"] for entry in converted.api.values() if entry["class_type"] == kind][number]


def of_input(converted: Conversion, kind: str, name: str) -> dict:
    """The node that is linked to an input of one of ours."""
    return converted.api[inputs(converted, kind)[name][0]]


# Source node, its input, another value, our node, its input, what is there then.
WRAPPER = [
    ("17", "steps", 8, FILM, "steps", 8),
    ("17", "cfg", 5.0, FILM, "text_scale", 5.0),
    ("17", "shift", 5.000000000001, FILM, "shift", 5.0),
    ("17", "seed", 2**63, FILM, "seed", 2**63),
    ("17", "scheduler", "unipc", SAMPLING, "sampler_name", "uni_pc"),
    ("17", "scheduler", "unipc/beta", SAMPLING, "scheduler", "beta"),
    ("17", "scheduler", "euler", SAMPLING, "sampler_name", "euler"),
    ("17", "scheduler", "lcm", SAMPLING, "sampler_name", "lcm"),
    ("17", "scheduler", "dpm++", SAMPLING, "sampler_name", "dpmpp_2m"),
    ("17", "scheduler", "multitalk", SAMPLING, "scheduler", "released"),
    ("17", "scheduler", "flowmatch_distill", SAMPLING, "sampler_name", "euler"),
    ("16", "normalize_loudness", False, VOICES, "normalise_loudness", False),
    ("16", "num_frames", 125, "TrimAudioDuration", "duration", 5.0),
    ("16", "fps", 20.0, VOICES, "fps", 20.0),
    ("16", "audio_scale", 1.5, BINDING, "audio_strength", 1.5),
    ("16", "audio_cfg_scale", 2.0, FILM, "audio_scale", 2.0),
    ("16", "multi_audio_type", "add", VOICES, "timing", "in turn"),
    ("12", "width", 640, FILM, "width", 640),
    ("12", "height", 636, FILM, "height", 624),
    ("12", "frame_window_size", 49, CLIPS, "clip_frames", 49),
    ("12", "motion_frame", 11, CLIPS, "motion_frames", 9),
    ("12", "colormatch", "mkl", SAMPLING, "colour_strength", 1.0),
    ("12", "mode", "infinitetalk", CLIPS, "continuation", "infinitetalk"),
    ("8", "positive_prompt", "a woman sings", "CLIPTextEncode", "text", "a woman sings"),
    (
        "5",
        "model",
        "InfiniteTalk\\single.safetensors",
        "MultiTalkAudioAdapterLoader",
        "adapter",
        "single.safetensors",
    ),
    ("15", "model", "other.safetensors", "MultiTalkAudioEncoderLoader", "audio_encoder", "other.safetensors"),
    ("6", "model_name", "Wan\\vae.safetensors", "VAELoader", "vae_name", "Wan/vae.safetensors"),
    ("7", "model_name", "umt5_xxl_fp8.safetensors", "CLIPLoader", "clip_name", "umt5_xxl_fp8.safetensors"),
    ("9", "clip_name", "other.safetensors", "CLIPVisionLoader", "clip_name", "other.safetensors"),
    ("10", "image", "three.png", "LoadImage", "image", "three.png"),
    ("13", "audio", "c.wav", "LoadAudio", "audio", "c.wav"),
    ("3", "strength", 0.3, "LoraLoaderModelOnly", "strength_model", 0.3),
    ("3", "lora", "a\\b.safetensors", "LoraLoaderModelOnly", "lora_name", "a/b.safetensors"),
    ("1", "model", "x\\y.safetensors", "UNETLoader", "unet_name", "x/y.safetensors"),
    ("1", "model", "y.gguf", "UnetLoaderGGUF", "unet_name", "y.gguf"),
    ("1", "quantization", "fp8_e4m3fn", "UNETLoader", "weight_dtype", "fp8_e4m3fn"),
    ("19", "filename_prefix", "films/two", "SaveVideo", "filename_prefix", "films/two"),
]
WINDOWS = [
    ("20", "width", 640, FILM, "width", 640),
    ("20", "height", 640, FILM, "height", 640),
    ("20", "length", 49, CLIPS, "clip_frames", 49),
    ("20", "motion_frame_count", 5, CLIPS, "motion_frames", 5),
    ("20", "audio_scale", 1.5, BINDING, "audio_strength", 1.5),
    ("21", "seed", 3, FILM, "seed", 3),
    ("31", "seed", 99, FILM, "retakes", "2: 99"),
    ("21", "steps", 6, FILM, "steps", 6),
    ("21", "cfg", 1.0, FILM, "text_scale", 1.0),
    ("21", "sampler_name", "uni_pc", SAMPLING, "sampler_name", "uni_pc"),
    ("21", "scheduler", "normal", SAMPLING, "scheduler", "normal"),
    ("3", "shift", 3.0, FILM, "shift", 3.0),
    ("1", "unet_name", "x.safetensors", "UNETLoader", "unet_name", "x.safetensors"),
    ("1", "weight_dtype", "fp8_e4m3fn", "UNETLoader", "weight_dtype", "fp8_e4m3fn"),
    ("2", "lora_name", "x.safetensors", "LoraLoaderModelOnly", "lora_name", "x.safetensors"),
    ("2", "strength_model", 0.5, "LoraLoaderModelOnly", "strength_model", 0.5),
    ("4", "name", "multi.safetensors", "MultiTalkAudioAdapterLoader", "adapter", "multi.safetensors"),
    (
        "14",
        "audio_encoder_name",
        "w.safetensors",
        "MultiTalkAudioEncoderLoader",
        "audio_encoder",
        "w.safetensors",
    ),
    ("5", "vae_name", "x.safetensors", "VAELoader", "vae_name", "x.safetensors"),
    ("6", "clip_name", "x.safetensors", "CLIPLoader", "clip_name", "x.safetensors"),
    ("7", "text", "a man sings", "CLIPTextEncode", "text", "a man sings"),
    ("9", "image", "x.png", "LoadImage", "image", "x.png"),
    ("12", "audio", "x.wav", "LoadAudio", "audio", "x.wav"),
    ("41", "filename_prefix", "films/two", "SaveVideo", "filename_prefix", "films/two"),
]


@pytest.mark.parametrize(
    ("make", "row"),
    [*((wrapper_graph, row) for row in WRAPPER), *((infinitetalk_graph, row) for row in WINDOWS)],
    ids=lambda value: value.__name__ if callable(value) else ".".join(map(str, value[:3])),
)
def test_a_setting_of_the_source_is_ours(make: Callable[[], dict], row: tuple):
    number, name, value, kind, ours, expected = row
    before = convert(make())
    changed = make()
    assert name in changed[number]["inputs"]
    changed[number]["inputs"][name] = value
    after = convert(changed)
    assert inputs(after, kind)[ours] == expected
    there = [entry["inputs"].get(ours) for entry in before.api.values() if entry["class_type"] == kind]
    assert not there or there[0] != expected


def test_every_table_entry_of_the_source_nodes_is_tried_or_read():
    """Each setting that our graph has from the wrapper's example is in the table above."""
    tried = {(number, name) for number, name, *_ in WRAPPER}
    graph = wrapper_graph()
    carried = {entry[0] for entry in convert(graph).report.carried}
    for number, entry in graph.items():
        for name, value in entry["inputs"].items():
            if f"{entry['class_type']}.{name}" in carried and not isinstance(value, list):
                twin = entry["class_type"] in ("WanVideoLoraSelect", "LoadAudio")
                unused = name in ("denoise_strength", "start_step", "add_noise_to_samples")
                negative = name in ("negative_prompt", "quantization")
                assert twin or unused or negative or (number, name) in tried, (number, name)


def guidance(scales: tuple[float, float], predictions: tuple[float, float, float]) -> float:
    """Ours: U + text · (C − D) + audio · (D − U)."""
    (text, audio), (prompt, negative, without) = scales, predictions
    return without + text * (prompt - negative) + audio * (negative - without)


@pytest.mark.parametrize(("cfg", "audio_cfg"), [(5.0, 0.8), (5.0, 1.0), (3.0, 2.0)])
def test_guidance_is_the_same_formula(cfg, audio_cfg):
    graph = wrapper_graph()
    graph["17"]["inputs"]["cfg"], graph["16"]["inputs"]["audio_cfg_scale"] = cfg, audio_cfg
    film = inputs(convert(graph), FILM)
    prompt, negative, without = 0.7, 0.2, -0.4
    theirs = without + cfg * ((prompt - negative) + audio_cfg * (negative - without))
    if audio_cfg == 1.0:  # it makes no pass without audio then
        theirs = negative + cfg * (prompt - negative)
    ours = guidance((film["text_scale"], film["audio_scale"]), (prompt, negative, without))
    assert math.isclose(theirs, ours)


def test_loras_keep_their_order_and_strengths():
    converted = convert(wrapper_graph())
    first, second = (inputs(converted, "LoraLoaderModelOnly", number) for number in (0, 1))
    assert (first["lora_name"], first["strength_model"]) == ("few/steps.safetensors", 0.8)
    assert (second["lora_name"], second["strength_model"]) == ("style.safetensors", 0.5)
    assert of_input(converted, FILM, "model")["inputs"] == second


def test_several_loras_of_one_node():
    graph = wrapper_graph()
    given = {f"lora_{number}": "none" for number in range(5)} | {
        f"strength_{number}": 1.0 for number in range(5)
    }
    given |= {"lora_0": "x.safetensors", "strength_0": 0.2, "lora_3": "y.safetensors", "strength_3": 0.4}
    graph["4"] = node("WanVideoLoraSelectMulti", **given)
    converted = convert(graph)
    assert [inputs(converted, "LoraLoaderModelOnly", number)["strength_model"] for number in (0, 1)] == [
        0.2,
        0.4,
    ]


def test_a_value_for_each_step_is_named_and_the_first_one_taken():
    graph = wrapper_graph()
    schedule = {"steps": 6, "cfg_scale_start": 3.0, "cfg_scale_end": 1.0, "interpolation": "linear"}
    graph["30"] = node("CreateCFGScheduleFloatList", **schedule, start_percent=0.0, end_percent=1.0)
    graph["17"]["inputs"]["cfg"] = ["30", 0]
    converted = convert(graph)
    assert inputs(converted, FILM)["text_scale"] == 3.0
    assert any("a value for each step" in str(remark) for remark in converted.report.changed)


@pytest.mark.parametrize(
    ("kind", "given", "threshold"),
    [
        ("WanVideoEasyCache", {"easycache_thresh": 0.05}, 0.05),
        ("WanVideoTeaCache", {"rel_l1_thresh": 0.26}, 0.2),
    ],
)
def test_caches_become_easycache(kind, given, threshold):
    graph = wrapper_graph()
    graph["30"] = node(kind, **given, start_step=3, end_step=-1, cache_device="offload_device")
    graph["17"]["inputs"]["cache_args"] = ["30", 0]
    converted = convert(graph)
    cache = of_input(converted, FILM, "model")
    assert cache["class_type"] == "EasyCache"
    assert (cache["inputs"]["reuse_threshold"], cache["inputs"]["start_percent"]) == (threshold, 0.5)
    assert any("EasyCache" in str(remark) for remark in converted.report.changed) == (
        kind == "WanVideoTeaCache"
    )


def test_two_voices_without_masks_are_left_and_right():
    assert inputs(convert(wrapper_graph()), PERSONS)["method.parts"] == 2


def test_masks_keep_their_order_and_the_last_one_is_the_background():
    graph = wrapper_graph()
    for number in ("31", "32", "33"):
        graph[number] = node("LoadImage", image=f"{number}.png")
    graph["30"] = node("MaskBatchMulti", inputcount=3, mask_1=["31", 1], mask_2=["32", 1], mask_3=["33", 1])
    graph["16"]["inputs"]["ref_target_masks"] = ["30", 0]
    converted = convert(graph)
    persons = inputs(converted, PERSONS)
    names = ("method.person_1", "method.person_2", "method.background")
    assert [converted.api[persons[name][0]]["inputs"]["image"] for name in names] == [
        "31.png",
        "32.png",
        "33.png",
    ]


def test_windows_make_one_film_of_the_same_length():
    converted = convert(infinitetalk_graph())
    film = inputs(converted, FILM)
    clips, sampling = inputs(converted, CLIPS), inputs(converted, SAMPLING)
    assert (film["length"], clips["clip_frames"], film["retakes"]) == (81 + 72, 81, "2: 8")
    assert (film["text_scale"], film["audio_scale"], sampling["colour_strength"]) == (5.0, 1.0, 0.0)
    assert inputs(converted, VOICES)["timing"] == "in turn"
    persons = inputs(converted, PERSONS)
    files = [converted.api[persons[f"method.person_{number}"][0]]["inputs"]["image"] for number in (1, 2)]
    assert files == ["left.png", "right.png"]


def test_a_window_with_a_prompt_of_its_own_is_a_retake():
    graph = infinitetalk_graph()
    graph["50"] = node("CLIPTextEncode", text="they\nlaugh", clip=["6", 0])
    graph["30"]["inputs"]["positive"] = ["50", 0]
    converted = convert(graph)
    assert inputs(converted, FILM)["retakes"] == "2: 8, they laugh"
    assert of_input(converted, FILM, "text_encoder")["class_type"] == "CLIPLoader"


def test_what_differs_in_a_later_window_is_listed():
    graph = infinitetalk_graph()
    graph["31"]["inputs"]["steps"] = 9
    assert any("steps is 9" in str(remark) for remark in convert(graph).report.lost)


def test_prompts_of_windows_begin_with_their_clips():
    graph = wrapper_graph()
    graph["8"]["inputs"]["positive_prompt"] = "they talk | they laugh"
    converted = convert(graph)
    assert inputs(converted, "CLIPTextEncode")["text"] == "they talk"
    assert inputs(converted, FILM)["prompts"] == "3.280 they laugh"  # frame 82 is the first of clip 2 alone
    assert of_input(converted, FILM, "text_encoder")["class_type"] == "CLIPLoader"


def dubbed(**changes: object) -> dict:
    graph = wrapper_graph()
    graph["30"] = node("VHS_LoadVideo", video="talk.mp4", force_rate=0, frame_load_cap=0)
    graph["31"] = node("WanVideoEncode", enable_vae_tiling=False, vae=["6", 0], image=["30", 0])
    graph["12"]["inputs"] |= {"start_image": ["30", 0], "mode": "infinitetalk"}
    graph["17"]["inputs"] |= {"samples": ["31", 0], "add_noise_to_samples": True} | changes
    return graph


@pytest.mark.parametrize(
    ("changes", "denoise", "steps"),
    [({"start_step": 2}, 0.6667, 4), ({"denoise_strength": 0.5}, 0.6667, 4), ({}, 1.0, 6)],
)
def test_a_video_is_dubbed_from_the_noise_of_its_first_step(changes, denoise, steps):
    converted = convert(dubbed(**changes))
    film = inputs(converted, FILM)
    settings = of_input(converted, FILM, "denoise_settings")["inputs"]
    assert (settings["denoise"], film["steps"]) == (denoise, steps)
    assert of_input(converted, FILM, "picture") == {
        "class_type": "LoadVideo",
        "inputs": {"file": "talk.mp4"},
        "_meta": {"title": "LoadVideo"},
    }
    assert film["length"] == [film["audio"][0], 3]  # as long as the voices, as there


def test_sums_and_constants_are_worked_out():
    graph = wrapper_graph()
    graph["30"] = node("INTConstant", value=5)
    graph["31"] = node("MathExpression|pysssss", expression="round(a * 25) + 1", a=["30", 0])
    graph["16"]["inputs"]["num_frames"] = ["31", 0]
    assert inputs(convert(graph), "TrimAudioDuration")["duration"] == 126 / 25


@pytest.mark.parametrize(
    ("quantization", "precision"), [("disabled", "fp16"), ("fp8_e4m3fn", "fp8_e4m3fn_scaled")]
)
def test_a_text_encoder_in_another_form_is_replaced_by_comfyuis(quantization, precision):
    graph = wrapper_graph()
    graph["7"]["inputs"] |= {"model_name": "umt5-xxl-enc-bf16.safetensors", "quantization": quantization}
    converted = convert(graph)
    assert inputs(converted, "CLIPLoader")["clip_name"] == f"umt5_xxl_{precision}.safetensors"
    assert any("umt5-xxl-enc-bf16" in str(remark) for remark in converted.report.changed)


def test_trims_are_kept():
    graph = wrapper_graph()
    graph["30"] = node("AudioCrop", start_time="0:01", end_time="1:10", audio=["13", 0])
    graph["16"]["inputs"]["audio_1"] = ["30", 0]
    trim = inputs(convert(graph), "TrimAudioDuration")
    assert (trim["start_index"], trim["duration"]) == (1.0, 69.0)


def test_what_has_no_counterpart_is_listed():
    report = convert(wrapper_graph()).report
    assert any("blocks_to_swap = 20" in str(remark) for remark in report.lost)
    assert not report.unknown


def test_an_unknown_node_is_listed_and_passed_over():
    graph = wrapper_graph()
    graph["30"] = node("PrettyPicture", amount=0.4, image=["10", 0])
    graph["12"]["inputs"]["start_image"] = ["30", 0]
    graph["31"] = node("Upscale4x", images=["18", 0])
    graph["19"]["inputs"]["images"] = ["31", 0]
    graph["32"] = node("SomethingElse", value="x")
    converted = convert(graph)
    assert {remark.kind for remark in converted.report.unknown} == {
        "PrettyPicture",
        "Upscale4x",
        "SomethingElse",
    }
    assert of_input(converted, FILM, "picture")["inputs"]["image"] == "two.png"


def test_nodes_of_comfyui_before_the_picture_stay():
    graph = wrapper_graph()
    graph["30"] = node(
        "ImageScale", upscale_method="lanczos", width=832, height=480, crop="center", image=["10", 0]
    )
    graph["12"]["inputs"]["start_image"] = ["30", 0]
    assert of_input(convert(graph), FILM, "picture")["class_type"] == "ImageScale"


def test_a_value_out_of_our_range_is_refused_with_its_place():
    graph = wrapper_graph()
    graph["16"]["inputs"]["audio_scale"] = 50.0
    with pytest.raises(MultiTalkError, match=r"audio_strength is 50.0, but it lies between 0.0 and 10.0"):
        convert(graph)


def test_a_graph_without_a_picture_is_refused():
    graph = wrapper_graph()
    del graph["12"]["inputs"]["start_image"]
    with pytest.raises(MultiTalkError, match="no picture"):
        convert(graph)


@pytest.mark.parametrize(
    ("number", "name", "value", "words"),
    [
        ("17", "cfg", "high", r"WanVideoSampler \(node 17\): cfg is high, and not a number"),
        ("16", "fps", 0.0, "fps is 0.0: give a number from 1.0 to 60.0"),
        ("12", "motion_frame", 81, "motion_frame is 81, but a clip has 81 frames"),
        ("17", "steps", math.nan, "steps is nan"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(number, name, value, words):
    graph = wrapper_graph()
    graph[number]["inputs"][name] = value
    with pytest.raises(MultiTalkError, match=words):
        convert(graph)


@pytest.fixture
def recursion_limit():
    """Python's own; torch's compiler raises it where another test has loaded it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


def test_a_circle_and_a_very_long_chain_end(recursion_limit):
    scale = {"upscale_method": "lanczos", "width": 832, "height": 480, "crop": "center"}
    graph = wrapper_graph()
    graph["12"]["inputs"]["start_image"] = ["50", 0]
    graph["50"] = node("ImageScale", image=["50", 0], **scale)
    with pytest.raises(MultiTalkError, match="image has nothing connected"):
        convert(graph)
    for number in range(50, 3000):
        graph[str(number)] = node("ImageScale", image=[str(number + 1), 0], **scale)
    graph["3000"] = node("LoadImage", image="x.png")
    with pytest.raises(MultiTalkError, match="too long a chain"):
        convert(graph)


@pytest.mark.parametrize("with_settings", [False, True])
def test_the_newer_sampler_nodes_say_the_same(with_settings):
    graph = wrapper_graph()
    given = graph["17"]["inputs"]
    if with_settings:
        graph["30"] = node("WanVideoSamplerSettings", **given)
        graph["17"] = node("WanVideoSamplerFromSettings", sampler_inputs=["30", 0])
    else:
        steps = {name: given[name] for name in ("scheduler", "steps", "shift", "start_step", "end_step")}
        graph["30"] = node("WanVideoSchedulerv2", **steps)
        graph["31"] = node("WanVideoSamplerExtraArgs", multitalk_embeds=["16", 0])
        kept = {name: given[name] for name in ("cfg", "seed", "model", "image_embeds", "text_embeds")}
        graph["17"] = node("WanVideoSamplerv2", **kept, scheduler=["30", 0], extra_args=["31", 0])
    assert convert(graph).api == convert(wrapper_graph()).api


def test_a_scheduler_node_sets_the_sampler():
    graph = wrapper_graph()
    graph["30"] = node("WanVideoScheduler", scheduler="euler", steps=9, shift=3.0, start_step=0, end_step=-1)
    links = {"sigmas": 0, "steps": 1, "shift": 2, "scheduler": 3, "start_step": 4, "end_step": 5}
    graph["17"]["inputs"] |= {name: ["30", slot] for name, slot in links.items()}
    converted = convert(graph)
    film = inputs(converted, FILM)
    assert (film["steps"], film["shift"]) == (9, 3.0)
    assert inputs(converted, SAMPLING)["sampler_name"] == "euler"
    assert not any(remark.kind == "WanVideoSampler" for remark in converted.report.lost)


def test_model_patches_between_infinitetalk_and_its_sampler_stay():
    graph = infinitetalk_graph()
    cache = {"reuse_threshold": 0.3, "start_percent": 0.1, "end_percent": 0.9, "verbose": False}
    graph["50"] = node("EasyCache", model=["20", 0], **cache)
    graph["21"]["inputs"]["model"] = ["50", 0]
    assert of_input(convert(graph), FILM, "model")["inputs"]["reuse_threshold"] == 0.3


def test_stacked_loras_that_are_on_stay():
    graph = infinitetalk_graph()
    loras = {
        "lora_1": {"on": True, "lora": "a\\x.safetensors", "strength": 0.7},
        "lora_2": {"on": False, "lora": "y.safetensors", "strength": 1.0},
    }
    graph["2"] = node("Power Lora Loader (rgthree)", model=["1", 0], **loras)
    converted = convert(graph)
    lora = of_input(converted, FILM, "model")["inputs"]
    assert (lora["lora_name"], lora["strength_model"], lora["model"][0]) == ("a/x.safetensors", 0.7, "1")
    assert converted.api["1"]["class_type"] == "UNETLoader"


def test_what_changes_the_noise_levels_is_listed():
    graph = infinitetalk_graph()
    graph["50"] = node("BasicScheduler", model=["20", 0], scheduler="normal", steps=8, denoise=1.0)
    graph["51"] = node("SplitSigmas", step=3, sigmas=["50", 0])
    links = {name: graph["21"]["inputs"][name] for name in ("model", "positive", "negative", "latent_image")}
    graph["52"] = node("KSamplerSelect", sampler_name="euler")
    sampled = {"add_noise": True, "noise_seed": 1, "cfg": 1.0, "sampler": ["52", 0], "sigmas": ["51", 1]}
    graph["21"] = node("SamplerCustom", **sampled, **links)
    converted = convert(graph)
    assert [remark.kind for remark in converted.report.unknown] == ["SplitSigmas"]
    assert inputs(converted, FILM)["steps"] == 8


def test_a_graph_of_this_pack_needs_no_conversion():
    with pytest.raises(MultiTalkError, match="one of this pack already"):
        convert({"1": node(FILM)})


def test_a_graph_of_something_else_is_refused():
    with pytest.raises(MultiTalkError, match="holds no MultiTalk or InfiniteTalk"):
        convert({"1": node("KSampler", seed=1)})


def real_graphs() -> list[Path]:
    """Graphs of other packs that lie on this machine, named by FOREIGN_GRAPHS; none ships."""
    folder = os.environ.get("FOREIGN_GRAPHS")
    return sorted(Path(folder).glob("*.json")) if folder else []


@pytest.mark.parametrize("path", real_graphs(), ids=lambda path: path.stem)
def test_a_real_graph_converts(path):
    converted = convert_graph(read_graph(path, KNOWN), KNOWN)
    assert not list(KNOWN.faults(converted.api))
    assert converted.report.carried
