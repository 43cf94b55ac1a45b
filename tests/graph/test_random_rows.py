"""Random functions that reduce rows, or columns, and go on: compiled as row groups, interpreted, not fused at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of
from graph.proof import prove, simulate

from dlcore.graph import Compiled
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.graph.passes.plan import plan, settle
from dlcore.ops import F

LENGTHS = (2, 3, 10, 15, 16, 17, 47, 48, 49, 64, 130, 700, 2049, 5000)
LEADS = ((), (1,), (3,), (2, 3), (17,), (130,), (2, 1, 5))
LIMITS = {"float32": 5e-5, "float64": 1e-11, "float16": 2e-2, "bfloat16": 1e-1}


def operands(rng: np.random.Generator, dtype: str) -> tuple[tuple[int, ...], list[Any]]:
    """A shape, and arrays that broadcast to it: whole, turned, one row for all, one number a row, one number."""
    lead, n = LEADS[rng.integers(len(LEADS))], LENGTHS[rng.integers(len(LENGTHS))]
    if np.prod(lead, dtype=int) * n > 20_000:
        lead = lead[:1]
    shape = (*lead, n)
    shapes = [shape, shape, (n,), (*lead, 1), (1,)]
    arrays = [F.cast(array(rng.uniform(-1.2, 1.2, s), "float64"), dtype) for s in shapes]
    turned = np.moveaxis(np.empty(shape), 0, -1).shape
    arrays.append(F.cast(array(rng.uniform(-1.2, 1.2, turned), "float64"), dtype))
    return shape, arrays


def function(seed: int, shape: tuple[int, ...]) -> Any:
    """Elementwise steps and reductions, in an order that the seed says."""

    def f(*given: Any) -> list[Any]:
        rng = np.random.default_rng(seed)
        wide = [given[0], given[1], F.transpose(given[5], axes=(len(shape) - 1, *range(len(shape) - 1)))]
        rows = [given[3]]
        for _ in range(int(rng.integers(4, 10))):
            x, y = (wide[int(i)] for i in rng.integers(len(wide), size=2))
            other = (given[2], given[4], rows[-1], y)[int(rng.integers(4))]
            kind = int(rng.integers(6))
            if kind < 2:
                wide.append(F.tanh((F.add, F.multiply, F.subtract)[int(rng.integers(3))](x, other)))
            elif kind < 5:
                name = ("sum", "mean", "max", "min")[int(rng.integers(4))]
                scaled = F.multiply(x, 0.7) if name != "sum" else F.divide(x, float(shape[-1]))
                rows.append(getattr(F, name)(scaled, axis=-1, keepdims=True))
            else:
                rows.append(F.tanh(F.add(rows[-1], rows[int(rng.integers(len(rows)))])))
        kept = [wide[-1], F.multiply(F.subtract(wide[-2], rows[-1]), 0.5), F.reshape(rows[-1], shape[:-1])]
        kept = kept[: int(rng.integers(1, 4))] + ([wide[3]] if len(wide) > 4 else [])
        return kept + columns(rng, wide, given[2], len(shape) - 1)

    return f


def columns(rng: np.random.Generator, wide: list[Any], of_column: Any, lead: int) -> list[Any]:
    """Up to three reductions over the leading axes, the last of them gone on with."""
    found = []
    for _ in range(int(rng.integers(4)) if lead else 0):
        name = ("sum", "mean", "max", "min")[int(rng.integers(4))]
        x = F.tanh(F.multiply(wide[int(rng.integers(len(wide)))], 0.3))
        found.append(getattr(F, name)(x, axis=tuple(range(lead))))
    return [*found[:-1], F.tanh(F.multiply(found[-1], of_column))] if found else []


@pytest.mark.parametrize("part", range(4))
def test_they_agree(part: int) -> None:
    groups = of_columns = 0
    for seed in range(part * 20, part * 20 + 20):
        rng = np.random.default_rng(seed)
        dtype = ("float32", "float32", "float64", "float16", "bfloat16")[seed % 5]
        shape, arrays = operands(rng, dtype)
        f = function(seed, shape)
        traced = trace_of(lambda *a, f=f: tuple(f(*a)), *arrays)
        graph = optimize(traced)
        programs = [node.tile.code for node in graph.nodes if node.rows]
        groups += len(programs)
        of_columns += sum(any(m.startswith("column") for m, _ in code) for code in programs)
        settled = settle(graph)
        memory = plan(settled)
        prove(settled, memory)
        if np.prod(shape) < 3000:
            simulate(settled, memory)
        wanted = interpret(traced, [a.asnumpy() for a in arrays])[0]
        for found, expected in zip(Compiled(traced).run(arrays), wanted, strict=True):
            a, b = found.asnumpy().astype("float64"), expected.astype("float64")
            np.testing.assert_allclose(a, b, rtol=LIMITS[dtype], atol=LIMITS[dtype], err_msg=f"seed {seed} {shape}")
    assert groups > 8 and of_columns > 4
