"""Types: the list of modules that mypy may not check yet only shrinks."""

import re
import tomllib
from pathlib import Path

from mypy import api

PACK = Path(__file__).parents[2]
CONFIG = PACK / "pyproject.toml"


def listed_modules() -> set[str]:
    """Modules whose type errors pyproject.toml ignores."""
    overrides = tomllib.loads(CONFIG.read_text())["tool"]["mypy"]["overrides"]
    return {module for entry in overrides if entry.get("ignore_errors") for module in entry["module"]}


def modules_with_errors(tmp_path: Path) -> set[str]:
    """Modules in which mypy finds an error if it ignores none."""
    config = tmp_path / "pyproject.toml"
    config.write_text(CONFIG.read_text().replace("ignore_errors = true", "ignore_errors = false"))
    found, failure, _ = api.run(["--config-file", str(config), str(PACK / "multitalk_core")])
    assert not failure, failure
    return {
        ".".join(Path(path).with_suffix("").parts)
        for path in re.findall(r"^(\S+\.py):\d+: error", found, flags=re.MULTILINE)
    }


def test_only_modules_with_type_errors_are_listed(tmp_path, monkeypatch):
    """`mypy` in `make lint` fails for the others."""
    monkeypatch.chdir(PACK)
    assert modules_with_errors(tmp_path) == listed_modules()


def test_the_paper_and_its_inputs_are_checked():
    checked = {"audio", "checkpoint", "drawing", "evaluation", "files", "guards", "media", "persons"}
    assert not {module for module in listed_modules() if module.split(".")[1] in checked}
