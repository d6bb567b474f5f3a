"""Ctrl-C and SIGTERM: they end a command in the same way, and wait where a file would break."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONCE_SECONDS = 1.0  # a process group gets a signal from `timeout` twice

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def stoppable() -> Iterator[None]:
    """Both signals raise KeyboardInterrupt inside; one that follows at once is the same one."""
    last = -ONCE_SECONDS

    def stop(*signalled: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before >= ONCE_SECONDS:
            raise KeyboardInterrupt

    with _handled(stop):
        yield


@contextmanager
def held_interrupt() -> Iterator[None]:
    """Both signals inside take effect at the end."""
    pressed: list[int] = []
    with _handled(lambda number, frame: pressed.append(number)):
        yield
    if pressed:
        signal.raise_signal(pressed[0])


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    """Handle the signals that are not ignored; only the main thread is told of any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: known for number, known in before.items() if known != signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known or signal.SIG_DFL)
