"""What every host promises: one suite, whatever library the model comes from.

A host's tests give the suite a `Host`: a few methods around the embedded model, its adapter and its VAE. The
suite needs no pytest and nothing of the core, so that it also runs inside ComfyUI's own process.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

SIDE = 48  # pixels
FRAMES = 9
LATENT = (1, 16, 3, SIDE // 8, SIDE // 8)
SIGMA = 0.7
PERSONS = ((0, 16), (32, 48))  # columns of each; nobody between them
SCHEMES = ("l-rope", "routed", "concat", "add", "split")
RECORDED_BLOCK, RECORDED_STEP = 3, 1
ROUNDING = 1e-4  # relative: two ways through the same sums in float32
AUDIBLE = 1e-3  # relative: less is no voice


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A film of two steps at 48×48 pixels: one clip of 5 frames, or two clips and 13 frames."""

    two_clips: bool = False
    text_scale: float = 5.0
    audio_scale: float = 4.0
    projected_guidance: bool = False
    scheme: str = "l-rope"
    continuation: str = "multitalk"
    denoise: float | None = None  # of a dubbed video
    left_half_only: bool = False
    seed: int = 5


VARIANTS = {
    "three_passes": Variant(two_clips=True),
    "text_scale_1": Variant(text_scale=1.0),
    "audio_scale_1": Variant(audio_scale=1.0),
    "one_pass": Variant(text_scale=1.0, audio_scale=1.0),
    "projected": Variant(two_clips=True, projected_guidance=True),
    "routed": Variant(scheme="routed"),
    "add": Variant(scheme="add"),
    "split": Variant(scheme="split"),
    "concat": Variant(scheme="concat"),
    "dubbed": Variant(two_clips=True, denoise=0.5),
    "sparse": Variant(two_clips=True, denoise=1.0, continuation="infinitetalk"),
    "masked": Variant(two_clips=True, denoise=1.0, left_half_only=True),
}


@dataclass(frozen=True)
class Row:
    """One row of a batch: the prompt or the negative prompt, with the voices or without audio."""

    negative: bool = False
    audible: bool = True


PROMPT, NEGATIVE = Row(), Row(negative=True)
PROMPT_WITHOUT_AUDIO, NEGATIVE_WITHOUT_AUDIO = Row(audible=False), Row(negative=True, audible=False)
ROWS = (PROMPT, NEGATIVE, PROMPT_WITHOUT_AUDIO, NEGATIVE_WITHOUT_AUDIO)


class Host(Protocol):
    """What the suite asks of a host; `scene` is that of `draw_scene`."""

    scene: dict[str, Tensor]

    def encode(self, frames: Tensor) -> Tensor:
        """The video model's: frames [1, 3, 4n + 1, height, width] in -1..1 to the normalised latent."""

    def decode(self, latent: Tensor) -> Tensor:
        """The way back."""

    def predict(
        self, rows: Sequence[Row], *, scheme: str = "l-rope", strength: float = 1.0, together: bool = True
    ) -> Tensor:
        """The scene's latent through the model with its audio layers, at SIGMA: velocities [rows, 16, ...].

        In one batch, or row by row.
        """

    def predict_plain(self, rows: Sequence[Row]) -> Tensor:
        """The same through the model as it was loaded."""

    def film(self, variant: Variant) -> dict[str, Tensor]:
        """A film by the host's video model.

        Returns
        -------
        dict
            frames [frames, height, width, 3] in 0..1; latents [clips, 16, ...]; and of every clip that was
            recorded similarity_<clip> [persons + 1, frames, height, width] and labels_<clip>.
        """


def draw_scene(features: tuple[int, int, int] = (30, 4, 64)) -> dict[str, Tensor]:
    """Draw, by a seed, what a host is given.

    Returns
    -------
    dict
        picture [48, 48, 3]; features of two voices [2, frames, layers, channels] and of silence; a noisy
        latent; and the latent that the model sees beside it, whose first frame is given.
    """
    generator = torch.Generator().manual_seed(11)
    return {
        "picture": torch.randint(256, (SIDE, SIDE, 3), generator=generator) / 255,
        "features": torch.randn(2, *features, generator=generator),
        "silence": torch.randn(25, *features[1:], generator=generator),
        "latent": torch.randn(LATENT, generator=generator),
        "encoded": torch.randn(LATENT, generator=generator),
    }


def wandering_video(picture: Tensor) -> Tensor:
    """15 frames of the picture, moving sideways: what the dubbed variants dub, at 30 frames a second."""
    return torch.stack([picture.roll(frame, 1) for frame in range(15)])


def left_half() -> Tensor:
    """[15, 48, 48], 1 in the left half: what `left_half_only` regenerates of the video."""
    return torch.cat([torch.ones(15, SIDE, SIDE // 2), torch.zeros(15, SIDE, SIDE // 2)], dim=2)


def film_tensors(film: Iterable[Any]) -> dict[str, Tensor]:
    """The finished clips of a film as `Host.film` returns them."""
    clips = list(film)
    tensors = {
        "frames": torch.cat([clip.frames for clip in clips]),
        "latents": torch.cat([clip.latent for clip in clips]),
    }
    for index, clip in enumerate(clips):
        if clip.record is not None:
            tensors[f"similarity_{index}"] = clip.record.similarity
            if clip.record.labels is not None:
                tensors[f"labels_{index}"] = clip.record.labels
    return tensors


def difference(ours: Tensor, theirs: Tensor) -> float:
    """max|a − b| / max|b|."""
    assert ours.shape == theirs.shape, f"{tuple(ours.shape)} is not {tuple(theirs.shape)}"
    return float((ours - theirs).abs().max() / theirs.abs().max())


class HostContract:
    """The suite. A subclass has a fixture `host`."""

    def test_frames_go_through_the_vae_and_back(self, host: Host) -> None:
        frames = host.scene["picture"].movedim(-1, 0)[None, :, None].expand(-1, -1, FRAMES, -1, -1) * 2 - 1
        latent = host.encode(frames)
        assert latent.shape == LATENT
        assert torch.equal(latent, host.encode(frames))
        decoded = host.decode(latent)
        assert decoded.shape == frames.shape
        assert decoded.abs().max() <= 1

    def test_every_scheme_lets_the_voices_in(self, host: Host) -> None:
        plain = host.predict_plain([PROMPT])
        for scheme in SCHEMES:
            assert difference(host.predict([PROMPT], scheme=scheme), plain) > AUDIBLE, scheme

    def test_strength_0_is_the_plain_model(self, host: Host) -> None:
        rows = [PROMPT, NEGATIVE_WITHOUT_AUDIO]
        plain = host.predict_plain(rows)
        for scheme in SCHEMES:
            assert difference(host.predict(rows, scheme=scheme, strength=0.0), plain) < ROUNDING, scheme

    def test_a_row_is_the_same_alone_and_in_any_batch(self, host: Host) -> None:
        for scheme in SCHEMES:
            alone = torch.cat([host.predict([row], scheme=scheme) for row in ROWS])
            assert difference(host.predict(ROWS, scheme=scheme), alone) < ROUNDING, scheme
            assert difference(host.predict(ROWS, scheme=scheme, together=False), alone) < ROUNDING, scheme

    def test_the_order_of_rows_does_not_matter(self, host: Host) -> None:
        for scheme in SCHEMES:
            forwards = host.predict(ROWS, scheme=scheme)
            backwards = host.predict(ROWS[::-1], scheme=scheme).flip(0)
            assert difference(backwards, forwards) < ROUNDING, scheme

    def test_rows_without_audio_are_the_same_in_every_scheme(self, host: Host) -> None:
        rows = [PROMPT_WITHOUT_AUDIO, NEGATIVE_WITHOUT_AUDIO]
        first, *others = (host.predict([PROMPT, *rows], scheme=scheme)[1:] for scheme in SCHEMES)
        assert all(difference(other, first) < ROUNDING for other in others)

    def test_the_model_is_left_as_it_was_found(self, host: Host) -> None:
        before = host.predict_plain([PROMPT])
        host.predict(ROWS)
        host.film(VARIANTS["one_pass"])
        assert torch.equal(host.predict_plain([PROMPT]), before)

    def test_a_film_is_as_long_as_its_plan_and_within_its_colours(self, host: Host) -> None:
        for name, frames, clips in (("one_pass", 5, 1), ("three_passes", 13, 2)):
            film = host.film(VARIANTS[name])
            assert film["frames"].shape == (frames, SIDE, SIDE, 3)
            assert len(film["latents"]) == clips
            assert film["frames"].min() >= 0 and film["frames"].max() <= 1

    def test_a_seed_is_a_film(self, host: Host) -> None:
        first, again, other = (host.film(Variant(seed=seed))["latents"] for seed in (5, 5, 6))
        assert torch.equal(first, again)
        assert difference(other, first) > AUDIBLE

    def test_every_clip_is_recorded_with_its_labels(self, host: Host) -> None:
        film = host.film(VARIANTS["three_passes"])
        for clip in (0, 1):
            similarity, labels = film[f"similarity_{clip}"], film[f"labels_{clip}"]
            assert similarity.shape == (len(PERSONS) + 1, 3, 3, 3)
            assert similarity.isfinite().all()
            own = (labels == 12) | (labels <= 4) | (labels >= 20)  # the paper's: 0-4, 20-24, background 12
            assert own.all() and labels.min() >= 0 and labels.max() <= 24
        assert "similarity_0" not in host.film(VARIANTS["add"]), "nothing is located for this scheme"


def promises() -> dict[str, Callable[[Host], None]]:
    """Every test of the suite by its name, for a process without pytest."""
    suite = HostContract()
    return {name: getattr(suite, name) for name in sorted(dir(suite)) if name.startswith("test_")}
