"""What a request takes of the main memory, and what is refused."""

import psutil
import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.guards.memory import (
    check_memory,
    clip_bytes,
    features_bytes,
    frames_bytes,
    machine_bytes,
    tracks_bytes,
)


def test_bytes_are_those_of_the_arrays():
    import torch

    assert frames_bytes(5, 32, 48) == torch.empty(5, 32, 48, 3).nbytes
    assert features_bytes(2, 9, layers=12, channels=768) == torch.empty(2, 9, 12, 768).nbytes
    assert tracks_bytes(2, 1.5, 16000) == torch.empty(2, 24000).nbytes
    assert clip_bytes(5, 32, 48, dubbed=True) > clip_bytes(5, 32, 48) > frames_bytes(5, 32, 48)


def test_what_exceeds_the_machine_is_refused_with_both_figures():
    total = machine_bytes()
    assert 0 < total <= psutil.virtual_memory().total
    check_memory(total, "A clip", "choose fewer frames")
    with pytest.raises(MultiTalkError) as refused:
        check_memory(total + 1, "A clip", "choose fewer frames")
    assert str(refused.value) == (
        f"A clip takes {total / 1e9:,.1f} GB of main memory at once, and this machine has "
        f"{total / 1e9:,.1f} GB: choose fewer frames."
    )
