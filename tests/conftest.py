"""What test runs share: their threads, where clips are stored, and what is said at the end."""

import os
import signal
from collections.abc import Iterator

import pytest

from multitalk_core.cli.library_loading import loading_libraries


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the test files and their libraries make while they load is never searched for garbage."""
    with loading_libraries():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def store_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither find nor leave clips in the user's cache."""
    cache = str(tmp_path_factory.mktemp("cache"))
    os.environ["LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME"] = cache


@pytest.fixture(scope="session", autouse=True)
def stoppable() -> None:
    """Ctrl-C is tested where a shell ignores it too, as it does for what runs behind a `&`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch on one thread: so small a model is quickest so."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def pytest_terminal_summary(terminalreporter) -> None:
    """Say it plainly when the tests on a real ComfyUI were left out."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if "no ComfyUI" in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests were skipped because there is no ComfyUI: "
            "set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI."
        )
