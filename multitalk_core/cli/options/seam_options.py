"""Arguments for the seams between clips."""

import argparse

from ...film.colour import ColourMethod
from ...film.seams import SEAM_FRAMES, SeamCorrection
from ...limits import FRACTION
from ...limits import SEAM_FRAMES as SEAM_LIMIT
from .limited_number import within

DESCRIPTION = "Corrections of colour drift and of jumps at clip boundaries; docs/steadiness.md measures them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Corrections of colours and seams."""
    group = parser.add_argument_group("seams between clips", DESCRIPTION)
    group.add_argument(
        "--colour-strength",
        type=within(FRACTION),
        default=1.0,
        metavar="0..1",
        help="how far each clip's colours are matched to the picture's; 0 is off (default: 1)",
    )
    group.add_argument(
        "--colour-method",
        choices=list(ColourMethod),
        default=ColourMethod.LAB,
        help="lab matches the mean and the spread of colours, as in the reference implementation; mean "
        "matches the mean only and leaves the contrast unchanged (default: %(default)s)",
    )
    group.add_argument(
        "--seam-frames",
        type=within(SEAM_LIMIT),
        default=SEAM_FRAMES,
        metavar="N",
        help="frames over which the jump at a clip boundary fades out; 0 leaves the jump, as in the "
        "reference implementation (default: %(default)s)",
    )
    group.add_argument(
        "--codec-correction",
        type=within(FRACTION),
        default=0.0,
        metavar="0..1",
        help="how much of the VAE's change to the motion frames is compensated before they condition the "
        "next clip; 0.5 reduces colour drift (default: 0)",
    )


def seam_correction(arguments: argparse.Namespace) -> SeamCorrection:
    """The corrections that the arguments mean."""
    return SeamCorrection(
        colour_strength=arguments.colour_strength,
        colour_method=arguments.colour_method,
        seam_frames=arguments.seam_frames,
        codec_correction=arguments.codec_correction,
    )
