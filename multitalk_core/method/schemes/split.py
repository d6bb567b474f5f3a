"""Splitting: the columns of the picture in parts, one voice each (paper Fig. 3 c)."""

import torch

from ..binding import Binding
from ..wan import Grid
from .scheme import Scheme


class Split(Scheme):
    """Columns are cut into parts of nearly equal width, earlier ones wider; part i attends to voice i."""

    name = "split"
    help = "the picture is cut into columns, one voice each from the left; for comparison with the paper"

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        """The voice of the part that a token lies in."""
        parts = torch.arange(grid.width, device=device).tensor_split(voices)
        part_of_column = torch.cat([torch.full_like(part, index) for index, part in enumerate(parts)])
        part_of_token = part_of_column.repeat(grid.frames * grid.height)
        may_attend = part_of_token[:, None] == torch.arange(voices, device=device)
        return Binding(may_attend=may_attend.expand(rows, -1, -1))
