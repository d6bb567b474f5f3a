"""Arguments for the picture or video, and for the persons in it."""

import argparse
import sys

from torch import Tensor

from ...errors import MultiTalkError
from ...limits import MOST_SPEAKERS
from ...media.picture import BACKGROUND, on_background, open_picture, read_mask
from ...media.video_file import VideoFile
from ...persons.detection import find_persons
from ...persons.face_detector import WEIGHTS
from ...persons.marking import PersonOrder, persons_from_boxes, persons_from_masks, persons_from_parts
from ...persons.masks import Persons, check_same_size
from .paths import input_file
from .types import box, colour, text


def add_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """The picture or video, which may be `required`, and its persons."""
    group = parser.add_argument_group("picture and persons")
    sources = group.add_mutually_exclusive_group(required=required)
    sources.add_argument("--picture", type=input_file, metavar="FILE", help="a photograph or a drawing")
    sources.add_argument(
        "--video",
        type=input_file,
        metavar="FILE",
        help="a video to dub, instead of a picture: its look and motion stay, the mouths are regenerated; "
        "persons are detected in its first frame and followed by their faces",
    )
    group.add_argument(
        "--background",
        type=colour,
        default=BACKGROUND,
        metavar="COLOUR",
        help="what shows where the --picture is transparent: a name such as white or grey, or #rrggbb "
        "(default: %(default)s)",
    )
    how = group.add_mutually_exclusive_group()
    how.add_argument(
        "--persons",
        choices=("auto", "parts"),
        default="auto",
        help="auto detects people by their faces or with --segmentation-model; parts divides the picture "
        "into equal columns, one per person (default: %(default)s)",
    )
    how.add_argument(
        "--boxes",
        type=box,
        nargs="+",
        metavar="LEFT,TOP,RIGHT,BOTTOM",
        help="one rectangle per person, in pixels of the picture",
    )
    how.add_argument(
        "--masks",
        type=input_file,
        nargs="+",
        metavar="FILE",
        help="one mask per person, the size of the picture: white on the person, or a cut-out with a "
        "transparent background",
    )
    group.add_argument(
        "--segmentation-model",
        type=text,
        metavar="FOLDER",
        help="instance segmentation model for --persons auto, as a folder or a Hugging Face name "
        "(Mask2Former, DETR)",
    )
    group.add_argument(
        "--face-model",
        type=input_file,
        metavar="FILE",
        help="face detector for --persons auto, for --follow-persons, and for following persons through a "
        "--video: a RetinaFace-mobilenet0.25 as tools/make_face_detector.py writes it (default: the one that "
        "comes with the package)",
    )
    group.add_argument(
        "--speakers-order",
        choices=PersonOrder.words(),
        default=PersonOrder.LEFT_TO_RIGHT,
        help="how boxes or masks are assigned to speakers: left to right in the picture, or in the order "
        "given (default: %(default)s)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for too many persons."""
    for option, given in (("--boxes", arguments.boxes), ("--masks", arguments.masks)):
        if len(given or ()) > MOST_SPEAKERS:
            raise MultiTalkError(
                f"{option} marks {len(given)} persons, but {MOST_SPEAKERS} is the maximum: leave some out."
            )


def read_source(arguments: argparse.Namespace) -> tuple[Tensor, VideoFile | None]:
    """The picture [height, width, 3], and the video whose first frame it is, if any."""
    if arguments.video is None:
        picture = open_picture(arguments.picture)
        for remark in picture.remarks_on(arguments.background):
            print(f"{arguments.picture}: {remark}.", file=sys.stderr)
        return on_background(picture, arguments.background), None
    video = VideoFile.open(arguments.video)
    return video.picture(), video


def read_persons(arguments: argparse.Namespace, picture: Tensor, count: int | None) -> Persons:
    """The persons in a picture [height, width, 3]; `count` applies unless boxes or masks are given."""
    height, width = picture.shape[:2]
    if arguments.boxes:
        return persons_from_boxes(arguments.boxes, height, width, order=arguments.speakers_order)
    if arguments.masks:
        masks = [read_mask(file) for file in arguments.masks]
        persons = persons_from_masks(masks, order=arguments.speakers_order)
        check_same_size(persons, height, width)
        return persons
    if arguments.persons == "parts":
        return persons_from_parts(count or 1, height, width)
    return find_persons(
        picture, count, model=arguments.segmentation_model, face_model=arguments.face_model or WEIGHTS
    )
