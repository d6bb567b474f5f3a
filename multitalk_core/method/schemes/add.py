"""Addition: one attention for each voice, the results summed (paper Fig. 3 b)."""

import torch

from ..binding import Binding
from ..wan import Grid
from .scheme import Scheme


class Add(Scheme):
    """One attention for each voice, the results summed, without labels."""

    name = "add"
    help = "one attention for each voice, summed; binds nobody, for comparison with the paper"

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        """Every token attends to every voice, one after the other."""
        return Binding(summed=True)
