"""The reference interpreter: runs any graph with NumPy, slowly and obviously.

A third opinion beside the imperative kernels and the compiled executable; it shares no code with either. Elementwise
calls and fused groups go micro-operation by micro-operation, other operators through the oracle that their record
names, random ones through a Philox generator written here.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from .._fault import own_fault
from . import _ops, _rows
from ._control import Branch, Program
from ._interpreter_random import RANDOM
from ._interpreter_samples import SAMPLES
from ._ir import EACH, FUSED, Graph, Node, Value, sets
from ._types import compute_dtype, numpy_dtype

Array = np.ndarray


def interpret(
    graph: Graph,
    inputs: Sequence[Array],
    states: Sequence[Array] | None = None,
    rng: tuple[int, int] = (0, 0),
) -> tuple[list[Array], list[Array]]:
    """Runs `graph` on NumPy arrays: (outputs, what each state holds afterwards).

    inputs  one array per graph input, of its shape and dtype;  states: likewise, by default the captured arrays' values
    rng     (seed, counter) as `_core.rng_state()` gave it before the run
    """
    if states is None:
        states = [state.array.asnumpy() for state in graph.states]
    values: dict[Value, Array] = {}
    for value, array in zip(graph.sources(), [*inputs, *states], strict=True):
        array = np.asarray(array)
        if array.shape != value.shape:
            raise ValueError(f"interpret: {value.type_text()} got an array of shape {array.shape}")
        values[value] = array.astype(numpy_dtype(value.dtype))
    for const in graph.consts():
        values[const] = np.asarray(const.const, dtype=numpy_dtype(const.dtype))
    for node in graph.nodes:
        operands = [None if v is None else values[v] for v in node.inputs]
        results = call(node, operands, rng)
        for out, result in zip(node.outputs, results, strict=True):
            if result.shape != out.shape:
                raise own_fault(f"interpret: {node.op} gave shape {result.shape}, the graph says {out.shape}")
            values[out] = convert(result, out.dtype)
    after = [values[s.value if s.new is None else s.new] for s in graph.states]
    return [values[v] for v in graph.outputs], after


def call(node: Node, operands: list[Array | None], rng: tuple[int, int]) -> list[Array]:
    """The results of one node."""
    with np.errstate(all="ignore"):
        return _call(node, operands, rng)


def _call(node: Node, operands: list[Array | None], rng: tuple[int, int]) -> list[Array]:
    if _ops.is_control(node):
        return _control(node.attrs[0], [a for a in operands if a is not None], (rng[0], rng[1] + max(node.rng, 0)))
    if node.op == FUSED and node.rows:
        whole = _rows.whole_shape(operands)
        arrays = [np.broadcast_to(convert(a, node.register), whole) for a in operands if a is not None]
        return _as_outputs(node, run_tile(node.tile, node.register, arrays, whole, node.rows))
    if node.op == EACH:
        results: list[Array] = []
        for i, (ins, outs) in enumerate(sets(node)):
            mine = (a for a in operands[i * len(ins) : (i + 1) * len(ins)] if a is not None)
            arrays = [np.broadcast_to(convert(a, node.register), outs[0].shape) for a in mine]
            results += run_tile(node.tile, node.register, arrays, outs[0].shape)
        return results
    if _ops.is_elementwise(node):
        tile, register = node.tile, node.register
        if node.op != FUSED:
            record = _ops.record_of(node.op)
            tile, register = record.tile, _ops.TILE_TYPES[compute_dtype(record.dtype, node)]
        shape = node.outputs[0].shape
        arrays = [np.broadcast_to(convert(a, register), shape) for a in operands if a is not None]
        return run_tile(tile, register, arrays, shape)
    record = _ops.record_of(node.op)
    attrs = {spec.name: value for spec, value in zip(record.attrs, node.attrs, strict=True)}
    if record.kernel in SAMPLES:
        return [SAMPLES[record.kernel](node.outputs[0], operands, rng[0], rng[1] + node.rng)]
    if record.random:
        return [RANDOM[record.kernel](node.outputs[0], attrs, rng[0], rng[1] + node.rng)]
    wide = [_widen(a) for a in operands]
    return _oracle_call(node.op, wide, attrs)


def _control(program: Program, given: list[Array], rng: tuple[int, int]) -> list[Array]:
    """A branch or a loop, step by step."""
    if isinstance(program, Branch):
        return interpret(program.then if given[0].item() else program.other, given[1:], (), rng)[0]
    steps = program.length
    if program.counted:
        steps, given = min(max(int(given[0]), 0), steps), given[1:]
    c, s = program.carried, program.scanned
    carried, scanned, read = given[:c], given[c : c + s], given[c + s :]
    stacks = [np.zeros(shape, numpy_dtype(dtype)) for dtype, shape in program.results()[c:]]
    done = 0
    while done < steps:
        if program.condition and not interpret(program.condition, [*carried, *read], (), rng)[0][0].item():
            break
        at = steps - 1 - done if program.reverse else done
        now = (rng[0], rng[1] + done * program.body.rng_blocks)
        results = interpret(program.body, [*carried, *[a[at] for a in scanned], *read], (), now)[0]
        carried = results[:c]
        for stack, row in zip(stacks, results[c:], strict=False):
            stack[at] = row
        done += 1
    if program.condition:
        stacks[-1] = np.array(done)
    return [*carried, *stacks]


def _as_outputs(node: Node, results: list[Array]) -> list[Array]:
    """Results over a row group's whole shape, one number a row or a column where that is what the output holds."""
    column = _rows.of_columns(node.tile)
    return [
        rows_output(result, out.shape, node.rows, column[at])
        for out, result, at in zip(node.outputs, results, node.tile.outs, strict=True)
    ]


def rows_output(result: Array, shape: tuple[int, ...], rows: int, column: bool) -> Array:
    """What an output of this shape holds of a result over a row group's whole shape: `column`: of each column one."""
    if shape == result.shape:
        return result
    first: Any = (0,) * (result.ndim - rows) if column else (Ellipsis, *(0,) * rows)
    return result[first].reshape(shape)


def run_tile(tile: Any, register: str, inputs: list[Array], shape: tuple[int, ...], rows: int = 0) -> list[Array]:
    """A tile program, one micro-operation at a time, over whole arrays of the registers' type.

    rows   over how many last axes its reductions go, those of columns over the others; what they give is repeated
           along these
    """
    dtype = np.dtype(register)
    values: list[Array] = list(inputs)
    for mnemonic, operands in tile.code:
        if mnemonic == "const":
            values.append(np.full(shape, operands, dtype))
        elif reduction := _rows.REDUCTIONS.get(mnemonic) or _rows.COLUMNS.get(mnemonic):
            cut = len(shape) - rows
            axes = tuple(range(cut) if mnemonic in _rows.COLUMNS else range(cut, len(shape)))
            values.append(np.broadcast_to(reduction(values[operands[0]], axis=axes, keepdims=True), shape))
        else:
            values.append(np.asarray(MICRO[mnemonic](*[values[o] for o in operands])).astype(dtype))
    return [values[o] for o in tile.outs]


def convert(array: Array, dtype: str) -> Array:
    """What a store into memory of `dtype` keeps; anything but zero is true."""
    if dtype == "bool":
        return array != 0
    return array.astype(numpy_dtype(dtype))


def _widen(array: Array | None) -> Array | None:
    """Floats in double precision, as oracles expect them: some take differences."""
    if array is None or array.dtype.kind not in "fV":
        return array
    return array.astype(np.float64)


def _oracle_call(op: str, operands: list[Array | None], attrs: dict[str, Any]) -> list[Array]:
    record = _ops.record_of(op)
    if op in OWN:
        return [OWN[op](*operands, **attrs)]
    oracle = _oracle(
        record.ref, tuple(spec.name for spec in record.inputs), bool(record.inputs and record.inputs[-1].variadic)
    )
    result = oracle(operands, attrs)
    several = isinstance(result, (tuple, list))
    return [np.asarray(r) for r in result] if several else [np.asarray(result)]


@cache
def _oracle(ref: Any, names: tuple[str, ...], variadic: bool) -> Callable[[list, dict], Any]:
    """A record's oracle as a function of operands and attributes: a dotted name or an expression over the arguments."""
    if callable(ref):
        return lambda operands, attrs: ref(*operands, **attrs)
    if all(part.isidentifier() for part in ref.split(".")) and "." in ref:
        module, _, name = ref.rpartition(".")
        function = getattr(importlib.import_module(module), name)
        return lambda operands, attrs: function(*operands, **attrs)
    code = compile(ref, "<oracle>", "eval")

    def evaluate(operands: list, attrs: dict) -> Any:
        plain = names[:-1] if variadic else names
        scope: dict[str, Any] = {"np": np, **attrs, **dict(zip(plain, operands, strict=False))}
        if "dtype" in scope and isinstance(scope["dtype"], str):
            scope["dtype"] = numpy_dtype(scope["dtype"])
        if variadic:
            scope[names[-1]] = operands[len(plain) :]
        if "sp." in ref:
            import scipy.special

            scope["sp"] = scipy.special
        return eval(code, scope)  # the text comes from a stanza of this package

    return evaluate


def _softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Array:
    shifted = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


OWN: dict[str, Callable[..., Array]] = {"softmax": _softmax, "log_softmax": _log_softmax}


def _erf(x: Array) -> Array:
    return np.vectorize(math.erf, otypes=[np.float64])(x) if x.size else x


def _floor_divide(a: Array, b: Array) -> Array:
    if a.dtype.kind in "fc":
        return np.floor_divide(a, b)
    return np.where(b == 0, 0, np.floor_divide(a, np.where(b == 0, 1, b)))


def _remainder(a: Array, b: Array) -> Array:
    if a.dtype.kind in "fc":
        return np.remainder(a, b)
    return np.where(b == 0, 0, np.remainder(a, np.where(b == 0, 1, b)))


def _power(a: Array, b: Array) -> Array:
    if a.dtype.kind in "fc":
        return np.power(a, b)
    exact = np.power(a, np.maximum(b, 0))
    inverse = np.where(a == 1, 1, np.where(a == -1, np.where(b % 2 == 0, 1, -1), 0))
    return np.where(b < 0, inverse, exact)


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind in "fc":
        return a / b
    return np.where(b == 0, 0, np.trunc(a / np.where(b == 0, 1, b)))


def _fmod(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f":
        return np.fmod(a, b)
    return np.where(b == 0, 0, np.fmod(a, np.where(b == 0, 1, b)))


def _polygamma(n: Array, x: Array) -> Array:
    inside = (n >= 0) & (n < 2e9)
    return np.where(inside, _special("polygamma")(np.where(inside, n, 0).astype(int), x), np.nan)


def _special(name: str) -> Callable[..., Array]:
    def call(*operands: Array) -> Array:
        import scipy.special

        return getattr(scipy.special, name)(*operands)

    return call


def _through(dtype: str) -> Callable[[Array], Array]:
    return lambda x: x.astype(numpy_dtype(dtype)).astype(x.dtype)


MICRO: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            "abs sign sqrt exp expm1 log log1p log2 log10 sin cos tan sinh cosh tanh floor ceil trunc isnan isinf "
            "isfinite hypot"
        ).split()
    },
    "neg": np.negative,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "atan2": np.arctan2,
    "erf": _erf,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "round": np.rint,
    "round_bf16": _through("bfloat16"),
    "round_f16": _through("float16"),
    "round_f32": _through("float32"),
    **{f"wrap_{kind[0]}{bits}": _through(f"{kind}{bits}") for kind in ("int", "uint") for bits in (8, 16, 32)},
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _divide,
    "fdiv": _floor_divide,
    "rem": _remainder,
    "pow": _power,
    "max": np.maximum,
    "min": np.minimum,
    "copysign": np.copysign,
    "signbit": np.signbit,
    "fmod": _fmod,
    "gcd": np.gcd,
    "lcm": np.lcm,
    "cbrt": np.cbrt,
    "exp2": np.exp2,
    "lgamma": _special("gammaln"),
    "gamma": _special("gamma"),
    "polygamma": _polygamma,
    "erfinv": _special("erfinv"),
    "gelu": lambda x: x * _special("ndtr")(x),
    "gelu_slope": lambda x: _special("ndtr")(x) + x * np.exp(-0.5 * x * x) * 0.3989422804014327,
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "angle": np.angle,
    "complex": lambda a, b: np.real(a) + 1j * np.real(b),
    "fma": lambda a, b, c: a * b + c,
    "select": lambda c, a, b: np.where(c != 0, a, b),
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
    "band": np.bitwise_and,
    "bor": np.bitwise_or,
    "bxor": np.bitwise_xor,
    "bnot": np.invert,
    "shl": np.left_shift,
    "shr": np.right_shift,
}
