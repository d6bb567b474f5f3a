"""Types: `mypy` in `make lint` checks the core; this checks the nodes, and that nothing is left out."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy import api

PACK = Path(__file__).parents[2]
CONFIG = PACK / "pyproject.toml"
PLACE = PACK / ".mypy_cache" / "pack"  # always the same, so that mypy's cache serves


@pytest.fixture
def pack(monkeypatch) -> Iterator[str]:
    """The pack under a package name, as ComfyUI imports it; without one its relative imports end nowhere."""
    PLACE.mkdir(parents=True, exist_ok=True)
    link = PLACE / "multitalk_pack"
    if not link.exists():
        link.symlink_to(PACK)
    monkeypatch.chdir(PLACE)
    return link.name


def test_the_nodes_have_no_type_errors(pack):
    options = ["--config-file", str(CONFIG), "--cache-dir", str(PACK / ".mypy_cache")]
    found, failure, _ = api.run([*options, "-p", f"{pack}.nodes"])
    assert not failure, failure
    assert not re.findall(rf"^{pack}/nodes\S+: error.*", found, flags=re.MULTILINE)


def test_no_module_of_ours_is_left_out():
    overrides = tomllib.loads(CONFIG.read_text())["tool"]["mypy"]["overrides"]
    left_out = {module for entry in overrides for module in entry["module"]}
    ours = {module for module in left_out if module.startswith(("multitalk_core", "nodes"))}
    assert ours == {"multitalk_core.kernels.compiled.*"}
