"""docs/scale.md from its inputs again: simulated days, plot, and what was counted or measured."""

import pytest
import torch
from diffusers import AutoencoderKLWan
from PIL import Image
from skimage.data import astronaut
from torch.utils.flop_counter import FlopCounterMode

from tools.scale import inputs, scale_page
from tools.scale.measuring import measured
from tools.scale.scale_plot import write_plot

pytestmark = pytest.mark.soak


def test_the_simulated_days_come_out_again(tmp_path):
    page = scale_page.PAGE.read_text()
    assert scale_page.block(page, "simulation") == scale_page.simulated()["simulation"]
    write_plot(tmp_path / "scale.png")
    with Image.open(tmp_path / "scale.png") as again, Image.open(scale_page.PLOT) as drawn:
        assert again.size == drawn.size


def test_the_vae_has_the_operations_of_the_plan():
    with torch.device("meta"):
        vae = AutoencoderKLWan().eval()
    frames, latent = (
        torch.empty(1, 3, 81, 96, 160, device="meta"),
        torch.empty(1, 16, 21, 12, 20, device="meta"),
    )
    for run, given, planned in (
        (vae.encode, frames, inputs.VAE_ENCODE),
        (vae.decode, latent, inputs.VAE_DECODE),
    ):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            run(given)
        assert counter.get_total_flops() / (81 * 96 * 160) == pytest.approx(planned, rel=0.03)


def test_a_clip_takes_about_the_bytes_of_the_plan(tmp_path):
    """Another photograph, on another machine: sizes within a half, everything measured."""
    Image.fromarray(astronaut()).resize((1024, 1024)).save(tmp_path / "photograph.png")
    found = measured(tmp_path / "photograph.png")
    assert found["clip, bytes"] == pytest.approx(inputs.CLIP_BYTES, rel=0.5)
    assert all(value > 0 for value in found.values())
