"""A start passes over what libraries made; what a film leaves behind is still collected."""

import subprocess
import sys

import pytest

SCRIPT = """
import gc, weakref
from multitalk_core.cli.library_loading import loading_libraries

class Ring:
    def __init__(self):
        self.itself = self

with loading_libraries():
    import fractions
frozen = gc.get_freeze_count()
left = weakref.ref(Ring())
with loading_libraries():
    import fractions
gc.collect()
print(frozen > 1000, gc.get_freeze_count() == frozen, left() is None)
"""


def test_what_is_made_after_the_libraries_is_still_collected():
    answer = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["True"] * 3


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_as_before_also_after_a_failure(collects):
    failing = "import gc\nfrom multitalk_core.cli.library_loading import loading_libraries\n"
    failing += f"{'gc.enable' if collects else 'gc.disable'}()\n"
    failing += "try:\n    with loading_libraries():\n        import nowhere_to_be_found\n"
    failing += "except ModuleNotFoundError:\n    print(gc.isenabled())"
    answer = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(collects)]
