"""`doctor`: one report on the shipped weights, and on weights that are wrong in one way each."""

import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from helpers.tiny_adapter import adapter
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

SECTIONS = ["Versions", "Files", "Machine", "Persons and voices", "Models", "Kernels", "Trial film", "Costs"]
SHIPPED = EMBEDDED / EMBEDDED_FILES["adapter"]
LINE = re.compile(r"- \*\*(pass|warn|fail)\*\* \S.*[.]")


def report(folder: Path, *options: object) -> tuple[int, str]:
    """Exit code and report of a doctor's run."""
    file = folder / "doctor.md"
    file.unlink(missing_ok=True)
    code = main(["doctor", "--output", str(file), *map(str, options)])
    return code, file.read_text(encoding="utf-8")


def failures(text: str) -> list[str]:
    return [line for line in text.splitlines() if "**fail**" in line]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return report(tmp_path_factory.mktemp("healthy"))


def test_shipped_weights_pass(healthy):
    code, text = healthy
    assert code == 0 and not failures(text)
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert all(LINE.fullmatch(line) for line in text.splitlines() if line.startswith("- "))


def test_every_latent_is_finite_and_other_voices_give_other_films(healthy):
    _, text = healthy
    assert "every latent and frame is finite" in text
    for name in ("voices exchanged", "silent voices"):
        levels = re.search(rf"a film with {name} differs by .* by ([\d.]+) of 255 levels on average", text)
        assert levels and float(levels[1]) > 0.1


def test_kernels_are_compared_with_float64(healthy):
    _, text = healthy
    errors = re.findall(r"(localize|labels|frame_attention) is .* against float64 is ([\d.e+-]+), and", text)
    assert [name for name, _ in errors] == ["localize", "labels", "frame_attention"]
    assert all(0 < float(error) < 1e-5 for _, error in errors)


def test_each_part_has_its_seconds_and_memory(healthy):
    _, text = healthy
    for part in ("Encoding the voices", "VAE encoding", "Sampling", "VAE decoding"):
        assert re.search(
            rf"{part} took [\d.]+ s in \d runs, at most [\d.]+ GB|{part} took [\d.]+ s, at", text
        )


def test_a_taken_name_gets_a_number_and_a_folder_is_refused(tmp_path, capsys):
    (tmp_path / "doctor.md").write_text("mine")
    assert main(["doctor", "--output", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    missing = tmp_path / "missing" / "doctor.md"
    assert main(["doctor", "--output", str(missing)]) == 2
    assert "does not exist: create it first" in capsys.readouterr().err
    assert main(["doctor", "--output", str(tmp_path / "doctor.md"), "--picture", "no.png"]) == 2
    assert (tmp_path / "doctor.md").read_text() == "mine"
    assert "There is no picture at no.png" in (tmp_path / "doctor-2.md").read_text()


def test_an_adapter_of_another_width_fails_by_itself(tmp_path):
    save_file(adapter(), tmp_path / "other.safetensors")
    code, text = report(tmp_path, "--adapter", tmp_path / "other.safetensors")
    assert code == 2 and "The adapter is for a model 64 wide" in failures(text)[0]
    assert "The trial film was not made" in text and "frame_attention is" in text


def test_a_damaged_adapter_is_named(tmp_path):
    tensors = load_file(SHIPPED)
    tensors["blocks.0.norm_x.weight"][3] = math.nan
    save_file(tensors, tmp_path / "nan.safetensors")
    code, text = report(tmp_path, "--adapter", tmp_path / "nan.safetensors")
    assert code == 2
    assert "adapter has numbers that are not finite, first in blocks.0.norm_x.weight" in failures(text)[0]
    assert "The latent of clip 1 after step 1 is not finite" in failures(text)[1]
    assert "frame_attention is" in text


def test_a_truncated_file_and_an_unknown_word_each_fail_by_themselves(tmp_path, monkeypatch):
    (tmp_path / "cut.safetensors").write_bytes(SHIPPED.read_bytes()[:-1000])
    monkeypatch.setenv("MULTITALK_KERNELS", "nonsense")
    code, text = report(tmp_path, "--adapter", tmp_path / "cut.safetensors")
    assert code == 2 and "cut.safetensors" in failures(text)[0]
    assert 'MULTITALK_KERNELS is "nonsense": use off, sdpa or triton.' in text
    assert "All weights" not in text and "The audio encoder was loaded." in text


def test_a_missing_folder_ends_no_other_check_and_no_folder_is_told(tmp_path):
    folder = tmp_path / "Anna Meier" / "Wan2.1"
    code, text = report(
        tmp_path, "--model", folder, "--adapter", SHIPPED, "--audio-encoder", tmp_path / "wav2vec2"
    )
    assert code == 2 and len(failures(text)) >= 2
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert "Anna" not in text and str(tmp_path) not in text and str(EMBEDDED) not in text


def test_a_wrong_lora_or_a_missing_adapter_does_not_end_the_checks_of_the_machine(tmp_path):
    encoder, transformer = (EMBEDDED / EMBEDDED_FILES[name] for name in ("audio_encoder", "transformer"))
    for options, sentence in (
        (("--lora", SHIPPED), "is no LoRA but a MultiTalk or InfiniteTalk audio adapter"),
        (("--model", transformer, "--audio-encoder", encoder), "--model requires --adapter and"),
    ):
        code, text = report(tmp_path, *options)
        assert code == 2 and any(sentence in line for line in failures(text))
        assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
        assert "GB of main memory are free" in text and "The audio encoder was loaded." in text
        assert "The voices were encoded" in text and "Wan and the adapter were not loaded" in text
        assert "The trial film was not made" in text and "frame_attention is" in text
    assert "multitalk_demo_adapter" not in text, "the shipped adapter is not the user's"


def test_what_this_machine_cannot_compute_is_a_failure_of_the_machine(tmp_path):
    code, text = report(tmp_path, "--device", "cpu", "--attention", "sage")
    assert code == 2
    assert (
        "The attention sage needs an NVIDIA GPU, and the device is cpu: choose native." in failures(text)[0]
    )


def test_ctrl_c_leaves_the_report_so_far(tmp_path):
    command = [sys.executable, "-m", "multitalk_core", "doctor", "--output", str(tmp_path / "doctor.md")]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as running:
        while b"## Files" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130 and b"the report so far is" in said
    text = (tmp_path / "doctor.md").read_text()
    assert "The doctor was stopped before its last check." in text and "## Versions" in text
