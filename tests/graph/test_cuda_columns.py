"""Column reductions as CUDA C: they compile for sm_90, agree with the interpreter on threads, and are free of races."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.cuda_groups import draw, group, races
from graph.cuda_tools import build_for_cpu, compile_for_hopper, run_on_cpu

from dlcore.graph._ir import ITEMSIZE, Node
from dlcore.graph.cuda_kernels import row_kernels
from dlcore.graph.cuda_render import STORAGE, CudaKernel, Operand
from dlcore.ops import F


def masked(y: Any, g: Any) -> Any:
    d = F.where(F.greater(y, 0.0), g, 0.0)
    return d, F.sum(d, axis=0)


def scale_and_shift(x: Any, g: Any) -> Any:
    return F.sum(g * x, axis=0), F.mean(g, axis=0)


def last_layer(x: Any, target: Any) -> Any:
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    d = e / F.sum(e, axis=-1, keepdims=True) - target
    return d, F.sum(d, axis=0)


def variance(x: Any, mean: Any) -> Any:
    """What follows from the sums reads an array of columns."""
    return F.rsqrt(F.mean(F.square(x - mean), axis=(0, 1), keepdims=True) + 1e-3) * mean


def extremes(x: Any) -> Any:
    z = F.abs(x) * 0.5
    return F.max(z, axis=0) - F.min(z, axis=0), F.prod(z * 0.25 + 1.0, axis=0), F.sum(z, axis=-1)


NODES: dict[str, Callable[[], Node]] = {
    "lanes": lambda: group(last_layer, (70, 10), (70, 10)),
    "warp": lambda: group(masked, (65, 48), (65, 48)),
    "odd": lambda: group(scale_and_shift, (40, 131), (40, 131)),
    "block": lambda: group(last_layer, (10, 300), (10, 300)),
    "strips": lambda: group(scale_and_shift, (37, 600), (37, 600)),
    "many": lambda: group(scale_and_shift, (3000, 8), (3000, 8)),
    "columns": lambda: group(variance, (7, 9, 20), (20,)),
    "extremes": lambda: group(extremes, (33, 70)),
    "half": lambda: group(scale_and_shift, (40, 16), (40, 16), dtype="float16"),
    "double": lambda: group(scale_and_shift, (41, 6), (41, 6), dtype="float64"),
}  # fmt: skip
Made = dict[str, tuple[Node, CudaKernel, CudaKernel, int]]


@pytest.fixture(scope="module")
def kernels() -> Made:
    found = {}
    for name, make in NODES.items():
        node = make()
        ins, outs = ([Operand(v.dtype, v.shape, v.strides) for v in vs] for vs in (node.inputs, node.outputs))  # type: ignore[union-attr]
        (sums, end), nbytes = row_kernels(f"columns_{name}", node.tile, node.register, ins, outs, node.rows)
        found[name] = (node, sums, end, nbytes)
    return found


def test_they_agree_with_the_interpreter(kernels: Made, tmp_path: Path) -> None:
    library = build_for_cpu([kernel for _, *both, _ in kernels.values() for kernel in both], tmp_path)
    for name, (node, sums, end, nbytes) in kernels.items():
        given, wanted = draw(node)
        found = [np.full(w.shape, 77, w.dtype) for w in wanted]
        of_blocks = np.full(nbytes // ITEMSIZE[node.register], 77, node.register)
        run_on_cpu(library, sums, [*given, *found, of_blocks], sums.grid, sums.block)
        run_on_cpu(library, end, [*given, *found, of_blocks], min(end.grid, 2), end.block)
        limit = {"half": 4e-3, "double": 1e-12}.get(name, 1e-4)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a.astype(float), b.astype(float), rtol=limit, atol=limit, err_msg=name)


def test_they_compile_for_hopper(kernels: Made) -> None:
    together = "\n".join(sums.body + end.body for _, sums, end, _ in kernels.values())
    assert compile_for_hopper(CudaKernel("all", together, 1, 1))


def test_elements_are_moved_sixteen_bytes_at_a_time_and_once(kernels: Made) -> None:
    for name, width in (("warp", 4), ("many", 4), ("strips", 4), ("half", 8), ("double", 2), ("lanes", 2)):
        node, sums, _, _ = kernels[name]
        assert f"dl_pack<{STORAGE[node.inputs[0].dtype]}, {width}>" in sums.body, name  # type: ignore[union-attr]
        vector = sums.body.split("return;")[0]
        assert vector.count("*)(in0 + ") == 1 == vector.count("*)(in1 + "), f"{name}: each element is read once"
    assert "dl_pack" not in kernels["odd"][1].body


def test_blocks_share_long_rows_and_the_sums_of_many_rows_are_few(kernels: Made) -> None:
    assert kernels["strips"][1].grid == 3 * 2 and "begin + " in kernels["strips"][1].body
    node, sums, _, nbytes = kernels["many"]
    assert nbytes == sums.grid * 2 * 8 * 4 and sums.grid <= 512
    assert nbytes * 10 < sum(v.nbytes for v in node.inputs if v is not None)


def test_no_thread_reads_what_another_still_writes(kernels: Made, tmp_path: Path) -> None:
    chosen = [kernels[name] for name in ("lanes", "block", "extremes")]
    both = [(node, kernel) for node, sums, end, _ in chosen for kernel in (sums, end)]
    assert races(both, tmp_path, max(nbytes for *_, nbytes in chosen)) == ""


@pytest.mark.parametrize("missing", [0, 1], ids=["before they are added", "before the next columns"])
def test_a_missing_barrier_is_found(missing: int, kernels: Made, tmp_path: Path) -> None:
    node, sums, _, nbytes = kernels["odd"]
    parts = sums.body.split("__syncthreads();")
    assert len(parts) == 5
    parts[missing : missing + 2] = ["".join(parts[missing : missing + 2])]
    broken = replace(sums, body="__syncthreads();".join(parts), grid=1)
    turns = (races([(node, broken)], tmp_path, nbytes) for _ in range(4))  # not every run comes upon it
    assert any("data race" in said for said in turns)
