"""Label rotary position embedding: the paper's own scheme (3.3, Fig. 3 d)."""

import torch
from torch import Tensor

from ..binding import Binding, Labels
from ..labels import RangeTensors, token_labels
from ..wan import Grid
from .scheme import Scheme


class LRope(Scheme):
    """Tokens and voices are rotated by labels; close labels attend to each other most. One voice has none."""

    name = "l-rope"
    help = "labels rotate each voice and its person's tokens alike, as in the paper; for one or two speakers"

    def needs_localization(self, voices: int) -> bool:
        """Only several voices need labels."""
        return voices > 1

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        """One voice for all tokens."""
        return Binding()

    def bind_located(self, similarity: Tensor, ranges: RangeTensors) -> Binding:
        """Labels of the tokens by person, and of the voices."""
        voices = ranges.audio.expand(len(similarity), -1)
        return Binding(labels=Labels(token_labels(similarity, ranges), voices))
