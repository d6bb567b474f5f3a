"""Wan's image-to-video model differs from the others in its number of input channels."""

from ..errors import MultiTalkError
from ..method.wan import I2V_CHANNELS


def check_image_to_video(channels: int | None, model: str, advice: str) -> None:
    """Refuse a Wan model that cannot start from a picture.

    Parameters
    ----------
    channels : int, optional
        Of the model's input; None if unknown.
    model : str
        Begins the message, such as "The model" with its path.
    advice : str
        Ends the message: what to do.

    Raises
    ------
    MultiTalkError
        When the input is not noise, mask and picture.
    """
    if channels != I2V_CHANNELS:
        raise MultiTalkError(
            f"{model} takes {channels} channels, Wan2.1 I2V takes {I2V_CHANNELS}: it is a text-to-video or "
            f"another model that cannot start from a picture; {advice}"
        )
