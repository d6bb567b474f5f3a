"""Loading libraries without searching for garbage."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading_libraries() -> Iterator[None]:
    """Import inside the context; what libraries make while they load is never searched for garbage.

    It stays until the process ends, 700 000 objects for diffusers and transformers. The searches while
    they load and at the interpreter's end are a third of a start's processor time.
    """
    modules, collects = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > modules:
            gc.freeze()
        if collects:
            gc.enable()
