"""Three-way guidance as a ComfyUI GUIDER: text and audio scale."""

from typing import Any

import torch
from comfy.model_patcher import ModelPatcher
from comfy.samplers import CFGGuider, calc_cond_batch
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.guards.finite import check_finite
from ...multitalk_core.method.guidance import GuidancePass, GuidanceScales, ProjectedGuidance, guide
from ...multitalk_core.method.motion_latent import MotionLatent
from .conditioned_model import is_conditioned, without_audio
from .patches import Condition


class AudioGuider(CFGGuider):
    """Guides by prompt and voices; runs ComfyUI's hooks before and after.

    Parameters
    ----------
    model : ModelPatcher
        From `condition_on_voices`.
    positive, negative : CONDITIONING
    scales : GuidanceScales
    projected : bool
        Adaptive projected guidance, on the model's velocity as in the reference implementation.
    motion : MotionLatent, optional
        Written over the model's input, with fresh noise at every new sigma.

    Raises
    ------
    MultiTalkError
        When the MODEL is not conditioned on voices, or another node has replaced the formula of guidance.
    """

    def __init__(
        self,
        model: ModelPatcher,
        positive: list,
        negative: list,
        *,
        scales: GuidanceScales,
        projected: bool = False,
        motion: MotionLatent | None = None,
    ) -> None:
        if not is_conditioned(model):
            raise MultiTalkError("The model has no voices: put MultiTalk Apply before the MultiTalk Guider.")
        if "sampler_cfg_function" in model.model_options:
            raise MultiTalkError(
                "A node before this one replaces the guidance formula, as RescaleCFG does, and so does "
                "MultiTalk Guider: remove one of the two, or use ComfyUI's CFGGuider after MultiTalk Apply."
            )
        super().__init__(model)
        self.set_conds(positive, negative)
        self.set_cfg(scales.text)
        self.scales = scales
        self.projected = projected
        self.motion = motion
        self.running: ProjectedGuidance | None = None
        self.written: tuple[float, Tensor] | None = None  # the last sigma and its noised motion frames

    def sample(self, *arguments: Any, **options: Any) -> Tensor:
        """One clip: differences and motion noise of an earlier one are forgotten."""
        self.running = ProjectedGuidance() if self.projected else None
        self.written = None
        sampled = super().sample(*arguments, **options)
        check_finite(sampled, "The sampled latent")
        return sampled

    def predict_noise(  # noqa: PLR0917
        self,
        x: Tensor,
        timestep: Tensor,
        model_options: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """The guided, denoised latent."""
        model_options = model_options or {}
        if self.motion is not None:
            x = self._with_motion(self.motion, x, float(timestep[0]))
        passes = self.scales.passes()
        conditions = [self._condition(each) for each in passes]
        denoised = calc_cond_batch(self.inner_model, conditions, x, timestep, model_options)
        common = {
            "cond_scale": self.scales.text if GuidancePass.NEGATIVE in passes else self.scales.audio,
            "model": self.inner_model,
            "model_options": model_options,
            "sigma": timestep,
            "input": x,
        }
        for hook in model_options.get("sampler_pre_cfg_function", ()):
            given = {"conds": conditions, "conds_out": denoised, "timestep": timestep}
            denoised = hook(common | given)
        guided = self._guide(dict(zip(passes, denoised, strict=True)), x, timestep)
        single = len(passes) == 1
        for hook in model_options.get("sampler_post_cfg_function", ()):
            given = {
                "denoised": guided,
                "cond": conditions[0],
                "cond_denoised": denoised[0],
                "uncond": None if single else conditions[1],
                "uncond_denoised": torch.zeros_like(x) if single else denoised[1],
            }
            guided = hook(common | given)
        return guided

    def _condition(self, each: GuidancePass) -> Condition:
        condition = self.conds["negative" if each.negative else "positive"]
        return condition if each.audible else without_audio(condition)

    def _guide(self, denoised: dict[GuidancePass, Tensor], x: Tensor, timestep: Tensor) -> Tensor:
        if self.running is None:
            return guide(denoised, self.scales)
        # Projection is along the velocity; plain differences do not mind which of the two they are of.
        sigma = timestep.view(-1, *[1] * (x.ndim - 1)).to(x)
        velocities = {name: (x - prediction) / sigma for name, prediction in denoised.items()}
        return x - sigma * guide(velocities, self.scales, self.running)

    def _with_motion(self, motion: MotionLatent, x: Tensor, sigma: float) -> Tensor:
        if self.written is None or self.written[0] != sigma:
            written = motion.written_over(x, sigma)
            self.written = sigma, written[:, :, : motion.latent.shape[2]]
        frames = self.written[1]
        return torch.cat([frames, x[:, :, frames.shape[2] :]], dim=2)
