"""The interpreter against the imperative kernels, operator by operator, and its random generator word by word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of
from ops.harness import calls_of

from dlcore import _core
from dlcore.graph._interpreter_random import philox
from dlcore.graph.interpreter import MICRO, interpret
from dlcore.graph.verify import MICRO_ARITY
from dlcore.ops import F
from dlcore.ops._record import RECORDS


def wide(x: np.ndarray) -> np.ndarray:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_operator_agrees_with_its_kernel(name: str) -> None:
    record = RECORDS[name]
    for layout, given, attrs in calls_of(record, np.dtype("float32"), np.random.default_rng(3)):
        operands = [_core.from_numpy(a) for a in given if isinstance(a, np.ndarray)]

        def run(*stand_ins: Any, given: Any = given, attrs: Any = attrs) -> Any:
            rest = iter(stand_ins)
            filled = [next(rest) if isinstance(a, np.ndarray) else a for a in given]
            result = getattr(F, name)(*filled, **attrs)
            return result if isinstance(result, (tuple, list)) else (result,)

        _core.seed(9)
        expected = [a.asnumpy() for a in run(*operands)]
        found, _ = interpret(trace_of(run, *operands), [a.asnumpy() for a in operands], rng=(9, 0))
        for a, b in zip(found, expected, strict=True):
            assert a.shape == b.shape and a.dtype == b.dtype, layout
            limit = 1e-2 if b.dtype.itemsize == 2 else 3e-5
            np.testing.assert_allclose(wide(a), wide(b), rtol=limit, atol=limit, err_msg=layout)


@pytest.mark.parametrize(("seed", "counter"), [(0, 0), (1, 2**32 - 1), (2**63 + 12345, 2**40 + 7)])
def test_philox_is_the_cores(seed: int, counter: int) -> None:
    words = philox(seed, counter, 5).reshape(5, 4)
    for k in range(5):
        assert tuple(int(w) for w in words[k]) == tuple(_core.philox(seed, counter + k))


def test_every_micro_operation_of_the_language_is_known() -> None:
    assert set(MICRO) == set(MICRO_ARITY)
    used = {c[0] for r in RECORDS.values() if r.tile is not None for c in r.tile.code} - {"const"}
    assert used <= set(MICRO)


def test_a_wrong_input_shape_is_named() -> None:
    graph = trace_of(F.exp, array(np.ones((2, 3)), "float32"))
    with pytest.raises(ValueError, match=r"f32\[2,3\].*\(3, 2\)"):
        interpret(graph, [np.ones((3, 2), np.float32)])
