"""All checks of the command `doctor`, in their order."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .. import __version__
from ..audio.conversation import Conversation
from ..audio.features import AudioEncoder
from ..checkpoint.description import Description
from ..demo.files import EMBEDDED, EMBEDDED_FILES
from ..demo.text import PROMPT
from ..doctor import machine
from ..doctor.checkup import Check, Checkup
from ..doctor.kernel_check import kernels
from ..doctor.meter import Meter
from ..doctor.model_files import (
    AUDIO_ADAPTER,
    AUDIO_ENCODER,
    LORA,
    TRANSFORMER,
    check_described,
    check_match,
    parts_of,
)
from ..doctor.report_line import Verdict, passed, warned
from ..doctor.trial_film import (
    STEPS,
    check_costs,
    check_film,
    check_voices_matter,
    check_weights,
    trial_plan,
    trial_size,
)
from ..film.seams import SeamCorrection
from ..film.spec import FilmSpec, RecordedStep, SamplingOptions
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.step_cache import StepCache
from ..hosts.diffusers.video_model import DiffusersVideoModel
from ..media.picture import resize_and_crop
from ..method.adapter import AudioAdapter
from ..method.audio_patch import BindingOptions
from ..method.schemes import AUTOMATIC, resolved_scheme
from ..method.wan import MINIATURE, RESOLUTIONS, nearest_bucket
from ..persons.marking import persons_from_parts
from ..persons.masks import Persons
from .doctor_inputs import check_encoding, check_persons, check_picture, check_voices
from .options import memory_options, model_options

LIBRARIES = ("transformers", "diffusers", "accelerate")
ALTERNATIVE = "use --offload model, or --offload sequential for less than 24 GB"
USUAL_HEADS = (40, 128)  # of Wan2.1 14B
NOT_MADE = (
    "The trial film was not made, because of the failures above: put them right, and run the doctor again."
)


@dataclass(frozen=True, kw_only=True)
class TrialInputs:
    """What the trial film is made of.

    Attributes
    ----------
    picture : Tensor [height, width, 3], in 0..1
    persons : Persons
    conversation : Conversation
    """

    picture: Tensor
    persons: Persons
    conversation: Conversation


def examine(arguments: argparse.Namespace, checkup: Checkup) -> None:
    """Run every check; one that fails does not end the others."""
    checkup.run("Versions", machine.versions({"MultiTalk": __version__}, LIBRARIES))
    checkup.run("Versions", machine.environment())
    found = _files(arguments, checkup)
    checkup.run("Files", check_match(found))
    device = checkup.run("Machine", _device(arguments))
    picture = checkup.run("Persons and voices", check_picture(arguments.picture))
    if device is None:
        checkup.run("Trial film", _not_made())
        return
    weights = sum(description.size for description in found.values())
    _check_machine(arguments, checkup, device, weights=weights, picture=picture)
    meter = Meter(device)
    encoder = checkup.run("Models", _encoder(arguments, meter))
    given = loaded = None
    if picture is not None:
        given = _inputs(arguments, checkup, picture, encoder=encoder, meter=meter)
    if encoder is not None and not checkup.count(Verdict.FAIL, "Files"):
        loaded = checkup.run("Models", _models(arguments, encoder, meter))
    heads, channels = USUAL_HEADS if loaded is None else _heads(loaded[0])
    dtype = torch.bfloat16 if loaded is None else loaded[0].dtype
    checkup.run("Kernels", kernels(device, dtype, heads=heads, channels=channels))
    if loaded is None or given is None:
        checkup.run("Trial film", _not_made())
    else:
        rows = arguments.rows_at_once or (1 if arguments.model else 3)
        _trial(checkup, given, loaded, meter=meter, rows_at_once=rows)
    checkup.run("Costs", check_costs(meter))


def _check_machine(
    arguments: argparse.Namespace,
    checkup: Checkup,
    device: torch.device,
    *,
    weights: int,
    picture: Tensor | None,
) -> None:
    """The GPU, and free memory for the weights and a clip of the picture's shape."""
    miniature = arguments.model is None
    rows, columns = (1, 1) if picture is None else picture.shape[:2]
    size = nearest_bucket(rows, columns, MINIATURE if miniature else RESOLUTIONS[0])
    checkup.run("Machine", machine.gpu(device, miniature=miniature))
    checkup.run("Machine", machine.memory(device, weights=weights, size=size, way_out=ALTERNATIVE))


def _not_made() -> Check[None]:
    yield warned(NOT_MADE)


def _files(arguments: argparse.Namespace, checkup: Checkup) -> Mapping[str, Description]:
    """The model files by their role, those that could be described."""
    described = {
        role: checkup.run("Files", check_described(role, path)) for role, path in _paths(arguments).items()
    }
    return {role: description for role, description in described.items() if description is not None}


def _paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """The files and folders of the models by their role."""
    model = {role: EMBEDDED / EMBEDDED_FILES[role] for role in (TRANSFORMER, "vae")}
    if arguments.model:
        parts = {} if arguments.components is None else parts_of(arguments.components)
        model = parts | parts_of(arguments.model)
    loras = enumerate(arguments.loras or (), start=1)
    return {
        **model,
        **{f"{LORA} {number}": lora.path for number, lora in loras},
        AUDIO_ADAPTER: arguments.adapter or EMBEDDED / EMBEDDED_FILES["adapter"],
        AUDIO_ENCODER: model_options.encoder_path(arguments),
    }


def _device(arguments: argparse.Namespace) -> Check[torch.device]:
    if arguments.cache != StepCache.NONE:
        yield warned(f"The step cache {arguments.cache} is not tried, because the trial has {STEPS} steps.")
    model_options.check(arguments)
    device = model_options.chosen_device(arguments)
    memory_options.check_machine(arguments)
    yield passed(f"The models run on {device}, weights offloaded: {arguments.offload}.")
    return device


def _encoder(arguments: argparse.Namespace, meter: Meter) -> Check[AudioEncoder]:
    with meter.part("loading the audio encoder"):
        encoder = model_options.load_encoder(arguments)
    yield passed("The audio encoder was loaded.")
    return encoder


def _models(
    arguments: argparse.Namespace, encoder: AudioEncoder, meter: Meter
) -> Check[tuple[Models, AudioAdapter]]:
    with meter.part("loading Wan and the adapter"):
        models, adapter = model_options.load(arguments, encoder)
    yield passed(f"Wan and the adapter were loaded, to compute in {models.dtype}.")
    for name, module in (("adapter", adapter), ("transformer", models.transformer), ("VAE", models.vae)):
        yield from check_weights(name, module)
    return models, adapter


def _heads(models: Models) -> tuple[int, int]:
    config = models.transformer.config
    return config.num_attention_heads, config.attention_head_dim


def _inputs(
    arguments: argparse.Namespace,
    checkup: Checkup,
    picture: Tensor,
    *,
    encoder: AudioEncoder | None,
    meter: Meter,
) -> TrialInputs | None:
    """Persons and voices; where nobody is found, the trial goes on with equal parts of the picture."""
    section = "Persons and voices"
    persons = checkup.run(section, check_persons(arguments, picture))
    if persons is None:
        count = len(arguments.voices or (1, 2))
        persons = persons_from_parts(count, *picture.shape[:2])
        checkup.run(section, _in_parts(count))
    timeline = checkup.run(section, check_voices(arguments.voices, persons))
    if timeline is None or encoder is None:
        return None
    conversation = checkup.run(section, check_encoding(timeline, encoder, meter))
    if conversation is None:
        return None
    return TrialInputs(picture=picture, persons=persons, conversation=conversation)


def _in_parts(count: int) -> Check[None]:
    yield warned(f"Instead, the trial film divides the picture into {count} equal parts.")


def _trial(
    checkup: Checkup,
    given: TrialInputs,
    loaded: tuple[Models, AudioAdapter],
    *,
    meter: Meter,
    rows_at_once: int,
) -> None:
    """The trial film with its own voices, exchanged ones and silence."""
    section = "Trial film"
    described = checkup.run(section, _described(given, *loaded, meter=meter, rows_at_once=rows_at_once))
    if described is None:
        return
    spec, model = described
    made = checkup.run(section, check_film(spec, model, meter))
    if made is not None:
        checkup.run(section, check_voices_matter(spec, made, model, meter=meter))


def _described(
    given: TrialInputs, models: Models, adapter: AudioAdapter, *, meter: Meter, rows_at_once: int
) -> Check[tuple[FilmSpec, DiffusersVideoModel]]:
    heads, channels = _heads(models)
    rows, columns = given.picture.shape[:2]
    height, width = trial_size(rows, columns, heads * channels)
    scheme = resolved_scheme(
        AUTOMATIC, voices=given.conversation.speakers, among_bystanders=given.persons.among_bystanders
    )
    blocks = adapter.shape.blocks
    spec = FilmSpec(
        picture=resize_and_crop(given.picture.movedim(-1, 0), height, width).movedim(0, -1),
        masks=given.persons.token_masks(height, width),
        conversation=given.conversation,
        plan=trial_plan(given.conversation),
        sampling=SamplingOptions(steps=STEPS),
        binding=BindingOptions(scheme=scheme),
        seams=SeamCorrection(colour_strength=0.0),
        window=adapter.shape.window,
        recorded=RecordedStep(block=blocks[len(blocks) // 2], step=STEPS - 1),
    )
    with meter.part("encoding the prompts"):
        model = DiffusersVideoModel(models, adapter, prompt=PROMPT, rows_at_once=rows_at_once)
    yield passed("The prompts were encoded.")
    return spec, model
