"""GPU seconds and bytes of films, by stage: what `tools/gpu_day/costs.py` predicts, and the inputs."""

from dataclasses import dataclass

from multitalk_core.film.clips import plan_clips
from multitalk_core.film.store import stored_clip_bytes
from multitalk_core.method.guidance import GuidanceScales
from tools.gpu_day import costs
from tools.gpu_day.cards import Card
from tools.gpu_day.model_size import SIZES, ModelSize

from . import inputs

CLIP_FRAMES, MOTION_FRAMES, FPS = 81, 5, 25
PERSONS = 2
PIXELS = {"480": 480 * 832, "720": 720 * 1280}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How films are sampled.

    Attributes
    ----------
    title : str
    size : str
        A name of `SIZES`.
    steps : int
    scales : GuidanceScales
    computed : float
        Share of the passes that a step cache leaves.
    """

    title: str
    size: str = "480"
    steps: int
    scales: GuidanceScales
    computed: float = 1.0

    @property
    def passes(self) -> int:
        """Forward passes of a clip, those that a cache skips among them."""
        return self.steps * len(self.scales.passes())


REFERENCE, FEW_STEPS = GuidanceScales(text=5.0, audio=4.0), GuidanceScales(text=1.0, audio=2.0)
PLANNED = Setting(title="480p, few-step LoRA, 4 steps", steps=4, scales=FEW_STEPS)
SETTINGS = (
    Setting(title="480p, 40 steps", steps=40, scales=REFERENCE),
    Setting(title="480p, 40 steps, cached", steps=40, scales=REFERENCE, computed=inputs.CACHED),
    Setting(title="480p, few-step LoRA, 8 steps", steps=8, scales=FEW_STEPS),
    PLANNED,
    Setting(title="720p, 40 steps", size="720", steps=40, scales=REFERENCE),
    Setting(title="720p, few-step LoRA, 4 steps", size="720", steps=4, scales=FEW_STEPS),
)


def clips_of(seconds: float) -> int:
    """Clips of a film."""
    return len(plan_clips(round(seconds * FPS), CLIP_FRAMES, MOTION_FRAMES).clips)


def pass_seconds(size: ModelSize, card: Card) -> float:
    """A forward pass of all blocks with two voices; a pass without audio costs a little less."""
    predicted = size.blocks * costs.predicted(costs.block(size, "triton", PERSONS), card) / 1000
    return predicted * inputs.PASS


def clip_seconds(setting: Setting, card: Card) -> dict[str, float]:
    """Seconds that a clip takes of a GPU, by stage."""
    pixels = PIXELS[setting.size]
    frames, larger = pixels * CLIP_FRAMES, pixels / PIXELS["480"]
    convolutions = card.teraflops * 1e12 * inputs.VAE_SHARE
    skipped = (1 - setting.computed) / SIZES[setting.size].blocks  # a cache computes the first block
    sampled = setting.passes * (setting.computed + skipped)
    beside = inputs.COLOURS + inputs.STEADINESS + inputs.STORED
    return {
        "CLIP picture": inputs.PICTURE / (card.teraflops * 1e12 * card.products),
        "VAE encode": frames * inputs.VAE_ENCODE / convolutions,
        "DiT": sampled * pass_seconds(SIZES[setting.size], card),
        "VAE decode": frames * inputs.VAE_DECODE / convolutions,
        "colours, stored clip": beside * larger / inputs.THREADS,
        "H.264": inputs.FILM / clips_of(60) * larger / inputs.THREADS,
    }


def film_seconds(card: Card) -> dict[str, float]:
    """Seconds that a film of a minute takes of a GPU once: two prompts, two voices."""
    rate = card.teraflops * 1e12 * card.products
    return {"text": 2 * inputs.TEXT / rate, "voices": PERSONS * inputs.VOICE / rate}


def minute_seconds(setting: Setting, card: Card) -> dict[str, float]:
    """Seconds that a film of a minute takes of a GPU, by stage."""
    clips = clips_of(60)
    of_clips = {stage: clips * seconds for stage, seconds in clip_seconds(setting, card).items()}
    return film_seconds(card) | of_clips


def clip_bytes(size: str) -> float:
    """A stored clip: 480p as measured, other sizes in proportion to the store's own estimate."""
    estimates = {
        name: stored_clip_bytes(CLIP_FRAMES - MOTION_FRAMES, MOTION_FRAMES, height=1, width=pixels)
        for name, pixels in PIXELS.items()
    }
    return inputs.CLIP_BYTES * estimates[size] / estimates["480"]


def film_bytes(size: str) -> float:
    """A minute of film."""
    return inputs.FILM_BYTES * PIXELS[size] / PIXELS["480"]
