"""Interruption of long work: it calls a function repeatedly, which raises to stop it."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")
POLL_SECONDS = 0.1


def uninterrupted() -> None:
    """Never interrupt."""


def interruptible(
    call: Callable[[], Result], check_interrupted: Callable[[], None] = uninterrupted
) -> Result:
    """Call a function of a library that cannot be stopped, in a thread of its own.

    Parameters
    ----------
    call : callable
        Where the wait for it is interrupted, it goes on in the background, and its result is dropped.
    check_interrupted : callable
        Called repeatedly; raises to stop the wait.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    while not wait([outcome], POLL_SECONDS).done:
        check_interrupted()
    return outcome.result()
