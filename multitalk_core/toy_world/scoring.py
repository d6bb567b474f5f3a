"""The binding score on talks that were never trained on."""

from dataclasses import dataclass

import torch

from ..adapter import AudioAdapter
from ..audio.features import AudioEncoder
from ..clips import Clip
from ..conditioning import conditioning_frames, conditioning_mask
from ..evaluation.binding import BindingScore, binding_score
from ..evaluation.mouths import Face, mouth_openness
from ..film import ClipInputs
from ..persons import GIVEN, Box, persons_from_boxes
from ..standalone.models import Models
from ..standalone.pipeline import MultiTalkPipeline, SamplingSettings
from .talks import UNSEEN_SEEDS, WINDOW, Size, Talk, random_talk


@dataclass(frozen=True)
class ToyScore:
    """Binding as generated, and with the voices swapped between the persons."""

    straight: BindingScore
    swapped: BindingScore


def score_talks(
    models: Models,
    adapter: AudioAdapter,
    encoder: AudioEncoder,
    settings: SamplingSettings,
    size: Size,
    talks: int,
    sway: float,
) -> ToyScore:
    """Generate unseen talks from their first frames and measure the mouths."""
    measured: dict[bool, list] = {False: [], True: []}
    voices = []
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + talks):
        talk = random_talk(seed, size.frames, size.width / size.height, sway)
        faces = [Face(person.x, person.y, person.size) for person in talk.scene.persons]
        voices.append(talk.openness(size.frames))
        for swapped, films in measured.items():
            film = generate(talk, models, adapter, encoder, settings, size, seed, swapped)
            films.append(mouth_openness(film, faces))
    return ToyScore(
        binding_score(measured[False], voices),
        binding_score(measured[True], [voice.flip(0) for voice in voices]),
    )


def generate(
    talk: Talk,
    models: Models,
    adapter: AudioAdapter,
    encoder: AudioEncoder,
    settings: SamplingSettings,
    size: Size,
    seed: int,
    swapped: bool = False,
) -> torch.Tensor:
    """One clip from a talk's first frame and voices, [frames, height, width, 3] in 0..1."""
    first = talk.film(size)[:1].permute(3, 0, 1, 2)[None] * 2 - 1
    boxes = [Box(*(edge * size.height for edge in box)) for box in talk.scene.boxes()]
    masks = persons_from_boxes(boxes, size.height, size.width, GIVEN).token_masks(size.height, size.width)
    pipeline = MultiTalkPipeline(models, adapter, masks, "two people talk", settings=settings)
    encoded = pipeline.encode(conditioning_frames(first, size.frames))
    features = talk.features(encoder, size.frames)
    windows = features.unfold(1, WINDOW, 1).movedim(-1, 2)
    inputs = ClipInputs(
        clip=Clip(0, 0, size.frames, 0, size.frames),
        given=first,
        mask=conditioning_mask(size.frames, 1, *encoded.shape[3:])[None],
        encoded=encoded,
        windows=windows.flip(0) if swapped else windows,
        noise=torch.randn(encoded.shape, generator=torch.Generator().manual_seed(seed)),
        motion=None,
    )
    return pipeline.decode(pipeline.sample(inputs))[0].movedim(0, -1).clamp(-1, 1) / 2 + 0.5
