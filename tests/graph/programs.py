"""Random programs over arrays, and small ways to trace and run them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import dlcore.array  # noqa: F401  (gives arrays their operators)
from dlcore import _core
from dlcore.graph._ir import Graph
from dlcore.graph._lifetimes import peak_bytes
from dlcore.graph._trace import trace
from dlcore.ops import F

SHAPES = [(), (3,), (1, 4), (2, 3), (3, 1), (2, 3, 4), (4, 5), (5, 4)]
UNARY = ["tanh", "sigmoid", "relu", "sin", "abs", "negative", "softplus", "square", "arctan", "erf", "gelu_tanh"]
SMOOTH_UNARY = [name for name in UNARY if name not in ("relu", "abs")]
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "arctan2"]
VIEWS = ("reshape", "transpose", "expand_dims", "broadcast_to", "slice", "flip")
SMOOTH_BINARY = ["add", "subtract", "multiply"]


def array(values: Any, dtype: Any = None) -> Any:
    """An NDArray with a copy of `values`."""
    return _core.from_numpy(np.array(values, dtype=dtype))


def peak_of(graph: Graph) -> int:
    """The bytes of a graph alive at the fullest moment."""
    return peak_bytes(graph.nodes, graph.results())


def trace_of(function: Callable[..., Any], *arrays: Any, name: str = "test") -> Graph:
    """The graph of a function that returns an array or a tuple of arrays."""

    def call(stand_ins: list[Any]) -> tuple[None, list[Any]]:
        result = function(*stand_ins)
        return None, list(result) if isinstance(result, (tuple, list)) else [result]

    return trace(call, list(arrays), name).graph


@dataclass
class Program:
    """A list of steps; each calls an operator on earlier values and appends what it gives."""

    inputs: list[np.ndarray]
    states: list[np.ndarray]
    steps: list[tuple[str, list[int], dict[str, Any]]] = field(default_factory=list)
    writes: list[tuple[int, int, int]] = field(default_factory=list)  # (after step, state, value)
    outputs: list[int] = field(default_factory=list)
    dtypes: set[str] = field(default_factory=set)

    def __call__(self, arrays: list[Any], states: list[Any]) -> list[Any]:
        """Runs the steps on NDArrays; `states` are changed in place."""
        values = [*arrays, *states]
        n_sources = len(values)
        for number, (op, operands, attrs) in enumerate(self.steps):
            result = getattr(F, op)(*[values[i] for i in operands], **attrs)
            values.append(result)
            for after, state, value in self.writes:
                if after == number:
                    _core.assign(states[state], values[n_sources + value])
        return [values[i] for i in self.outputs]

    def arrays(self) -> list[Any]:
        return [array(a) for a in self.inputs]

    def state_arrays(self) -> list[Any]:
        return [array(a) for a in self.states]


def random_program(
    seed: int, dtype: str = "float32", n_steps: int = 12, smooth: bool = False, states: bool = True
) -> Program:
    """A program that any seed makes valid; with `smooth` it has only operators that finite differences can follow."""
    rng = np.random.default_rng(seed)
    inputs = [_draw(rng, SHAPES[rng.integers(len(SHAPES))], dtype) for _ in range(2)]
    inputs.append(_draw(rng, (4, 5), dtype))
    held = [_draw(rng, SHAPES[rng.integers(len(SHAPES))], dtype) for _ in range(2)] if states else []
    program = Program(inputs, held)
    values = [np.asarray(a) for a in (*inputs, *held)]
    n_sources = len(values)
    while len(program.steps) < n_steps:
        step = _random_step(rng, values, smooth)
        if step is None:
            continue
        op, operands, attrs = step
        result = getattr(F, op)(*[array(values[i]) for i in operands], **attrs).asnumpy()
        if result.size > 200 or not np.all(np.abs(result.astype(np.float64)) < 50):
            continue
        program.steps.append(step)
        values.append(result)
        for number, state in enumerate(held):
            viewed = any(op in VIEWS and len(inputs) + number in operands for op, operands, _ in program.steps)
            fits = result.shape == state.shape and result.dtype == state.dtype
            if (
                fits and not viewed and rng.random() < 0.4
            ):  # a view of a state would see the write, a traced one must not be used
                program.writes.append((len(program.steps) - 1, number, len(program.steps) - 1))
                values[len(inputs) + number] = result
    program.dtypes = {value.dtype.name for value in values}
    program.outputs = [n_sources + n_steps - 1, *sorted(rng.choice(len(values), 2))]
    return program


def _draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 5, shape).astype(dtype)
    return rng.uniform(-1.5, 1.5, shape).astype(dtype)


def _random_step(
    rng: np.random.Generator, values: list[np.ndarray], smooth: bool
) -> tuple[str, list[int], dict] | None:
    """One valid call on values whose shapes fit, or None when the draw does not fit."""
    a, b, c = (int(i) for i in rng.integers(len(values), size=3))
    shape, floating = values[a].shape, values[a].dtype.kind == "f"
    kind = rng.choice(["unary", "binary", "where", "reduce", "shape", "join", "matmul", "softmax", "cast", "line"])
    if kind == "unary" and floating:
        return str(rng.choice(SMOOTH_UNARY if smooth else UNARY)), [a], {}
    if kind in ("binary", "where"):
        try:
            np.broadcast_shapes(shape, values[b].shape, values[c].shape)
        except ValueError:
            return None
        if kind == "where" and not smooth:
            condition = next((i for i, v in enumerate(values) if v.dtype == bool and v.shape == shape), None)
            return ("less", [a, b], {}) if condition is None else ("where", [condition, b, c], {})
        if values[a].dtype == bool or values[b].dtype == bool:
            return ("logical_or", [a, b], {}) if values[a].dtype == values[b].dtype else None
        return str(rng.choice(SMOOTH_BINARY if smooth or not floating else BINARY)), [a, b], {}
    if kind == "reduce" and shape and floating:
        axis = int(rng.integers(-len(shape), len(shape)))
        return (
            str(rng.choice(["sum", "mean"] if smooth else ["sum", "mean", "max"])),
            [a],
            {"axis": axis, "keepdims": bool(rng.random() < 0.5)},
        )
    if kind == "shape" and shape:
        return _shape_step(rng, a, shape)
    if kind == "join" and shape:
        axis = int(rng.integers(len(shape)))
        same = [i for i, v in enumerate(values) if v.shape == shape and v.dtype == values[a].dtype]
        return str(rng.choice(["concat", "stack"])), [a, int(rng.choice(same))], {"axis": axis}
    if kind == "matmul" and len(shape) == 2 and floating:
        fits = [
            i for i, v in enumerate(values) if v.ndim == 2 and v.shape[0] == shape[1] and v.dtype == values[a].dtype
        ]
        return ("matmul", [a, int(rng.choice(fits))], {}) if fits else None
    if kind == "cast" and not smooth:
        floats, whole = ["float32", "float16", "float64"], ["int32", "int8", "int64", "bool"]
        # Not from floats to whole numbers: a last bit that differs would change the result by one.
        return "cast", [a], {"dtype": str(rng.choice(floats if floating else floats + whole))}
    if kind == "line" and shape and 0 not in shape:
        axis = int(rng.integers(len(shape)))
        if rng.random() < 0.5 and floating:
            return "cumsum", [a], {"axis": axis, "reverse": bool(rng.random() < 0.5)}
        return "pad", [a], {"before": (1,) * len(shape), "after": tuple(int(i) for i in rng.integers(0, 2, len(shape)))}
    if kind == "softmax" and shape and floating:
        return str(rng.choice(["softmax", "log_softmax"])), [a], {"axis": int(rng.integers(len(shape)))}
    return None


def _shape_step(rng: np.random.Generator, a: int, shape: tuple[int, ...]) -> tuple[str, list[int], dict]:
    kind = rng.choice(["reshape", "transpose", "expand_dims", "broadcast_to", "slice", "flip"])
    axis = int(rng.integers(len(shape)))
    if kind == "reshape":
        return "reshape", [a], {"shape": (-1,) if rng.random() < 0.5 else (*shape[1:], shape[0])}
    if kind == "transpose":
        return "transpose", [a], {"axes": tuple(int(i) for i in rng.permutation(len(shape)))}
    if kind == "expand_dims":
        return "expand_dims", [a], {"axis": axis}
    if kind == "broadcast_to":
        return "broadcast_to", [a], {"shape": (2, *shape)}
    if kind == "slice":
        start = tuple(int(rng.integers(0, size)) for size in shape)
        return "slice", [a], {"start": start, "size": tuple(s - b for s, b in zip(shape, start, strict=True))}
    return "flip", [a], {"axis": axis}
