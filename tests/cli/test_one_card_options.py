"""The options for one card, as their users meet them: what they make, and what they refuse."""

import shutil
from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import save_file

from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options import memory_options, model_options
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.hosts.diffusers.lora import Lora
from multitalk_core.media.video_writer import read_video

ADAPTER, TRANSFORMER = (EMBEDDED / EMBEDDED_FILES[name] for name in ("adapter", "transformer"))
SMALL = ["--size", "48x32", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "4"]
LINE = [
    *("generate", "--picture", str(EMBEDDED / "picture.png"), "--persons", "parts", *SMALL),
    *(part for number in (1, 2) for part in ("--voice", str(EMBEDDED / f"voice_{number}.flac"))),
]


def parsed(*arguments):
    return make_parser().parse_args([*LINE, *map(str, arguments)])


@pytest.fixture
def refused(capsys):
    """Call generate with something wrong; the sentence that it says."""

    def sentence(*arguments):
        assert main([*LINE, *map(str, arguments)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("Error: ") and said.count("\n") == 1 and "Traceback" not in said
        return said

    return sentence


@pytest.fixture
def lora(tmp_path):
    layer = "diffusion_model.blocks.1.self_attn.q"
    state = {f"{layer}.lora_down.weight": torch.ones(2, 128), f"{layer}.lora_up.weight": torch.ones(128, 2)}
    save_file(state, tmp_path / "few steps.safetensors")
    return tmp_path / "few steps.safetensors"


def test_a_film_with_all_of_them(lora, tmp_path, capsys):
    """All options at once, twice: the second time the clip comes from the store."""
    output, store = tmp_path / "film.mp4", tmp_path / "store"
    options = ["--output", output, "--store", store, "--overwrite", "--dtype", "bfloat16"]
    options += ["--lora", f"{lora}:0.02", "--quantize", "fp8", "--cache", "taylorseer", "--offload", "group"]
    options = [*map(str, options)]
    assert main([*LINE, *options]) == 0
    first = read_video(output)[0]
    assert first.shape == (5, 32, 48, 3)
    capsys.readouterr()
    assert main([*LINE, *options]) == 0
    assert "4/4" not in capsys.readouterr().err, "nothing is sampled again"
    assert torch.equal(read_video(output)[0], first)


def test_a_recorded_step_that_a_cache_skips_is_reported(tmp_path, capsys):
    """Where the film is made, and where its clip comes from the store with another step's record."""
    files = ["--output", str(tmp_path / "film.mp4"), "--store", str(tmp_path / "store"), "--overwrite"]
    line = [*LINE, "--steps", "6", *files]
    for options, sentence in (
        (
            ("--cache", "taylorseer", "--recorded-step", "4"),
            "the cache taylorseer skipped step 4, the one",
        ),
        (("--cache", "taylorseer"), "the stored clips have no record of step 6; choose"),
        ((), "of the tokens (block 2, step 6)"),
    ):
        assert main([*line, *options]) == 0
        said = capsys.readouterr().out
        assert sentence in said
        drawn = "not drawn" not in said
        assert (tmp_path / "film.localization.png").exists() == drawn == ("localization.png" in said)


def test_what_changes_frames_is_part_of_the_key(lora):
    def key(*arguments):
        given = parsed(*arguments)
        return {**memory_options.identity(given), **model_options.signatures(given)}

    plain = key()
    assert not {"LoRAs", "quantization", "step cache", "attention"} & plain.keys()
    changed = [
        ("--lora", lora),
        ("--lora", f"{lora}:0.5"),
        ("--quantize", "fp8"),
        ("--cache", "taylorseer"),
        ("--cache", "first-block"),
        ("--cache", "first-block", "--rows-at-once", "1"),
        ("--attention", "sage"),
        ("--model", TRANSFORMER, "--components", EMBEDDED / "diffusers"),
    ]
    keys = [plain, *(key(*arguments) for arguments in changed)]
    assert all(one != other for number, one in enumerate(keys) for other in keys[:number])
    for unchanged in (("--offload", "group"), ("--rows-at-once", "1")):
        assert key(*unchanged) == plain, "it changes no frame"


def test_a_lora_and_its_strength(lora, tmp_path):
    with_colon = shutil.copy(lora, tmp_path / "style:2")
    for text, path, strength in (
        (str(lora), lora, 1.0),
        (f"{lora}:0.8", lora, 0.8),
        (f"{lora}:-1", lora, -1.0),
        (str(with_colon), with_colon, 1.0),
        (f"{with_colon}:3", with_colon, 3.0),
    ):
        assert parsed("--lora", text).loras == [Lora(path, strength)]


def test_wrong_options_are_refused_with_a_sentence(refused, lora, tmp_path):
    real = ["--adapter", ADAPTER, "--audio-encoder", EMBEDDED / EMBEDDED_FILES["audio_encoder"]]
    wide = {"transformer.blocks.0.attn1.to_q.lora_A.weight": torch.ones(2, 5120)}
    save_file(wide, tmp_path / "wide.safetensors")
    for arguments, sentence in (
        (["--lora", f"{lora}:strong"], "is not a strength: write"),
        (["--lora", f"{lora}:nan"], "is not a strength: write"),
        (["--lora", f"{lora}:"], "no strength follows the colon of"),
        (["--lora", lora, "--lora", lora], "is given twice"),
        (["--lora", f"{tmp_path}/missing.safetensors:1"], "missing.safetensors: check the path"),
        (["--lora", ADAPTER], "is no LoRA but a MultiTalk or InfiniteTalk audio adapter"),
        (["--lora", tmp_path / "wide.safetensors"], "is for a model 5120 wide"),
        (["--model", TRANSFORMER, *real], "is a transformer alone: download all but"),
        (["--components", tmp_path], "--components goes with a --model that is one file"),
        (["--model", TRANSFORMER, *real, "--components", ADAPTER], "is no folder"),
        (["--model", TRANSFORMER, *real, "--components", tmp_path], "has no model_index.json"),
        (["--quantize", "nf4"], "nf4 weights need an NVIDIA GPU"),
        (["--attention", "sage"], "needs an NVIDIA GPU, and the device is cpu: choose native"),
        (["--attention", "fast"], "--attention"),
        (["--cache", "first-block", "--steps", "2"], "cannot skip any of 2 steps"),
        (["--cache", "teacache"], "--cache"),
    ):
        assert sentence in refused(*arguments), arguments
    if find_spec("torchao") is None:
        assert "`pip install torchao`" in refused("--quantize", "int8")
