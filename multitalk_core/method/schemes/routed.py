"""Routing: each token attends to the voice of the person that it was located as. Not in the paper."""

import torch
from torch import Tensor

from ..binding import Binding, Labels
from ..labels import RangeTensors, label_differences
from ..localization import token_classes
from .scheme import Scheme


class Routed(Scheme):
    """A person's tokens attend to that person's voice alone; the background gets nothing.

    Tokens are rotated by the difference of their label from their own voice's, as in L-RoPE.
    """

    name = "routed"
    help = (
        "each person follows only their own voice and everyone else stays still; for three or more speakers, "
        "or one among bystanders"
    )

    def needs_localization(self, voices: int) -> bool:
        """Even a single voice: bystanders are spared."""
        return True

    def bind_located(self, similarity: Tensor, ranges: RangeTensors) -> Binding:
        """The voice of the token's own person; a single voice needs no labels."""
        voices = torch.arange(similarity.shape[1] - 1, device=similarity.device)
        may_attend = token_classes(similarity)[:, :, None] == voices
        if len(voices) == 1:
            return Binding(may_attend=may_attend)
        tokens = label_differences(similarity, ranges)
        return Binding(labels=Labels(tokens, voices=None), may_attend=may_attend)
