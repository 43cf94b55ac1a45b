"""Random calls of dlcore.np: any dtype, shape, layout and axis. Where NumPy has an answer and we have one, they are the
same; what we refuse is a ValueError, TypeError or IndexError that names the place. DLCORE_THOROUGH runs more."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from values import flat

from dlcore import np as xp

SEEDS = range(500 if os.environ.get("DLCORE_THOROUGH") else 10)
CALLS = 250
KINDS = ["float64", "float32", "int64", "int8", "uint8", "bool", "complex128"]
SUBSCRIPTS = ["ij,jk->ik", "i,i", "ij->ji", "ii", "ii->i", "...i,...i", "ij,ij", "i,j", "ijk->k", "...->..."]


class Dice:
    """Draws arguments; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)

    def one(self, *options: Any) -> Any:
        return self.random.choice(options)

    def shape(self) -> tuple[int, ...]:
        return tuple(self.one(0, 1, 1, 2, 3, 4) for _ in range(self.one(0, 1, 1, 2, 2, 3)))

    def array(self, shape: tuple[int, ...] | None = None, dtype: str | None = None) -> np.ndarray:
        """In one of several layouts: whole, reversed, transposed."""
        shape, dtype = self.shape() if shape is None else shape, dtype or self.one(*KINDS)
        x = self.numbers.normal(size=shape) * 3
        x = x + 1j * self.numbers.normal(size=shape) if dtype == "complex128" else x
        x = np.asarray(np.abs(x) if dtype in ("uint8", "bool") else x).astype(dtype)
        x = x[..., ::-1] if x.ndim and self.one(True, False, False) else x
        return x.T if self.one(True, False, False) else x

    def axis(self) -> Any:
        return self.one(None, 0, 1, -1, -2, 2, -3, 3)

    def axes(self) -> Any:
        return self.one(None, 0, -1, 1, (0, 1), (0, -1), (), (0, 0))

    def edges(self, n: int) -> np.ndarray:
        return np.sort(self.array((n,), "float64"))


def calls() -> dict[str, Callable[[Dice], tuple[tuple, dict]]]:
    """For each function what it is called with."""
    table: dict[str, Callable[[Dice], tuple[tuple, dict]]] = {}
    for name in (
        "sum",
        "prod",
        "mean",
        "max",
        "min",
        "any",
        "all",
        "nansum",
        "nanmean",
        "nanmax",
        "median",
        "ptp",
        "std",
    ):
        table[name] = lambda d: ((d.array(),), {"axis": d.axes(), "keepdims": d.one(True, False)})
    for name in ("argmax", "argmin", "cumsum", "cumprod", "sort"):
        table[name] = lambda d: ((d.array(),), {"axis": d.axis()})
    for name in ("flip", "squeeze", "count_nonzero"):
        table[name] = lambda d: ((d.array(),), {"axis": d.axes()})
    for name in ("matmul", "dot", "inner", "outer", "kron", "vdot", "isin", "cross", "polyval", "linalg.solve"):
        table[name] = lambda d: ((d.array(), d.array()), {})
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        table[name] = lambda d: (([d.array(), d.array()],), {})
    for name in ("unique", "cov", "bincount", "vander", "linalg.inv", "linalg.det", "linalg.pinv", "linalg.svdvals"):
        table[name] = lambda d: ((d.array(),), {})
    table["concatenate"] = lambda d: (([d.array(), d.array()],), {"axis": d.axis()})
    table["append"] = lambda d: ((d.array(), d.array()), {"axis": d.axis()})
    for name in ("moveaxis", "swapaxes"):
        table[name] = lambda d: ((d.array(), d.one(0, 1, -1, 2), d.one(0, 1, -1, 2)), {})
    for name in ("diag", "diagonal", "trace", "tril", "triu"):
        table[name] = lambda d: ((d.array(), d.one(0, 1, -1, 5)), {})
    widths, modes = (0, 1, 2, (1, 2)), ("constant", "edge", "reflect", "symmetric", "wrap", "maximum", "linear_ramp")
    more: dict[str, Callable[[Dice], tuple[tuple, dict]]] = {
        "var": lambda d: ((d.array(),), {"axis": d.axes(), "ddof": d.one(0, 1)}),
        "quantile": lambda d: ((d.array(), d.one(0.0, 0.3, [0.2, 0.7])), {"axis": d.axis()}),
        "roll": lambda d: ((d.array(), d.one(-5, -1, 0, 2)), {"axis": d.axis()}),
        "repeat": lambda d: ((d.array(), d.one(0, 1, 2)), {"axis": d.axis()}),
        "tile": lambda d: ((d.array(), d.one(0, 1, 2, (2, 1), (1, 2, 2), (0, 2))), {}),
        "pad": lambda d: ((d.array(), d.one(*widths)), {"mode": d.one(*modes)}),
        "diff": lambda d: ((d.array(),), {"n": d.one(0, 1, 2, 5), "axis": d.one(0, -1, 1)}),
        "expand_dims": lambda d: ((d.array(), d.one(0, 1, -1, 2, -3, 5)), {}),
        "rot90": lambda d: ((d.array(), d.one(-3, -1, 0, 2)), {}),
        "split": lambda d: ((d.array(), d.one(1, 2, 3, [1, 2], [0], [-1], [])), {"axis": d.one(0, 1, -1)}),
        "array_split": lambda d: ((d.array(), d.one(1, 2, 3, 5)), {"axis": d.one(0, 1, -1)}),
        "tensordot": lambda d: ((d.array(), d.array(), d.one(0, 1, 2)), {}),
        "where": lambda d: ((d.array(None, "bool"), d.array(), d.array()), {}),
        "clip": lambda d: ((d.array(), -1, 2), {}),
        "round": lambda d: ((d.array(), d.one(0, 1, 2)), {}),
        "searchsorted": lambda d: ((d.edges(4), d.array(None, "float64")), {}),
        "digitize": lambda d: ((d.array(None, "float64"), d.edges(3)), {}),
        "interp": lambda d: ((d.array(None, "float64"), d.edges(d.one(1, 5)), d.array((d.one(1, 5),), "float64")), {}),
        "take": lambda d: ((d.array(), d.numbers.integers(-3, 3, d.one(0, 1, 3))), {"axis": d.axis()}),
        "convolve": lambda d: ((d.array(), d.array(), d.one("full", "same", "valid")), {}),
        "broadcast_to": lambda d: ((d.array(), d.shape()), {}),
        "meshgrid": lambda d: ((d.array(), d.array()), {"indexing": d.one("xy", "ij")}),
        "insert": lambda d: ((d.array(), d.one(0, 1, -1, 3, [0, 1]), d.array((), "float64")), {"axis": d.axis()}),
        "delete": lambda d: ((d.array(), d.one(0, 1, -1, [0, 1], [])), {"axis": d.axis()}),
        "gradient": lambda d: ((d.array(None, "float64"),), {}),
        "trapezoid": lambda d: ((d.array(None, "float64"),), {"axis": d.one(0, -1, 1)}),
        "linalg.norm": lambda d: ((d.array(),), {"axis": d.axes(), "ord": d.one(None, 1, 2, np.inf, "fro", 0)}),
        "linalg.qr": lambda d: ((d.array((d.one(2, 3), d.one(2, 3)), d.one("float64", "float32")),), {}),
    }

    def einsum(d: Dice) -> tuple[tuple, dict]:
        text = d.one(*SUBSCRIPTS)
        return (text, *(d.array() for _ in text.split("->")[0].split(","))), {}

    return {**table, **more, "einsum": einsum}


TABLE = calls()


def find(module: Any, name: str) -> Callable[..., Any]:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def told(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}"
    return [told(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", SEEDS)
def test_random_calls_agree_with_numpy(seed: int) -> None:
    dice = Dice(seed)
    agreed = 0
    for _ in range(CALLS):
        name = dice.one(*sorted(TABLE))
        args, kwargs = TABLE[name](dice)
        where = f"seed {seed}: {name}{[told(a) for a in args]} {kwargs}"
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                want = flat(find(np, name)(*args, **kwargs))
            except Exception:  # noqa: BLE001 - NumPy refuses: we may have an answer or refuse too
                want = None
        try:
            got = flat(find(xp, name)(*args, **kwargs))
        except (ValueError, TypeError, IndexError) as error:
            assert ":" in str(error), f"{where}: {error}"
            continue
        if want is None:
            continue
        assert [g.shape for g in got] == [w.shape for w in want], where
        wide = [np.asarray(a) for a in flat(list(args)) if isinstance(a, np.ndarray)]
        rough = any(v.dtype in (np.float32, np.complex64) for v in [*got, *wide])
        limit = 1e-3 if rough else 1e-8
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g.astype(complex), w.astype(complex), limit, limit, err_msg=where)
        agreed += 1
    assert agreed > CALLS // 4, "too few calls had an answer on both sides"
