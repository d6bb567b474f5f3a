"""Loading libraries without searching for garbage."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading_libraries() -> Iterator[None]:
    """Import inside the context; all objects that exist at its end are never searched for garbage.

    Most are the libraries' own and stay until the process ends, 700 000 of diffusers and transformers. The
    caller's are still freed once nothing refers to them, but not where they refer to each other in a ring.
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
