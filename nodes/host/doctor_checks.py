"""The doctor's checks of what a graph connects."""

import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import Input
from comfyui_version import __version__ as COMFYUI
from torch import Tensor

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.doctor import machine
from ...multitalk_core.doctor.checkup import Check, Checkup
from ...multitalk_core.doctor.kernel_check import kernels
from ...multitalk_core.doctor.meter import Meter
from ...multitalk_core.doctor.report_line import passed, warned
from ...multitalk_core.doctor.trial_film import (
    check_costs,
    check_film,
    check_voices_matter,
    check_weights,
    not_made,
    trial_spec,
)
from ...multitalk_core.method.wan import nearest_bucket, usual_resolution
from ...multitalk_core.persons.concerns import doubts
from ...multitalk_core.persons.masks import Persons
from .computed import computed
from .conditioned_model import fitting_adapter, transformer_of
from .film_run import FilmRun, binding_of, persons_of, prepared_run
from .matching import check_prompt, check_vae, check_voices
from .picture_input import source_of
from .sampler_inputs import PreparedInputs

WAY_OUT = "ComfyUI offloads them by itself, which is slower; fp8 weights take half"


class DoctorInputs(PreparedInputs):
    """The inputs of MultiTalk Doctor, by their ids."""

    picture: Tensor | Input.Video


def examine(given: DoctorInputs, checkup: Checkup, node_id: str | None, *, version: str) -> None:
    """Run every check; one that fails does not end the others.

    Parameters
    ----------
    given : DoctorInputs
    checkup : Checkup
    node_id : str or None
        The doctor's own.
    version : str
        Of this pack.
    """
    model, device = given["model"], given["model"].load_device
    checkup.run("Versions", machine.versions({"MultiTalk": version, "ComfyUI": COMFYUI}, ()))
    checkup.run("Versions", machine.environment())
    checkup.run("Versions", _settings(given))
    fits = [checkup.run("Models", check) for check in _model_checks(given)]
    width = checkup.run("Models", _width(model))
    picture, _ = source_of("picture", given["picture"])
    rows, columns = picture.shape[:2]
    usual = nearest_bucket(rows, columns, usual_resolution(width or 0))
    checkup.run("Machine", machine.gpu(device, miniature=width is None or usual_resolution(width) < 480))
    weights = model.model_size() + given["audio_adapter"].model_size()
    checkup.run("Machine", machine.memory(device, weights=weights, size=usual, way_out=WAY_OUT))
    checkup.run("Kernels", _kernels(model, device))
    checkup.run("Persons", _persons(given.get("persons")))
    meter = Meter(device)
    if width is None or not all(fits):
        checkup.run("Trial film", not_made("queue the graph"))
    else:
        _trial(given, checkup, node_id, picture=picture, width=width, meter=meter)
    checkup.run("Costs", check_costs(meter))


def _settings(given: DoctorInputs) -> Check[None]:
    how = ", ".join(f"{name} {value}" for name, value in computed(given["model"], given["vae"]).items())
    yield passed(f"ComfyUI computes with {how}.")


def _model_checks(given: DoctorInputs) -> tuple[Check[bool], ...]:
    model = given["model"]
    return (
        _adapter(model, given["audio_adapter"]),
        _voices(given["audio"], given["audio_adapter"]),
        _vae(given),
        _prompt("positive", given["positive"], model),
        _prompt("negative", given["negative"], model),
        check_weights("adapter", given["audio_adapter"].model),
        check_weights("transformer", model.model.diffusion_model),
        _given_picture(given),
    )


def _adapter(model: ModelPatcher, adapter: ModelPatcher) -> Check[bool]:
    shape = fitting_adapter(model, adapter).model.shape
    yield passed(f"The adapter fits the model: {len(shape.blocks)} audio layers, {shape.width} wide.")
    return True


def _voices(audio: Conversation, adapter: ModelPatcher) -> Check[bool]:
    for note in audio.timeline.notes:
        yield warned(f"{note[:1].upper()}{note[1:]}.")
    check_voices(audio, adapter)
    yield passed(f"The adapter takes what the audio encoder gives, for {audio.speakers} voices.")
    return True


def _vae(given: DoctorInputs) -> Check[bool]:
    check_vae(given["model"], given["vae"])
    yield passed("The VAE's latents are the model's.")
    return True


def _prompt(name: str, prompt: list, model: ModelPatcher) -> Check[bool]:
    check_prompt(name, prompt, model)
    yield passed(f"{name}: the text encoder is the model's.")
    return True


def _given_picture(given: DoctorInputs) -> Check[bool]:
    wants = given["model"].model.diffusion_model.img_emb is not None
    if wants and given.get("clip_vision") is None:
        yield warned(
            "The model has an image embedder, but no CLIP vision is connected: persons will look less like "
            "the picture; connect Load CLIP Vision with the ViT-H model."
        )
    elif wants:
        yield passed("The model has an image embedder, and CLIP vision is connected.")
    else:
        yield passed("The model has no image embedder, and needs no CLIP vision.")
    return True


def _width(model: ModelPatcher) -> Check[int]:
    transformer = transformer_of(model)
    width: int = transformer.dim
    yield passed(
        f"The model is {width} wide with {len(transformer.blocks)} blocks and {transformer.num_heads} heads, "
        f"its weights are {model.model.get_dtype()}, computed in {_dtype(model)}."
    )
    return width


def _dtype(model: ModelPatcher) -> torch.dtype:
    dtype: torch.dtype = model.model.get_dtype_inference()
    return dtype


def _kernels(model: ModelPatcher, device: torch.device) -> Check[None]:
    transformer = transformer_of(model)
    heads = transformer.num_heads
    yield from kernels(device, _dtype(model), heads=heads, channels=transformer.dim // heads)


def _persons(persons: Persons | None) -> Check[None]:
    if persons is None:
        yield passed("Nobody is marked in the picture, which is enough for a single voice.")
        return
    certainties = ", ".join(f"{finding.certainty:.2f}" for finding in persons.findings)
    found = f", found with certainty {certainties} of 1" if certainties else ", marked by hand"
    yield passed(f"There {'is 1 person' if persons.count == 1 else f'are {persons.count} persons'}{found}.")
    for doubt in doubts(persons):
        yield warned(doubt)


def _trial(
    given: DoctorInputs, checkup: Checkup, node_id: str | None, *, picture: Tensor, width: int, meter: Meter
) -> None:
    """The trial film with its own voices, exchanged ones and silence."""
    run = checkup.run("Trial film", _described(given, node_id, picture=picture, width=width))
    made = None if run is None else checkup.run("Trial film", check_film(run.spec, run.model, meter))
    if run is not None and made is not None:
        checkup.run("Trial film", check_voices_matter(run.spec, made, run.model, meter=meter))


def _described(given: DoctorInputs, node_id: str | None, *, picture: Tensor, width: int) -> Check[FilmRun]:
    spec = trial_spec(
        picture,
        persons_of(given, picture),
        given["audio"],
        model_width=width,
        binding=binding_of(given),
    )
    run = prepared_run(spec, given, node_id, picture=picture, video=None)
    yield passed(f"The trial film is prepared, {run.model.steps} steps.")
    return run
