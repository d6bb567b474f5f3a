"""What binds video tokens to voices in one audio layer (paper 3.3, Fig. 3)."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor


class Labels(NamedTuple):
    """Labels that rotate an audio layer's queries and keys (paper Eq. 3 and 4).

    Attributes
    ----------
    tokens : Tensor [rows, tokens]
        Of the video tokens.
    voices : Tensor [rows, voices]
    """

    tokens: Tensor
    voices: Tensor


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What binds video tokens to voices in one audio layer.

    Attributes
    ----------
    labels : Labels or None
        None rotates nothing.
    may_attend : Tensor [rows, tokens or 1, voices], bool, or None
        The voices that a token may attend to; None is all. The layer adds nothing to a token without any.
    summed : bool
        One attention for each voice, the results summed, instead of one attention over all voices.
    """

    labels: Labels | None = None
    may_attend: Tensor | None = None
    summed: bool = False

    def with_audio_free_rows(self, audible: Tensor, voices: int) -> "Binding":
        """Bind the rows without audio to voice 0 alone, where their zero embedding lies, unrotated.

        Rows of both kinds keep one shape, and label 0 is the identity rotation.

        Parameters
        ----------
        audible : Tensor [rows], bool
        voices : int
        """
        first_voice = torch.arange(voices, device=audible.device) == 0
        may_attend = self.may_attend
        if may_attend is None:
            may_attend = torch.ones(len(audible), 1, voices, dtype=torch.bool, device=audible.device)
        labels = self.labels
        if labels is not None:
            labels = Labels(labels.tokens * audible[:, None], labels.voices * audible[:, None])
        may_attend = torch.where(audible[:, None, None], may_attend, first_voice)
        return replace(self, labels=labels, may_attend=may_attend)
