"""One ComfyUI for all tests in this folder."""

import pytest
from comfy_server import ComfyServer, find_comfyui


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    with ComfyServer(tmp_path_factory.mktemp("comfyui")) as running:
        yield running
