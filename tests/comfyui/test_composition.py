"""MultiTalk beside other nodes, against the plain run: in ComfyUI's own process, on the embedded demo."""

from itertools import pairwise

import pytest
import torch
from comfy_process import run_in_comfyui

from golden import relative_error
from hosts.contract import draw_scene
from multitalk_core.checkpoint import adapter_shape, read_adapter
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

SAME = 1e-5  # other batches, other kernels
MARKED = 1e-2  # somebody sees the difference


@pytest.fixture(scope="module")
def latents(tmp_path_factory):
    return run_in_comfyui("composition", tmp_path_factory.mktemp("composition"), draw_scene())


def test_conditions_batched_and_apart_give_the_same(latents):
    assert latents["plain.batches"].tolist() == [3, 3, 3]
    assert latents["split.batches"].tolist() == [1] * 9
    assert relative_error(latents["split"], latents["plain"]) < SAME


def test_conditions_split_among_gpus(latents):
    """Each GPU has its own adapter; two names of the CPU stand for two GPUs."""
    assert sorted(latents["split_among_gpus.batches"].tolist()) == [1, 1, 1, 2, 2, 2]
    assert latents["split_among_gpus.adapters"].tolist() == [2, 2, 2]
    assert relative_error(latents["split_among_gpus"], latents["plain"]) < SAME
    assert relative_error(latents["lora_among_gpus"], latents["lora_among_gpus.alone"]) < SAME
    assert relative_error(latents["lora_among_gpus.alone"], latents["plain"]) > SAME


def test_latent_batch_gives_each_row_its_own_video(latents):
    both = latents["latent_batch"]
    assert latents["latent_batch.batches"].tolist() == [6, 6, 6]
    assert relative_error(both[:1], latents["plain"]) < SAME
    assert relative_error(both[1:], latents["latent_batch.second"]) < SAME
    assert relative_error(latents["latent_batch.apart"], both) < SAME


def test_texts_of_different_length(latents):
    assert latents["text_lengths.batches"].tolist() == [1, 2] * 3
    assert relative_error(latents["text_lengths"], latents["text_lengths.apart"]) < SAME
    assert relative_error(latents["text_lengths"], latents["plain"]) > SAME


def test_two_positive_prompts(latents):
    assert relative_error(latents["two_positives"], latents["two_positives.apart"]) < SAME


def test_two_samplers_never_hear_each_other(latents):
    assert torch.equal(latents["two_voices.first"], latents["two_voices.first_again"])
    assert torch.equal(latents["two_voices.first"], latents["plain"])
    assert relative_error(latents["two_voices.second"], latents["two_voices.first"]) > MARKED


def test_nothing_stays_in_the_model(latents):
    assert torch.equal(latents["two_voices.wan_before"], latents["two_voices.wan_after"])
    assert torch.equal(latents["plain"], latents["plain.again"])


def test_without_strength_it_is_wan(latents):
    assert torch.equal(latents["silent.strength_0"], latents["silent.wan"])


def test_background_is_a_class_of_its_own(latents):
    assert relative_error(latents["background.missing"], latents["plain"]) > MARKED


def test_motion_frames_are_written_over_the_input_with_noise_once_a_sigma(latents):
    given, sigmas = latents["motion_frames.given"], latents["motion_frames.sigmas"]
    assert sigmas.unique_consecutive().tolist() == pytest.approx(sigmas.unique().flip(0).tolist())
    assert len(sigmas) > len(sigmas.unique())  # heun calls twice at a sigma
    drawn = []
    for sigma in sigmas.unique():
        calls = given[sigmas == sigma].flatten(0, 1)
        assert torch.equal(calls, calls[:1].expand_as(calls))
        drawn.append((calls[0] - (1 - sigma) * latents["motion_frames.latent"][0]) / sigma)
    for first, second in pairwise(drawn):
        assert relative_error(first, second) > 0.5
    assert all(0.7 < noise.std() < 1.3 for noise in drawn)


def test_model_with_image_embedder_asks_for_clip_vision(latents):
    asked = {name: latents[f"image_embedder.{name}"].item() for name in ("warned", "content", "without")}
    assert asked == {"warned": 1, "content": 0, "without": 0}


def test_lora_before_and_after(latents):
    assert relative_error(latents["lora.before"], latents["lora.after"]) < SAME
    assert relative_error(latents["lora.before"], latents["plain"]) > MARKED


def test_shift_by_model_sampling_sd3(latents):
    assert relative_error(latents["shift.before"], latents["shift.after"]) < SAME
    assert relative_error(latents["shift.ours"], latents["shift.before"]) < SAME
    assert relative_error(latents["shift.before"], latents["plain"]) > MARKED


def test_easy_cache(latents):
    assert torch.equal(latents["easy_cache.never"], latents["plain"])
    assert relative_error(latents["easy_cache.before"], latents["easy_cache.after"]) < SAME
    # It skips steps: how much that changes is the model's matter, but it changes something and stays finite.
    assert SAME < relative_error(latents["easy_cache.after"], latents["easy_cache.plain_5"]) < 10


def test_comfyuis_apg(latents):
    assert relative_error(latents["apg.cfg"], latents["apg.cfg_plain"]) < SAME
    assert relative_error(latents["apg.guider"], latents["apg.guider_plain"]) < SAME
    assert relative_error(latents["apg.guider_damped"], latents["plain"]) > MARKED


def test_hooks_after_guidance_run(latents):
    # One Euler step to sigma 0 ends at the denoised latent, raw: the mean of ComfyUI's format is added.
    whole, half = latents["post_hook.plain"], latents["post_hook"]
    assert relative_error(half - latents["post_hook.zero"], (whole - latents["post_hook.zero"]) / 2) < SAME


def test_fp8_weights(latents):
    assert relative_error(latents["float8"], latents["float8.rounded"]) < SAME


FLOAT8_ERRORS = {"chosen": 0.05, "fast": 0.05, "e5m2": 0.1, "plain": 0.05, "scaled": 0.05, "exact": 0.05}


@pytest.mark.parametrize("form", FLOAT8_ERRORS)
def test_float8_adapter(form, latents):
    """Half the memory, and frames near those of the adapter in bfloat16."""
    name = f"float8_adapter.{form}"
    assert SAME < relative_error(latents[name], latents["float8_adapter.bfloat16"]) < FLOAT8_ERRORS[form]
    assert 0.48 < latents[f"{name}.size"] < 0.56


def test_float8_is_computed_in_where_asked(latents):
    exact = {form: bool(latents[f"float8_adapter.{form}.exact"]) for form in FLOAT8_ERRORS}
    assert exact == {form: form not in ("fast", "scaled") for form in FLOAT8_ERRORS}


def test_lora_on_a_float8_adapter(latents):
    changed = latents["float8_adapter.chosen.changed"]
    assert relative_error(changed, latents["float8_adapter.chosen"]) > MARKED
    assert relative_error(changed, latents["float8_adapter.bfloat16.changed"]) < 0.05


def test_model_half_offloaded(latents):
    assert 0.1 < latents["partially_loaded.loaded"].item() < 0.9
    assert relative_error(latents["partially_loaded"], latents["plain"]) < SAME


@pytest.mark.parametrize("name", ["whole", "float8"])
def test_adapter_half_offloaded(name, latents):
    name = f"adapter_partially_loaded.{name}"
    assert 0.1 < latents[f"{name}.part"].item() < 0.9
    assert relative_error(latents[name], latents[f"{name}.loaded"]) < SAME


def test_adapter_is_loaded_with_the_model(latents):
    assert latents["loaded_with_model"].item() == 1


def test_interrupt_stops_before_the_next_block(latents):
    assert latents["interrupted.stopped"].item() == 1
    depth = len(adapter_shape(read_adapter(EMBEDDED / EMBEDDED_FILES["adapter"])).blocks)
    assert latents["interrupted.blocks"].item() == depth  # the first step's
    assert torch.equal(latents["interrupted.after"], latents["plain"])


def test_tokens_of_others_are_left_alone(latents):
    for name in ("behind", "front"):
        assert relative_error(latents[f"longer_sequence.{name}"], latents["longer_sequence.exact"]) < SAME
        assert latents[f"longer_sequence.{name}_others"].abs().max() == 0


@pytest.mark.parametrize("case", ["context_windows", "area", "other_size", "replaced_patches", "shard"])
def test_refused_with_a_sentence(case, latents):
    assert latents[case].item() == 1
