"""Run a script with ComfyUI's modules and this pack in one process, without a server.

python loading.py SCRIPT [ComfyUI's own arguments]
"""

import importlib.util
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType

PACK = Path(__file__).parents[3]

sys.path.insert(0, os.getcwd())  # ComfyUI's folder
sys.path.append(str(PACK / "tests"))  # the suite that both hosts inherit
script = sys.argv.pop(1)
sys.argv.insert(1, "--cpu")

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()


def load_pack() -> ModuleType:
    """The pack as ComfyUI loads it: a package whose name is its path."""
    specification = importlib.util.spec_from_file_location(
        "multitalk_pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)]
    )
    pack = importlib.util.module_from_spec(specification)
    sys.modules["multitalk_pack"] = pack
    specification.loader.exec_module(pack)
    return pack


load_pack()
runpy.run_path(script, run_name="__main__")
