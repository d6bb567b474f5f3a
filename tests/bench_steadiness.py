"""How steady long films of the demo's model are: corrections between clips, and overlaps, side by side.

    python -m tests.bench_steadiness [corrections] [overlaps] [--scenes still talk] [--clips 12]
        [--frames 101] [--seeds 0 1]

Films are the demo's in size and settings, once in silence ("still"), once with its voices repeated
("talk"). docs/steadiness.md says what the columns mean.
"""

import argparse
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from multitalk_core.film.clip_inputs import VideoModel
from multitalk_core.film.colour import ColourMethod, lab_from_rgb
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.film.steadiness import Steadiness

from .helpers.demo_film import DemoFilm

SCENES = ("still", "talk")
LAST = 16  # frames in which a film's end is judged
BLOCK = 8  # pixels
OVERLAPS = ((13, 1), (13, 5), (13, 9), (29, 5), (29, 13), (29, 25))  # clip frames, motion frames


class MatchedLatents:
    """A VideoModel that gives every latent the mean and deviation of the first clip's, by channels."""

    def __init__(self, model: VideoModel) -> None:
        self.encode, self.sample, self._decode = model.encode, model.sample, model.decode
        self.goal: tuple[Tensor, Tensor] | None = None

    def decode(self, latent: Tensor) -> Tensor:
        """Frames of the matched latent."""
        mean, deviation = (measure(latent, (2, 3, 4), keepdim=True) for measure in (torch.mean, torch.std))
        self.goal = self.goal or (mean, deviation)
        return self._decode((latent - mean) / deviation * self.goal[1] + self.goal[0])


NONE = SeamCorrection(colour_strength=0.0)
MEAN = ColourMethod.MEAN
CORRECTIONS = {
    "none": {"seams": NONE},
    "lab, released": {},
    "mean": {"seams": SeamCorrection(colour_method=MEAN)},
    "latent mean and deviation": {"seams": NONE, "model": MatchedLatents},
    "codec 0.5": {"seams": SeamCorrection(colour_strength=0.0, codec_correction=0.5)},
    "lab, codec 0.5": {"seams": SeamCorrection(codec_correction=0.5)},
    "mean, codec 0.5": {"seams": SeamCorrection(colour_method=MEAN, codec_correction=0.5)},
    "lab, seam 4": {"seams": SeamCorrection(seam_frames=4)},
    "mean, seam 4": {"seams": SeamCorrection(colour_method=MEAN, seam_frames=4)},
    "mean, codec 0.5, seam 4": {
        "seams": SeamCorrection(colour_method=MEAN, seam_frames=4, codec_correction=0.5)
    },
    "infinitetalk: lab, released": {"continuation": Continuation.INFINITETALK},
    "infinitetalk: mean, seam 4": {
        "continuation": Continuation.INFINITETALK,
        "seams": SeamCorrection(colour_method=MEAN, seam_frames=4),
    },
}


def judged(frames: Tensor, film: Steadiness, picture: Tensor) -> dict[str, float]:
    """The columns of one film."""
    seen, goal = (lab_from_rgb(part.movedim(-1, 1)) for part in (frames[-LAST:], picture[None]))
    blocks = F.avg_pool2d(seen, BLOCK) - F.avg_pool2d(goal, BLOCK)
    return {
        "drift": film.largest_drift[0],
        "colour error": float(blocks.norm(dim=1).mean()),
        "contrast": float(seen[:, 0].std((-1, -2)).mean() / goal[:, 0].std()),
        "detail": float(detail(seen) / detail(goal)),
        "at seams": film.seam_change,
        "inside": film.inside_change,
    }


def detail(lab: Tensor) -> Tensor:
    """Mean difference of lightness between neighbours."""
    return lab[:, 0].diff(dim=-1).abs().mean() + lab[:, 0].diff(dim=-2).abs().mean()


def print_row(name: str, rows: list[dict[str, float]]) -> None:
    """The mean of some films' columns."""
    means = [sum(row[column] for row in rows) / len(rows) for column in rows[0]]
    print("| " + " | ".join([name, *(f"{mean:.2f}" for mean in means)]) + " |", flush=True)


def print_head(names: list[str]) -> None:
    print("| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|", flush=True)


def corrections(films: dict[str, DemoFilm], clips: int, seeds: list[int]) -> None:
    """One row a correction and scene."""
    print_head(["correction", "drift", "colour error", "contrast", "detail", "at seams", "inside"])
    for scene, film in films.items():
        for name, options in CORRECTIONS.items():
            made = [film.make(clips, seed=seed, **options) for seed in seeds]
            print_row(f"{scene}: {name}", [judged(*each, film.picture) for each in made])


def overlaps(films: dict[str, DemoFilm], frames: int, seeds: list[int]) -> None:
    """One row an overlap and scene; every film has at least `frames` frames, every frame once."""
    print_head(["overlap", "clips", "drift", "colour error", "at seams", "inside", "s a second of film"])
    for scene, film in films.items():
        for clip_frames, overlap in OVERLAPS:
            clips = 1 + -(-(frames - clip_frames) // (clip_frames - overlap))
            rows = []
            for seed in seeds:
                started = time.monotonic()
                made, steadiness = film.make(clips, clip_frames=clip_frames, overlap=overlap, seed=seed)
                seconds = time.monotonic() - started
                assert len(made) == clip_frames + (clips - 1) * (clip_frames - overlap)
                row = judged(made, steadiness, film.picture)
                kept = {name: row[name] for name in ("drift", "colour error", "at seams", "inside")}
                rows.append({"clips": clips, **kept, "seconds": seconds / (len(made) / 25)})
            print_row(f"{scene}: {overlap} of {clip_frames}", rows)


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tables", nargs="*", default=["corrections", "overlaps"])
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=SCENES)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--frames", type=int, default=101)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    torch.set_num_threads(1)
    films = {scene: DemoFilm(speaking=scene == "talk") for scene in options.scenes}
    if "corrections" in options.tables:
        corrections(films, options.clips, options.seeds)
    if "overlaps" in options.tables:
        overlaps(films, options.frames, options.seeds)


if __name__ == "__main__":
    main()
