"""Real pictures through ComfyUI graphs to the end of a film: persons found, marked by hand, by detectors."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from graphs import node, sampler_graph
from PIL import Image

from multitalk_core.method.wan import MINIATURE, nearest_bucket
from multitalk_core.persons.masks import Persons

PICTURES = Path(__file__).parents[1] / "persons" / "pictures"
TRUTH = {each["file"]: each["faces"] for each in json.loads((PICTURES / "truth.json").read_text())}
FACES = {"method": "automatic", "method.persons": 2, "method.model": "faces"}
AS_PICTURE = {"width": 0, "height": 0, "steps": 1, "text_scale": 1.0, "audio_scale": 1.0}


def centre(face: list[int]) -> tuple[int, int]:
    """Row and column."""
    left, top, width, height = face
    return top + height // 2, left + width // 2


def film_graph(server, name: str, method: dict, **changes: object) -> dict:
    """A film of a picture, its persons marked by a method; masks and localization are shown."""
    graph = sampler_graph(server.upload(PICTURES / name), **(AS_PICTURE | changes))
    graph["persons"] = node("MultiTalkPersonLocalizer", image=["picture", 0], speaker_order="", **method)
    return graph | {
        "masks": node("MaskPreview", mask=["persons", 1]),
        "binding": node("MultiTalkBindingPreview", images=["sampler", 1], binding=["sampler", 2]),
    }


def shown_masks(server, run) -> Persons:
    """The localizer's masks as ComfyUI shows them."""
    pictures = [Image.open(server.path(shown)).convert("L") for shown in run.outputs["masks"]["images"]]
    masks = torch.from_numpy(np.stack([np.asarray(picture) > 127 for picture in pictures]))
    return Persons(masks[:-1], masks[-1])


@pytest.mark.parametrize("name", ["s01.jpg", "s05.jpg", "s08.jpg"])
def test_each_face_lies_in_its_own_mask_after_the_crop_of_a_film(server, name):
    graph = film_graph(server, name, FACES)
    with Image.open(PICTURES / name) as picture:
        height, width = nearest_bucket(picture.height, picture.width, MINIATURE)
    graph["persons"]["inputs"] |= {"width": width, "height": height}  # it does not know the model
    run = server.run(graph)
    assert not any("is cropped" in text or "uncertain" in text for text in run.texts)
    assert any("scheme l-rope" in text for text in run.texts) and run.outputs["binding"]["images"]
    with Image.open(server.path(run.outputs["save"]["images"][0])) as frame:
        assert frame.size == (width, height)
    persons = shown_masks(server, run)
    assert persons.count == len(TRUTH[name]) == 2
    masks = persons.fitted(height, width).masks
    for number, face in enumerate(TRUTH[name]):
        row, column = centre(face)
        spot = torch.zeros(1, *persons.size, dtype=torch.bool)
        spot[0, row - 9 : row + 9, column - 9 : column + 9] = True
        seen = Persons(spot, ~spot[0]).fitted(height, width).masks[0]
        assert seen.any(), "the crop cuts the face off"
        assert masks[number][seen].all() and not masks[1 - number][seen].any()


def test_one_marked_speaker_talks_alone_among_bystanders(server):
    """The mark counts: the scheme `automatic` takes `routed`."""
    box = {"method": "boxes", "method.boxes": ["box", 0], "method.order": "given"}
    graph = film_graph(server, "s08.jpg", box, scheme="automatic")
    left, top, width, height = TRUTH["s08.jpg"][1]
    graph["box"] = node("PrimitiveBoundingBox", x=left, y=top, width=width, height=height)
    del graph["audio"]["inputs"]["speaker_2"]
    run = server.run(graph)
    assert any("scheme routed" in text for text in run.texts)
    persons = shown_masks(server, run)
    assert persons.count == 1 and persons.masks[0][centre(TRUTH["s08.jpg"][1])]
    assert not persons.masks[0][centre(TRUTH["s08.jpg"][0])]


def test_a_cut_out_s_mask_is_right_after_invert_mask_and_mentioned_before(server):
    with Image.open(PICTURES / "s08.jpg") as picture:
        cut_out = picture.convert("RGBA")
    left, top, width, height = TRUTH["s08.jpg"][0]
    alpha = Image.new("L", cut_out.size)
    alpha.paste(255, (left, top, left + width, top + height))
    cut_out.putalpha(alpha)
    cut_out.save(server.input / "cut_out.png")
    marked = {"method": "masks", "method.person_1": ["cut_out", 1], "method.allow_overlap": False}
    graph = {
        "picture": node("LoadImage", image=server.upload(PICTURES / "s08.jpg")),
        "cut_out": node("LoadImage", image="cut_out.png"),
        "inverted": node("InvertMask", mask=["cut_out", 1]),
        "persons": node("MultiTalkPersonLocalizer", image=["picture", 0], speaker_order="", **marked),
        "masks": node("MaskPreview", mask=["persons", 1]),
    }
    assert any("invert it" in text for text in server.run(graph).texts)
    graph["persons"]["inputs"]["method.person_1"] = ["inverted", 0]
    run = server.run(graph)
    assert not any("invert it" in text for text in run.texts)
    assert int(shown_masks(server, run).masks[0].sum()) == width * height
