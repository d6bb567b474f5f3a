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
    voices : Tensor [rows, voices] or None
        None for voices at label 0.
    """

    tokens: Tensor
    voices: Tensor | None


class AudioFreeRows(NamedTuple):
    """Which rows of a batch are without audio, where not all have it; built once for all blocks.

    Attributes
    ----------
    audible : Tensor [rows], bool
    may_attend : Tensor [rows, 1, voices], bool
        All voices, or voice 0 for a row without audio.
    """

    audible: Tensor
    may_attend: Tensor

    @classmethod
    def of(cls, audible: Tensor, voices: int) -> "AudioFreeRows":
        """From [rows], bool."""
        first_voice = torch.arange(voices, device=audible.device) == 0
        return cls(audible, audible[:, None, None] | first_voice)


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

    def with_audio_free_rows(self, rows: AudioFreeRows) -> "Binding":
        """Bind the rows without audio to voice 0 alone, where their zero embedding lies, unrotated.

        Rows of both kinds keep one shape, and label 0 is the identity rotation.
        """
        audible, may_attend, labels = rows.audible, rows.may_attend, self.labels
        if self.may_attend is not None:
            may_attend = torch.where(audible[:, None, None], self.may_attend, may_attend)
        if labels is not None:
            voices = None if labels.voices is None else labels.voices * audible[:, None]
            labels = Labels(labels.tokens * audible[:, None], voices)
        return replace(self, labels=labels, may_attend=may_attend)

    def of_tokens(self, tokens: slice) -> "Binding":
        """What binds some of the tokens."""
        labels, may_attend = self.labels, self.may_attend
        if labels is not None:
            labels = Labels(labels.tokens[:, tokens], labels.voices)
        if may_attend is not None and may_attend.shape[1] > 1:
            may_attend = may_attend[:, tokens]
        return replace(self, labels=labels, may_attend=may_attend)
