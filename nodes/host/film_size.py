"""The size of a film: as the user gives it, or as the picture."""

from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ...multitalk_core.method import wan
from .conditioned_model import transformer_of
from .sampler_inputs import SamplerInputs

USUAL = "automatic"
RESOLUTIONS = {f"{resolution}p": resolution for resolution in wan.RESOLUTIONS}


def film_size(
    picture: Tensor, *, width: int, height: int, resolution: str, model: ModelPatcher | None = None
) -> tuple[int, int]:
    """Height and width of a film.

    Parameters
    ----------
    picture : Tensor [height, width, 3]
        Uncropped.
    width, height : int
        Both 0 for the trained size that is closest to the picture's shape.
    resolution : str
        USUAL, or of RESOLUTIONS.
    model : ModelPatcher, optional
        A miniature has a resolution of its own.

    Raises
    ------
    MultiTalkError
        When the MODEL is no Wan2.1.
    """
    if width and height:
        return height, width
    usual = wan.RESOLUTIONS[0] if model is None else wan.usual_resolution(transformer_of(model).dim)
    rows, columns = picture.shape[:2]
    return wan.nearest_bucket(rows, columns, RESOLUTIONS.get(resolution, usual))


def with_size(inputs: SamplerInputs, picture: Tensor) -> SamplerInputs:
    """The inputs with the film's size in place of a width and height of 0."""
    height, width = film_size(
        picture,
        width=inputs["width"],
        height=inputs["height"],
        resolution=inputs.get("resolution", USUAL),
        model=inputs["model"],
    )
    return {**inputs, "width": width, "height": height}
