"""Check and time the kernels where a GPU is, and write what was measured into docs/speed.md.

    python tools/gpu_day.py --part check bench-480 --output FOLDER
    python tools/gpu_day.py --part all-short
    python tools/gpu_day.py --write-docs FOLDER/*.json

It needs torch and Triton alone, and runs from a copy of this tree; docs/speed.md says what each part does.
The work lies in the folder of the same name.
"""

import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def package(name: str) -> ModuleType:
    """A folder of this repository, which an installed package of that name would win over otherwise."""
    module = ModuleType(name)
    module.__path__ = [str(ROOT / name)]
    return module


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.modules |= {name: package(name) for name in ("tools", "tests")}
    from tools.gpu_day.command import main

    sys.exit(main())
