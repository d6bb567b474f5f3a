"""The ComfyUI host keeps what every host promises, and makes the same film as the diffusers host."""

import json
from pathlib import Path

import pytest
from comfy_process import run_in_comfyui
from torch import Tensor

from golden import relative_error
from hosts.contract import ROUNDING, ROWS, SCHEMES, VARIANTS, draw_scene, promises
from hosts.diffusers_under_test import DiffusersUnderTest

# Two libraries and two versions of torch; then the VAE and the match of colours: a quarter of an 8-bit level.
FRAMES_ROUNDING = 1e-3


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def comfy_made(folder) -> dict[str, Tensor]:
    """What the ComfyUI host made of the scene, in its own process."""
    return run_in_comfyui("host_contract", folder, draw_scene())


@pytest.fixture(scope="module")
def diffusers_host() -> DiffusersUnderTest:
    return DiffusersUnderTest(draw_scene())


@pytest.mark.parametrize("promise", promises())
def test_comfyui_keeps_the_promise(promise, comfy_made, folder):
    broken = json.loads((folder / "broken.json").read_text())
    assert promise not in broken, broken[promise]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_hosts_predict_the_same(scheme, comfy_made, diffusers_host):
    ours = diffusers_host.predict(ROWS, scheme=scheme)
    assert relative_error(comfy_made[f"predicted.{scheme}"], ours) < ROUNDING


@pytest.mark.parametrize("variant", VARIANTS)
def test_hosts_make_the_same_film(variant, comfy_made, diffusers_host):
    film = diffusers_host.film(VARIANTS[variant])
    errors = {name: relative_error(comfy_made[f"{variant}.{name}"], value) for name, value in film.items()}
    assert errors.pop("frames") < FRAMES_ROUNDING
    assert max(errors.values()) < ROUNDING, errors
