"""The diffusers host keeps what every host promises."""

import pytest

from hosts.contract import HostContract, draw_scene
from hosts.diffusers_under_test import DiffusersUnderTest


@pytest.fixture(scope="module")
def host() -> DiffusersUnderTest:
    return DiffusersUnderTest(draw_scene())


class TestDiffusersHost(HostContract):
    """Every test is the suite's."""
