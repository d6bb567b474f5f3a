"""Pictures of what the sampler recorded: who was located where, and which labels they got."""

import torch
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import Input, io, ui
from torch import Tensor

from ..multitalk_core.drawing.strip import localization_strip
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.film.clips import Clip
from ..multitalk_core.method.recorder import BindingRecord
from .host.checks import checked
from .host.sockets import CATEGORY, MultiTalkBinding

DARKEST = 0.25  # of a label at the lower end of its range


class BindingPreviewNode(io.ComfyNode):
    """Persons and labels over the frames."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkBindingPreview",
            display_name="MultiTalk Binding Preview",
            category=CATEGORY,
            description="Shows where the model located each person while it sampled, one picture per clip: "
            "the frames, and below them each token's person or label. The node itself shows the persons.",
            search_aliases=["multitalk", "localization", "labels", "attention map", "who speaks"],
            inputs=[
                io.MultiType.Input(
                    "images",
                    [io.Image, io.Video],
                    tooltip="The frames or the video from the same sampler node.",
                ),
                MultiTalkBinding.Input(
                    "binding", tooltip="From L-RoPE MultiTalk Sampler or MultiTalk Long Video."
                ),
            ],
            outputs=[
                io.Image.Output(
                    "persons", tooltip="Each token in its person's colour, one picture per clip."
                ),
                io.Image.Output(
                    "labels",
                    tooltip="The same, brighter where the label is higher in its person's range.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    @checked
    def execute(
        cls, images: Tensor | Input.Video, binding: list[tuple[Clip, BindingRecord]]
    ) -> io.NodeOutput:
        if not binding:
            raise MultiTalkError(
                "binding: there is nothing to show, because only l-rope with two or more voices, and "
                "routed, locate the persons; choose one of these schemes."
            )
        shown, middles = [], []
        for clip, record in binding:
            throw_exception_if_processing_interrupted()
            frames = _frames_of(images, clip)
            shown.append((_strip(frames, record), _strip(frames, record, _shades(record))))
            middles.append(frames[len(frames) // 2])
        persons, labels = map(torch.stack, zip(*shown, strict=True))
        overview = persons if len(binding) == 1 else _overview(torch.stack(middles), binding)[None]
        return io.NodeOutput(persons, labels, ui=ui.PreviewImage(overview, cls=cls))


def _frames_of(images: Tensor | Input.Video, clip: Clip) -> Tensor:
    """A clip's frames, up to the end of the film; of a video only these are in memory."""
    if isinstance(images, Tensor):
        return images[clip.start : clip.start + clip.frames]
    rate = images.get_frame_rate()
    trimmed = images.as_trimmed(float(clip.start / rate), float(clip.frames / rate), strict_duration=False)
    return trimmed.get_components().images


def _overview(middles: Tensor, binding: list[tuple[Clip, BindingRecord]]) -> Tensor:
    """Some clips of a film, each by its middle frame: one picture that a node shows large enough to read."""
    classes = torch.stack([record.classes[len(record.classes) // 2] for _, record in binding])
    captions = [f"clip {clip.index + 1}" for clip, _ in binding]
    return localization_strip(middles, classes, len(binding[0][1].similarity) - 1, captions=captions)


def _strip(frames: Tensor, record: BindingRecord, shades: Tensor | None = None) -> Tensor:
    return localization_strip(frames, record.classes, len(record.similarity) - 1, shades=shades)


def _shades(record: BindingRecord) -> Tensor:
    """Brightness of every token: where its label lies among the labels of its class."""
    shades = torch.ones(record.classes.shape)
    if record.labels is None:
        return shades
    for person in range(len(record.similarity) - 1):
        own = record.classes == person
        if own.any():
            labels = record.labels[own]
            place = (labels - labels.min()) / (labels.max() - labels.min()).clamp(min=1e-6)
            shades[own] = DARKEST + (1 - DARKEST) * place
    return shades
