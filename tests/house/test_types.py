"""Types: the list of modules that mypy may not check yet only shrinks."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy import api

PACK = Path(__file__).parents[2]
CONFIG = PACK / "pyproject.toml"
PLACE = PACK / ".mypy_cache" / "pack"  # always the same, so that mypy's cache serves


def listed_modules() -> set[str]:
    """Modules whose type errors pyproject.toml ignores."""
    overrides = tomllib.loads(CONFIG.read_text())["tool"]["mypy"]["overrides"]
    return {module for entry in overrides if entry.get("ignore_errors") for module in entry["module"]}


@pytest.fixture
def pack(monkeypatch) -> Iterator[str]:
    """The pack under a package name, as ComfyUI imports it; without one its relative imports end nowhere."""
    PLACE.mkdir(parents=True, exist_ok=True)
    link = PLACE / "multitalk_pack"
    if not link.exists():
        link.symlink_to(PACK)
    monkeypatch.chdir(PLACE)
    return link.name


def test_only_modules_with_type_errors_are_listed(pack):
    """`mypy` in `make lint` fails for the core's other modules; this finds those of the nodes too."""
    config = PLACE / "pyproject.toml"
    config.write_text(CONFIG.read_text().replace("ignore_errors = true", "ignore_errors = false"))
    options = ["--config-file", str(config), "--cache-dir", str(PACK / ".mypy_cache")]
    found, failure, _ = api.run([*options, "-p", f"{pack}.multitalk_core", "-p", f"{pack}.nodes"])
    assert not failure, failure
    paths = re.findall(rf"^{pack}/(\S+)\.py:\d+: error", found, flags=re.MULTILINE)
    assert sorted({path.replace("/", ".") for path in paths}) == sorted(listed_modules())


def test_the_inputs_of_the_paper_are_checked():
    checked = {"audio", "checkpoint", "drawing", "evaluation", "files", "guards", "media", "persons"}
    assert not {module for module in listed_modules() if module.split(".")[1] in checked}
