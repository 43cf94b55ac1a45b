"""Row groups as CUDA C: they compile for sm_90, agree with the interpreter on threads, and are free of races."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.cuda_groups import draw, group, races
from graph.cuda_tools import build_for_cpu, compile_for_hopper, run_on_cpu

from dlcore.graph._ir import Node
from dlcore.graph.cuda_kernels import kernels as render_node
from dlcore.graph.cuda_render import STORAGE, CudaKernel, Operand
from dlcore.graph.cuda_row_parts import PART, Parts, render_parts
from dlcore.ops import F


def softmax(x: Any) -> Any:
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    return e / F.sum(e, axis=-1, keepdims=True)


def normalised(x: Any, scale: Any) -> Any:
    d = x - F.mean(x, axis=-1, keepdims=True)
    return d * F.rsqrt(F.mean(d * d, axis=-1, keepdims=True) + 1e-3) * scale


def moments(x: Any) -> tuple[Any, Any]:
    """Numbers of rows only, without the axis of the row."""
    mean = F.mean(x, axis=-1)
    return mean, F.mean(x * x, axis=-1) - mean * mean


NODES: dict[str, Callable[[], Node]] = {
    "lanes": lambda: group(softmax, (70, 10)),
    "warp": lambda: group(normalised, (5, 3, 96), (96,)),
    "odd": lambda: group(softmax, (3, 131)),
    "block": lambda: group(softmax, (3, 1200)),
    "odd_block": lambda: group(normalised, (2, 1101), (1101,)),
    "products": lambda: group(lambda x, y: F.sum(x * y, axis=-1), (5, 1100), (5, 1100)),
    "moments": lambda: group(moments, (3, 1, 2048)),
    "half": lambda: group(softmax, (4, 64), dtype="float16"),
    "double": lambda: group(normalised, (4, 36), (36,), dtype="float64"),
    "two_axes": lambda: group(lambda x: x - F.mean(x, axis=(2, 3), keepdims=True), (2, 3, 5, 6)),
    "gradient": lambda: group(lambda y, g: y * (g - F.sum(y * g, axis=-1, keepdims=True)), (9, 32), (9, 32)),
}  # fmt: skip


@pytest.fixture(scope="module")
def kernels() -> dict[str, tuple[Node, CudaKernel]]:
    nodes = {name: make() for name, make in NODES.items()}
    return {name: (node, render_node(node, f"rows_{name}")[0]) for name, node in nodes.items()}


LONG: dict[str, Callable[[], Node]] = {
    "mean": lambda: group(lambda x, y: F.mean(F.square(x - y)) * 0.5, (40, 1000), (40, 1000)),
    "odd": lambda: group(lambda x, s: F.log(F.sum(F.exp(x) * s, axis=-1)), (3, 20_001), (3, 1)),
    "kept": lambda: group(lambda x: (F.tanh(x), F.max(F.tanh(x)), F.sum(F.tanh(x))), (5 * PART,)),
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> dict[str, tuple[Node, Parts]]:
    found = {}
    for name, make in LONG.items():
        node = make()
        ins, outs = ([Operand(v.dtype, v.shape, v.strides) for v in vs] for vs in (node.inputs, node.outputs))  # type: ignore[union-attr]
        made = render_parts(f"parts_{name}", node.tile, node.register, ins, outs, node.rows)
        assert made is not None and [k.name for k in render_node(node, "x")] == ["x", "x_end"]
        found[name] = (node, made)
    return found


def test_long_rows_in_parts_agree_with_the_interpreter(parts: dict[str, tuple[Node, Parts]], tmp_path: Path) -> None:
    library = build_for_cpu([k for _, made in parts.values() for k in (made.sums, made.end)], tmp_path)
    for name, (node, made) in parts.items():
        given, wanted = draw(node)
        found = [np.full(w.shape, 77, w.dtype) for w in wanted]
        sums = np.full(made.nbytes // 4, 77, "float32")
        assert made.sums.grid > 3
        run_on_cpu(library, made.sums, [*given, *found, sums], 3, made.sums.block)
        run_on_cpu(library, made.end, [*given, *found, sums], made.end.grid, made.end.block)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5, err_msg=name)


def test_a_row_that_is_gone_over_twice_is_not_cut() -> None:
    node = group(softmax, (2, 4 * PART))
    assert len(render_node(node, "whole")) == 1


def test_they_agree_with_the_interpreter(kernels: dict[str, tuple[Node, CudaKernel]], tmp_path: Path) -> None:
    library = build_for_cpu([kernel for _, kernel in kernels.values()], tmp_path)
    for name, (node, kernel) in kernels.items():
        given, wanted = draw(node)
        for grid in {1, min(kernel.grid, 3)}:
            found = [np.full(w.shape, 77, w.dtype) for w in wanted]
            run_on_cpu(library, kernel, [*given, *found], grid, kernel.block)
            limit = {"half": 2e-3, "double": 1e-12}.get(name, 2e-5)
            for a, b in zip(found, wanted, strict=True):
                np.testing.assert_allclose(
                    a.astype(float), b.astype(float), rtol=limit, atol=limit, err_msg=f"{name} grid {grid}"
                )


def test_they_compile_for_hopper(
    kernels: dict[str, tuple[Node, CudaKernel]], parts: dict[str, tuple[Node, Parts]]
) -> None:
    together = "\n".join(kernel.body for _, kernel in kernels.values())
    together += "\n".join(made.sums.body + made.end.body for _, made in parts.values())
    assert compile_for_hopper(CudaKernel("all", together, 1, 1))


def test_rows_are_moved_sixteen_bytes_at_a_time_and_once(kernels: dict[str, tuple[Node, CudaKernel]]) -> None:
    for name, width in (("warp", 4), ("block", 4), ("half", 8), ("double", 2), ("two_axes", 2), ("lanes", 2)):
        node, kernel = kernels[name]
        assert f"dl_pack<{STORAGE[node.inputs[0].dtype]}, {width}>" in kernel.body, name  # type: ignore[union-attr]
        vector = kernel.body.split("return;")[0]
        assert vector.count("*)(in0 + ") == 1, f"{name}: each element is read once"
    assert "dl_pack" not in kernels["odd"][1].body


def test_short_rows_share_a_warp_and_long_ones_have_a_block(kernels: dict[str, tuple[Node, CudaKernel]]) -> None:
    assert all(f"__launch_bounds__({kernel.block}) " in kernel.body for _, kernel in kernels.values())
    assert "__syncthreads" not in kernels["warp"][1].body and "% 8;" in kernels["lanes"][1].body
    assert kernels["block"][1].body.count("__shared__") == 2 and kernels["block"][1].grid == 3


def test_no_thread_reads_what_another_still_writes(
    kernels: dict[str, tuple[Node, CudaKernel]], parts: dict[str, tuple[Node, Parts]], tmp_path: Path
) -> None:
    assert races([kernels[name] for name in ("odd_block", "products", "moments", "warp")], tmp_path) == ""
    node, made = parts["odd"]
    assert races([(node, made.sums), (node, made.end)], tmp_path, made.nbytes) == ""


@pytest.mark.parametrize("missing", [0, 1], ids=["after the reduction", "before the next row"])
def test_a_missing_barrier_is_found(missing: int, kernels: dict[str, tuple[Node, CudaKernel]], tmp_path: Path) -> None:
    node, kernel = kernels["products"]
    vector, rest = kernel.body.split("return;", 1)
    parts = vector.split("__syncthreads();")
    assert len(parts) == 3
    parts[missing : missing + 2] = ["".join(parts[missing : missing + 2])]
    broken = replace(kernel, body=f"{'__syncthreads();'.join(parts)}return;{rest}", grid=1)
    assert "data race" in races([(node, broken)], tmp_path)
