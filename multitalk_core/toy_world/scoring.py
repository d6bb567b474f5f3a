"""Sample films of unseen talks, and measure binding and actions."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

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
from .apart import film_apart, seam
from .captions import caption
from .parts import PRESENT, CartoonParts, measure_parts
from .scene import STAYS, Scene
from .talks import GIVEN_FRAMES, UNSEEN_SEEDS, WINDOW, Kind, Size, Talk, random_talk

HIDDEN = 1.7  # distance between faces, in half widths, below which one may hide the other's mouth
LATER_PICTURE, LATER_MOTION = "picture", "motion"
ROWS_AT_ONCE = 2  # conditions in a batch


@dataclass(frozen=True)
class Filming:
    """How talks are filmed.

    Attributes
    ----------
    swapped : bool
        Give each person the other's voice.
    marked : int or None
        Only so many persons are marked and have voices; the others are bystanders.
    apart : bool
        Film the two persons one by one, and put the films beside each other.
    later : str or None
        Film the clip after all walks, from motion frames. The persons are marked where they are in the
        picture, before the walks (LATER_PICTURE), or in the motion frames (LATER_MOTION).
    """

    swapped: bool = False
    marked: int | None = None
    apart: bool = False
    later: str | None = None


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
        self,
        talk: Talk,
        seed: int,
        *,
        filming: Filming = Filming(),
        marking: Scene | None = None,
        recorder: BindingRecorder | None = None,
    ) -> Tensor:
        """Sample a clip from a talk's conditioning frames, voices and caption.

        Parameters
        ----------
        talk : Talk
        seed : int
        filming : Filming
            Its `swapped` and `marked`.
        marking : Scene, optional
            Where the persons are marked; by default where they are.
        recorder : BindingRecorder, optional

        Returns
        -------
        Tensor [frames, height, width, 3], in 0..1
        """
        size = self.size
        boxes = (marking or talk.scene).boxes()[: filming.marked]
        given = talk.film(size)[: talk.given].permute(3, 0, 1, 2)[None] * 2 - 1
        marked = [Box(*(edge * size.height for edge in box)) for box in boxes]
        persons = persons_from_boxes(marked, size.height, size.width, order=PersonOrder.GIVEN)
        masks = persons.token_masks(size.height, size.width)
        model = DiffusersVideoModel(
            self.models, self.adapter, prompt=caption(talk.scene), rows_at_once=ROWS_AT_ONCE
        )
        encoded = model.encode(conditioning_frames(given, size.frames))
        grid = Grid.of_latent(encoded)
        if recorder is not None:
            recorder.clip, recorder.grid, recorder.step = 0, grid, 0

        def after_step(step: int, latent: Tensor) -> None:
            if recorder is not None:
                recorder.step = step + 1

        features = talk.features(self.encoder, size.frames)[: filming.marked]
        windows = features.unfold(1, WINDOW, 1).movedim(-1, 2)
        inputs = ClipInputs(
            clip=Clip(0, 0, size.frames, 0, size.frames),
            given=given,
            mask=conditioning_mask(size.frames, talk.given, height=encoded.shape[3], width=encoded.shape[4])[
                None
            ],
            encoded=encoded,
            audio=ClipAudio(windows=windows.flip(0) if filming.swapped else windows, masks=masks, grid=grid),
            noise=torch.randn(encoded.shape, generator=torch.Generator().manual_seed(seed)),
            sampling=self.sampling,
            binding=self.binding,
            observer=recorder,
            on_step=after_step,
        )
        return model.decode(model.sample(inputs))[0].movedim(0, -1).clamp(-1, 1) / 2 + 0.5


@dataclass
class Measured:
    """Mouths, voices, actions and looks of a number of films.

    Attributes
    ----------
    mouths, voices : list of Tensor [persons, frames]
        Openness that was measured, and that of the voices.
    asked, seen : list of str
        Action of every person.
    parts : list of CartoonParts
        Of the films in which nobody changes sides.
    arrived : list of bool
        Of each person who changes sides, whether both eyes are where the walk ends.
    seams : list of float
        Step of the wall's colour at the middle of each film, in CIE Lab.
    seconds : float
        CPU time of all films.
    """

    mouths: list[Tensor] = field(default_factory=list)
    voices: list[Tensor] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    parts: list[CartoonParts] = field(default_factory=list)
    arrived: list[bool] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)
    seconds: float = 0.0

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
        self.seams.append(seam(film))
        picture = scene.frames(voices[:, :1], film.shape[1])[0]
        if walking:
            eyes = measure_parts(film, picture, faces, expected=expected).eyes[..., -1]
            self.arrived += (eyes >= PRESENT).all(1).tolist()
        else:
            self.parts.append(measure_parts(film, picture, faces))

    @property
    def binding(self) -> BindingScore:
        """Binding score of all films together."""
        return binding_score(self.mouths, self.voices)

    @property
    def openness(self) -> list[float]:
        """How far each person's mouth is open on average, by speaker order."""
        return torch.stack([mouths.mean(dim=1) for mouths in self.mouths]).mean(0).tolist()

    @property
    def movement(self) -> list[float]:
        """Standard deviation of each person's openness in a film, by speaker order."""
        return torch.stack([mouths.std(dim=1) for mouths in self.mouths]).mean(0).tolist()

    @property
    def looks(self) -> dict[str, float]:
        """Mean distance of the colours of each kind of region, and shares of missing mouths and eyes."""
        kinds: dict[str, list[float]] = {}
        for parts in self.parts:
            for name, distance in parts.colours.items():
                kinds.setdefault(name.split()[0], []).append(distance.mean().item())
        looks = {kind: sum(values) / len(values) for kind, values in kinds.items()}
        for part in ("mouths", "eyes") if self.parts else ():
            missing = [(getattr(parts, part) < PRESENT).float().mean().item() for parts in self.parts]
            looks[f"missing {part}"] = sum(missing) / len(missing)
        return looks

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
    sampler: Sampler | None,
    kind: Kind,
    *,
    talks: int,
    size: Size,
    sway: float,
    filming: Filming = Filming(),
    on_talk: Callable[[Talk], None] | None = None,
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
    filming : Filming
    on_talk : callable, optional
        Called with each talk before it is filmed.
    """
    measured = Measured()
    for seed in range(UNSEEN_SEEDS, UNSEEN_SEEDS + talks):
        talk = random_talk(seed, size, kind, sway=sway, given=1)
        marking = talk.scene if filming.later == LATER_PICTURE else None
        if filming.later is not None:
            talk = replace(talk, scene=talk.scene.settled(max(GIVEN_FRAMES)))
        if on_talk is not None:
            on_talk(talk)
        started = time.process_time()
        if sampler is None:
            film = talk.film(size)
        elif filming.apart:
            film = film_apart(sampler, talk, seed)
        else:
            film = sampler.film(talk, seed, filming=filming, marking=marking)
        measured.seconds += time.process_time() - started
        measured.add(film, talk, filming.swapped)
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
