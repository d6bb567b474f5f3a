"""Ctrl-C and SIGTERM, and the SIGTERM that a process ignores because it has something to say."""

import signal
from collections.abc import Iterator

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.guards.stopping import delayed_interrupt, ignore_termination, stoppable
from multitalk_core.hosts.diffusers.processes import LOST, reached


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_wait_for_the_end_of_what_must_not_break(number):
    whole = []
    with pytest.raises(KeyboardInterrupt), stoppable():
        with delayed_interrupt():
            signal.raise_signal(number)
            whole.append(True)
        whole.append(False)
    assert whole == [True]


def test_sigterm_stays_ignored_after_the_contexts_in_which_it_was_and_ctrl_c_does_not():
    with stoppable():
        with delayed_interrupt():
            ignore_termination()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)


def test_a_lost_process_is_reported_although_torchrun_ends_the_others_meanwhile():
    closed = RuntimeError("[/gloo/transport/tcp/pair.cc:544] Connection closed by peer")
    with pytest.raises(MultiTalkError) as lost, stoppable(), delayed_interrupt(), reached():
        raise closed
    signal.raise_signal(signal.SIGTERM)  # would end the test run
    assert str(lost.value) == LOST
