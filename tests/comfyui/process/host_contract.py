"""The hosts' suite on the ComfyUI host: what failed, and its films and predictions for comparison."""

import json
import traceback
from collections.abc import Sequence
from fractions import Fraction

import torch
from comfy.model_patcher import ModelPatcher
from comfy.samplers import CFGGuider, calc_cond_batch
from comfy_api.latest import Input, InputImpl, Types
from multitalk_pack.multitalk_core.film.clip_inputs import VideoModel
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.film.film import make_film
from multitalk_pack.multitalk_core.method.conditioning import conditioning_mask
from multitalk_pack.nodes.host.conditioned_model import without_audio
from scene import (
    EXCHANGE,
    LATENT,
    apart,
    conditioned,
    conditioning,
    inputs,
    model,
    prepared,
    sample,
    save_outputs,
)
from torch import Tensor

from hosts.contract import (
    FRAMES,
    RECORDED_BLOCK,
    RECORDED_STEP,
    ROWS,
    SCHEMES,
    SIGMA,
    VARIANTS,
    Row,
    Variant,
    film_tensors,
    left_half,
    promises,
    wandering_video,
)


class RowsGuider(CFGGuider):
    """Predicts chosen rows, whatever guidance would ask for."""

    def __init__(self, patched: ModelPatcher, rows: Sequence[Row]):
        super().__init__(patched)
        self.rows = rows
        self.velocities = torch.empty(0)
        self.set_conds(*(self._given(name) for name in ("prompt", "negative")))

    def _given(self, name: str) -> list:
        encoded = model().model.process_latent_out(inputs()["encoded"])
        mask = 1 - conditioning_mask(FRAMES, 1, height=LATENT[-2], width=LATENT[-1])[None]
        return [
            [tokens, options | {"concat_latent_image": encoded, "concat_mask": mask}]
            for tokens, options in conditioning(name)
        ]

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict | None = None, seed: int | None = None
    ) -> Tensor:
        conditions = [self.conds["negative" if row.negative else "positive"] for row in self.rows]
        conditions = [
            condition if row.audible else without_audio(condition)
            for row, condition in zip(self.rows, conditions, strict=True)
        ]
        denoised = calc_cond_batch(self.inner_model, conditions, x, timestep, model_options or {})
        self.velocities = torch.cat([(x - prediction) / SIGMA for prediction in denoised])
        return denoised[0]


class ComfyUnderTest:
    """See `hosts.contract.Host`."""

    def __init__(self) -> None:
        self.scene = inputs()

    def encode(self, frames: Tensor) -> Tensor:
        return self._video_model().encode(frames)

    def decode(self, latent: Tensor) -> Tensor:
        return self._video_model().decode(latent)

    def predict(
        self, rows: Sequence[Row], *, scheme: str = "l-rope", strength: float = 1.0, together: bool = True
    ) -> Tensor:
        return self._predict(conditioned(scheme=scheme, audio_strength=strength), rows, together)

    def predict_plain(self, rows: Sequence[Row]) -> Tensor:
        return self._predict(model(), rows)

    def _predict(self, patched: ModelPatcher, rows: Sequence[Row], together: bool = True) -> Tensor:
        guider = RowsGuider(patched, rows)
        noise = self.scene["latent"] / SIGMA

        def step() -> Tensor:
            return sample(guider, sigmas=torch.tensor([SIGMA, 0.0]), noise=noise)

        step() if together else apart(step)
        return guider.velocities

    def film(self, variant: Variant) -> dict[str, Tensor]:
        changes = {} if variant.denoise is None else {"picture": self._video(), "denoise": variant.denoise}
        if variant.left_half_only:
            changes["region"] = left_half()
        plan = plan_clips(13, 9, 5) if variant.two_clips else plan_clips(5, 5, 1)
        run = prepared(
            plan,
            {"continuation": variant.continuation},
            steps=2,
            text_scale=variant.text_scale,
            audio_scale=variant.audio_scale,
            projected_guidance=variant.projected_guidance,
            scheme=variant.scheme,
            seed=variant.seed,
            record_block=RECORDED_BLOCK,
            record_step=RECORDED_STEP,
            **changes,
        )
        return film_tensors(make_film(run.spec, run.model, listener=run.reporter))

    def _video(self) -> Input.Video:
        images = wandering_video(self.scene["picture"])
        return InputImpl.VideoFromComponents(Types.VideoComponents(images, Fraction(30)))

    def _video_model(self) -> VideoModel:
        return prepared(plan_clips(5, 5, 1), {}).model


def main() -> None:
    """Keep every promise, then make what the hosts are compared by."""
    host = ComfyUnderTest()
    broken = {}
    for name, promise in promises().items():
        try:
            promise(host)
        except Exception:  # one broken promise must not hide the others
            broken[name] = traceback.format_exc()
    (EXCHANGE / "broken.json").write_text(json.dumps(broken))
    outputs = {f"predicted.{scheme}": host.predict(ROWS, scheme=scheme) for scheme in SCHEMES}
    for name, variant in VARIANTS.items():
        outputs |= {f"{name}.{part}": tensor for part, tensor in host.film(variant).items()}
    save_outputs(outputs)


main()
