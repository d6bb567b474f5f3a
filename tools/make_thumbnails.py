"""Write the templates' moving thumbnails: the film of each one's own graph, made small by the demo's model.

`PYTHONPATH=.:tests/comfyui python tools/make_thumbnails.py [NAME ...]`, with ComfyUI installed.

Texts are the demo's, there is no CLIP vision and no caption, and a LoRA for few steps is left out. SAM 3 and
RT-DETR cannot be small: their templates have the film of *people_by_drawn_boxes*, and *doctor*, which makes
none, that of *two_people_talk*.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import av
from comfy_server import ComfyServer
from make_workflows import FOLDER, api_graph
from standins import put_standins, without_absent_weights
from workflows.graph import Workflow
from workflows.graphs import WORKFLOWS

WIDTH, HEIGHT = 360, 240  # the demo's model makes 144 by 96
ONE_CLIP, CLIPS = 13, 53  # frames; the demo's model was trained on clips of 13
MOST_FRAMES = 30  # of longer films every second frame is shown
BORROWED = {
    "people_by_sam3_masks": "people_by_drawn_boxes",
    "people_by_rt_detr_boxes": "people_by_drawn_boxes",
    "doctor": "two_people_talk",
}
DRAWN = [
    {"x": 110, "y": 70, "width": 260, "height": 400},
    {"x": 460, "y": 70, "width": 260, "height": 400},
]
SIZE, SCALES = {"width": 144, "height": 96}, {"text_scale": 1.0, "audio_scale": 4.0}
STEPS = {"steps": 12, "shift": 3.0}
CLIP_SETTINGS = {
    "clip_frames": 13,
    "motion_frames": 5,
    "continuation": "infinitetalk",
    "seam_frames": 4,
    "codec_correction": 0.0,
}
SMALL = {
    "UNETLoader": {"unet_name": "multitalk_demo_dit.safetensors"},
    "CreateBoundingBoxes": {"editor_state": {"__value__": DRAWN}},
    "MultiTalkSampler": STEPS | SCALES,
    "MultiTalkLongVideo": STEPS | SCALES | {"clip_settings": ["clips", 0]},
    "WanImageToVideo": SIZE,
    "MultiTalkSigmas": STEPS,
    "MultiTalkGuider": SCALES,
}


def small(workflow: Workflow, object_info: dict) -> dict:
    """The template's graph in API format, as the demo's model can run it."""
    graph = without_absent_weights(api_graph(workflow, object_info)[0])
    kinds = {node["class_type"] for node in graph.values()}
    for node in graph.values():
        node["inputs"] |= SMALL.get(node["class_type"], {})
        if node["class_type"] == "MultiTalkAudioEncoder":
            frames = CLIPS if "MultiTalkLongVideo" in kinds else ONE_CLIP
            node["inputs"] |= {"length": "frames", "length.frames": frames}
        if "WanImageToVideo" in kinds and node["class_type"] == "MultiTalkPersonLocalizer":
            node["inputs"] |= SIZE
    graph["clips"] = {"class_type": "MultiTalkClipSettings", "inputs": CLIP_SETTINGS}
    return without_lora(graph)


def without_lora(graph: dict) -> dict:
    """The graph whose model comes from its loader."""
    loras = {number: node["inputs"] for number, node in graph.items() if "Lora" in node["class_type"]}
    for node in graph.values():
        for name, value in node["inputs"].items():
            if isinstance(value, list) and value[0] in loras:
                node["inputs"][name] = loras[value[0]]["model"]
    return {number: node for number, node in graph.items() if number not in loras}


def film_of(workflow: Workflow, server: ComfyServer) -> Path:
    """The video that the template saves; the demo runs as it is."""
    demo = workflow.name == "demo"
    graph = api_graph(workflow, server.object_info)[0] if demo else small(workflow, server.object_info)
    run = server.run(graph)
    (shown,) = (
        run.outputs[number]["images"] for number, node in graph.items() if node["class_type"] == "SaveVideo"
    )
    return server.path(shown[0])


def write_thumbnail(path: Path, film: Path) -> None:
    """A film as an animated WebP. ComfyUI asks for .jpg only; browsers go by the content."""
    with av.open(film) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    step = 2 if len(frames) > MOST_FRAMES else 1
    first, *further = (frame.resize((WIDTH, HEIGHT)) for frame in frames[::step])
    milliseconds = step * 1000 // 25
    first.save(path, "WEBP", save_all=True, append_images=further, duration=milliseconds, loop=0, quality=60)


def main(names: list[str]) -> None:
    """Write the named thumbnails, or all."""
    chosen = [workflow for workflow in (make() for make in WORKFLOWS) if not names or workflow.name in names]
    with tempfile.TemporaryDirectory() as base, ComfyServer(Path(base)) as server:
        put_standins(server)
        for workflow in chosen:
            if workflow.name not in BORROWED:
                write_thumbnail(FOLDER / f"{workflow.name}.jpg", film_of(workflow, server))
                print(workflow.name, flush=True)
    for workflow in chosen:
        if workflow.name in BORROWED:
            shutil.copyfile(FOLDER / f"{BORROWED[workflow.name]}.jpg", FOLDER / f"{workflow.name}.jpg")


if __name__ == "__main__":
    main(sys.argv[1:])
