"""A real ComfyUI, started as the farm starts it."""

import pytest

from helpers.running_farm import picture
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.comfy_child import ComfyChild, ComfyFolders
from multitalk_core.farm.comfy_place import ComfyPlace


@pytest.fixture(scope="session")
def comfyui() -> ComfyPlace:
    try:
        return ComfyPlace.find(None, None)
    except MultiTalkError:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")


@pytest.fixture(scope="session")
def started(comfyui, tmp_path_factory):
    """Start a server whose input folder has a picture, or has none."""
    pytest.importorskip("ray")
    children = []

    def start(with_picture: bool) -> ComfyChild:
        folder = tmp_path_factory.mktemp("server")
        for name in ("own", "inputs", "user"):
            (folder / name).mkdir()
        if with_picture:
            picture(folder / "inputs" / "here.png")
        folders = ComfyFolders(
            own=folder / "own", log=folder / "log", inputs=folder / "inputs", user=folder / "user"
        )
        children.append(ComfyChild(comfyui, folders, ["--cpu", "--max-upload-size", "1"]))
        return children[-1]

    yield start
    for child in children:
        child.stop()


@pytest.fixture(scope="session")
def server(started) -> ComfyChild:
    return started(with_picture=True)
