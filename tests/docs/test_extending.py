"""The recipes of docs/extending.md, followed to the letter in a copy of the pack.

A fenced block says in its first line what it is: a file to write, a change to a file (`diff`), an excerpt of
a file, or commands (`console`). They succeed unless it says `fails`; lines below one are in its output.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from comfyui.comfy_server import find_comfyui

PACK = Path(__file__).parents[2]
PAGE = (PACK / "docs" / "extending.md").read_text()
PARTS = (
    "__init__.py", "docs", "locales", "multitalk_core", "nodes", "pyproject.toml", "tests", "tools", "web",
    "workflows",
)  # fmt: skip
RECIPES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
WITH_SERVER = [recipe for recipe, text in RECIPES.items() if "tests/comfyui/schema_lock.py\n" in text]
BLOCK = re.compile(r"^( *)```(\w+) ?(.*?)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path):
    """A pack to change."""
    for part in PARTS:
        if (PACK / part).is_dir():
            shutil.copytree(PACK / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(PACK / part, tmp_path / part)
    return tmp_path


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe not in WITH_SERVER])
def test_recipe_works_to_the_letter(recipe, copy):
    follow(recipe, copy, with_commands=True)


@pytest.mark.soak
@pytest.mark.parametrize("recipe", WITH_SERVER)
def test_recipe_with_a_server_works_to_the_letter(recipe, copy):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    follow(recipe, copy, with_commands=True)


@pytest.mark.parametrize("recipe", WITH_SERVER)
def test_recipe_with_a_server_fits_the_files(recipe, copy):
    follow(recipe, copy, with_commands=False)


def follow(recipe: str, copy: Path, *, with_commands: bool) -> None:
    """Write, change and read what the recipe says, and run its commands."""
    blocks = BLOCK.findall(RECIPES[recipe])
    assert blocks
    for indent, kind, words, content in blocks:
        content = re.sub(f"^{indent}", "", content, flags=re.MULTILINE)
        if kind == "console":
            if with_commands:
                run(content, copy, fails=words == "fails")
        elif kind == "diff":
            change(copy / words, content)
        elif words.endswith(" excerpt"):
            path = copy / words.removesuffix(" excerpt")
            assert squeezed(content) in squeezed(path.read_text()), f"{path} has not:\n{content}"
        else:
            assert not (copy / words).exists()
            (copy / words).write_text(content)


def run(content: str, folder: Path, *, fails: bool) -> None:
    """Run the commands of a block, and find the lines below each in its output."""
    for command, shown in re.findall(r"^\$ (.+)\n((?:[^$].*\n)*)", content, re.MULTILINE):
        command = command.replace(".venv/bin/python", sys.executable)
        ran = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
        output = ran.stdout + ran.stderr
        assert (ran.returncode != 0) == fails, f"{command}\n{output[-4000:]}"
        for line in shown.splitlines():
            assert line in squeezed(output), f"{command}\n{output[-4000:]}"


def squeezed(text: str) -> str:
    """The text without its line breaks and indentation."""
    return " ".join(text.split())


def change(path: Path, diff: str) -> None:
    """Apply a diff without line numbers: what it takes away or leaves stands once in the file."""
    lines = [(line[:1] or " ", line[1:]) for line in diff.splitlines()]
    before, after = ("".join(f"{text}\n" for sign, text in lines if sign in signs) for signs in (" -", " +"))
    text = path.read_text()
    assert text.count(before) == 1, f"{path} has not, or not only once:\n{before}"
    path.write_text(text.replace(before, after))
