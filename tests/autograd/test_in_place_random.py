"""Random programs of views and in-place writes: the gradient is right, or an error says why there is none."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from autograd import writes

from dlcore import autograd as ag
from dlcore.array import np as dnp

TOLD = ("shares its memory with one", "was changed in place", "from broadcast_to")
MANY = 20 if os.environ.get("DLCORE_THOROUGH") else 1


def outcome(seed: int) -> str:
    """What became of program `seed`: "no program", "told" or "right"; an AssertionError where it was wrong."""
    run = writes.program(seed)
    if run is None:
        return "no program"
    x, v, dx, dv = np.random.default_rng(seed).normal(size=(4, 3, 3)) * 0.5
    try:
        gx, gv = ag.gradient(lambda a, b: run(dnp, a, b), (0, 1))(dnp.array(x), dnp.array(v))
    except (RuntimeError, ValueError) as error:
        assert any(words in str(error) for words in TOLD), f"program {seed}: {error}"
        return "told"
    found = float((gx.asnumpy() * dx).sum() + (gv.asnumpy() * dv).sum())
    want = writes.slope_by_differences(run, x, v, dx, dv)
    assert found == pytest.approx(want, rel=1e-5, abs=1e-5), f"program {seed}"
    return "right"


def test_random_programs_are_right_or_an_error() -> None:
    seen = Counter(outcome(seed) for seed in range(500 * MANY))
    assert seen["right"] > 120 * MANY and seen["told"] > 120 * MANY, seen
