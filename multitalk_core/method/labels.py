"""Labels of tokens and voices (L-RoPE, paper 3.3); `kernels.rotation` rotates by them (Eq. 3 and 4).

Axes: b rows, t video tokens, k classes (persons, then the background).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import MultiTalkError, quoted
from ..kernels import labels
from ..limits import BACKGROUND_LABEL


class RangeTensors(NamedTuple):
    """Labels of persons, background and voices on the device that uses them, built once for all blocks.

    Attributes
    ----------
    persons : Tensor [persons, 2], float32
        Lowest and highest label of each person's tokens.
    background : float
    audio : Tensor [persons], float32
        Label of each voice.
    apart : Tensor [persons, 2], float32
        Each person's range less their voice's label.
    """

    persons: Tensor
    background: float
    audio: Tensor
    apart: Tensor


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

    def on(self, device: torch.device | str) -> RangeTensors:
        """These ranges as tensors on a device."""
        persons, audio = (torch.tensor(part, dtype=torch.float32) for part in (self.persons, self.audio))
        apart = persons - audio[:, None]
        return RangeTensors(persons.to(device), self.background, audio.to(device), apart.to(device))

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


def token_labels(similarity: Tensor, ranges: RangeTensors) -> Tensor:
    """Label of every video token (paper 3.3).

    A person's token gets that person's normalised similarity, scaled into that person's range; a
    token of the background gets the background's label.

    Parameters
    ----------
    similarity : Tensor [b, k, t]
    ranges : RangeTensors
        For k - 1 persons.

    Returns
    -------
    Tensor [b, t], float32
    """
    return labels(similarity.float(), ranges.persons, ranges.background)


def label_differences(similarity: Tensor, ranges: RangeTensors) -> Tensor:
    """Label of every video token less its own person's voice's; 0 for the background.

    Parameters
    ----------
    similarity : Tensor [b, k, t]
    ranges : RangeTensors
        For k - 1 persons.

    Returns
    -------
    Tensor [b, t], float32
    """
    return labels(similarity.float(), ranges.apart, 0.0)
