"""Arguments that say how clips are joined."""

import argparse

from ...film.colour import ColourMethod
from ...film.seams import SEAM_FRAMES, SeamCorrection
from ...limits import FRACTION
from ...limits import SEAM_FRAMES as SEAM_LIMIT
from .types import within

DESCRIPTION = "Colours are matched as in the released code, seams fade; docs/steadiness.md measures both."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Corrections of colours and seams."""
    group = parser.add_argument_group("the joins of its clips", DESCRIPTION)
    group.add_argument(
        "--colour-strength",
        type=within(FRACTION),
        default=1.0,
        metavar="0..1",
        help="how far each clip's colours are drawn back to the picture's (default: 1)",
    )
    group.add_argument(
        "--colour-method",
        choices=list(ColourMethod),
        default=ColourMethod.LAB,
        help="lab matches the mean and the spread of colours; mean their mean alone, which leaves the "
        "contrast as it is (default: %(default)s)",
    )
    group.add_argument(
        "--seam-frames",
        type=within(SEAM_LIMIT),
        default=SEAM_FRAMES,
        metavar="N",
        help="frames of a clip over which what changes at its seam fades; 0 leaves the seam, as released "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--codec-correction",
        type=within(FRACTION),
        default=0.0,
        metavar="0..1",
        help="share of what the VAE changes in the motion frames that is made up for before they are "
        "encoded; 0.5 slows drift (default: 0)",
    )


def seam_correction(arguments: argparse.Namespace) -> SeamCorrection:
    """The corrections that the arguments mean."""
    return SeamCorrection(
        colour_strength=arguments.colour_strength,
        colour_method=arguments.colour_method,
        seam_frames=arguments.seam_frames,
        codec_correction=arguments.codec_correction,
    )
