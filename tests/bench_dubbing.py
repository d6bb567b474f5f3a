"""Dubbing by strength: how much the mouths follow the new voices, and what of the video is left.

    python -m tests.bench_dubbing [--talks 4] [--frames 45] [--picture docs/dubbing.png]
        [--continuations multitalk infinitetalk]

Cartoon people who talk and whom the demo's model has never seen, drawn with other mouths than their voices
ask for; docs/dubbing.md says what the columns mean. The picture shows one talk, dubbed twice.
"""

import argparse
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from multitalk_core.audio.conversation import encode_conversation
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.evaluation.binding_score import binding_score
from multitalk_core.evaluation.mouth_openness import CartoonFace, follow_faces, mouth_openness
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import make_film
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel
from multitalk_core.media.picture import write_picture
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes
from multitalk_core.toy_world.captions import caption
from multitalk_core.toy_world.talks import UNSEEN_SEEDS, Kind, Size, Talk, random_talk

from .bench_steadiness import print_head
from .helpers.demo_film import DemoFilm

FPS, RATE = 25, 16000
SWAY, SWAYS_A_SECOND = 0.05, 0.4  # picture heights to each side: more than the model would make up
MOUTH = (-0.6, 0.25, 0.6, 1.05)  # of the region, in half widths of a face from its middle
FIRST_SEED = UNSEEN_SEEDS + 5000
STRENGTHS = (0.4, 0.6, 0.8, 1.0)
SHOWN, SHOWN_EVERY, ENLARGED = 0.8, 6, 2


@dataclass(frozen=True)
class Scene:
    """A talk to be dubbed.

    Attributes
    ----------
    talk : Talk
        Its voices are the new ones.
    before : Tensor [persons, frames]
        The video's mouths.
    video : Tensor [frames, height, width, 3], in 0..1
    region : Tensor [1, height, width, 1], in 0..1
        White over the mouths.
    """

    talk: Talk
    before: Tensor
    video: Tensor
    region: Tensor

    @classmethod
    def drawn(cls, seed: int, size: Size) -> "Scene":
        """A talk with the mouths of another."""
        talk, other = (random_talk(seed + more, size, Kind(), sway=0.0, given=1) for more in (0, 500))
        persons = [
            replace(person, sway=(SWAY, SWAYS_A_SECOND, phase))
            for person, phase in zip(talk.scene.persons, (0.0, 2.0), strict=True)
        ]
        talk = replace(talk, scene=replace(talk.scene, persons=tuple(persons)))
        before = other.openness(size.frames)
        rows, columns = torch.arange(size.height)[:, None], torch.arange(size.width)
        region = torch.zeros(size.height, size.width)
        for person in talk.scene.persons:
            left, top, right, bottom = (edge * person.size for edge in MOUTH)
            down, across = rows / size.height - person.y, columns / size.height - person.x
            region[(down > top) & (down < bottom) & (across > left - SWAY) & (across < right + SWAY)] = 1.0
        video = talk.scene.frames(before, size.height)
        return cls(talk, before, video, region[None, :, :, None])


def dubbed(film: DemoFilm, scene: Scene, denoise: float, continuation: str, masked: bool) -> Tensor:
    """The frames of the scene with its new voices."""
    talk = scene.talk
    frames, height, width, _ = scene.video.shape
    voices = [
        Waveform(track.samples[None, start * RATE // FPS : (start + frames) * RATE // FPS], RATE)
        for track, start in zip(talk.tracks, talk.starts, strict=True)
    ]
    conversation = encode_conversation(Timeline.together(voices), film.encoder, frames=frames)
    boxes = [Box(*(edge * height for edge in box)) for box in talk.scene.boxes()]
    masks = persons_from_boxes(boxes, height, width, order=PersonOrder.GIVEN).token_masks(height, width)
    model = DiffusersVideoModel(film.model.models, film.model.adapter, prompt=caption(talk.scene))
    video, region = (
        FittedVideo(VideoInMemory(pictures, Fraction(FPS)), height, width, FPS)
        for pictures in (scene.video, scene.region)
    )
    spec = replace(
        film.spec,
        picture=scene.video[0],
        masks=masks,
        conversation=conversation,
        plan=plan_clips(frames, film.clip_frames, film.overlap),
        continuation=continuation,
        seams=SeamCorrection(),
        dubbing=Dubbing(video, denoise, region if masked else None),
    )
    return torch.cat([clip.frames for clip in make_film(spec, model)])


def main() -> None:
    """Print one row a way, with and without a region; draw two of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--talks", type=int, default=4)
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--continuations", nargs="+", choices=list(Continuation), default=list(Continuation))
    options = parser.parse_args()
    torch.set_num_threads(1)
    film = DemoFilm()
    size = Size(options.frames, *film.spec.size)
    scenes = [Scene.drawn(FIRST_SEED + talk, size) for talk in range(options.talks)]
    print_head(
        ["dubbing", "new voice", "its difference", "old mouths", "strayed", "mouths changed", "rest changed"]
    )
    shown = [scenes[0].video]
    for continuation, masked in product(options.continuations, (False, True)):
        for denoise in STRENGTHS:
            made = [dubbed(film, scene, denoise, continuation, masked) for scene in scenes]
            print_row(f"{continuation} {denoise:g}{', region' if masked else ''}", scenes, made)
            if (continuation, denoise) == (Continuation.INFINITETALK, SHOWN):
                shown.append(made[0])
    if options.picture is not None:
        draw(options.picture, shown)


def draw(path: Path, films: list[Tensor]) -> None:
    """Some frames of each film, one film under the other."""
    strips = [torch.cat(list(frames[::SHOWN_EVERY]), dim=1) for frames in films]
    large = torch.cat(strips).repeat_interleave(ENLARGED, 0).repeat_interleave(ENLARGED, 1)
    write_picture(path, large)


def print_row(name: str, scenes: list[Scene], made: list[Tensor]) -> None:
    """Correlations over all films together; how far faces have left the video's, in their half widths; and
    mean changes in levels of 255."""
    mouths, new, strayed = [], [], []
    for scene, frames in zip(scenes, made, strict=True):
        faces = [CartoonFace(person.x, person.y, person.size) for person in scene.talk.scene.persons]
        paths, goal = follow_faces(frames, faces), follow_faces(scene.video, faces)
        strayed.append(
            ((paths - goal).norm(dim=-1).mean(-1) / torch.tensor([face.size for face in faces])).mean()
        )
        mouths.append(mouth_openness(frames, faces, paths))
        new.append(scene.talk.openness(len(frames)))
    voices, old = (
        binding_score(mouths, part, block_frames=13) for part in (new, [scene.before for scene in scenes])
    )
    changes = [
        (255 * (frames - scene.video).abs().mean((0, -1)), scene.region[0, :, :, 0] > 0)
        for scene, frames in zip(scenes, made, strict=True)
    ]
    inside, outside = (
        torch.cat([change[where if white else ~where] for change, where in changes]).mean()
        for white in (True, False)
    )
    print(
        f"| {name} | {voices.own} | {voices.difference.value:+.2f} | {old.own.value:+.2f} | "
        f"{torch.stack(strayed).mean():.2f} | {inside:.1f} | {outside:.1f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
