"""The reference implementation's numbers through ComfyUI's WanModel and this pack's patches."""

import json
from pathlib import Path

import pytest
from comfy_process import run_in_comfyui
from safetensors.torch import load_file

from golden import TOLERANCE, relative_error
from golden_wan import blank_projection, is_adapter_key, recipe_state

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def cases() -> dict[str, dict]:
    manifest = json.loads((GOLDEN / "manifest.json").read_text())
    return {case["case"]: case for case in manifest["cases"]}


@pytest.fixture(scope="module")
def outputs(cases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    inputs = {}
    for name in ("dit_model", "dit_block"):
        state = recipe_state(cases[name]["recipe"])
        wan = {key: tensor for key, tensor in state.items() if not is_adapter_key(key)}
        adapter = {key: tensor for key, tensor in state.items() if is_adapter_key(key)}
        if name == "dit_block":
            config = cases[name]["config"]
            adapter = {f"blocks.0.{key}": tensor for key, tensor in adapter.items()}
            adapter |= blank_projection(config["output_dim"], config["audio_tokens_per_person"])
        inputs |= {f"{name}.wan.{key}": tensor for key, tensor in wan.items()}
        inputs |= {f"{name}.adapter.{key}": tensor for key, tensor in adapter.items()}
        given = load_file(GOLDEN / cases[name]["file"])
        inputs |= {f"{name}.case.{key}": tensor for key, tensor in given.items()}
    configs = {name: cases[name]["config"] for name in ("dit_model", "dit_block")}
    (folder / "configs.json").write_text(json.dumps(configs))
    return run_in_comfyui("golden", folder, inputs)


@pytest.mark.parametrize(
    ("case", "names"),
    [
        (
            "dit_model",
            [
                "x_ref_attn_map_0",
                "normalized_pos_0",
                "x_ref_attn_map_1",
                "normalized_pos_1",
                "output_2",
                "output_1",
                "output_no_audio",
            ],
        ),
        ("dit_block", ["x_ref_attn_map", "normalized_pos", "output_2", "output_1"]),
    ],
)
def test_golden_case_passes_through_comfyui(case, names, cases, outputs):
    released = load_file(GOLDEN / cases[case]["file"])
    errors = {
        name: relative_error(outputs[f"{case.removeprefix('dit_')}.{name}"], released[name]) for name in names
    }
    assert max(errors.values()) < TOLERANCE, errors
