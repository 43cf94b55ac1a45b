"""Fused groups as CUDA C: they compile for sm_90, and run on the CPU with the results of the reference interpreter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graph.cuda_tools import build_for_cpu, compile_for_hopper, run_on_cpu
from graph.programs import array, random_program, trace_of

from dlcore.graph._ir import FUSED, Graph, Node, Value, contiguous_strides
from dlcore.graph._types import numpy_dtype
from dlcore.graph.cuda_render import STORAGE, CudaKernel, Operand, render, render_tile
from dlcore.graph.interpreter import MICRO, call
from dlcore.graph.passes import optimize
from dlcore.ops import F
from dlcore.ops._expr import Tile
from dlcore.ops._record import RECORDS


def fused_nodes(graph: Graph) -> list[Node]:
    return [node for node in optimize(graph).nodes if node.op == FUSED and not node.rows]


def strided(values: np.ndarray, strides: tuple[int, ...]) -> np.ndarray:
    """Fresh memory that holds `values` with these strides (in elements)."""
    reach = [(size - 1) * stride for size, stride in zip(values.shape, strides, strict=True) if values.size]
    before, after = -sum(min(r, 0) for r in reach), sum(max(r, 0) for r in reach)
    memory = np.zeros(before + after + 1, values.dtype)
    steps = [s * values.itemsize for s in strides]
    view = np.lib.stride_tricks.as_strided(memory[before:], values.shape, steps)
    view[...] = values
    return view


def draw(rng: np.random.Generator, value: Value) -> np.ndarray:
    if value.dtype == "bool":
        return rng.random(value.shape) < 0.5
    if value.dtype.startswith(("int", "uint")):
        return rng.integers(0, 7, value.shape).astype(value.dtype)
    return rng.uniform(-2, 2, value.shape).astype(numpy_dtype(value.dtype))


def check(nodes: list[Node], folder: Path, tolerance: float = 2e-5) -> None:
    """Renders each node, runs it on the CPU, and compares with the interpreter."""
    kernels = [render(node, f"k{i}") for i, node in enumerate(nodes)]
    library = build_for_cpu(kernels, folder)
    rng = np.random.default_rng(7)
    for node, kernel in zip(nodes, kernels, strict=True):
        values = [draw(rng, v) if 0 not in v.strides or v.size <= 1 else _repeated(rng, v) for v in node.inputs]
        expected = call(node, values, (0, 0))
        ins = [strided(a, v.strides) for a, v in zip(values, node.inputs, strict=True)]
        outs = [strided(np.zeros(v.shape, numpy_dtype(v.dtype)), v.strides) for v in node.outputs]
        run_on_cpu(library, kernel, [*ins, *outs])
        for found, wanted, value in zip(outs, expected, node.outputs, strict=True):
            wanted = (wanted != 0) if value.dtype == "bool" else wanted.astype(numpy_dtype(value.dtype))
            limit = 1e-2 if value.dtype in ("float16", "bfloat16") else tolerance
            np.testing.assert_allclose(found.astype(np.float64), wanted.astype(np.float64), rtol=limit, atol=limit)


def _repeated(rng: np.random.Generator, value: Value) -> np.ndarray:
    shape = tuple(1 if stride == 0 else size for size, stride in zip(value.shape, value.strides, strict=True))
    return np.broadcast_to(draw(rng, Value(value.dtype, shape, contiguous_strides(shape))), value.shape)


def test_groups_of_random_programs_compile_and_agree(tmp_path: Path) -> None:
    nodes: list[Node] = []
    for seed in range(24):
        program = random_program(seed, ("float32", "float64", "int32", "float16")[seed % 4])
        states = program.state_arrays()
        graph = trace_of(lambda *a, p=program, s=states: p(list(a), s), *program.arrays())
        nodes += fused_nodes(graph)
    assert len(nodes) > 20
    check(nodes, tmp_path)
    together = "\n".join(render(node, f"group{i}").body for i, node in enumerate(nodes))
    assert compile_for_hopper(CudaKernel("all", together, 1, 1))


def test_an_optimizer_update_with_three_results(tmp_path: Path) -> None:
    w, g, m, v = (array(np.ones((3, 40)), "float32") for _ in range(4))
    knobs = [array(x, "float32") for x in (0.1, 0.9, 0.99, 1e-8, 0.01, 0.5, -1.0, 3.0)]
    graph = trace_of(lambda w, g, m, v, *k: F.adam_update(w, g, F.square(m), F.square(v), *k), w, g, m, v, *knobs)
    (node,) = fused_nodes(graph)
    assert len(node.outputs) == 3
    check([node], tmp_path, 1e-4)
    assert compile_for_hopper(render(node, "adam"))


def test_half_precision_is_rounded_inside_a_group(tmp_path: Path) -> None:
    for dtype in ("float16", "bfloat16"):
        x = F.cast(array(np.linspace(-3, 3, 50), "float32"), dtype)
        graph = trace_of(lambda a: F.multiply(F.add(a, 1.001), F.exp(a)), x)
        (node,) = fused_nodes(graph)
        assert any(m.startswith("round_") for m, _ in node.tile.code)
        check([node], tmp_path)
        assert compile_for_hopper(render(node, "half"))


def test_strided_broadcast_and_channels_last_operands(tmp_path: Path) -> None:
    def last(shape: tuple[int, ...]) -> Value:
        n, c, h, w = shape
        return Value("float32", shape, (h * w * c, 1, w * c, c))

    tile = Tile(3, [("mul", (0, 1)), ("add", (3, 2))], [4])
    inputs = [last((2, 3, 4, 5)), Value("float32", (3, 1, 1), (2, 1, 1)), Value("float32", (2, 3, 4, 5), (0, 20, 5, 1))]
    node = Node(FUSED, list(inputs), ("",), tile=tile, register="float32")
    node.outputs = [Value("float32", (2, 3, 4, 5), inputs[0].strides, node=node)]
    check([node], tmp_path)
    merged = render_tile("flat", Tile(1, [("neg", (0,))], [1]), "float32", [_operand(inputs[0])], [_operand(inputs[0])])
    assert "rest" not in merged.body, "one layout for all arrays is one flat loop"


def _operand(value: Value) -> Operand:
    return Operand(value.dtype, value.shape, value.strides)


@pytest.mark.parametrize("register", ["float32", "float64", "int32", "int64", "uint64"])
def test_every_micro_operation_compiles_and_agrees(register: str, tmp_path: Path) -> None:
    floating = register.startswith("float")
    only_float = set("sqrt rsqrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh "
                     "atanh erf sigmoid atan2 hypot round_bf16 round_f16 round_f32 copysign cbrt exp2 lgamma gamma "
                     "polygamma erfinv angle gelu gelu_slope".split())  # fmt: skip
    only_int = {"band", "bor", "bxor", "bnot", "shl", "shr", "gcd", "lcm"} | {m for m in MICRO if m.startswith("wrap_")}
    narrow = {"wrap_i8", "wrap_i16", "wrap_u8", "wrap_u16"}
    from dlcore.graph.verify import MICRO_ARITY

    nodes: list[Node] = []
    for name, arity in MICRO_ARITY.items():
        if name == "complex":
            continue  # complex numbers are not rendered
        if name in (only_int if floating else only_float) or (register == "int32" and name in ("wrap_u32", "wrap_i32")):
            continue
        if register == "uint64" and (name.startswith("wrap") or name in ("neg", "bnot", "sub", "sign")):
            continue
        assert name in MICRO or name in narrow
        values = [Value(register, (33,), (1,)) for _ in range(arity)]
        node = Node(
            FUSED, list(values), (name,), tile=Tile(arity, [(name, tuple(range(arity)))], [arity]), register=register
        )
        node.outputs = [Value(register, (33,), (1,), node=node)]
        nodes.append(node)
    check(nodes, tmp_path, 1e-5 if register == "float32" else 1e-12)
    together = "\n".join(render(node, f"m{i}").body for i, node in enumerate(nodes))
    assert compile_for_hopper(CudaKernel("all", together, 33, 1))


def test_every_elementwise_operator_renders(tmp_path: Path) -> None:
    for name, record in RECORDS.items():
        if record.tile is None or record.family == "optimizer" or any(c[0] == "complex" for c in record.tile.code):
            continue
        register = "int32" if record.dtype in ("integer", "int_only") else "float32"
        operands = [Operand(register, (5,), (1,)) for _ in record.inputs]
        kernel = render_tile(name.strip("_"), record.tile, register, operands, operands[:1] * len(record.tile.outs))
        assert f"void {name.strip('_')}(" in kernel.source


WIDE = [("float32", 4), ("float64", 2), ("float16", 8), ("bfloat16", 8), ("int32", 4), ("bool", 16)]


@pytest.mark.parametrize(("dtype", "width"), WIDE)
def test_neighbours_are_moved_sixteen_bytes_at_a_time(dtype: str, width: int, tmp_path: Path) -> None:
    """Contiguous, broadcast and single operands; lengths that fit and that do not; pointers that are aligned or not."""
    register = {"bool": "int32", "float16": "float32", "bfloat16": "float32"}.get(dtype, dtype)
    tile = Tile(3, [("max", (0, 1)), ("max", (3, 2))], [4])
    nodes = []
    for length, expected in ((64, width), (62, 2), (63, 1)):
        inputs = [Value(dtype, (3, length), (length, 1)), Value(dtype, (3, 1), (1, 1)), Value(dtype, (), ())]
        node = Node(FUSED, list(inputs), ("",), tile=tile, register=register)
        node.outputs = [Value(dtype, (3, length), (length, 1), node=node)]
        kernel = render(node, f"wide{length}")
        packs = f"dl_pack<{STORAGE[dtype]}, {expected}>"
        assert (packs in kernel.body) == (expected > 1) and ("dl_pack" in kernel.body) == (expected > 1)
        assert compile_for_hopper(kernel)
        nodes.append(node)
    check(nodes, tmp_path)
    _shifted(nodes[0], tmp_path)


def _shifted(node: Node, folder: Path) -> None:
    """The same numbers when one array begins in the middle of 16 bytes."""
    rng, kernel = np.random.default_rng(3), render(node, "shifted")
    library = build_for_cpu([kernel], folder)
    values = [np.asarray(draw(rng, v)) for v in node.inputs]
    (wanted,) = call(node, values, (0, 0))
    dtype = numpy_dtype(node.outputs[0].dtype)
    for moved in range(len(values) + 1):
        arrays = [*values, np.zeros(node.outputs[0].shape, dtype)]
        room = np.zeros(arrays[moved].size + 1, dtype)[1:].reshape(arrays[moved].shape)
        room[...] = arrays[moved]
        arrays[moved] = room
        run_on_cpu(library, kernel, arrays)
        np.testing.assert_array_equal(arrays[-1], wanted.astype(dtype))


def test_a_result_may_lie_where_an_operand_did(tmp_path: Path) -> None:
    tile = Tile(2, [("mul", (0, 1)), ("add", (2, 0))], [3])
    node = Node(FUSED, [Value("float32", (128,), (1,)) for _ in range(2)], ("",), tile=tile, register="float32")
    node.outputs = [Value("float32", (128,), (1,), node=node)]
    kernel = render(node, "in_place")
    a, b = (np.random.default_rng(i).normal(size=128).astype(np.float32) for i in range(2))
    expected = a * b + a
    run_on_cpu(build_for_cpu([kernel], tmp_path), kernel, [a, b, a])
    np.testing.assert_allclose(a, expected, rtol=1e-6)
