"""The borders between the rooms: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.rooms import arrows, floors

PACK = Path(__file__).parents[2]
CORE, NODES = PACK / "multitalk_core", PACK / "nodes"

COMFYUI = {
    "comfy",
    "comfy_api",
    "comfy_extras",
    "comfy_execution",
    "folder_paths",
    "nodes",
    "server",
    "execution",
}
COMFYUI |= {"comfyui_version", "latent_preview", "node_helpers", "comfy_config", "comfy_api_nodes"}
# What may be imported while a module loads; all else waits until it is used.
LIGHT = {"torch", "numpy", "PIL", *sys.stdlib_module_names}
HEAVY = {"transformers", "diffusers", "librosa", "accelerate", "skimage", "scipy", "av", "soxr", "pyloudnorm"}
ABANDONED = {"torchvision", "torchaudio"}
LAYERS_ABOVE_LIBRARIES = ("cli", "hosts", "training", "evaluation", "toy_world")

FOUNDATION = {"errors", "limits", "guards", "files"}
METHOD = FOUNDATION | {"kernels", "method", "checkpoint"}
FILM = METHOD | {"origin"} | {"audio", "audio.turns", "media", "persons", "film.store", "film"}
SHOWN = FILM | {"drawing", "evaluation"}
# What each room may import: the house, from the ground up.
ALLOWED = {
    "errors": set(),
    "multitalk_core": set(),
    "limits": {"errors"},
    "guards": {"errors"},
    "files": {"errors"},
    "kernels": {"errors"},
    "method": {"errors", "limits", "kernels"},
    "checkpoint": {"errors", "files", "kernels", "method"},
    "origin": FOUNDATION | {"multitalk_core"},
    "audio.turns": FOUNDATION,
    "audio": METHOD | {"audio.turns"},
    "script": FOUNDATION | {"audio", "audio.turns"},
    "media": METHOD | {"origin", "audio"},
    "persons": METHOD | {"media"},
    "film.store": FOUNDATION | {"media"},
    "film": FILM,
    "drawing": {"method", "media", "persons", "film"},
    "measures": {"errors", "files", "checkpoint"},
    "evaluation": FOUNDATION | {"audio", "media", "persons", "measures"},
    "doctor": FILM | {"evaluation"},
    "demo": {"errors", "persons"},
    "converting": FOUNDATION | {"method"},
    "farm": FOUNDATION | {"film"},
    "hosts": set(),
    "hosts.diffusers": FILM | {"demo"},
    "training": FILM | {"evaluation", "demo", "hosts.diffusers"},
    "toy_world": SHOWN | {"demo", "hosts.diffusers", "training"},
    "cli.options": FILM | {"demo", "hosts.diffusers", "script"},
    "cli": SHOWN
    | {"converting", "demo", "doctor", "farm", "hosts.diffusers", "training", "cli.options", "multitalk_core"}
    | {"measures"},
    "__main__": {"cli", "guards"},
    "nodes.host": SHOWN | {"demo", "doctor", "script"},
    "nodes.inputs": FILM | {"nodes.host"},
    "nodes": SHOWN | {"demo", "doctor", "script", "nodes.host", "nodes.inputs", "multitalk_core"},
}


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(path: Path, everywhere: bool = True) -> set[str]:
    """Top-level names of a file's absolute imports; only of those at module level unless `everywhere`."""
    tree = ast.parse(path.read_text())
    names = set()
    for node in ast.walk(tree) if everywhere else _while_loading(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def _while_loading(tree: ast.AST):
    """Nodes outside of functions and of `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not for_types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _while_loading(node)


@pytest.mark.parametrize("path", files(CORE), ids=lambda path: str(path.relative_to(PACK)))
def test_core_knows_nothing_of_comfyui(path):
    forbidden = COMFYUI | ABANDONED | {"multitalk_core"}  # its own rooms by relative imports only
    assert not imported(path) & forbidden


def test_core_reaches_for_nothing_outside_itself():
    for path in files(CORE):
        depth = len(path.relative_to(CORE).parts)
        levels = [
            node.level for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)
        ]
        assert max(levels, default=0) <= depth, path


ARROWS = arrows()


@pytest.mark.parametrize("room", sorted(ARROWS))
def test_a_room_imports_only_what_it_may_know(room):
    assert ARROWS[room] <= ALLOWED[room]


def test_rooms_stand_on_floors():
    assert len(floors(ARROWS)) > 1  # raises where rooms import in a circle


def test_the_paper_knows_torch_alone():
    for path in files(CORE / "method"):
        assert imported(path) <= {"torch", *sys.stdlib_module_names}, path


def test_few_modules_lie_outside_of_rooms():
    assert {path.stem for path in CORE.glob("*.py")} == {"__init__", "__main__", "errors", "limits"}


def test_names_of_files_and_classes_are_unique():
    own = [path for path in [*files(CORE), *files(NODES)] if not path.stem.startswith("__")]
    classes = [
        node.name
        for path in own
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    for names in ([path.stem for path in own], classes):
        assert not {name for name in names if names.count(name) > 1}


def test_names_of_test_files_are_unique():
    """Else pytest runs none of them together."""
    names = [path.stem for path in (PACK / "tests").rglob("test_*.py")]
    assert not {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize("path", files(CORE), ids=lambda path: str(path.relative_to(PACK)))
def test_heavy_libraries_wait_until_they_are_used(path):
    room, *inner = path.relative_to(CORE).parts
    if room not in LAYERS_ABOVE_LIBRARIES:
        own = {"triton"} if room == "kernels" and inner[0] == "compiled" else set()
        assert imported(path, everywhere=False) <= LIGHT | own


def test_triton_is_known_to_its_kernels_alone():
    users = {path.parent for path in files(CORE) if "triton" in imported(path)}
    assert users == {CORE / "kernels" / "compiled"}


def test_nodes_import_the_core_relatively_and_no_model_library():
    for path in files(NODES):
        assert not imported(path) & (HEAVY | ABANDONED | {"multitalk_core"}), path


def test_root_does_nothing_but_hand_on():
    tree = ast.parse((PACK / "__init__.py").read_text())
    assert [ast.unparse(node) for node in tree.body[1:]] == [
        "from .nodes import comfy_entrypoint",
        "WEB_DIRECTORY = './web'",
        "__all__ = ['WEB_DIRECTORY', 'comfy_entrypoint']",
    ]


def core_modules_of_nodes() -> set[str]:
    """All of the core that the nodes import."""
    return {
        node.module
        for path in files(NODES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level == 2 and node.module.startswith("multitalk_core.")
    }


def test_importing_the_pack_costs_next_to_nothing():
    """With torch already there, as in ComfyUI, no library is imported (`make bench` measures the seconds).

    Nor is torch's compiler, which takes a second.
    """
    modules = core_modules_of_nodes()
    assert modules
    script = (
        "import sys, torch, numpy, PIL.Image, PIL.ImageDraw, PIL.ImageFont\n"
        "before = set(sys.modules)\n"
        f"for module in {sorted(modules)}: __import__(module)\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=PACK, capture_output=True, text=True, check=True
    )
    *names, compiles = finished.stdout.split()
    assert "multitalk_core" in names and not {*names} & (HEAVY | ABANDONED) and compiles == "False"
