"""Numbers that users give: Python's own come out, whichever library they came from."""

import math

import numpy as np
import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.limits import SEED, SHIFT, SIZE


@pytest.mark.parametrize(
    "value", [832, 832.0, np.int64(832), np.float32(832), np.array(832), torch.tensor(832)]
)
def test_a_number_of_any_library_is_a_number(value):
    assert repr(SIZE.check("width", value)) == "832"


@pytest.mark.parametrize("value", [3, np.float16(3), torch.tensor(3.0, dtype=torch.bfloat16)])
def test_a_limit_of_fractions_gives_floats(value):
    assert repr(SHIFT.check("shift", value)) == "3.0"


@pytest.mark.parametrize(
    "value",
    [
        *(True, np.True_, torch.tensor(True), "832", None, 832.5, 832j, [832], 15, 10**400),
        *(math.nan, math.inf, np.float32("nan"), torch.tensor([832]), np.array([832, 832]), torch.zeros(0)),
    ],
)
def test_what_is_no_such_number_is_refused_by_name(value):
    with pytest.raises(MultiTalkError, match=r"^width is .*: give a whole number from 16 to 16384"):
        SIZE.check("width", value)


def test_the_largest_seed_stays_exact():
    assert SEED.check("seed", 2**64 - 1) == 2**64 - 1
    with pytest.raises(MultiTalkError):
        SEED.check("seed", 2.0**64)
