"""One ComfyUI and one page of it for all tests in this folder."""

import pytest
from browser import Browser, find_chromium
from comfy_page import complaints, open_page
from comfy_server import ComfyServer, find_comfyui
from standins import put_standins
from timeline_page import use_nodes_2, write_voices


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    with ComfyServer(tmp_path_factory.mktemp("comfyui")) as running:
        yield running


@pytest.fixture(scope="session")
def page(server):
    """ComfyUI's page, with stand-ins for models and with voices in its input folder."""
    if find_chromium() is None:
        pytest.skip("no Chromium here: install Debian's chromium")
    put_standins(server)
    write_voices(server.input)
    with Browser() as browser:
        open_page(browser, server)
        complaints(browser)
        yield browser


@pytest.fixture(params=[False, True], ids=["classic", "nodes-2.0"])
def nodes_2(request, page):
    """The page in each of ComfyUI's renderers."""
    use_nodes_2(page, request.param)
    yield request.param
    use_nodes_2(page, False)
