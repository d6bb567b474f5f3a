"""The diffusers host on the embedded Wan: audio comes in, and leaves no trace."""

import gc
import weakref
from collections.abc import Iterator
from copy import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.hosts.diffusers.wan_host import WanHost
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, BindingOptions, audio_rows
from multitalk_core.method.binding import Binding
from multitalk_core.method.schemes import SCHEMES, register, schemes_help
from multitalk_core.method.schemes.scheme import Scheme
from multitalk_core.method.wan import Grid

FRAMES, HEIGHT, WIDTH = 3, 8, 12


@pytest.fixture(scope="module")
def models() -> Models:
    return load_embedded()


@pytest.fixture(scope="module")
def adapter(models: Models) -> AudioAdapter:
    return load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)


@pytest.fixture(scope="module")
def voices(adapter: AudioAdapter) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return adapter.voice_tokens(torch.randn(2, 9, 5, 4, 64, generator=generator))


@pytest.fixture(scope="module")
def masks() -> Tensor:
    columns = torch.arange(WIDTH // 2).repeat(HEIGHT // 2)
    return torch.stack([columns < 2, columns > 3, (columns == 2) | (columns == 3)]).float()


@pytest.fixture
def host(models: Models, adapter: AudioAdapter) -> Iterator[WanHost]:
    host = WanHost(models.transformer, AudioPatch(adapter))
    yield host
    host.remove()


def carried(host: WanHost) -> int:
    """How much lies with the blocks from one hook to the next."""
    return sum((block.binding is not None) + (block.before_text is not None) for block in host.blocks)


def forward(models: Models, rows: int = 1, seed: int = 1) -> Tensor:
    latent = torch.randn(1, 36, FRAMES, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))
    timestep = torch.tensor([700.0])
    return models.transformer(
        latent.expand(rows, -1, -1, -1, -1),
        timestep.expand(rows),
        models.text("").expand(rows, -1, -1),
        return_dict=False,
    )[0]


@torch.no_grad()
def test_without_rows_the_model_is_plain_wan(
    models: Models, adapter: AudioAdapter, voices: Tensor, masks: Tensor
) -> None:
    plain = forward(models)
    host = WanHost(models.transformer, AudioPatch(adapter))
    torch.testing.assert_close(forward(models), plain, rtol=1e-4, atol=1e-4)
    with host.conditioned(audio_rows(voices, masks, [True])):
        assert (forward(models) - plain).abs().max() > 1e-2
    torch.testing.assert_close(forward(models), plain, rtol=1e-4, atol=1e-4)
    host.remove()
    assert torch.equal(forward(models), plain)
    assert not carried(host)


@torch.no_grad()
def test_nothing_is_kept_in_memory_by_a_circle(
    models: Models, adapter: AudioAdapter, voices: Tensor, masks: Tensor
) -> None:
    patch = AudioPatch(adapter)
    host = WanHost(models.transformer, patch)
    with host.conditioned(audio_rows(voices, masks, [True])):
        forward(models)
    host.remove()
    seen = weakref.ref(patch)
    gc.disable()
    try:
        del patch, host
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("scheme", SCHEMES)
@torch.no_grad()
def test_a_batch_equals_its_rows(
    models: Models, host: WanHost, voices: Tensor, masks: Tensor, scheme: str
) -> None:
    host.patch.options = BindingOptions(scheme=scheme)
    kinds = [True, False, True]
    with host.conditioned(audio_rows(voices, masks, kinds)):
        together = forward(models, rows=3)
    for row, kind in enumerate(kinds):
        with host.conditioned(audio_rows(voices, masks, [kind])):
            torch.testing.assert_close(forward(models), together[row : row + 1], rtol=1e-4, atol=1e-4)
    assert (together[0] - together[1]).abs().max() > 1e-2


@torch.no_grad()
def test_no_more_than_one_block_is_remembered(
    models: Models, host: WanHost, voices: Tensor, masks: Tensor
) -> None:
    """Forty blocks of hidden states would be 25 GB at 480p."""
    remembered = []
    handles = [
        block.register_forward_hook(lambda *_: remembered.append(carried(host)))
        for block in models.transformer.blocks
    ]
    with host.conditioned(audio_rows(voices, masks, [True])):
        forward(models)
    for handle in handles:
        handle.remove()
    assert remembered == [0] * len(models.transformer.blocks)


@torch.no_grad()
def test_half_precision_offloaded_layer_by_layer_gets_the_same(masks: Tensor) -> None:
    """The way large models run: bfloat16, every layer in main memory until its turn, rows of both kinds."""
    from accelerate import cpu_offload

    generator = torch.Generator().manual_seed(0)
    windows = torch.randn(2, 9, 5, 4, 64, generator=generator)
    outputs = []
    for dtype, offload in ((torch.float32, "none"), (torch.bfloat16, "none"), (torch.bfloat16, "sequential")):
        models = load_embedded(dtype=dtype)
        adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models, offload)
        if offload == "sequential":
            cpu_offload(models.transformer, "cpu", offload_buffers=True)
        host = WanHost(models.transformer, AudioPatch(adapter))
        latent = torch.randn(1, 36, FRAMES, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
        with host.conditioned(audio_rows(adapter.voice_tokens(windows.to(dtype)), masks, [True, False])):
            output = models.transformer(
                latent.to(dtype).expand(2, -1, -1, -1, -1),
                torch.tensor([700.0, 700.0]),
                models.text("").expand(2, -1, -1),
                return_dict=False,
            )[0]
        outputs.append(output.float())
    exact, half, offloaded = outputs
    assert torch.equal(half, offloaded)
    assert (half - exact).norm() < 0.1 * exact.norm()
    assert (half[0] - half[1]).abs().max() > 1e-2


@torch.no_grad()
def test_only_the_chosen_blocks_get_audio(
    models: Models, adapter: AudioAdapter, voices: Tensor, masks: Tensor
) -> None:
    outputs = {}
    for name, blocks in (("plain", set()), ("one", {2}), ("every", set(adapter.shape.blocks))):
        fewer = copy(adapter)
        fewer.shape = replace(adapter.shape, blocks=tuple(blocks))
        host = WanHost(models.transformer, AudioPatch(fewer))
        with host.conditioned(audio_rows(voices, masks, [True])):
            outputs[name] = forward(models)
        host.remove()
    torch.testing.assert_close(outputs["plain"], forward(models), rtol=1e-4, atol=1e-4)
    assert not torch.equal(outputs["one"], outputs["plain"])
    assert not torch.equal(outputs["one"], outputs["every"])


@torch.no_grad()
def test_audio_strength_zero_is_silence(models: Models, host: WanHost, voices: Tensor, masks: Tensor) -> None:
    plain = forward(models)
    host.patch.options = BindingOptions(strength=0.0)
    with host.conditioned(audio_rows(voices, masks, [True])):
        assert torch.equal(forward(models), plain)


def gradients(models: Models, adapter: AudioAdapter, host: WanHost, rows: AudioRows) -> list[Tensor]:
    adapter.requires_grad_(True)
    adapter.zero_grad()
    with host.conditioned(rows):
        forward(models).square().mean().backward()
    adapter.requires_grad_(False)
    return [block.audio_cross_attn.kv_linear.weight.grad.clone() for block in adapter.blocks.values()]


def test_gradients_reach_every_audio_layer_and_checkpointing_changes_none(
    models: Models, adapter: AudioAdapter, host: WanHost, voices: Tensor, masks: Tensor
) -> None:
    rows = audio_rows(voices, masks, [True])
    plain = gradients(models, adapter, host, rows)
    assert all(gradient.abs().max() > 0 for gradient in plain)
    models.transformer.enable_gradient_checkpointing()
    try:
        checkpointed = gradients(models, adapter, host, rows)
    finally:
        models.transformer.disable_gradient_checkpointing()
    for one, other in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(one, other)


@torch.no_grad()
def test_compiled_blocks_get_the_same(models: Models, host: WanHost, voices: Tensor, masks: Tensor) -> None:
    """One graph for all blocks, without a break: aot_eager traces all that inductor would."""
    rows, others = (
        audio_rows(voices, masks, [True, False]),
        audio_rows(voices[[1, 0, 2]], masks, [True, False]),
    )
    with host.conditioned(rows):
        plain = forward(models, rows=2)
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("aot_eager")
    models.transformer.compile_repeated_blocks(fullgraph=True, backend=counter)
    try:
        with host.conditioned(rows):
            torch.testing.assert_close(forward(models, rows=2), plain, rtol=1e-4, atol=1e-4)
        assert counter.frame_count == 1
        with host.conditioned(others):
            other = forward(models, rows=2)
        assert counter.frame_count == 1
    finally:
        for block in models.transformer.blocks:
            block._compiled_call_impl = None
    with host.conditioned(others):
        torch.testing.assert_close(other, forward(models, rows=2), rtol=1e-4, atol=1e-4)
    assert (other - plain).abs().max() > 1e-2


class Mirrored(Scheme):
    """As split, from the right."""

    name = "mirrored"
    help = "the picture is cut into columns, one voice each from the right"

    def bind(self, *, rows: int, voices: int, grid: Grid, device: torch.device) -> Binding:
        parts = SCHEMES["split"].bind(rows=rows, voices=voices, grid=grid, device=device)
        return Binding(may_attend=parts.may_attend.flip(-1))


@torch.no_grad()
def test_a_scheme_from_outside_is_known_everywhere(
    models: Models, host: WanHost, voices: Tensor, masks: Tensor
) -> None:
    register(Mirrored())
    try:
        assert schemes_help().endswith(f"mirrored: {Mirrored.help}.")
        outputs = {}
        for scheme, order in (("mirrored", [0, 1, 2]), ("split", [1, 0, 2]), ("split", [0, 1, 2])):
            host.patch.options = BindingOptions(scheme=scheme)
            with host.conditioned(audio_rows(voices[order], masks, [True])):
                outputs[scheme, order[0]] = forward(models)
    finally:
        del SCHEMES["mirrored"]
    torch.testing.assert_close(outputs["mirrored", 0], outputs["split", 1])
    assert not torch.allclose(outputs["mirrored", 0], outputs["split", 0])
