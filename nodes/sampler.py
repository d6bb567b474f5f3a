"""The L-RoPE MultiTalk sampler: one clip, from picture and voices to frames."""

import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io
from torch import Tensor

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.clips import Clip, ClipPlan
from ..multitalk_core.persons import Persons
from . import inputs
from .shoot import Shoot, raw_latent
from .sockets import CATEGORY, MultiTalkBinding


class Sampler(io.ComfyNode):
    """Everything a clip needs in one node."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkSampler",
            display_name="L-RoPE MultiTalk Sampler",
            category=CATEGORY,
            description="Animates a picture so that each person speaks with their own voice. One clip; "
            "MultiTalk Long Video makes longer ones.",
            search_aliases=[
                "multitalk",
                "talking head",
                "lip sync",
                "infinitetalk",
                "l-rope",
                "audio to video",
            ],
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *inputs.size(),
                io.Int.Input(
                    "frames",
                    default=81,
                    min=5,
                    max=1001,
                    step=4,
                    tooltip="Length in frames, 4n+1: 81, what Wan was trained on, are 3.24 seconds at 25 "
                    "frames per second. Past the voices' end there is silence.",
                ),
                *inputs.sampling(),
                *inputs.binding(),
                inputs.projected_guidance(),
                *inputs.finishing(),
            ],
            outputs=[
                io.Latent.Output("latent", tooltip="The clip before decoding."),
                io.Image.Output("images", tooltip="The frames, colours matched with the picture."),
                MultiTalkBinding.Output(
                    "binding", tooltip="Where the model located everybody, for MultiTalk Binding Preview."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(
        cls, width: int | None = None, height: int | None = None, frames: int | None = None
    ) -> bool | str:
        return inputs.validate_sizes(width=width, height=height, frames=frames)

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        audio_adapter: ModelPatcher,
        audio: Conversation,
        positive: list,
        negative: list,
        vae: VAE,
        picture: Tensor,
        width: int,
        height: int,
        frames: int,
        steps: int,
        sampler_name: str,
        scheduler: str,
        shift: float,
        text_scale: float,
        audio_scale: float,
        seed: int,
        scheme: str,
        audio_strength: float,
        label_range: float,
        label_distance: float,
        background_label: float,
        projected_guidance: bool,
        colour_strength: float,
        draft: bool,
        record_block: int,
        record_step: int,
        persons: Persons | None = None,
        clip_vision: ClipVisionModel | None = None,
    ) -> io.NodeOutput:
        inputs.check_sizes(width=width, height=height, frames=frames)
        shoot = Shoot(
            model=model,
            audio_adapter=audio_adapter,
            audio=audio,
            persons=persons,
            positive=positive,
            negative=negative,
            vae=vae,
            picture=picture,
            clip_vision=clip_vision,
            width=width,
            height=height,
            steps=steps,
            sampler_name=sampler_name,
            scheduler=scheduler,
            shift=shift,
            text_scale=text_scale,
            audio_scale=audio_scale,
            seed=seed,
            projected_guidance=projected_guidance,
            scheme=scheme,
            audio_strength=audio_strength,
            label_range=label_range,
            label_distance=label_distance,
            background_label=background_label,
            colour_strength=colour_strength,
            draft=draft,
            record_block=record_block,
            record_step=record_step,
        )
        plan = shoot.drafted(ClipPlan(frames, (Clip(0, 0, frames, 0, frames),)))
        (finished,) = shoot.film(plan, cls.hidden.unique_id)
        found = [(finished.clip, record) for record in shoot.recorder.records.values()]
        return io.NodeOutput(raw_latent(model, finished.latent), finished.frames.to(torch.float32), found)
