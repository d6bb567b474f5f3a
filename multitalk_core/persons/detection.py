"""Automatic person detection: by a segmentation model, or by faces."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.given import check_folder, loading
from ..guards.interruption import uninterrupted
from ..media.picture import levels
from .faces import Face, find_faces
from .marking import persons_from_masks
from .masks import Persons

CERTAINTY = 0.5  # lowest probability of a segmented person
SPEAKER_AREA = 0.1  # of the largest person; smaller ones are passers-by
BY_HAND = "draw a box or a mask for each person, or cut the picture into equal parts"


def find_persons(
    picture: Tensor,
    count: int | None = None,
    *,
    model: str | Path | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Persons:
    """Find the persons of a picture, ordered left to right.

    Parameters
    ----------
    picture : Tensor [height, width, 3], float32, in 0..1
    count : int, optional
        How many persons speak or listen; the most prominent ones are chosen. By default all.
    model : str or Path, optional
        Folder or Hugging Face name of an instance or panoptic segmentation model that knows persons, such
        as Mask2Former or DETR. Without one, frontal faces are found and extended to head and shoulders;
        this needs no download.
    check_interrupted : callable
        Called between passes over the picture; raises to stop.

    Returns
    -------
    Persons
        Masks that do not overlap.

    Raises
    ------
    MultiTalkError
        When nobody or too few are found, or the model cannot be used.
    """
    pixels = levels(picture).cpu().numpy()
    if model is None:
        faces = find_faces(pixels, count, check_interrupted)
        masks = list(head_and_shoulders(faces, *pixels.shape[:2]))
    else:
        masks = _segmented(pixels, count, str(model))
    if len(masks) < (count or 1):
        found = "Nobody was" if not masks else f"Only {len(masks)} of {count} persons were"
        raise MultiTalkError(f"{found} found in the picture: {BY_HAND}.")
    return persons_from_masks(masks)


def head_and_shoulders(faces: Sequence[Face], height: int, width: int) -> Tensor:
    """Extend faces to head and shoulders; a pixel that two would share goes to the nearer face.

    Parameters
    ----------
    faces : sequence of Face
    height, width : int
        Size of the picture.

    Returns
    -------
    Tensor [faces, height, width], bool
    """
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    masks = torch.zeros(len(faces), height, width, dtype=torch.bool)
    distances = torch.empty(len(faces), height, width)
    for face, mask, distance in zip(faces, masks, distances, strict=True):
        down, across = (rows - face.row) / face.side, (columns - face.column) / face.side
        head = (across / 0.85) ** 2 + ((down + 0.15) / 1.1) ** 2 <= 1
        shoulders = (across / 1.75).abs() ** 3 + ((down - 2.6) / 1.8).abs() ** 3 <= 1
        mask[:] = head | (shoulders & (down <= 3))
        distance[:] = across**2 + down**2
    if len(faces) > 1:
        masks &= distances.argmin(dim=0) == torch.arange(len(faces))[:, None, None]
    return masks


def person_segments(segments: Sequence[dict[str, Any]], count: int | None = None) -> list[Tensor]:
    """Select the masks of persons among a segmentation pipeline's results, the most prominent first.

    Parameters
    ----------
    segments : sequence of dict
        With "label", "score" and "mask" (a Pillow picture), as transformers returns them.
    count : int, optional
        At most this many; by default all but passers-by.

    Returns
    -------
    list of Tensor [height, width], bool
    """
    masks = [torch.from_numpy(np.array(s["mask"]) > 0) for s in segments if _is_person(s["label"])]
    masks = sorted((mask for mask in masks if mask.any()), key=lambda mask: int(mask.sum()), reverse=True)
    if count is not None:
        return masks[:count]
    return [mask for mask in masks if mask.sum() >= SPEAKER_AREA * masks[0].sum()]


def _is_person(label: str) -> bool:
    return label.split(",")[0].strip().lower() == "person"  # ADE20K says "person, individual, someone"


def _segmented(pixels: np.ndarray, count: int | None, model: str) -> list[Tensor]:
    from PIL import Image
    from transformers import pipeline

    check_folder(Path(model), "segmentation model")
    advice = "use another Mask2Former or DETR in safetensors, or mark the persons by boxes or masks"
    with loading(model, "segmentation model", advice):
        segmenter = pipeline("image-segmentation", model=model, model_kwargs={"use_safetensors": True})
    if not any(_is_person(label) for label in segmenter.model.config.id2label.values()):
        raise MultiTalkError(
            f"The segmentation model {model} does not know persons: use one that was trained on COCO."
        )
    return person_segments(segmenter(Image.fromarray(pixels), threshold=CERTAINTY), count)
