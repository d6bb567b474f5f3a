"""What `import multitalk_core` gives, and what it costs."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import multitalk_core

PACK = Path(__file__).parents[2]


def test_every_public_name_is_there():
    assert all(getattr(multitalk_core, name) for name in multitalk_core.__all__)
    assert dir(multitalk_core) == sorted(multitalk_core.__all__)


def test_a_wrong_name_is_an_attribute_error():
    assert not hasattr(multitalk_core, "make_flim")


def test_importing_the_core_imports_no_library():
    script = "import sys, multitalk_core; print(*sorted(set(sys.modules) - sys.stdlib_module_names))"
    names = subprocess.check_output(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {script}"], cwd=PACK, text=True
    ).split()
    assert "multitalk_core" in names and not {"torch", "numpy", "PIL"} & set(names)


def test_the_console_script_is_there():
    project = tomllib.loads((PACK / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["multitalk"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
