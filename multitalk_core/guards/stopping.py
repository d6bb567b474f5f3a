"""Ctrl-C and SIGTERM: both end a command in the same way, and wait while a file would break."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONCE_SECONDS = 1.0  # `timeout` signals a process group twice

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise KeyboardInterrupt for both signals inside the context; repeats within a second are ignored."""
    last = -ONCE_SECONDS

    def stop(*signalled: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before >= ONCE_SECONDS:
            raise KeyboardInterrupt

    with _handled(stop):
        yield


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Delay both signals until the end of the context."""
    pressed: list[int] = []
    with _handled(lambda number, frame: pressed.append(number)):
        yield
    if pressed:
        signal.raise_signal(pressed[0])


def ignore_termination() -> None:
    """Ignore SIGTERM from now on, after the contexts too: its sender kills this process later anyway."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    """Install a handler for the signals that are not ignored; only the main thread receives signals."""
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
            if signal.getsignal(number) != signal.SIG_IGN:  # `ignore_termination` outlasts the context
                signal.signal(number, known or signal.SIG_DFL)
