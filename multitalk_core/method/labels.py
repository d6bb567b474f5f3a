"""Labels of tokens and voices, and the rotation by them (L-RoPE, paper 3.3, Eq. 3 and 4).

Axes: b rows, t video tokens, k classes (persons, then the background), h heads, c channels of a head.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import MultiTalkError, quoted
from ..limits import BACKGROUND_LABEL

ROTATION_BASE = 10000.0
AT_ONCE = 2**23  # numbers rotated at a time: all at once, a 480p clip needs a gigabyte of float32 beside it


@dataclass(frozen=True)
class LabelRanges:
    """Which labels the tokens of each person, the background and each voice get.

    Attributes
    ----------
    persons : tuple of (float, float)
        Range (lowest, highest) of the labels of each person's tokens, in speaker order.
    background : float
        Label of every token that belongs to nobody.
    audio : tuple of float
        Label of each voice, in speaker order.
    """

    persons: tuple[tuple[float, float], ...]
    background: float
    audio: tuple[float, ...]

    @classmethod
    def parse(cls, text: str, speakers: int) -> "LabelRanges":
        """Labels by name ("paper", "narrow") or as LOW:HIGH,LOW:HIGH/BACKGROUND/VOICE,VOICE.

        Raises
        ------
        MultiTalkError
            For another form, or labels of another number of speakers.
        """
        if text == "paper":
            return spread_ranges(speakers)
        if text == "narrow":
            return spread_ranges(speakers, label_range=2.0, label_distance=2.0)
        try:
            persons, background, audio = text.split("/")
            bounds = [tuple(map(_label, bound.split(":"))) for bound in persons.split(",")]
            ranges = cls(
                tuple((low, high) for low, high in bounds),
                _label(background),
                tuple(map(_label, audio.split(","))),
            )
        except ValueError as error:
            raise MultiTalkError(
                f"The label ranges {quoted(text)} cannot be read: write paper, narrow, or for example "
                "0:4,20:24/12/2,22 (each person's range, the background, each voice)."
            ) from error
        if not len(ranges.persons) == len(ranges.audio) == speakers:
            raise MultiTalkError(
                f"The label ranges {quoted(text)} are for {len(ranges.persons)} persons and "
                f"{len(ranges.audio)} voices, but there are {speakers} speakers: give one range and one "
                "voice's label for each."
            )
        return ranges


def _label(text: str) -> float:
    return float(BACKGROUND_LABEL.check("a label", float(text)))


def spread_ranges(
    speakers: int,
    *,
    label_range: float = 4.0,
    label_distance: float = 20.0,
    background_label: float = 12.0,
) -> LabelRanges:
    """Equal ranges at equal distances; a voice's label is the middle of its person's range.

    The defaults give the paper's labels for two speakers: 0-4 and 20-24, background 12, voices 2 and 22
    (3.3, Table 3 b). A label range and distance of 2 give Table 3 a: 0-2 and 2-4, voices 1 and 3.

    Parameters
    ----------
    speakers : int
    label_range : float
        Width of each person's range.
    label_distance : float
        From one person's lowest label to the next one's.
    background_label : float
    """
    starts = [label_distance * speaker for speaker in range(speakers)]
    return LabelRanges(
        persons=tuple((start, start + label_range) for start in starts),
        background=background_label,
        audio=tuple(start + label_range / 2 for start in starts),
    )


def token_classes(similarity: Tensor) -> Tensor:
    """Class of every token: the largest of its similarities (paper 3.3).

    Parameters
    ----------
    similarity : Tensor [b, k, t]
        The background is the last class.

    Returns
    -------
    Tensor [b, t], int64 in 0..k - 1
    """
    return similarity.argmax(dim=1)


def normalised_similarity(similarity: Tensor) -> Tensor:
    """Each class's map stretched to 0..1 over all tokens of the clip (paper 3.3, Norm).

    Parameters
    ----------
    similarity : Tensor [b, k, t]

    Returns
    -------
    Tensor of the same shape
    """
    lowest = similarity.amin(dim=-1, keepdim=True)
    highest = similarity.amax(dim=-1, keepdim=True)
    return (similarity - lowest) / (highest - lowest + 1e-8)


def token_labels(similarity: Tensor, ranges: LabelRanges) -> Tensor:
    """Label of every video token (paper 3.3).

    A person's token gets that person's normalised similarity, scaled into that person's range; a
    token of the background gets the background's label.

    Parameters
    ----------
    similarity : Tensor [b, k, t]
    ranges : LabelRanges
        For k - 1 persons.

    Returns
    -------
    Tensor [b, t], float32
    """
    similarity = similarity.float()
    bounds = similarity.new_tensor(ranges.persons)[:, :, None]
    person_labels = normalised_similarity(similarity[:, :-1]) * (bounds[:, 1] - bounds[:, 0]) + bounds[:, 0]
    background = torch.full_like(similarity[:, :1], ranges.background)
    labels = torch.cat([person_labels, background], dim=1)
    return labels.gather(1, token_classes(similarity)[:, None])[:, 0]


def rotate(vectors: Tensor, labels: Tensor) -> Tensor:
    """Rotate vectors by their labels (paper Eq. 3 and 4).

    Pairs of neighbouring channels rotate by label * 10000^(-2i/channels), in float32. Label 0 is the
    identity. The paper's Eq. 4 writes the angle twice; this is the rotation of the reference implementation.

    Parameters
    ----------
    vectors : Tensor [..., h, c]
        An even number of channels.
    labels : Tensor
        Broadcastable to the shape of `vectors` without its last dimension.

    Returns
    -------
    Tensor, shape and dtype of `vectors`
    """
    channels = vectors.shape[-1]
    exponents = torch.arange(0, channels, 2, device=vectors.device, dtype=torch.float32) / channels
    angles = labels.float()[..., None] * ROTATION_BASE**-exponents
    cosines, sines = (part.expand(*vectors.shape[:-1], -1) for part in (angles.cos(), angles.sin()))
    rotated = torch.empty_like(vectors)
    heads = vectors.shape[-2]
    at_once = max(1, AT_ONCE * heads // vectors.numel())
    for start in range(0, heads, at_once):
        some = slice(start, start + at_once)
        cosine, sine = cosines[..., some, :], sines[..., some, :]
        even, odd = vectors[..., some, 0::2], vectors[..., some, 1::2]
        # In float32: half precision is promoted, then rounded.
        rotated[..., some, 0::2] = even * cosine - odd * sine
        rotated[..., some, 1::2] = odd * cosine + even * sine
    return rotated
