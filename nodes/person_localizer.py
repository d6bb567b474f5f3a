"""The node that says who is where in the picture."""

import torch
from comfy_api.latest import Input, io, ui
from torch import Tensor

from ..multitalk_core.detection import find_persons
from ..multitalk_core.drawing.overlay import persons_overlay
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.persons import (
    GIVEN,
    ORDERS,
    Box,
    Persons,
    check_same_size,
    persons_from_boxes,
    persons_from_masks,
    persons_from_parts,
)
from .folders import list_model_folders, model_path
from .sockets import CATEGORY, BoundingBox, MultiTalkPersons
from .source import source_of

MOST_PERSONS = 8
AUTOMATIC, MASKS, BOXES, PARTS = "automatic", "masks", "boxes", "equal parts"
FACES = "faces"  # found without any download
KIND = "detection"


class PersonLocalizer(io.ComfyNode):
    """A picture and marks to MULTITALK_PERSONS."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkPersonLocalizer",
            display_name="Locate MultiTalk Persons",
            category=CATEGORY,
            description="Says where each speaker is in the picture, so that each mouth gets its own voice.",
            search_aliases=["multitalk", "persons", "speakers", "faces", "bounding box", "person masks"],
            inputs=[
                io.MultiType.Input(
                    "image",
                    [io.Image, io.Video],
                    tooltip="The picture that you animate, uncropped, the first of a batch; or the video "
                    "that you dub, of which the first picture counts.",
                ),
                io.DynamicCombo.Input(
                    "method",
                    options=[
                        io.DynamicCombo.Option(AUTOMATIC, [_found(), _detector()]),
                        io.DynamicCombo.Option(MASKS, [_masks(), _background(), _overlap()]),
                        io.DynamicCombo.Option(BOXES, [_boxes(), _order()]),
                        io.DynamicCombo.Option(PARTS, [_parts()]),
                    ],
                    tooltip="automatic: find faces or persons. masks: one painted mask a person. boxes: "
                    "rectangles. equal parts: halves, thirds and so on, side by side.",
                ),
                io.String.Input(
                    "speaker_order",
                    default="",
                    advanced=True,
                    tooltip="Which person has which voice: numbers as in the preview, with commas, such as "
                    "2, 1. Empty leaves the order as found.",
                ),
            ],
            outputs=[
                MultiTalkPersons.Output("persons"),
                io.Mask.Output("masks", tooltip="One a person in speaker order, and last the background."),
                io.Image.Output("preview", tooltip="The picture with each person's colour and number."),
            ],
        )

    @classmethod
    def execute(cls, image: Tensor | Input.Video, method: dict, speaker_order: str) -> io.NodeOutput:
        picture, _ = source_of(image)
        persons = _persons(picture, method)
        check_same_size(persons, *picture.shape[:2])
        if speaker_order.strip():
            persons = persons.ordered(_indices(speaker_order))
        masks = torch.cat([persons.masks, persons.background[None]]).float()
        preview = persons_overlay(picture, persons)[None]
        return io.NodeOutput(persons, masks, preview, ui=ui.PreviewImage(preview, cls=cls))


def _found() -> io.Int.Input:
    return io.Int.Input(
        "persons",
        default=0,
        min=0,
        max=MOST_PERSONS,
        tooltip="How many persons speak or listen, 0 to 8; the most prominent ones are taken. 0: all that "
        "are found.",
    )


def _detector() -> io.Combo.Input:
    return io.Combo.Input(
        "model",
        options=[FACES, *list_model_folders(KIND)],
        default=FACES,
        tooltip="faces needs no download and knows frontal faces. Otherwise a folder in models/detection "
        "with a Hugging Face segmentation model that knows persons, such as Mask2Former trained on COCO.",
    )


def _masks() -> io.Autogrow.Input:
    return io.Autogrow.Input(
        "masks",
        template=io.Autogrow.TemplateNames(
            io.Mask.Input(
                "mask", tooltip="Where this person is, at the picture's size; or a batch of persons."
            ),
            names=[f"person_{number}" for number in range(1, MOST_PERSONS + 1)],
            min=1,
        ),
        tooltip="One mask for each person, in speaker order.",
    )


def _background() -> io.Mask.Input:
    return io.Mask.Input(
        "background",
        optional=True,
        tooltip="Where nobody is, at the picture's size. Without it: all that is in no person's mask.",
    )


def _overlap() -> io.Boolean.Input:
    return io.Boolean.Input(
        "allow_overlap",
        default=False,
        advanced=True,
        tooltip="Accept masks of which two share more than a tenth of the smaller one.",
    )


def _boxes() -> io.Input:
    return BoundingBox.Input(
        "boxes",
        tooltip="One or more rectangles in pixels of the picture, from any node that draws or detects them; "
        "of an image batch the first image's.",
        # As widgets of the page they would shift the others when a graph is opened again.
        extra_dict={"forceInput": True},
    )


def _order() -> io.Combo.Input:
    return io.Combo.Input(
        "order",
        options=list(ORDERS),
        tooltip="left-to-right: the leftmost person has the first voice. given: as the boxes come.",
    )


def _parts() -> io.Int.Input:
    return io.Int.Input(
        "parts",
        default=2,
        min=1,
        max=MOST_PERSONS,
        tooltip="Into how many parts the picture is cut, 1 to 8, one a person, from left to right.",
    )


def _persons(picture: Tensor, method: dict) -> Persons:
    height, width = picture.shape[:2]
    match method["method"]:
        case "automatic":
            model = None if method["model"] == FACES else model_path(KIND, method["model"])
            return find_persons(picture, method["persons"] or None, model)
        case "masks":
            masks = [mask for batch in method["masks"].values() for mask in _mask_list(batch)]
            background = method.get("background")
            background = None if background is None else _mask_list(background)[0]
            return persons_from_masks(masks, background, GIVEN, method["allow_overlap"])
        case "boxes":
            return persons_from_boxes(_box_list(method["boxes"]), height, width, method["order"])
        case _:
            return persons_from_parts(method["parts"], height, width)


def _mask_list(batch: Tensor) -> list[Tensor]:
    """Masks [height, width] of a batch, or of a single mask without a batch."""
    return list(batch.cpu().reshape(-1, *batch.shape[-2:]))


def _box_list(boxes: object) -> list[Box]:
    """One box, a list of them, or one list an image, of which the first counts."""
    if isinstance(boxes, dict):
        boxes = [boxes]
    if boxes and isinstance(boxes[0], list):
        boxes = boxes[0]
    return [Box(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]) for box in boxes]


def _indices(speaker_order: str) -> list[int]:
    try:
        return [int(number) - 1 for number in speaker_order.split(",")]
    except ValueError as error:
        raise MultiTalkError(
            f"The speaker order {speaker_order} cannot be read: write the persons' numbers with commas, such "
            "as 2, 1."
        ) from error
