"""Random chains of views, writes into them and arithmetic, recorded or not, against NumPy. Judged in a child."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from dlcore import _core, autograd
from dlcore import np as xp
from dlcore._core import NDArray

DTYPES = ["float64", "float64", "float32", "int64", "bool", "complex128"]
UNARY = ["negative", "abs", "copy"]
BINARY = ["add", "subtract", "multiply"]


class Program(NamedTuple):
    """Arrays are numbered as they appear; a step is its name, the arrays it takes and whatever else it needs."""

    shape: tuple[int, ...]
    dtype: str
    steps: tuple[tuple[Any, ...], ...]
    recorded: bool


@st.composite
def programs(draw: Any) -> Program:
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    number = st.integers(0, 1000)
    index = st.one_of(
        st.integers(-5, 4),
        st.just(Ellipsis),
        st.none(),
        st.builds(slice, *[st.none() | st.integers(-5, 5)] * 2, st.none() | st.sampled_from([1, -1, 2, -2, 3, -3])),
        st.lists(st.integers(-3, 3), max_size=3),
        st.lists(st.booleans(), max_size=4),
    )
    key = st.one_of(index, st.lists(index, max_size=4).map(tuple))
    step = st.one_of(
        st.tuples(st.just("get"), number, key),
        st.tuples(st.just("set"), number, key, number | st.sampled_from([2, -1.5, True])),
        st.tuples(st.just("add_at"), number, key, number | st.just(1)),
        st.tuples(st.just("transpose"), number, st.permutations(range(4))),
        st.tuples(st.just("reshape"), number, st.sampled_from([(-1,), (1, -1), (-1, 2), (0,), (2, -1, 1), (3, 5)])),
        st.tuples(st.just("sum"), number, st.sampled_from([None, 0, -1, 1, 4])),
        st.tuples(st.just("broadcast"), number, st.integers(0, 3)),
        st.tuples(st.sampled_from(UNARY), number),
        st.tuples(st.sampled_from(BINARY), number, number),
        st.tuples(st.sampled_from(["iadd", "imul"]), number, number),
    )
    return Program(shape, draw(st.sampled_from(DTYPES)), tuple(draw(st.lists(step, max_size=8))), draw(st.booleans()))


def start(program: Program) -> np.ndarray:
    values = np.arange(1, 1 + int(np.prod(program.shape))).reshape(program.shape) % 7
    return np.asarray(values % 2 if program.dtype == "bool" else values).astype(program.dtype)


def take(lib: Any, arrays: list[Any], step: tuple[Any, ...]) -> Any:
    """The result of one step, None where it only writes."""
    name, x = step[0], arrays[step[1] % len(arrays)]

    def other(n: Any) -> Any:
        return arrays[n % len(arrays)] if isinstance(n, int) and not isinstance(n, bool) else n

    if name == "get":
        return x[step[2]]
    if name == "set":
        x[step[2]] = other(step[3])
        return None
    if name == "add_at":
        x[step[2]] += other(step[3])
        return None
    if name == "transpose":
        return lib.transpose(x, [k for k in step[2] if k < x.ndim])
    if name == "reshape":
        return lib.reshape(x, step[2])
    if name == "sum":
        return lib.sum(x, axis=step[2] if x.ndim else None)  # NumPy alone has an axis 0 without axes
    if name == "broadcast":
        return lib.broadcast_to(x, (step[2], *x.shape))
    if name in UNARY:
        return getattr(lib, name)(x)
    y = other(step[2])
    if name in ("iadd", "imul"):
        if name == "iadd":
            x += y
        else:
            x *= y
        arrays[step[1] % len(arrays)] = x  # in Python, too, the name gets what the operator gives
        return None
    return getattr(lib, name)(x, y)


def differ(have: Any, want: Any) -> bool:
    """In shape, kind or value."""
    got = have.asnumpy() if isinstance(have, NDArray) else np.asarray(have)
    if got.shape != np.shape(want) or got.dtype.kind != np.asarray(want).dtype.kind:
        return True
    return not np.allclose(got, want, rtol=1e-5, atol=1e-5, equal_nan=True)


def attempt(lib: Any, arrays: list[Any], step: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return take(lib, arrays, step), None
    except Exception as error:
        return None, error


# A write that NumPy makes and a recording refuses, since what is needed backwards would be lost.
RECORDING = "while recording"
LOST = (RECORDING, "changed in place after it was recorded")


def judge(program: Program) -> str:
    """ "" where both libraries agree after every step, else where they do not."""
    ours: list[Any] = [_core.from_numpy(start(program), copy=True)]
    theirs: list[Any] = [start(program)]
    if program.recorded and program.dtype[0] in "fc":
        variable = ours[0]
        variable.attach_grad()
        with autograd.record():
            ours[0] = variable * 1
            wrong = walk(program, ours, theirs)
            if not wrong and isinstance(ours[-1], NDArray) and ours[-1]._tracked:
                try:
                    total = (ours[-1] * 1).sum()
                    total.backward(_core.from_numpy(np.ones((), total.dtype)))
                except RuntimeError as error:
                    return "" if any(part in str(error) for part in LOST) else str(error)
                if variable.grad.shape != variable.shape:
                    wrong = f"a gradient of shape {variable.grad.shape} for {variable.shape}"
        return wrong
    return walk(program, ours, theirs)


def reads_nothing(arrays: list[Any], step: tuple[Any, ...]) -> bool:
    return step[0] in ("get", "set", "add_at") and np.size(arrays[step[1] % len(arrays)][step[2]]) == 0


def walk(program: Program, ours: list[Any], theirs: list[Any]) -> str:
    for step in program.steps:
        if sum(np.size(a) for a in theirs) > 20000:
            return ""
        want, refused = attempt(np, theirs, step)
        got, error = attempt(xp, ours, step)
        if error is not None and not isinstance(error, (TypeError, ValueError, IndexError)):
            return "" if RECORDING in str(error) else f"{step}: {type(error).__name__}: {error}"
        if isinstance(error, IndexError) and refused is None and reads_nothing(theirs, step):
            return ""  # NumPy does not look at places out of range there
        if (error is None) != (refused is None):
            # One library is stricter: an in-place write into a read-only view, a dtype that does not fit.
            return "" if lenient(refused or error) else f"{step}: NumPy {refused!r}, here {error!r}"
        if error is None and want is not None:
            ours.append(got)
            theirs.append(want if isinstance(want, np.ndarray) else np.asarray(want))
        for k, (have, value) in enumerate(zip(ours, theirs, strict=True)):
            if differ(have, value):
                return f"{step}: array {k} is {have!r}, NumPy has {value!r}"
    return ""


def lenient(error: BaseException | None) -> bool:
    text = str(error)
    return any(
        part in text
        for part in (
            "read-only", "Cannot cast", "same_kind", "casting", "not supported", "imaginary", "truth values",
            "not defined for", "does not take", "boolean", "recording", "needs",
            "with a sequence", "array is 0-dimensional",
        )
    )  # fmt: skip
