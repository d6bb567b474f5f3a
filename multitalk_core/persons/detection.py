"""Automatic person detection: by a segmentation model, or by faces."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.given import check_folder, loading
from ..guards.interruption import uninterrupted
from ..limits import MOST_SPEAKERS
from ..media.picture import levels
from .box import Box
from .face_detector import CERTAIN, SPEAKER_SIZE, WEIGHTS, DetectedFace, FaceDetector, certain
from .head_and_shoulders import head_and_shoulders
from .marking import PersonOrder, persons_from_masks
from .masks import Finding, Persons

CERTAINTY = 0.5  # lowest probability of a segmented person
SPEAKER_AREA = 0.1  # of the largest person; smaller ones are passers-by
BY_HAND = "draw a box or a mask for each person, or cut the picture into equal parts"


def find_persons(
    picture: Tensor,
    count: int | None = None,
    *,
    model: str | Path | None = None,
    face_model: Path = WEIGHTS,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Persons:
    """Find the persons of a picture, ordered left to right.

    Parameters
    ----------
    picture : Tensor [height, width, 3], float32, in 0..1
    count : int, optional
        How many persons speak or listen; the largest are chosen. By default all. A count does not lower the
        certainty that a person needs.
    model : str or Path, optional
        Folder or Hugging Face name of an instance or panoptic segmentation model that knows persons, such
        as Mask2Former or DETR. Without one, faces are found and extended to head and shoulders; this needs
        no download.
    face_model : Path
        Weights for `FaceDetector`.
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
    if model is None:
        return _persons_by_faces(
            picture, count, detector=FaceDetector(face_model), check_interrupted=check_interrupted
        )
    segments = _segments(levels(picture).cpu().numpy(), str(model))
    if len(segments) < (count or 1):
        raise MultiTalkError(f"{_too_few(len(segments), count)}: {BY_HAND}.")
    _check_everyone(len(segments), count)
    chosen = segments[:count]
    findings = [Finding(None, certainty) for _, certainty in chosen]
    persons = persons_from_masks([mask for mask, _ in chosen], findings=findings)
    return replace(persons, others=len(segments) - len(chosen))


def _persons_by_faces(
    picture: Tensor, count: int | None, *, detector: FaceDetector, check_interrupted: Callable[[], None]
) -> Persons:
    height, width = picture.shape[:2]
    candidates = detector.candidates(picture, check_interrupted)
    faces = certain(candidates)
    if len(faces) < (count or 1):
        raise MultiTalkError(f"{_too_few(len(faces), count)}{_seen(candidates, faces)}: {BY_HAND}.")
    _check_everyone(len(faces), count)
    largest = sorted(faces, key=lambda face: face.size, reverse=True)[:count]
    others = len(faces) - len(largest)
    faces = [face for face in faces if face in largest]
    findings = [Finding(_within(face.box, height, width), face.certainty) for face in faces]
    masks = head_and_shoulders(faces, height, width)
    persons = persons_from_masks(masks, order=PersonOrder.GIVEN, findings=findings)
    return replace(persons, others=others)


def _too_few(found: int, count: int | None) -> str:
    if not found:
        return "Nobody was found in the picture"
    return f"Only {found} of {count} persons {'was' if found == 1 else 'were'} found in the picture"


def _check_everyone(found: int, count: int | None) -> None:
    if count is None and found > MOST_SPEAKERS:
        raise MultiTalkError(
            f"{found} persons were found in the picture, and a film has at most {MOST_SPEAKERS}: give the "
            f"number of persons, of whom the largest are taken, or {BY_HAND}."
        )


def _seen(candidates: Sequence[DetectedFace], faces: Sequence[DetectedFace]) -> str:
    """How certain the detector was of what it saw."""
    if not candidates:
        return ""
    certainties = ", ".join(
        f"{face.certainty:.2f}"
        + (" but too small" if face.certainty >= CERTAIN and face not in faces else "")
        for face in sorted(candidates, key=lambda face: face.certainty, reverse=True)
    )
    return (
        f" (possible faces, by certainty: {certainties}; a face needs {CERTAIN:.2f} and {SPEAKER_SIZE:.0%} "
        "of the largest one's size)"
    )


def _within(box: Box, height: int, width: int) -> Box:
    """The part of a face's box that lies in the picture."""
    return Box(max(0.0, box.left), max(0.0, box.top), min(width, box.right), min(height, box.bottom))


def person_segments(segments: Sequence[dict[str, Any]]) -> list[tuple[Tensor, float]]:
    """Select the persons among a segmentation pipeline's results without passers-by, the largest first.

    Parameters
    ----------
    segments : sequence of dict
        With "label", "score" and "mask" (a Pillow picture), as transformers returns them; a semantic model
        gives no score.

    Returns
    -------
    list of (Tensor [height, width], bool; float)
        Masks and certainties, 0..1.
    """
    found = [
        (torch.from_numpy(np.array(segment["mask"]) > 0), float(segment["score"] or 1))
        for segment in segments
        if _is_person(segment["label"])
    ]
    found = sorted((each for each in found if each[0].any()), key=_area, reverse=True)
    return [each for each in found if _area(each) >= SPEAKER_AREA * _area(found[0])]


def _area(segment: tuple[Tensor, float]) -> int:
    return int(segment[0].sum())


def _is_person(label: str) -> bool:
    return label.split(",")[0].strip().lower() == "person"  # ADE20K says "person, individual, someone"


def _segments(pixels: np.ndarray, model: str) -> list[tuple[Tensor, float]]:
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
    return person_segments(segmenter(Image.fromarray(pixels), threshold=CERTAINTY))
