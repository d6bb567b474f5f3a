"""The description of a film: one for every host."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from torch import Tensor

from ..audio.conversation import Conversation
from ..guards.interruption import uninterrupted
from ..guards.words import Word
from ..method.audio_patch import BindingOptions
from ..method.guidance import GuidanceScales
from .clips import Clip, ClipPlan
from .dubbing import Dubbing
from .person_retake import PersonRetake
from .seams import SeamCorrection
from .store import LIMIT_BYTES, Json, digest

# Part of every key: raised whenever the same inputs give other frames than before.
MATHS_VERSION = 2


class Continuation(Word):
    """How a clip continues the one before, as the adapter learnt it.

    MULTITALK conditions a clip on the motion frames (paper 3.5). INFINITETALK conditions every clip on the
    picture, and keeps the motion frames clean in the latent.
    """

    MULTITALK = "multitalk"
    INFINITETALK = "infinitetalk"


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """How each clip is sampled; the defaults are those of the reference implementation.

    Attributes
    ----------
    steps : int
        40 in the paper's supplement.
    shift : float
        Of the timesteps: 7 at 480p, 11 at 720p, 2 with few-step LoRAs.
    scales : GuidanceScales
    projected : bool
        Adaptive projected guidance.
    """

    steps: int = 40
    shift: float = 7.0
    scales: GuidanceScales = field(default_factory=GuidanceScales)
    projected: bool = False


@dataclass(frozen=True, kw_only=True)
class ClipOverride:
    """What one clip has of its own: a retake, or another prompt.

    Attributes
    ----------
    seed : int, optional
        Starts the noise of this clip and of those that follow.
    prompt : str, optional
        In place of the film's, for this clip.
    """

    seed: int | None = None
    prompt: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordedStep:
    """Where each clip's localization is recorded.

    Attributes
    ----------
    block : int
        DiT block, from 0.
    step : int
        Sampling step, from 0.
    """

    block: int
    step: int


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """Where the clips of a film are stored.

    Attributes
    ----------
    folder : Path
        Of all films.
    title : str
        What a user calls the film.
    limit : int
        Bytes that all stored films may take.
    request : str or None
        Identifies what asked for the film, so that the store recognises the film's own file.
    """

    folder: Path
    title: str
    limit: int = LIMIT_BYTES
    request: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FilmSpec:
    """Everything that shapes a film's frames, and where they are stored.

    Attributes
    ----------
    picture : Tensor [height, width, 3], in 0..1
        At the film's size; of a dubbed video its first picture.
    masks : Tensor [persons + 1, tokens of a frame]
        Person masks on the picture, in speaker order, the background last; from `Persons.token_masks`.
    conversation : Conversation
    plan : ClipPlan
    seed : int
        One for the whole film: each clip draws its noise, then that of its motion frames.
    sampling : SamplingOptions
    binding : BindingOptions
    seams : SeamCorrection
    continuation : str
        A Continuation.
    overrides : mapping of clip index to ClipOverride
    dubbing : Dubbing, optional
        A video in place of the picture: sampling starts from its clips, colours are matched with its frames,
        and INFINITETALK is conditioned on its frame at the start of each clip.
    window : int
        Feature frames around a video frame; the adapter's.
    prolonged : int
        Feature frames by which the last clip's voices are prolonged backwards (`plan_mirrored`); 0 lets
        silence follow.
    recorded : RecordedStep, optional
        Where to record the localization of each clip.
    stop_after : int, optional
        Index of the clip after which to stop.
    store : StoreOptions, optional
        Store finished clips, and resume after those that are stored already. Frames then have 8 bits, whether
        generated or read.
    identity : mapping of plain values by name
        Identifies models, prompts and files. Whatever shapes the film and is no other field belongs here.
    text_encoder : plain value
        Identifies the text encoder of single clips' prompts.
    face_model : Path, optional
        Weights for `FaceDetector`: later clips locate the persons where their first frame shows them
        (`FollowedPersons`). Without, where the picture does.
    person_retakes : sequence of PersonRetake
        Passes over the finished clips, one after another. They are no part of the film's description, so that
        its clips stay stored without them.

    Raises
    ------
    MultiTalkError
        For an unknown continuation.
    """

    picture: Tensor
    masks: Tensor
    conversation: Conversation
    plan: ClipPlan
    seed: int = 0
    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    binding: BindingOptions = field(default_factory=BindingOptions)
    seams: SeamCorrection = field(default_factory=SeamCorrection)
    continuation: str = Continuation.MULTITALK
    overrides: Mapping[int, ClipOverride] = field(default_factory=dict)
    dubbing: Dubbing | None = None
    window: int = 5
    prolonged: int = 0
    recorded: RecordedStep | None = None
    stop_after: int | None = None
    store: StoreOptions | None = None
    identity: Mapping[str, Json] = field(default_factory=dict)
    text_encoder: Json = None
    face_model: Path | None = None
    person_retakes: Sequence[PersonRetake] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "continuation", Continuation(self.continuation))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.picture.shape[:2]
        return height, width

    @property
    def persons(self) -> int:
        """How many persons have a mask."""
        return len(self.masks) - 1

    @property
    def frames(self) -> int:
        """Frames until the film is whole, or until it stops for approval."""
        last = len(self.plan.clips) if self.stop_after is None else self.stop_after + 1
        return sum(clip.new_frames for clip in self.plan.clips[:last])

    @property
    def runs(self) -> int:
        """Sampling runs until the film stops, retakes of persons included."""
        clips = len(self.plan.clips) - (not self.plan.clips[-1].new_frames)
        if self.stop_after is not None:
            clips = min(clips, self.stop_after + 1)
        return clips + sum(index < clips for retake in self.person_retakes for index in retake.clips)

    @property
    def retakes(self) -> bool:
        """Whether clips of an earlier film are regenerated, or persons in them."""
        return bool(self.person_retakes) or any(own.seed is not None for own in self.overrides.values())

    def override(self, clip: Clip) -> ClipOverride:
        """What a clip has of its own."""
        return self.overrides.get(clip.index, ClipOverride())

    def clip_masks(self, clip: Clip) -> Tensor:
        """Person masks on the first frame of a clip, [persons + 1, tokens of a frame], unless followed."""
        return self._moved_masks.get(clip.index, self.masks)

    @property
    def _moved_masks(self) -> Mapping[int, Tensor]:
        return {} if self.dubbing is None else self.dubbing.masks

    def ending(self, clip: Clip) -> int:
        """Feature frames by which a clip's voices are prolonged."""
        return self.prolonged if clip.index == len(self.plan.clips) - 1 else 0

    def description(self) -> dict[str, Json]:
        """What shapes the whole film, but never a result of the models; names are what a user reads."""
        sampling, binding = self.sampling, self.binding
        return {
            "version": MATHS_VERSION,
            "picture": digest(self.picture),
            "person masks": digest(self.masks),
            "seed": self.seed,
            "continuation": str(self.continuation),
            "steps": sampling.steps,
            "shift": sampling.shift,
            "text scale": sampling.scales.text,
            "audio scale": sampling.scales.audio,
            "projected guidance": sampling.projected,
            "scheme": str(binding.scheme),
            "label ranges": None if binding.ranges is None else asdict(binding.ranges),
            "audio strength": binding.strength,
            **self.seams.description(),
            **({} if self.dubbing is None else {"denoise": self.dubbing.denoise}),
            **({} if self.face_model is None else {"persons": "followed"}),
            **self.identity,
        }

    def links(self, check_interrupted: Callable[[], None] = uninterrupted) -> Iterator[dict[str, Json]]:
        """What shapes each clip besides the description, clip by clip; names are what a user reads.

        Parameters
        ----------
        check_interrupted : callable
            Called for each clip; raises to stop.
        """
        for clip in self.plan.clips:
            check_interrupted()
            own, moved = self.override(clip), self._moved_masks.get(clip.index)
            yield {
                "frames": [clip.start, clip.frames, clip.motion_frames, self.plan.overlap],
                "voices": [*self.conversation.digest_until(clip.start + clip.frames + self.window // 2)],
                "ending": self.ending(clip),
                "seed of its own": own.seed,
                "prompt of its own": own.prompt,
                **({} if own.prompt is None else {"text encoder": self.text_encoder}),
                **({} if moved is None else {"person masks": digest(moved)}),
            }
