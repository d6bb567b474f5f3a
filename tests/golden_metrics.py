"""Check the paper's measures against numbers of their reference implementations.

    python tests/golden_metrics.py DIR [CASE ...]

DIR holds manifest.json, keys/ and safetensors in the format of tests/golden_metrics; its README.md states the
rules by which weights and inputs are drawn. With CASE only the cases whose names contain it are checked. One
line a case with the value that comes closest to its tolerance: how far it is off, and how far it may be. Exit
code 1 beyond a tolerance.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone where nothing is installed

from golden_metric_cases import Check, cases
from golden_metric_inputs import GoldenMetrics


def worst(check: Callable[[], Iterable[Check]]) -> Check:
    """The value of a case that comes closest to its tolerance, or is furthest beyond it."""
    return max(
        check(), key=lambda found: (found[1] > found[2], found[1] / found[2] if found[2] else found[1])
    )


def main(folder: Path, chosen: Sequence[str] = ("",)) -> int:
    """Check the cases of a folder whose names contain one of the chosen words; the exit code."""
    failed = count = 0
    for name, check in cases(GoldenMetrics(folder)):
        if not any(word in name for word in chosen):
            continue
        try:
            value, error, limit = worst(check)
        except Exception as broken:  # one case must not hide the others
            value, error, limit = repr(broken), float("inf"), 0.0
        verdict = "ok" if error <= limit else "FAILED"
        failed, count = failed + (error > limit), count + 1
        print(f"{name:28} {verdict:7} {error:.1e} of {limit:.0e}  ({value})", flush=True)
    print(f"{count - failed} of {count} cases are within their tolerances")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:] or ("",)))
