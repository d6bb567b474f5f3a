"""Voices for any sampler: MODEL to MODEL."""

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.limits import FILM_FRAMES
from ..multitalk_core.method.audio_patch import ClipAudio
from ..multitalk_core.method.wan import TOKEN_STEP, Grid
from ..multitalk_core.persons.masks import Persons
from .host.checks import checked
from .host.conditioned_model import condition_on_voices, fitting_adapter
from .host.matching import binding_options, check_crop, check_voices, persons_for
from .host.settings import BindingSettings
from .host.sockets import CATEGORY
from .inputs import shared as inputs


class ApplyNode(io.ComfyNode):
    """Condition a MODEL on the voices."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkApply",
            display_name="MultiTalk Apply",
            category=CATEGORY,
            description="Makes a model follow the voices, with any sampler. The voices condition both the "
            "positive and the negative prompt; use MultiTalk Guider for a separate audio scale.",
            search_aliases=["multitalk", "infinitetalk", "apply audio", "model patch"],
            inputs=[
                *inputs.voices_and_persons(),
                io.Latent.Input(
                    "latent",
                    tooltip="The empty latent to sample, from WanImageToVideo; it sets size and length.",
                ),
                io.Int.Input(
                    "start_frame",
                    display_name="start frame",
                    default=0,
                    min=0,
                    max=FILM_FRAMES.most,
                    advanced=True,
                    tooltip="Frame of the voices at which this clip begins, from 0; for clips that continue "
                    "an earlier one.",
                ),
                inputs.binding_settings(),
            ],
            outputs=[io.Model.Output("model", tooltip="For MultiTalk Guider, CFGGuider or KSampler.")],
        )

    @classmethod
    @checked
    def execute(
        cls,
        *,
        model: ModelPatcher,
        audio_adapter: ModelPatcher,
        audio: Conversation,
        latent: dict,
        start_frame: int,
        persons: Persons | None = None,
        binding_settings: BindingSettings | None = None,
    ) -> io.NodeOutput:
        adapter = fitting_adapter(model, audio_adapter)
        check_voices(audio, adapter)
        grid = _grid(latent)
        frames, height, width = grid.video_size
        options = binding_options(binding_settings or BindingSettings(), persons, audio)
        persons = persons_for(persons, audio, options.scheme, height=height, width=width)
        check_crop("persons", persons.size, height=height, width=width)
        masks = persons.token_masks(height, width)
        windows = audio.windows(start_frame, frames, adapter.model.shape.window)
        clip_audio = ClipAudio(windows=windows, masks=masks, grid=grid)
        return io.NodeOutput(condition_on_voices(model, adapter, clip_audio, options=options))


def _grid(latent: dict) -> Grid:
    samples = latent["samples"]
    if samples.ndim != 5 or 0 in samples.shape or Grid.of_latent(samples).latent_size != samples.shape[-3:]:
        raise MultiTalkError(
            f"latent: its shape is {list(samples.shape)}, but a Wan latent has the shape [batch, channels, "
            "frames, height, width] with even height and width; use WanImageToVideo with a width and height "
            f"that are multiples of {TOKEN_STEP}."
        )
    return Grid.of_latent(samples)
