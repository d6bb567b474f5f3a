"""The references' numbers, case by case, and the runner's own verdicts; `make soak` has the long cases."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import golden_metrics
from golden_metric_cases import Check, cases
from golden_metric_inputs import GoldenMetrics

GOLDEN = Path(__file__).parents[1] / "golden_metrics"
LONG = {
    *("syncnet equal", "syncnet audio_shorter", "syncnet audio_longer", "fid distance"),
    *("fvd clip0", "fvd longer", "fvd distance"),
}
CASES = dict(cases(GoldenMetrics(GOLDEN)))


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=name, marks=[pytest.mark.soak] if name in LONG else [])
        for name, check in CASES.items()
    ],
)
def test_case(check: Callable[[], Iterable[Check]]) -> None:
    value, error, limit = golden_metrics.worst(check)
    assert error <= limit, value


def test_the_runner_names_a_wrong_number(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "golden"
    shutil.copytree(GOLDEN, folder)
    assert golden_metrics.main(folder, ["frechet"]) == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["frechet"]["cases"]["n_lt_d"]["exact_unbiased"] *= 1 + 1e-8
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert golden_metrics.main(folder, ["frechet"]) == 1
    assert "n_lt_d               FAILED" in capsys.readouterr().out


def test_no_case_is_a_failure(capsys: pytest.CaptureFixture) -> None:
    assert golden_metrics.main(GOLDEN, ["no such case"]) == 1
