"""ComfyUI's modules and this pack in one process, without a server; the scripts beside import it first."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

PACK = Path(__file__).parents[3]
EMBEDDED = PACK / "multitalk_core" / "standalone" / "embedded"

sys.path.insert(0, os.getcwd())  # ComfyUI's folder
sys.argv = [sys.argv[0], "--cpu", *sys.argv[1:]]

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
