"""What an injection scheme is: a name, a line of help, and a binding."""

from abc import ABC
from typing import ClassVar

import torch
from torch import Tensor

from ..binding import Binding
from ..labels import RangeTensors
from ..wan import Grid


class Scheme(ABC):
    """One way for several voices to enter the audio layer (paper Fig. 3).

    A subclass overrides `bind`, or `needs_localization` and `bind_located`, or all three.

    Attributes
    ----------
    name : str
        The word that users choose it by.
    help : str
        For tooltips and the command line: what it does, and when to choose it. No full stop.
    """

    name: ClassVar[str]
    help: ClassVar[str]

    def needs_localization(self, voices: int) -> bool:
        """Whether so many voices are bound by `bind_located`, from where the persons are."""
        return False

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        """Bind tokens to voices without knowing where the persons are.

        Parameters
        ----------
        rows, voices : int
        grid : Grid
        device : torch.device
            Of the tokens.
        """
        raise NotImplementedError(f"The scheme {self.name} binds no {voices} voices without localization.")

    def bind_located(self, similarity: Tensor, ranges: RangeTensors) -> Binding:
        """Bind tokens to voices by where the persons are.

        Parameters
        ----------
        similarity : Tensor [rows, voices + 1, tokens]
            From `class_similarity`; the background is the last class.
        ranges : RangeTensors
            For as many persons as voices.
        """
        raise NotImplementedError(f"The scheme {self.name} does not bind by localization.")
