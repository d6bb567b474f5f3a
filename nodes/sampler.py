"""The L-RoPE MultiTalk sampler: one clip, from picture and voices to frames."""

from typing import Unpack

import torch
from comfy_api.latest import io

from ..multitalk_core.film.clips import Clip, ClipPlan
from ..multitalk_core.film.film import make_film
from ..multitalk_core.limits import CLIP_FRAMES
from .host.checks import check_queued, checked
from .host.film_run import drafted, film_spec, prepared_run, raw_latent
from .host.film_size import with_size
from .host.picture_input import source_of
from .host.sampler_inputs import SamplerInputs
from .host.sockets import CATEGORY, MultiTalkBinding
from .inputs import shared as inputs
from .inputs import size_inputs
from .inputs.search import TASKS_OF_ONE_CLIP


class SamplerNode(io.ComfyNode):
    """Everything a clip needs in one node."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkSampler",
            display_name="L-RoPE MultiTalk Sampler",
            category=CATEGORY,
            description="Animates a picture so that each person speaks with their own voice. Makes one "
            "clip; MultiTalk Long Video makes longer videos.",
            search_aliases=[
                "multitalk",
                "talking head",
                "infinitetalk",
                "l-rope",
                "audio to video",
                *TASKS_OF_ONE_CLIP,
            ],
            essentials_category="Video Generation",
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *size_inputs.size(),
                io.Int.Input(
                    "frames",
                    default=81,
                    **inputs.within(CLIP_FRAMES),
                    step=4,
                    tooltip="Length in frames, 4n+1. Wan was trained on 81, which are 3.24 seconds at 25 "
                    "frames per second. After the voices end there is silence.",
                ),
                *inputs.sampling(seed_changes=True),
                size_inputs.resolution(),
                inputs.region(),
                inputs.sampling_settings(),
                inputs.binding_settings(),
                inputs.denoise_settings(),
            ],
            outputs=[
                io.Latent.Output("latent", tooltip="The clip before decoding."),
                io.Image.Output("images", tooltip="The frames, with colours matched to the picture."),
                MultiTalkBinding.Output(
                    "binding", tooltip="Where the model located each person, for MultiTalk Binding Preview."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(
        cls, width: int | None = None, height: int | None = None, frames: int | None = None
    ) -> bool:
        check_queued(cls, width=width, height=height, frames=frames)
        size_inputs.check_sizes(width, height, frames=frames)
        return True

    @classmethod
    @checked
    def execute(cls, *, frames: int, **shared: Unpack[SamplerInputs]) -> io.NodeOutput:
        size_inputs.check_sizes(shared["width"], shared["height"], frames=frames)
        picture, video = source_of("picture", shared["picture"])
        shared = with_size(shared, picture)
        plan = drafted(ClipPlan(frames, (Clip(0, 0, frames, 0, frames),)), shared["draft"])
        spec = film_spec(shared, plan, cls.hidden.unique_id, picture=picture, video=video)
        run = prepared_run(spec, shared, cls.hidden.unique_id, picture=picture, video=video)
        (finished,) = make_film(run.spec, run.model, listener=run.reporter)
        run.report_damage()
        run.reporter.finish()
        found = [] if finished.record is None else [(finished.clip, finished.record)]
        return io.NodeOutput(
            raw_latent(shared["model"], finished.latent), finished.frames.to(torch.float32), found
        )
