"""Concatenation: the tokens of all voices side by side (paper Fig. 3 a)."""

import torch

from ..binding import Binding
from ..wan import Grid
from .scheme import Scheme


class Concat(Scheme):
    """One attention over all voices' tokens, without labels."""

    name = "concat"
    help = "one attention over all voices; binds nobody, for comparison with the paper"

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        """Every token attends to every voice."""
        return Binding()
