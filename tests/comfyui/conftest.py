"""One ComfyUI for all tests in this folder, and a page of it for each file that wants one."""

import pytest
from browser import Browser, find_chromium
from comfy_page import open_page
from comfy_server import ComfyServer, find_comfyui
from standins import put_standins


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    with ComfyServer(tmp_path_factory.mktemp("comfyui")) as running:
        yield running


@pytest.fixture(scope="module")
def page(server):
    if find_chromium() is None:
        pytest.skip("no Chromium here: install Debian's chromium")
    put_standins(server)
    server.post("/history", {"clear": True})  # the page cannot read NaN of runs that other tests let fail
    with Browser() as browser:
        open_page(browser, server)
        yield browser
