"""A film's parts in our graph, before they are put together."""

from dataclasses import dataclass, field

from .assembled_graph import Output


@dataclass
class FilmParts:
    """What MultiTalk Long Video and the nodes before it are given.

    Attributes
    ----------
    model, adapter, encoder, vae, clip_vision, positive, negative, text_encoder : Output or None
    voices : list of Output or None
        By speaker.
    in_turn : bool
        One voice after the other.
    normalise : bool
        Each voice is brought to one loudness for the encoder.
    fps : float
    frames : int, optional
        Length of the film; None lasts until the voices end.
    picture : Output or None
        Or the video that is dubbed.
    dubbed : bool
    persons : dict, optional
        Inputs of Locate MultiTalk Persons but for the picture.
    region : Output or None
    sampler : dict
        Values of MultiTalk Long Video and its settings nodes by input id.
    """

    model: Output | None = None
    adapter: Output | None = None
    encoder: Output | None = None
    vae: Output | None = None
    clip_vision: Output | None = None
    positive: Output | None = None
    negative: Output | None = None
    text_encoder: Output | None = None
    voices: list[Output | None] = field(default_factory=list)
    in_turn: bool = False
    normalise: bool = True
    fps: float = 25.0
    frames: int | None = None
    picture: Output | None = None
    dubbed: bool = False
    persons: dict[str, object] | None = None
    region: Output | None = None
    sampler: dict[str, object] = field(default_factory=dict)


def mask_inputs(masks: list[Output], speakers: int) -> dict[str, object]:
    """Inputs of Locate MultiTalk Persons: one mask a speaker, the one after them is the background."""
    persons = masks[:speakers] if len(masks) == speakers + 1 else masks
    given: dict[str, object] = {"method": "masks"}
    given |= {f"method.person_{number}": mask for number, mask in enumerate(persons, start=1)}
    if len(masks) == speakers + 1 and speakers:
        given["method.background"] = masks[speakers]
    return given
