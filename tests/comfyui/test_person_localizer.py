"""The person localizer on a real ComfyUI."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PICTURES = Path(__file__).parents[1] / "persons" / "pictures"


def located(method: dict, picture: str = "demo", order: str = "") -> dict:
    """The demo's persons, located by a method; the masks are shown by ComfyUI's own node."""
    return {
        "demo": {"class_type": "MultiTalkDemo", "inputs": {}},
        "locate": {
            "class_type": "MultiTalkPersonLocalizer",
            "inputs": {"image": [picture, 0], "speaker_order": order} | method,
        },
        "masks": {"class_type": "MaskPreview", "inputs": {"mask": ["locate", 1]}},
    }


def masks(server, run) -> np.ndarray:
    """[persons + 1, height, width], bool"""
    pictures = [Image.open(server.path(shown)) for shown in run.outputs["masks"]["images"]]
    return np.stack([np.asarray(picture.convert("L")) > 127 for picture in pictures])


def box(x: int, y: int, width: int, height: int) -> dict:
    inputs = {"x": x, "y": y, "width": width, "height": height}
    return {"class_type": "PrimitiveBoundingBox", "inputs": inputs}


def painted(left: int, width: int) -> dict[str, dict]:
    """A 640 × 400 mask, white in some columns."""
    return {
        "black": {"class_type": "SolidMask", "inputs": {"value": 0.0, "width": 640, "height": 400}},
        f"white{left}": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": width, "height": 400}},
        f"mask{left}": {
            "class_type": "MaskComposite",
            "inputs": {
                "destination": ["black", 0],
                "source": [f"white{left}", 0],
                "x": left,
                "y": 0,
                "operation": "add",
            },
        },
    }


BOXES = {"method": "boxes", "method.boxes": ["demo", 3], "method.order": "left-to-right"}


def test_boxes_of_the_demo(server):
    run = server.run(located(BOXES))
    left, right, background = masks(server, run)
    assert left[200, 180] and not left[200, 460]
    assert right[200, 460] and not right[200, 180]
    assert background[20, 320] and not background[200, 180]
    with Image.open(server.path(run.outputs["locate"]["images"][0])) as preview:
        assert preview.size == (640, 400)


def test_speaker_order_exchanges_the_persons(server):
    first, second, _ = masks(server, server.run(located(BOXES, order="2, 1")))
    assert first[200, 460] and second[200, 180]


def test_boxes_drawn_on_the_picture_are_persons_in_the_order_of_drawing(server):
    """By ComfyUI's own canvas: what its page sends when the right person's box was drawn first."""
    drawn = [
        {"x": 340, "y": 54, "width": 236, "height": 346},
        {"x": 64, "y": 54, "width": 236, "height": 346},
    ]
    canvas = {"width": 640, "height": 400, "editor_state": {"__value__": drawn}, "background": ["demo", 0]}
    graph = located({**BOXES, "method.boxes": ["canvas", 1], "method.order": "given"})
    graph["canvas"] = {"class_type": "CreateBoundingBoxes", "inputs": canvas}
    first, second, _ = masks(server, server.run(graph))
    assert first[200, 460] and second[200, 180]
    graph["canvas"]["inputs"]["editor_state"] = {"__value__": []}
    assert "draw one for each person" in server.refuse(graph).message


def test_single_box_from_a_widget(server):
    graph = located({**BOXES, "method.boxes": ["box", 0]}) | {"box": box(340, 54, 236, 346)}
    assert len(masks(server, server.run(graph))) == 2


def test_painted_masks(server):
    inputs = {
        "method": "masks",
        "method.person_1": ["mask400", 0],
        "method.person_2": ["mask50", 0],
        "method.allow_overlap": False,
    }
    graph = located(inputs) | painted(400, 200) | painted(50, 200)
    first, second, background = masks(server, server.run(graph))
    assert first[:, 400:600].all() and first.sum() == 200 * 400
    assert second[:, 50:250].all() and background.sum() == 240 * 400


def odd(name: str) -> dict[str, dict]:
    return {"odd": {"class_type": "OddValue", "inputs": {"name": name}}}


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ({"method": "masks", "method.person_1": ["odd", 0]}, "masks of SAM3"),
        ({"method": "boxes", "method.boxes": ["odd", 0]}, "persons of RT-DETR"),
    ],
)
def test_what_a_detector_sorts_by_score_is_numbered_from_left_to_right(server, method, found):
    method |= {"method.allow_overlap": False, "method.order": "left-to-right"}
    run = server.run(located(method) | odd(found))
    left, right, background = masks(server, run)
    assert left[200, 164] and not left[200, 460]
    assert right[200, 460] and not right[200, 164]
    assert background[10, 10] and not background[200, 164]
    assert not any("labelled" in text for text in run.texts)


def test_a_detector_that_looks_for_more_than_persons_is_mentioned(server):
    run = server.run(located({**BOXES, "method.boxes": ["odd", 0]}) | odd("a person and a dog"))
    assert any("labelled dog, person, and each is taken for a person" in text for text in run.texts)


def test_preview_and_sentence_are_of_the_film_s_size(server):
    graph = located(BOXES)
    graph["locate"]["inputs"] |= {"width": 96, "height": 208}
    run = server.run(graph)
    said = [text for text in run.texts if "is cropped: a video of 96×208 shows" in text]
    assert said and "Person 1" in said[0] and "Person 2" in said[0]
    with Image.open(server.path(run.outputs["locate"]["images"][0])) as preview:
        shown = np.asarray(preview.convert("L")).mean(axis=0)
    assert shown[:220].max() < 60 < shown[240:400].max() and shown[420:].max() < 60
    graph["locate"]["inputs"] |= {"width": 0, "height": 0, "resolution": "720p"}
    assert not any("is cropped" in text for text in server.run(graph).texts)


def test_equal_parts(server):
    parts = masks(server, server.run(located({"method": "equal parts", "method.parts": 3})))
    assert len(parts) == 4
    assert [part[200].nonzero()[0].mean() // 213 for part in parts[:3]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("method", "further", "sentence"),
    [
        (
            {"method": "masks", "method.person_1": ["black", 0], "method.allow_overlap": False},
            painted(0, 10),
            "mask of person 1 is empty",
        ),
        (
            {
                "method": "masks",
                "method.person_1": ["mask0", 0],
                "method.person_2": ["mask100", 0],
                "method.allow_overlap": False,
            },
            painted(0, 300) | painted(100, 200),
            "overlap",
        ),
        ({**BOXES, "method.boxes": ["box", 0]}, {"box": box(2000, 0, 10, 10)}, "contains no pixel"),
        (
            {
                "method": "masks",
                "method.person_1": ["mask0", 0],
                "method.person_3": ["mask400", 0],
                "method.allow_overlap": False,
            },
            painted(0, 200) | painted(400, 200),
            "method: Person 2 has no mask, but a later person has: connect one to person_2",
        ),
        (
            {"method": "masks", "method.allow_overlap": False},
            {},
            "method: There is no mask: connect one for each person",
        ),
        (
            {"method": "masks", "method.person_1": ["small", 0], "method.allow_overlap": False},
            {"small": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 64, "height": 64}}},
            "mark them on the picture",
        ),
    ],
)
def test_marks_that_cannot_serve_are_refused_in_a_sentence(server, method, further, sentence):
    failure = server.refuse(located(method) | further)
    assert failure.node == "locate"
    assert sentence in failure.message


def test_unreadable_speaker_order_is_refused(server):
    assert "separated by commas" in server.refuse(located(BOXES, order="left")).message


def test_picture_without_a_face_is_refused_with_advice(server):
    graph = located({"method": "automatic", "method.persons": 0, "method.model": "faces"}, "empty")
    graph["empty"] = {
        "class_type": "EmptyImage",
        "inputs": {"width": 320, "height": 240, "batch_size": 1, "color": 0},
    }
    assert "Nobody was found" in server.refuse(graph).message


def test_two_profiles_of_a_photograph_are_found(server):
    graph = located({"method": "automatic", "method.persons": 2, "method.model": "faces"}, "photograph")
    graph["photograph"] = {
        "class_type": "LoadImage",
        "inputs": {"image": server.upload(PICTURES / "s05.jpg")},
    }
    left, right, background = masks(server, server.run(graph))
    assert left[98, 228] and not right[98, 228]  # his face
    assert right[127, 433] and not left[127, 433]  # hers
    assert background[21, 331] and not background[127, 433]
