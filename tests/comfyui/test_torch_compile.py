"""MultiTalk under torch.compile, in ComfyUI's own process: graphs, and the right voices in each block."""

import pytest
from comfy_process import run_in_comfyui

from golden import relative_error
from hosts.contract import draw_scene

SAME = 1e-5  # other batches, other kernels
MARKED = 1e-2  # somebody sees the difference


def run_compiled(folder, backend, *arguments):
    (folder / "backend.txt").write_text(backend)
    return run_in_comfyui("compiled", folder, draw_scene(), *arguments)


def check_voices(outputs, way, tolerance=SAME):
    """The compiled latents are those of the plain run, whichever voices went before."""
    for name, plain in (("wan", "wan"), ("first", "first"), ("second", "second"), ("first_again", "first")):
        assert relative_error(outputs[f"{way}.{name}"], outputs[plain]) < tolerance
    assert relative_error(outputs[f"{way}.apart"], outputs["second"]) < tolerance
    assert relative_error(outputs["second"], outputs["first"]) > MARKED
    assert relative_error(outputs["first"], outputs["wan"]) > MARKED


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """With dynamo's eager backend, to be quick: what is traced and guarded is the same."""
    return run_compiled(tmp_path_factory.mktemp("compiled"), "eager", "--use-pytorch-cross-attention")


@pytest.mark.parametrize("way", ["whole", "blocks"])
def test_compiled_model_follows_the_voices_of_each_run(outputs, way):
    check_voices(outputs, way)


@pytest.mark.parametrize("way", ["whole", "blocks"])
def test_voices_break_no_graph(outputs, way):
    assert outputs[f"{way}.breaks"] == 0
    # As many again as Wan alone needs, for all of its twelve blocks and for any voices.
    assert outputs[f"{way}.graphs"] == 2 * outputs[f"{way}.wan.graphs"] <= 4


def test_an_observer_sees_every_block_of_a_compiled_model(outputs):
    assert relative_error(outputs["whole.observed"], outputs["observed"]) < SAME


def test_interrupt_ends_a_compiled_run(outputs):
    assert outputs["interrupted"] == 1


@pytest.mark.soak
@pytest.mark.parametrize(
    ("backend", "arguments"),
    [
        ("eager", ()),  # ComfyUI's attention for CPUs breaks the graphs, so that blocks are compiled alone
        ("inductor", ("--use-pytorch-cross-attention",)),
    ],
)
def test_other_backends_and_attention(tmp_path, backend, arguments):
    outputs = run_compiled(tmp_path, backend, *arguments)
    for way in ("whole", "blocks"):
        check_voices(outputs, way, tolerance=1e-4)
