"""What the bindings of the core refuse: operators declared wrongly, programs that are none, plans that do not fit."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core

FAULT = "a fault of dlcore itself"
PICTURES = np.zeros((3, 4, 5, 3), np.uint8)
TABLE = np.zeros((3, 256), np.float32)
LABELS = np.zeros((3, 1), np.float32)


def registered(name: str = "refused", steps: list[Any] | None = None, **changes: Any) -> Any:
    """The operator of one array which a stanza would declare, with these changes; steps: those of its gradient."""
    record = {"name": name, "inputs": [("x", False, False, False)], "attrs": [], "n_out": 1, "kernel": "copy"}
    rule = {} if steps is None else {"grad": {"steps": steps, "results": [("tmp", 0)]}}
    return lambda: _core.register_op({**record, **rule, **changes})


def executable(values: list[Any], instrs: list[Any], outputs: int = 1, arena: int = 0) -> Callable[[], Any]:
    return lambda: _core.Executable(values, instrs, 0, outputs, arena, [])


def plan(*steps: Any, pictures: np.ndarray = PICTURES, table: Any = TABLE, fill: Any = (0, 0, 0)) -> Callable[[], Any]:
    return lambda: _core.BatchPlan([pictures], None, (list(steps), list(fill), table, True, None))


def filled(pixels: np.ndarray, rows: list[int]) -> Callable[[], Any]:
    return lambda: _core.fill_pictures(0, [0] * len(rows), [0] * len(rows), rows, pixels, LABELS, True)


def started_twice() -> None:
    first = _core.Tracer()
    first.start([])
    try:
        _core.Tracer().start([])
    finally:
        first.abort()


DECLARATIONS = [
    (registered(attrs=[("k", "quaternion", None)]), "unknown attribute type 'quaternion'"),
    (registered(dtype="none_such"), "no dtype rule is called 'none_such'"),
    (registered(steps=[("negative", [("nowhere", 0)], [], 0)]), "unknown reference 'nowhere' in a rule"),
    (registered(steps=[("negative", [("attr", "k")], [], 0)]), "a rule names the attribute 'k'"),
    (registered(steps=[("sum", [("in", 0)], [("attr", "k")], 0)]), "a rule names the attribute 'k'"),
    (registered(steps=[("sum", [("in", 0)], [("fn", "frobnicate", [])], 0)]), "attribute function 'frobnicate'"),
    (lambda: _core.TileProgram(1, [("neg", (0, 0))], [1]), "'neg' takes 1 operands"),
    (lambda: _core.trace_value(dl.nd.ones((2,))), "trace_value: there is no trace on this thread"),
    (lambda: _core.trace_control("_cond", [], [], (), 0), "_cond: there is no trace on this thread"),
    (lambda: _core.Control([], loop=True), "0 bodies"),
    (executable([("float32", (2,), (1,), "nowhere", 0, 0)], []), "unknown kind of value 'nowhere'"),
    (executable([], []), "an output has no value"),
    (executable([("float32", (2,), (1,), "arena", 0, 0)], [], 0), "value 0 ends beyond the arena of 0 bytes"),
    (lambda: _core.counted_in_bins(dl.nd.ones((2,)), dl.nd.ones((2, 2)), True), r"edges \(bins \+ 1,\) of float64"),
    (lambda: _core.counted(dl.nd.ones((2,)), 0), "expected whole numbers, got float32"),
    (lambda: _core.counted(dl.np.ones((2,), dtype="complex64"), 0), "real numbers was given complex64"),
    (
        lambda: _core.invoke(_core.op_id("sum"), (dl.nd.ones((2,)),), (None,) * 9, None),
        "sum: takes . attributes, got 9",
    ),
]


def elsewhere() -> Any:
    """An array that says it is on the GPU; nothing may look at its numbers."""
    held = np.zeros(2, np.float32)
    return _core._from_pointer(held.ctypes.data, (2,), (1,), "float32", 1, 0, held)


def fused(program: Any, shape: tuple[int, ...], strides: tuple[int, ...], made: tuple[int, ...], *given: int) -> Any:
    """Runs a compiled graph of one fused group; given: its operands, 0 for the input, 1 for the output."""
    values = [("float32", shape, strides, "input", 0, 0), ("float32", made, (1,) * len(made), "output", 0, 0)]
    name = "fused_rows" if isinstance(program, _core.RowProgram) else "fused"
    group = ((name, program, "float32"), list(given), [1], (), 0)
    return lambda: _core.Executable(values, [group], 1, 1, 0, []).run([dl.np.zeros(shape)])


def a_view_alone() -> Any:
    """Runs a compiled graph of one operator, which has nothing to run."""
    values = [("float32", (2,), (1,), "input", 0, 0), ("float32", (2,), (1,), "output", 0, 0)]
    return _core.Executable(values, [(_core.op_id("flip"), [0], [1], (), 0)], 1, 1, 0, []).run([dl.np.zeros(2)])


ROW_SUM = _core.RowProgram(1, [("row_sum", (0,))], [1], trailing=1)
TWO_SUMS = _core.RowProgram(1, [("row_sum", (0,)), ("row_sum", (1,))], [2], trailing=1)
ROW = _core.RowProgram(1, [("row_sum", (0,)), ("neg", (0,))], [2], trailing=1)
MATRIX_SUM = _core.RowProgram(1, [("row_sum", (0,))], [1], trailing=2)
NEG = _core.TileProgram(1, [("neg", (0,))], [1])
PROGRAMS = [
    (fused(NEG, (2,), (1,), (2,), 0, 0), "its program takes 1 inputs and makes 1 outputs, got 2 and 1"),
    (fused(ROW_SUM, (2, 3), (3, 1), (2,), 0, 0), "its program takes 1 inputs and makes 1 outputs, got 2 and 1"),
    (fused(ROW_SUM, (2, 3), (3, 1), (2,)), "fused_rows: no arrays"),
    (fused(TWO_SUMS, (2, 3), (3, 1), (2,), 0), "a reduction of one number a row"),
    (fused(ROW, (2, 3), (3, 1), (2,), 0), "an output of one number a row gets a number for each element"),
    (fused(MATRIX_SUM, (3,), (1,), (1,), 0), "the inputs have fewer axes than a row"),
    (fused(MATRIX_SUM, (2, 2, 3), (6, 1, 2), (2,), 0), "a row that is not evenly spaced in memory"),
    (lambda: _core.TileProgram(1, [("neg", (0,))], []), "the program has no output"),
    (lambda: _core.invoke(10**6, (), (), None), "no operator has the number 1000000"),
    (lambda: _core.infer(_core.op_id("float_power"), []), "no inference rule is called"),
    (a_view_alone, "is a view, it has nothing to compute"),
    (lambda: _core.places(elsewhere(), True), "places: expected an array in the host's memory"),
]


@pytest.mark.parametrize(("call", "match"), PROGRAMS, ids=range(len(PROGRAMS)))
def test_programs_that_are_none_are_faults_of_dlcore(call: Callable[[], Any], match: str) -> None:
    with pytest.raises(RuntimeError, match=f"{match}.*{FAULT}"):
        call()


@pytest.mark.parametrize(("call", "match"), DECLARATIONS, ids=[match for _, match in DECLARATIONS])
def test_faults_of_dlcore_are_told_as_such(call: Callable[[], Any], match: str) -> None:
    with pytest.raises(RuntimeError, match=f"{match}.*{FAULT}"):
        call()


def doubled(*given: Any) -> Any:
    """A compiled graph of one instruction, which writes to the array (2, 3) that it is given."""
    value = ("float32", (2, 3), (3, 1), "input", 0, 0)
    result = ("float32", (2, 3), (3, 1), "output", 0, 0)
    instr = (_core.op_id("multiply"), [0, 0], [0], (), 0)
    return _core.Executable([value, result], [instr], 1, 1, 0, []).run(list(given))


class Buffer(ctypes.Structure):
    """A Py_buffer, of which nobody reads anything."""

    _fields_ = [("all", ctypes.c_char * 128)]


def asked(array: Any, flags: int) -> Callable[[], Any]:
    """A request of another extension for the array's memory."""
    return lambda: ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(array), ctypes.byref(Buffer()), flags)


WRITABLE, STRIDES, SIMPLE = 1, 0x18, 0  # flags of the buffer protocol
CALLS = [
    (asked(elsewhere(), STRIDES), BufferError, r"not in the memory of the CPU; use asnumpy\(\)"),
    (asked(dl.np.broadcast_to(dl.nd.ones((2,)), (3, 2)), STRIDES | WRITABLE), BufferError, "read-only here: it is"),
    (asked(dl.nd.ones((3, 2)).T, SIMPLE), BufferError, "not contiguous as asked for"),
    (dl.jit(lambda: memoryview(dl.nd.ones((2,)) + 1)), BufferError, "not known while a function is being compiled"),
    (lambda: elsewhere()._numpy_view(), TypeError, r"this array is on gpu\(0\); use asnumpy\(\) to copy it to the CPU"),
    (doubled, TypeError, "compiled graph: takes 1 arrays, got 0"),
    (lambda: doubled(dl.nd.ones((2,))), ValueError, r"input 0 was compiled for float32\(2, 3\), got float32\(2,\)"),
    (
        lambda: doubled(dl.nd.ones((3, 2)).T),
        RuntimeError,
        r"state array 0 of shape \(2, 3\) changed its memory layout .*: expected strides \(3, 1\), got \(1, 2\)",
    ),
    (registered("add"), ValueError, "operator 'add' is registered twice"),
    (lambda: _core.op_id("none_such"), RuntimeError, "no operator is called 'none_such'"),
    (lambda: _core.invoke(_core.op_id("add"), (dl.nd.ones((2,)),), (), None), TypeError, "add: takes 2 arrays, got 1"),
    (lambda: _core.as_output(dl.nd.ones((2,)), 0), RuntimeError, "no gradient of a custom function is being computed"),
    (lambda: _core.backward([dl.nd.ones((2,))], [None, None]), ValueError, "1 heads but 2 head gradients"),
    (lambda: _core.set_autocast("float8"), ValueError, "expected bfloat16 or float16, got 'float8'"),
    (started_twice, _core.TraceError, "a trace is already running on this thread"),
    (plan(("jitter", [("brightness", 0.1)] * 5)), ValueError, "a jitter has four parts at most, got 5"),
    (plan(("twirl", 0.1)), ValueError, "unknown step 'twirl'"),
    (plan(table=TABLE.T), ValueError, r"contiguous values of at most 8 bytes, got float32\(256, 3\)"),
    (plan(table=TABLE[:2]), ValueError, "a margin for each of 3 channels, got 2048 bytes and 3"),
    (plan(fill=(0, 0)), ValueError, "a margin for each of 3 channels, got 3072 bytes and 2"),
    (plan(pictures=PICTURES[..., 0].copy()), ValueError, r"pictures \(n, h, w, c\) of bytes, got uint8\(3, 4, 5\)"),
    (plan(pictures=PICTURES[..., ::2]), ValueError, "one length on the CPU, got one of shape .*, not contiguous"),
    (plan(("hue", 0.1), pictures=PICTURES[..., :1].copy()), ValueError, "in three channels, got 1"),
    (plan(("erase", 0.5, 0.1, 0.2, 0.5, 2.0, [0])), ValueError, "a value for each of 3 channels of a hole, got 1"),
    (plan(("apply", [("crop", 2, 2, 0)], 0.5)), ValueError, "must leave the size as it is"),
    (plan(("cut", 3, 0, 3, 2)), ValueError, "a part does not fit into 5x4"),
    (plan(("resize", 2, 2, 7)), ValueError, "interpolation: expected 0 to 4, got 7"),
    (lambda: _core.BatchPlan([]), ValueError, "expected at least one array"),
    (lambda: _core.BatchPlan([PICTURES], [3]), IndexError, "there is no row 3"),
    (lambda: _core.BatchPlan([PICTURES]).take([7]), IndexError, "there is no sample 7 among 3"),
    (
        lambda: _core.BatchPlan([PICTURES]).take(np.eye(2)),
        TypeError,
        r"a list of whole numbers or an array .*, got float64\(2, 2\)",
    ),
    (lambda: plan(("brightness", 0.1))().take([0], (), 1.0, True), ValueError, "draws from no stream"),
    (filled(PICTURES[0], [0]), ValueError, r"expected pixels .* of uint8 .*, got uint8\(4, 5, 3\) and float32\(3, 1\)"),
    (filled(PICTURES.copy(), [3]), IndexError, "there is no row 3"),
    (lambda: _core.lit(PICTURES[0], (1.0, 2.0)), ValueError, r"three weights, got uint8\(4, 5, 3\) and 2 weights"),
    (
        lambda: _core.turned(PICTURES, 30.0, False, False),
        ValueError,
        r"turned: expected a picture .*, got uint8\(3, 4, 5, 3\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "match"), CALLS, ids=[match for *_, match in CALLS])
def test_bindings_say_what_they_expected(call: Callable[[], Any], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()
    assert "refused" not in _core.op_names()


LATE = """
import atexit


def late():  # called last, since it was registered first
    for call in (lambda: F.add(x), lambda: F._svd(x)):
        try:
            call()
        except RuntimeError as error:
            print(error)


atexit.register(late)
from dlcore.ops import F
x = F.ones((2, 2))
F.add(*F._svd(x)[::2])
"""


def test_what_needs_python_says_when_it_has_ended() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["dlcore: Python has ended, nothing can be computed any more"] * 2, done
