"""Several GPUs on the command line: what does not fit together is one sentence, before anything is loaded."""

import pytest

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.hosts.diffusers.processes import STARTED_BY_TORCHRUN

LINE = [
    *("generate", "--picture", str(EMBEDDED / "picture.png"), "--persons", "parts"),
    *(part for number in (1, 2) for part in ("--voice", str(EMBEDDED / f"voice_{number}.flac"))),
]
ASKED = ["--context-parallel", "2"]


@pytest.fixture
def refused(capsys, monkeypatch):
    """Call generate as one of so many processes; the sentence that it says."""

    def sentence(processes, *arguments):
        for name in STARTED_BY_TORCHRUN if processes > 1 else ():
            monkeypatch.setenv(name, "0")
        for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
            monkeypatch.setenv(name, str(processes))
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
