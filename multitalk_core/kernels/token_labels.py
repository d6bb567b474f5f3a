"""Label of every video token, from where the persons are (paper 3.3).

Axes: b rows, t video tokens, k classes (persons, then the background).
"""

import torch
from torch import Tensor

from .way import Way, choose, launched

NAME = "labels"
MOST_CLASSES = 16  # of the Triton kernel


def labels(similarity: Tensor, bounds: Tensor, background: float, *, way: Way | None = None) -> Tensor:
    """Label of every video token (paper 3.3).

    A token belongs to the class of its largest similarity. A person's token gets that person's similarity,
    stretched to 0..1 over all tokens of the clip (Norm) and scaled into that person's range; a token of the
    background gets the background's label.

    Parameters
    ----------
    similarity : Tensor [b, k, t], float32
    bounds : Tensor [k - 1, 2], float32
        Lowest and highest label of each person.
    background : float
    way : Way, optional
        The fastest at hand where not given; SDPA is the twin here.

    Returns
    -------
    Tensor [b, t], float32
    """
    labelled: Tensor = torch.ops.multitalk.labels(
        similarity, bounds, background, "" if way is None else str(way)
    )
    return labelled


@torch.library.custom_op("multitalk::labels", mutates_args=())
def _labels(similarity: Tensor, bounds: Tensor, background: float, way: str) -> Tensor:  # noqa: PLR0917
    chosen = Way(way) if way else choose(NAME, similarity.device, similarity.shape[1] <= MOST_CLASSES)
    if chosen is not Way.TRITON:
        return _twin(similarity, bounds, background)

    def launch() -> Tensor:
        from .compiled.token_labels_kernel import labels_by_triton

        return labels_by_triton(similarity, bounds, background)

    if way:
        return launch()
    return launched(NAME, launch, instead=lambda: _twin(similarity, bounds, background))


@_labels.register_fake
def _(similarity: Tensor, bounds: Tensor, background: float, way: str) -> Tensor:  # noqa: PLR0917
    return torch.empty_like(similarity[:, 0])


def _twin(similarity: Tensor, bounds: Tensor, background: float) -> Tensor:
    lowest, highest = (bound[:, None] for bound in bounds.unbind(-1))
    persons = normalised_similarity(similarity[:, :-1]) * (highest - lowest) + lowest
    nobody = torch.full_like(similarity[:, :1], background)
    classes = similarity.argmax(dim=1, keepdim=True)
    return torch.cat([persons, nobody], dim=1).gather(1, classes)[:, 0]


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
