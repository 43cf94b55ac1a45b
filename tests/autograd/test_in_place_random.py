"""Random programs of views and in-place writes: the gradient is right, or an error says why there is none."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import pytest
from autograd import writes

import dlcore as dl
from dlcore import _core
from dlcore import autograd as ag
from dlcore.array import np as dnp

TOLD = (
    "shares its memory with one", "was changed in place", "from broadcast_to", "in place inside a compiled function",
    "how many numbers a mask chooses",
)  # fmt: skip
MANY = 20 if os.environ.get("DLCORE_THOROUGH") else 1


def outcome(seed: int, *compiled: Any) -> str:
    """What became of program `seed`: "no program", "told" or "right"; an AssertionError where it was wrong."""
    run = writes.program(seed, bool(compiled))
    if run is None:
        return "no program"
    x, v, dx, dv = np.random.default_rng(seed).normal(size=(4, 3, 3)) * 0.5
    made: list[Any] = []
    try:
        gx, gv = ag.gradient(lambda a, b: run(dnp, a, b, *compiled, made=made), (0, 1))(dnp.array(x), dnp.array(v))
    except (RuntimeError, ValueError) as error:
        assert any(words in str(error) for words in TOLD), f"program {seed}: {error}"
        return "told"
    finally:
        for array in made:  # one that was overwritten after the tape had kept it may be kept by its own record
            _core.mark_variable(array, array, "null")
    found = float((gx.asnumpy() * dx).sum() + (gv.asnumpy() * dv).sum())
    want, rounding = writes.slope_by_differences(run, x, v, dx, dv)
    assert found == pytest.approx(want, rel=1e-5, abs=1e-5 + rounding), f"program {seed}"
    return "right"


def test_random_programs_are_right_or_an_error() -> None:
    seen = Counter(outcome(seed) for seed in range(500 * MANY))
    assert seen["right"] > 120 * MANY and seen["told"] > 120 * MANY, seen


def test_and_where_a_compiled_function_does_some_of_it() -> None:
    seen = Counter(outcome(seed, dl.jit) for seed in range(300 * MANY))
    assert seen["right"] > 60 * MANY and seen["told"] > 60 * MANY, seen
