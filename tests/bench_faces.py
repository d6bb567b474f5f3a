"""How many faces the detector finds in a folder of pictures with truth.json, and how certain it is.

    python -m tests.bench_faces [FOLDER ...]

By default the pictures of the tests. A picture is right when each true face's centre lies in exactly one
found face and nothing else is found. docs/persons.md has the figures.
"""

import json
import sys
import time
from pathlib import Path

import torch

from multitalk_core.media.picture import read_picture
from multitalk_core.persons.face_detector import DetectedFace, FaceDetector, certain

PICTURES = Path(__file__).parent / "persons" / "pictures"


def holders(faces: list[DetectedFace], true: list[list[int]]) -> list[list[int]]:
    """For each true face the found faces that its centre lies in."""
    centres = sorted((left + width / 2, top + height / 2) for left, top, width, height in true)
    return [
        [
            index
            for index, face in enumerate(faces)
            if face.box.left <= column <= face.box.right and face.box.top <= row <= face.box.bottom
        ]
        for column, row in centres
    ]


def judge(folder: Path, detector: FaceDetector) -> None:
    """Print a line for each picture, and the sums."""
    right = found = false = true_faces = 0
    seconds = []
    entries = json.loads((folder / "truth.json").read_text())
    for entry in entries:
        picture = read_picture(folder / entry["file"])
        start = time.process_time()
        candidates = detector.candidates(picture)
        seconds.append(time.process_time() - start)
        faces = certain(candidates)
        held = holders(faces, entry["faces"])
        hit = {index for indices in held for index in indices}
        is_right = held == [[index] for index in range(len(faces))]
        right, found, false = right + is_right, found + sum(map(bool, held)), false + len(faces) - len(hit)
        true_faces += len(entry["faces"])
        seen = " ".join(f"{face.certainty:.2f}" for face in candidates)
        print(f"{entry['file']:12} {len(held)} true, {len(faces)} found, certainties {seen or 'none'}")
    milliseconds = 1000 * sorted(seconds)[len(seconds) // 2]
    print(
        f"{folder}: {right} of {len(entries)} pictures right, {found} of {true_faces} faces, {false} false, "
        f"{milliseconds:.0f} ms a picture (median, one core)"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or [PICTURES]:
        judge(Path(name), FaceDetector())
