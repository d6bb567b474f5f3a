"""Films of talks that were never trained on, and how well their people do what they should."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..audio.features import AudioEncoder
from ..evaluation.binding_score import BindingScore, binding_score
from ..evaluation.mouth_openness import CartoonFace, follow_faces, mouth_openness
from ..film.clips import Clip
from ..film.film import ClipInputs
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import MultiTalkPipeline, SamplingSettings
from ..method.adapter import AudioAdapter
from ..method.conditioning import conditioning_frames, conditioning_mask
from ..method.recorder import BindingRecorder
from ..persons.masks import Box, PersonOrder, persons_from_boxes
from .acting import seen_actions
from .captions import caption
from .scene import STAYS
from .talks import UNSEEN_SEEDS, WINDOW, Kind, Size, Talk, random_talk

HIDDEN = 1.7  # half widths of a face between two faces, where one may hide the other's mouth


@dataclass(frozen=True)
class Sampler:
    """Trained models, and how they make a clip."""

    models: Models
    adapter: AudioAdapter
    encoder: AudioEncoder
    settings: SamplingSettings
    size: Size

    def film(
        self, talk: Talk, seed: int, swapped: bool = False, recorder: BindingRecorder | None = None
    ) -> Tensor:
        """One clip from a talk's first frame, voices and caption, [frames, height, width, 3] in 0..1."""
        size = self.size
        first = talk.film(size)[:1].permute(3, 0, 1, 2)[None] * 2 - 1
        boxes = [Box(*(edge * size.height for edge in box)) for box in talk.scene.boxes()]
        persons = persons_from_boxes(boxes, size.height, size.width, order=PersonOrder.GIVEN)
        masks = persons.token_masks(size.height, size.width)
        pipeline = MultiTalkPipeline(
            self.models, self.adapter, masks, caption(talk.scene), settings=self.settings, recorder=recorder
        )
        encoded = pipeline.encode(conditioning_frames(first, size.frames))
        features = talk.features(self.encoder, size.frames)
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


@dataclass
class Measured:
    """Mouths, voices and actions of films, one film after the other."""

    mouths: list[Tensor] = field(default_factory=list)
    voices: list[Tensor] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def add(self, film: Tensor, talk: Talk, swapped: bool = False) -> None:
        """Measure a film of `talk`; frames in which a mouth may be hidden are left out."""
        scene, count = talk.scene, len(film)
        faces = [CartoonFace(person.x, person.y, person.size) for person in scene.persons]
        expected = scene.paths(count)
        walking = any(person.walk for person in scene.persons)
        paths = follow_faces(film, faces, expected=expected if walking else None)
        voices = talk.openness(count)
        shown = _shown(expected, max(face.size for face in faces)) if walking else slice(None)
        self.mouths.append(mouth_openness(film, faces, paths)[:, shown])
        self.voices.append((voices.flip(0) if swapped else voices)[:, shown])
        self.asked += [person.action for person in scene.persons]
        self.seen += seen_actions(film, scene, paths)

    @property
    def binding(self) -> BindingScore:
        """Of all films together."""
        return binding_score(self.mouths, self.voices)

    @property
    def performed(self) -> tuple[int, int]:
        """How many of the asked actions were seen, and how many were asked."""
        pairs = [pair for pair in zip(self.asked, self.seen, strict=True) if pair[0] != STAYS]
        return sum(asked == seen for asked, seen in pairs), len(pairs)

    @property
    def unasked(self) -> tuple[int, int]:
        """How many persons did something nobody asked for, and how many were asked for nothing."""
        still = [seen for asked, seen in zip(self.asked, self.seen, strict=True) if asked == STAYS]
        return sum(seen != STAYS for seen in still), len(still)


def measure(
    sampler: Sampler | None, kind: Kind, talks: int, size: Size, sway: float, swapped: bool = False
) -> Measured:
    """Generate unseen talks of a kind and measure them.

    Parameters
    ----------
    sampler : Sampler or None
        None measures the real films.
    swapped : bool
        Give each person the other's voice, and measure against it.
    """
    measured = Measured()
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + talks):
        talk = random_talk(seed, size, sway, kind, given=1)
        film = talk.film(size) if sampler is None else sampler.film(talk, seed, swapped)
        measured.add(film, talk, swapped)
    return measured


def _shown(paths: Tensor, size: float) -> Tensor:
    """Frames in which the faces are apart, [frames] bool."""
    across = paths[..., 0]
    apart: Sequence[Tensor] = [
        (across[one] - across[other]).abs()
        for one in range(len(across))
        for other in range(one + 1, len(across))
    ]
    return torch.stack(list(apart)).amin(0) > HIDDEN * size
