"""The borders between the rooms: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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
MATHS = [
    "labels",
    "localization",
    "schemes",
    "attention",
    "adapter",
    "patch",
    "guidance",
    "clips",
    "conditioning",
    "dubbing",
    "sampling",
    "colour",
    "film",
    "persons",
    "recording",
    "audio/windows",
]
ROOMS_WITH_LIBRARIES = ("standalone", "training", "evaluation", "toy_world")


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


@pytest.mark.parametrize("room", MATHS)
def test_maths_rooms_know_no_model_library(room):
    names = imported(CORE / f"{room}.py")
    assert not names & {"transformers", "diffusers", "librosa", "accelerate"}
    assert imported(CORE / f"{room}.py", everywhere=False) <= LIGHT


@pytest.mark.parametrize("path", files(CORE), ids=lambda path: str(path.relative_to(PACK)))
def test_heavy_libraries_wait_until_they_are_used(path):
    if path.relative_to(CORE).parts[0] not in ROOMS_WITH_LIBRARIES:
        assert imported(path, everywhere=False) <= LIGHT


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
    """With torch already there, as in ComfyUI, no library is imported (`make bench` tells the seconds)."""
    modules = core_modules_of_nodes()
    assert modules
    script = (
        "import sys, torch, numpy, PIL.Image, PIL.ImageDraw, PIL.ImageFont\n"
        "before = set(sys.modules)\n"
        f"for module in {sorted(modules)}: __import__(module)\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=PACK, capture_output=True, text=True, check=True
    )
    names = set(finished.stdout.split())
    assert "multitalk_core" in names and not names & (HEAVY | ABANDONED)
