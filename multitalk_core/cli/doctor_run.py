"""All checks of the command `doctor`, in their order."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    check_costs,
    check_film,
    check_voices_matter,
    check_weights,
    not_made,
    trial_spec,
)
from ..film.spec import FilmSpec, RecordedStep
from ..hosts.diffusers.models import Models
from ..hosts.diffusers.video_model import DiffusersVideoModel
from ..method.adapter import AudioAdapter
from ..method.audio_patch import BindingOptions
from ..method.schemes import AUTOMATIC, resolved_scheme
from ..method.wan import MINIATURE, RESOLUTIONS, nearest_bucket
from ..persons.marking import persons_from_parts
from ..persons.masks import Persons
from .doctor_inputs import check_encoding, check_persons, check_picture, check_voices
from .options import memory_options, model_options

LIBRARIES = ("transformers", "diffusers", "accelerate")
ALTERNATIVE = "use --offload group, and --quantize fp8 where the main memory is too small"
USUAL_HEADS = (40, 128)  # of Wan2.1 14B
AGAIN = "run the doctor"


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
    possible = device is not None and all(
        [checkup.run("Machine", check) for check in (_models_named(arguments), _loadable(arguments))]
    )
    picture = checkup.run("Persons and voices", check_picture(arguments.picture))
    if device is None:
        checkup.run("Trial film", not_made(AGAIN))
        return
    weights = sum(description.size for description in found.values())
    _check_machine(arguments, checkup, device, weights=weights, picture=picture)
    meter = Meter(device)
    encoder = given = loaded = None
    if AUDIO_ENCODER in found:
        encoder = checkup.run("Models", _encoder(arguments, meter))
    if picture is not None:
        given = _inputs(arguments, checkup, picture, encoder=encoder, meter=meter)
    if encoder is not None and possible and not checkup.count(Verdict.FAIL, "Files"):
        loaded = checkup.run("Models", _models(arguments, encoder, meter))
    else:
        checkup.run("Models", _not_loaded())
    heads, channels = USUAL_HEADS if loaded is None else _heads(loaded[0])
    dtype = torch.bfloat16 if loaded is None else loaded[0].dtype
    checkup.run("Kernels", kernels(device, dtype, heads=heads, channels=channels))
    if loaded is None or given is None:
        checkup.run("Trial film", not_made(AGAIN))
    else:
        _trial(checkup, given, loaded, meter=meter, rows_at_once=memory_options.rows_at_once(arguments))
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


def _files(arguments: argparse.Namespace, checkup: Checkup) -> Mapping[str, Description]:
    """The model files by their role, those that could be described."""
    described = {
        role: checkup.run("Files", check_described(role, path)) for role, path in _paths(arguments).items()
    }
    return {role: description for role, description in described.items() if description is not None}


def _paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """The files and folders of the models by their role; the shipped ones only without a --model."""
    shipped = {
        TRANSFORMER: EMBEDDED / EMBEDDED_FILES["transformer"],
        "vae": EMBEDDED / EMBEDDED_FILES["vae"],
        AUDIO_ADAPTER: EMBEDDED / EMBEDDED_FILES["adapter"],
        AUDIO_ENCODER: EMBEDDED / EMBEDDED_FILES["audio_encoder"],
    }
    model = shipped
    if arguments.model:
        parts = {} if arguments.components is None else parts_of(arguments.components)
        model = parts | parts_of(arguments.model)
    own = {AUDIO_ADAPTER: arguments.adapter, AUDIO_ENCODER: arguments.audio_encoder}
    loras = enumerate(arguments.loras or (), start=1)
    return {
        **model,
        **{f"{LORA} {number}": lora.path for number, lora in loras},
        **{role: path for role, path in own.items() if path is not None},
    }


def _device(arguments: argparse.Namespace) -> Check[torch.device]:
    device = model_options.chosen_device(arguments)
    yield passed(f"The models run on {device}, weights offloaded: {arguments.offload}.")
    return device


def _models_named(arguments: argparse.Namespace) -> Check[bool]:
    model_options.check(arguments)
    yield passed("The options name all models that a film needs.")
    return True


def _loadable(arguments: argparse.Namespace) -> Check[bool]:
    memory_options.check_loading(arguments)
    yield passed(f"This machine has what quantization ({arguments.quantize}) and attention need.")
    return True


def _not_loaded() -> Check[None]:
    yield warned("Wan and the adapter were not loaded, because of the failures above.")


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
    scheme = resolved_scheme(
        AUTOMATIC, voices=given.conversation.speakers, among_bystanders=given.persons.among_bystanders
    )
    spec = trial_spec(
        given.picture,
        given.persons,
        given.conversation,
        model_width=heads * channels,
        binding=BindingOptions(scheme=scheme),
    )
    shape = adapter.shape
    recorded = RecordedStep(block=shape.blocks[len(shape.blocks) // 2], step=spec.sampling.steps - 1)
    with meter.part("encoding the prompts"):
        model = DiffusersVideoModel(models, adapter, prompt=PROMPT, rows_at_once=rows_at_once)
    yield passed("The prompts were encoded.")
    return replace(spec, window=shape.window, recorded=recorded), model
