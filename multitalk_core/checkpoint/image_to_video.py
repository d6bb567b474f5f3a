"""What tells Wan's image-to-video model from its others: the channels of its input."""

from ..errors import MultiTalkError
from ..method.wan import I2V_CHANNELS


def check_image_to_video(channels: int | None, model: str, advice: str) -> None:
    """Refuse a Wan model that cannot start from a picture.

    Parameters
    ----------
    channels : int, optional
        Of the model's input; None where it does not say.
    model : str
        What the sentence begins with, "The model" of some place.
    advice : str
        What to do, the sentence's end.

    Raises
    ------
    MultiTalkError
        When the model takes other channels than noise, mask and picture.
    """
    if channels != I2V_CHANNELS:
        raise MultiTalkError(
            f"{model} takes {channels} channels, Wan2.1 I2V takes {I2V_CHANNELS}: it is a text-to-video or "
            f"another model that cannot start from a picture; {advice}"
        )
