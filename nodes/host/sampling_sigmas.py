"""Noise levels of a run: those of the reference implementation, and ComfyUI's at a given shift."""

import comfy.model_sampling
import comfy.samplers
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ...multitalk_core.method.schedule import TIMESTEPS, released_timesteps

RELEASED = "released"  # the reference implementation's timesteps


class FlowSampling(comfy.model_sampling.ModelSamplingDiscreteFlow, comfy.model_sampling.CONST):
    """Wan's flow matching, as ComfyUI puts it together for the model."""


def with_shift(model: ModelPatcher, shift: float) -> ModelPatcher:
    """A clone of the MODEL with this shift, as ModelSamplingSD3 makes it."""
    shifted = model.clone()
    sampling = FlowSampling(model.model.model_config)
    sampling.set_parameters(shift=shift)
    shifted.add_object_patch("model_sampling", sampling)
    return shifted


def sigmas_for(
    model: ModelPatcher, scheduler: str, sampler_name: str, *, steps: int, shift: float, denoise: float = 1.0
) -> Tensor:
    """Noise levels of a run.

    Parameters
    ----------
    model : ModelPatcher
        From `with_shift`.
    scheduler : str
        "released" or one of ComfyUI's.
    sampler_name : str
        Some samplers leave one level out, as in ComfyUI's KSampler.
    steps : int
    shift : float
        The model's.
    denoise : float
        0..1, where on the schedule sampling begins.

    Returns
    -------
    Tensor [steps + 1], in 1..0
    """
    if scheduler == RELEASED:
        return released_timesteps(steps, shift, denoise) / TIMESTEPS
    return comfy.samplers.KSampler(model, steps, "cpu", sampler_name, scheduler, denoise).sigmas
