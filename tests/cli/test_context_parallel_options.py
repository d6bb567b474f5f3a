"""Several GPUs on the command line: what does not fit together is one sentence, before anything is loaded."""

import pytest
import torch

from multitalk_core.cli.main import COMMANDS, FOR_SEVERAL_PROCESSES, main, make_parser
from multitalk_core.cli.options import parallel_options
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError
from multitalk_core.guards.started_processes import STARTED_BY_TORCHRUN
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.processes import ParallelAttention
from multitalk_core.hosts.diffusers.quantization import Quantization, check_quantization

LINE = [
    *("generate", "--picture", str(EMBEDDED / "picture.png"), "--persons", "parts"),
    *(part for number in (1, 2) for part in ("--voice", str(EMBEDDED / f"voice_{number}.flac"))),
]
ASKED = ["--context-parallel", "2"]
PICTURE = str(EMBEDDED / "picture.png")
FOR_ONE_PROCESS = {  # of each command the shortest line
    "demo": [],
    "doctor": [],
    "inspect": [PICTURE],
    "localize": ["--picture", PICTURE],
    "films": ["--clear"],
    "farm": [PICTURE],
    "convert": [PICTURE],
    "prepare": [PICTURE, "prepared"],
    "benchmark": [PICTURE, "films"],
    "evaluate": [],
}


def run_as_one_of(monkeypatch, processes):
    """Set what torchrun sets, or of several processes no name."""
    for name in STARTED_BY_TORCHRUN if processes > 1 else ():
        monkeypatch.setenv(name, "0")
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, str(processes))


@pytest.fixture
def refused(capsys, monkeypatch):
    """Call generate as one of so many processes; the sentence that it says."""

    def sentence(processes, *arguments):
        run_as_one_of(monkeypatch, processes)
        assert main([*LINE, *arguments]) == 2
        said = capsys.readouterr().err
        assert said.startswith("Error: ") and said.count("\n") == 1 and "Traceback" not in said
        return said

    return sentence


def test_processes_and_option_must_agree(refused):
    assert "`torchrun --nproc-per-node 2 -m multitalk_core generate" in refused(1, *ASKED)
    assert "each of which would make the whole film: add --context-parallel 3" in refused(3)
    assert "--context-parallel 2 needs 2 processes, and 3 are running" in refused(3, *ASKED)
    assert "--parallel-attention applies to --context" in refused(1, "--parallel-attention", "ring")


def test_what_cannot_be_divided_is_refused(refused):
    assert "leave --cache out" in refused(2, *ASKED, "--cache", "first-block")
    assert "choose native, cudnn, flash or sage" in refused(2, *ASKED, "--attention", "xformers")
    assert "--device cuda:0 cannot hold for all" in refused(2, *ASKED, "--device", "cuda:0")
    assert "--attention cudnn or flash" in refused(2, *ASKED, "--parallel-attention", "ring")


def test_heads_are_checked_before_the_model_is_loaded():
    asked = ["--context-parallel", "3", "--parallel-attention"]
    ulysses, ring = (make_parser().parse_args([*LINE, *asked, each]) for each in ParallelAttention.words())
    with pytest.raises(MultiTalkError, match="The model's 4 attention heads cannot be divided among 3 GPUs"):
        parallel_options.check_film(ulysses, frames=13, size=(96, 144))
    parallel_options.check_film(ring, frames=13, size=(96, 144))
    with pytest.raises(MultiTalkError, match=r"among 3 GPUs: use --size \d+x\d+ or \d+x\d+"):
        parallel_options.check_film(ring, frames=13, size=(64, 64))


def test_weights_are_divided_among_several_processes_and_in_full_precision(refused):
    assert "add --context-parallel, or choose --offload group" in refused(1, "--offload", "shard")
    with pytest.raises(MultiTalkError, match="fp8 weights cannot be divided among GPUs: leave"):
        check_quantization(Quantization.FP8, torch.device("cpu"), Offload.SHARD)
    with pytest.raises(MultiTalkError, match="choose from 'none', 'model', 'group', 'sequential'"):
        make_parser().parse_args(["doctor", "--offload", "shard"])


def test_no_command_is_forgotten():
    assert {*COMMANDS} == {*FOR_ONE_PROCESS, *FOR_SEVERAL_PROCESSES}


@pytest.mark.parametrize("command", FOR_ONE_PROCESS)
def test_commands_for_one_process_refuse_several(command, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    run_as_one_of(monkeypatch, 2)
    assert main([command, *FOR_ONE_PROCESS[command]]) == 2
    said = capsys.readouterr()
    assert not said.out and not [*tmp_path.iterdir()]
    assert said.err == (
        "Error: 2 processes of this command have been started, each of which would do all of its work: start "
        "it without torchrun or accelerate, which are for generate and train.\n"
    )


def test_train_goes_its_own_way_with_several_processes(capsys, monkeypatch, tmp_path):
    """To accelerate, once its config is read."""
    run_as_one_of(monkeypatch, 2)
    (tmp_path / "empty.toml").write_text("")
    assert main(["train", str(tmp_path / "empty.toml")]) == 2
    assert "empty.toml" in capsys.readouterr().err
