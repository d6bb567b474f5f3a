"""Sample films of unseen talks, and measure binding and actions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..audio.features import AudioEncoder
from ..evaluation.binding_score import BindingScore, binding_score
from ..evaluation.mouth_openness import CartoonFace, follow_faces, mouth_openness
from ..film.clip_inputs import ClipInputs
from ..film.clips import Clip
from ..film.spec import SamplingOptions
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import DiffusersVideoModel
from ..method.adapter import AudioAdapter
from ..method.audio_patch import BindingOptions, ClipAudio
from ..method.conditioning import conditioning_frames, conditioning_mask
from ..method.recorder import BindingRecorder
from ..method.wan import Grid
from ..persons.box import Box
from ..persons.marking import PersonOrder, persons_from_boxes
from .acting import seen_actions
from .captions import caption
from .scene import STAYS
from .talks import UNSEEN_SEEDS, WINDOW, Kind, Size, Talk, random_talk

HIDDEN = 1.7  # distance between faces, in half widths, below which one may hide the other's mouth
ROWS_AT_ONCE = 2  # conditions in a batch


@dataclass(frozen=True)
class Sampler:
    """Trained models and sampling settings."""

    models: Models
    adapter: AudioAdapter
    encoder: AudioEncoder
    sampling: SamplingOptions
    size: Size
    binding: BindingOptions = field(default_factory=BindingOptions)

    def film(
        self, talk: Talk, seed: int, *, swapped: bool = False, recorder: BindingRecorder | None = None
    ) -> Tensor:
        """Sample a clip from a talk's first frame, voices and caption, [frames, height, width, 3] in 0..1."""
        size = self.size
        first = talk.film(size)[:1].permute(3, 0, 1, 2)[None] * 2 - 1
        boxes = [Box(*(edge * size.height for edge in box)) for box in talk.scene.boxes()]
        persons = persons_from_boxes(boxes, size.height, size.width, order=PersonOrder.GIVEN)
        masks = persons.token_masks(size.height, size.width)
        model = DiffusersVideoModel(
            self.models, self.adapter, prompt=caption(talk.scene), rows_at_once=ROWS_AT_ONCE
        )
        encoded = model.encode(conditioning_frames(first, size.frames))
        grid = Grid.of_latent(encoded)
        if recorder is not None:
            recorder.clip, recorder.grid, recorder.step = 0, grid, 0

        def after_step(step: int, latent: Tensor) -> None:
            if recorder is not None:
                recorder.step = step + 1

        features = talk.features(self.encoder, size.frames)
        windows = features.unfold(1, WINDOW, 1).movedim(-1, 2)
        inputs = ClipInputs(
            clip=Clip(0, 0, size.frames, 0, size.frames),
            given=first,
            mask=conditioning_mask(size.frames, 1, height=encoded.shape[3], width=encoded.shape[4])[None],
            encoded=encoded,
            audio=ClipAudio(windows=windows.flip(0) if swapped else windows, masks=masks, grid=grid),
            noise=torch.randn(encoded.shape, generator=torch.Generator().manual_seed(seed)),
            sampling=self.sampling,
            binding=self.binding,
            observer=recorder,
            on_step=after_step,
        )
        return model.decode(model.sample(inputs))[0].movedim(0, -1).clamp(-1, 1) / 2 + 0.5


@dataclass
class Measured:
    """Mouths, voices and actions of a number of films."""

    mouths: list[Tensor] = field(default_factory=list)
    voices: list[Tensor] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def add(self, film: Tensor, talk: Talk, swapped: bool = False) -> None:
        """Measure a film of `talk`, without frames in which a mouth may be hidden."""
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
        """Binding score of all films together."""
        return binding_score(self.mouths, self.voices)

    @property
    def performed(self) -> tuple[int, int]:
        """Number of requested actions that were seen, and number requested."""
        pairs = [pair for pair in zip(self.asked, self.seen, strict=True) if pair[0] != STAYS]
        return sum(asked == seen for asked, seen in pairs), len(pairs)

    @property
    def unasked(self) -> tuple[int, int]:
        """Number of persons who acted without a request, and number without a request."""
        still = [seen for asked, seen in zip(self.asked, self.seen, strict=True) if asked == STAYS]
        return sum(seen != STAYS for seen in still), len(still)


def measure(
    sampler: Sampler | None, kind: Kind, *, talks: int, size: Size, sway: float, swapped: bool = False
) -> Measured:
    """Film unseen talks of a kind and measure the films.

    Parameters
    ----------
    sampler : Sampler or None
        None measures the rendered films.
    kind : Kind
    talks : int
    size : Size
    sway : float
        Maximum amplitude of the persons' movement, in picture heights.
    swapped : bool
        Give each person the other's voice, and measure against it.
    """
    measured = Measured()
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + talks):
        talk = random_talk(seed, size, kind, sway=sway, given=1)
        film = talk.film(size) if sampler is None else sampler.film(talk, seed, swapped=swapped)
        measured.add(film, talk, swapped)
    return measured


def _shown(paths: Tensor, size: float) -> Tensor:
    """Frames in which all faces are apart, [frames] bool."""
    across = paths[..., 0]
    apart: Sequence[Tensor] = [
        (across[one] - across[other]).abs()
        for one in range(len(across))
        for other in range(one + 1, len(across))
    ]
    return torch.stack(list(apart)).amin(0) > HIDDEN * size
