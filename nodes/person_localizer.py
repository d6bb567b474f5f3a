"""The node that makes the person masks."""

import logging

import torch
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import Input, io, ui
from torch import Tensor

from ..multitalk_core.drawing.overlay import persons_overlay
from ..multitalk_core.errors import MultiTalkError, quoted
from ..multitalk_core.guards.memory import FLOAT_BYTES
from ..multitalk_core.limits import MOST_SPEAKERS
from ..multitalk_core.persons.concerns import cut_away, doubts
from ..multitalk_core.persons.detection import find_persons
from ..multitalk_core.persons.marking import PersonOrder, persons_from_parts
from ..multitalk_core.persons.masks import Persons, check_same_size
from .host.cached_preview import shown_from_cache
from .host.checks import check_queued, checked, naming
from .host.film_size import USUAL, film_size
from .host.host_memory import check_memory
from .host.marks import other_kinds, persons_of_boxes, persons_of_masks
from .host.model_folders import list_model_folders, model_path
from .host.picture_input import source_of
from .host.reporter import show_text
from .host.sockets import CATEGORY, BoundingBox, MultiTalkPersons
from .inputs import size_inputs
from .inputs.search import TASKS
from .inputs.shared import label_of

AUTOMATIC, MASKS, BOXES, PARTS = "automatic", "masks", "boxes", "equal parts"
PERSONS = [f"person_{number}" for number in range(1, MOST_SPEAKERS + 1)]
FACES = "faces"  # found without any download
KIND = "detection"


class PersonLocalizerNode(io.ComfyNode):
    """A picture and marks to MULTITALK_PERSONS."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        schema = io.Schema(
            node_id="MultiTalkPersonLocalizer",
            display_name="Locate MultiTalk Persons",
            category=CATEGORY,
            description="Marks where each speaker is in the picture, so that each mouth follows its own "
            "voice.",
            search_aliases=[
                "multitalk",
                "persons",
                "speakers",
                "faces",
                "bounding box",
                "person masks",
                *TASKS,
            ],
            essentials_category="Image Tools",
            inputs=[
                io.MultiType.Input(
                    "image",
                    [io.Image, io.Video],
                    tooltip="The picture to animate, uncropped; only the first of a batch is used. Or the "
                    "video to dub: persons are marked in its first frame and followed from there.",
                ),
                io.DynamicCombo.Input(
                    "method",
                    options=[
                        io.DynamicCombo.Option(AUTOMATIC, [_found(), _detector()]),
                        io.DynamicCombo.Option(MASKS, [*_masks(), _background(), _overlap()]),
                        io.DynamicCombo.Option(BOXES, [_boxes(), _order()]),
                        io.DynamicCombo.Option(PARTS, [_parts()]),
                    ],
                    tooltip="automatic: find faces or persons. masks: one painted mask per person. boxes: "
                    "rectangles. equal parts: halves, thirds and so on, side by side.",
                ),
                io.String.Input(
                    "speaker_order",
                    display_name="speaker order",
                    default="",
                    advanced=True,
                    tooltip="Which person has which voice: person numbers from the preview, separated by "
                    "commas, such as 2, 1. Empty keeps the order of the preview.",
                ),
                *size_inputs.previewed_size(),
                size_inputs.resolution(),
            ],
            outputs=[
                MultiTalkPersons.Output("persons"),
                io.Mask.Output("masks", tooltip="One mask per person in speaker order, then the background."),
                io.Image.Output(
                    "preview",
                    tooltip="The picture with each person's colour, number and certainty; dark where the "
                    "video cuts it off.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )
        return shown_from_cache(schema)

    @classmethod
    def validate_inputs(  # noqa: PLR0917
        cls,
        method: dict | None = None,
        speaker_order: str | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> bool:
        check_queued(cls, method=method, speaker_order=speaker_order, width=width, height=height)
        size_inputs.check_sizes(width, height)
        _indices(speaker_order or "")
        return True

    @classmethod
    @checked
    def execute(
        cls,
        *,
        image: Tensor | Input.Video,
        method: dict,
        speaker_order: str,
        width: int = 0,
        height: int = 0,
        resolution: str = USUAL,
    ) -> io.NodeOutput:
        order = _indices(speaker_order)
        size_inputs.check_sizes(width, height)
        picture, _ = source_of("image", image)
        persons = _persons(picture, method)
        check_same_size(persons, *picture.shape[:2])
        if order:
            with naming("speaker_order"):
                persons = persons.ordered(order)
        rows, columns = persons.size
        check_memory(
            FLOAT_BYTES * (persons.count + 1) * rows * columns,
            f"A set of masks for {persons.count} persons at {columns}×{rows} pixels",
            "scale the picture down",
        )
        size = film_size(picture, width=width, height=height, resolution=resolution)
        sentences = [*doubts(persons), *other_kinds(method.get("boxes")), *cut_away(persons, *size)]
        if sentences:
            logging.warning("[MultiTalk] %s", "\n".join(sentences))
            show_text("\n".join(sentences), cls.hidden.unique_id)
        masks = torch.cat([persons.masks, persons.background[None]]).float()
        preview = persons_overlay(picture, persons, size)[None]
        shown = ui.PreviewImage(preview, cls=cls).as_dict()
        shown["multitalk_persons"] = [_box(mask) for mask in persons.masks]
        return io.NodeOutput(persons, masks, preview, ui=shown)


def _box(mask: Tensor) -> list[float]:
    """Left, top, right and bottom of a mask, as fractions of the picture."""
    sides: list[list[float]] = []
    for axis in (0, 1):  # over rows, so by column first
        places = torch.nonzero(mask.any(dim=axis)).flatten()
        sides.append([int(places[0]) / mask.shape[1 - axis], (int(places[-1]) + 1) / mask.shape[1 - axis]])
    (left, right), (top, bottom) = sides
    return [left, top, right, bottom]


def _found() -> io.Int.Input:
    return io.Int.Input(
        "persons",
        default=0,
        min=0,
        max=MOST_SPEAKERS,
        tooltip="Number of persons to find, listeners included, 0 to 8; the largest ones are used. 0 uses "
        "all that are found.",
    )


def _detector() -> io.Combo.Input:
    return io.Combo.Input(
        "model",
        options=[FACES, *list_model_folders(KIND)],
        default=FACES,
        tooltip="faces needs no download: it finds faces and adds head and shoulders. Other choices are "
        "folders in models/detection, each with a Hugging Face segmentation model that finds persons, such "
        "as Mask2Former trained on COCO.",
    )


def _masks() -> list[io.Input]:
    """A socket for each person; the page hides those after the first empty one (web/sockets_stay.js)."""
    return [
        io.Mask.Input(
            name,
            display_name=label_of(name),
            optional=True,
            tooltip="Mask of this person, at the picture's size. Or a single batch of masks, one per person, "
            "such as SAM3 Detect gives with individual_masks on: they are numbered from left to right.",
        )
        for name in PERSONS
    ]


def _background() -> io.Mask.Input:
    return io.Mask.Input(
        "background",
        optional=True,
        tooltip="Mask of the background, at the picture's size. Without it, the background is everything "
        "outside the persons' masks.",
    )


def _overlap() -> io.Boolean.Input:
    return io.Boolean.Input(
        "allow_overlap",
        display_name="allow overlap",
        default=False,
        advanced=True,
        tooltip="Accept masks that overlap by more than a tenth of the smaller one.",
    )


def _boxes() -> io.Input:
    return BoundingBox.Input(
        "boxes",
        tooltip="One rectangle per person in pixels of the picture, from any node that draws or detects "
        "them, such as Create Bounding Boxes or Run Real-Time Detection (RT-DETR); for an image batch, those "
        "of the first image.",
        # As widgets of the page they would shift the others when a graph is opened again.
        extra_dict={"forceInput": True},
    )


def _order() -> io.Combo.Input:
    return io.Combo.Input(
        "order",
        options=PersonOrder.words(),
        tooltip="left-to-right: the leftmost person has the first voice. given: keeps the order of the "
        "boxes, such as that in which they were drawn.",
    )


def _parts() -> io.Int.Input:
    return io.Int.Input(
        "parts",
        default=2,
        min=1,
        max=MOST_SPEAKERS,
        tooltip="Number of equal parts, 1 to 8, one per person, from left to right.",
    )


def _persons(picture: Tensor, method: dict) -> Persons:
    height, width = picture.shape[:2]
    match method["method"]:
        case "automatic":
            model = None if method["model"] == FACES else model_path(KIND, method["model"])
            return find_persons(
                picture,
                method["persons"] or None,
                model=model,
                check_interrupted=throw_exception_if_processing_interrupted,
            )
        case "masks":
            with naming("method"):
                return persons_of_masks(
                    [method.get(name) for name in PERSONS],
                    method.get("background"),
                    allow_overlap=method["allow_overlap"],
                )
        case "boxes":
            with naming("method.boxes"):
                return persons_of_boxes(method["boxes"], height, width, order=method["order"])
        case _:
            with naming("method.parts"):
                return persons_from_parts(method["parts"], height, width)


def _indices(speaker_order: str) -> list[int]:
    """From 0; none leaves the order as found."""
    words = speaker_order.split(",") if speaker_order.strip() else []
    try:
        order = [int(word) - 1 for word in words]
    except ValueError as error:
        raise MultiTalkError(
            f"speaker_order is {quoted(speaker_order)}: write person numbers separated by commas, "
            "such as 2, 1."
        ) from error
    if len(set(order)) < len(order) or not set(order) <= set(range(MOST_SPEAKERS)):
        raise MultiTalkError(
            f"speaker_order is {quoted(speaker_order)}: write each person's number once, from 1 to "
            f"{MOST_SPEAKERS}."
        )
    return order
