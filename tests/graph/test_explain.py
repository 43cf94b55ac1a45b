"""`explain`, the readable text of graphs, and the DLCORE_SHOW switches."""

from __future__ import annotations

import doctest
import importlib
import sys

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import _core
from dlcore.graph import Compiled
from dlcore.ops import F

X = array(np.ones((8, 8)), "float32")


def test_explain_tells_kernels_and_memory() -> None:
    @dl.jit
    def f(x: object) -> object:
        return F.matmul(F.softmax(x * 2.0 + 1.0), x)

    with pytest.raises(ValueError, match="not called yet"):
        dl.explain(f)
    text = dl.explain(f, X)
    assert text.kernels == 3 and 0 < text.arena_bytes <= text.naive_bytes and text.compile_seconds > 0
    for word in ("kernels: 3", "arena_bytes:", "naive_bytes:", "compile_seconds:", "matmul", "multiply+add"):
        assert word in text


def test_explain_refuses_other_things() -> None:
    with pytest.raises(TypeError, match="expected a compiled function, got int"):
        dl.explain(3)


def test_graphs_print_shapes_dtypes_layouts_and_layers() -> None:
    def f(x: object) -> object:
        _core.push_scope("net")
        _core.push_scope("0.conv")
        try:
            return F.exp(F.transpose(x)) + 1.5
        finally:
            _core.pop_scope()
            _core.pop_scope()

    text = str(trace_of(f, array(np.ones((2, 3)), "float64"), name="mine"))
    assert text.splitlines()[0].startswith("graph mine (3 nodes")
    assert "transpose($in0)" in text and "f64[3,2]{1,3}" in text and "# net.0.conv" in text and "1.5" in text


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("passes", ["trace: 2 nodes", "fuse: 1 nodes"]),
        ("ir", ["[dlcore] after fuse", "graph shown"]),
        ("plan", ["[dlcore] plan of shown", "output 0+0"]),
        ("cuda", ['extern "C" __global__ void fused_0']),
        ("passes,cuda", ["fuse: 1 nodes", "fused_0"]),
    ],
)
def test_stages_are_shown_when_asked(
    switch: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DLCORE_SHOW", switch)
    Compiled(trace_of(lambda x: F.exp(x) * 2.0, X, name="shown")).prepare()
    shown = capsys.readouterr().err
    for word in words:
        assert word in shown
    monkeypatch.delenv("DLCORE_SHOW")
    Compiled(trace_of(lambda x: F.exp(x) * 2.0, X)).prepare()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "name", ["_ir", "_jit", "_tile", "_tree", "_types", "explain", "_lower", "interpreter", "cuda_render", "_trace"]
)
def test_examples_in_docstrings(name: str) -> None:
    importlib.import_module(f"dlcore.graph.{name}")
    module = sys.modules[f"dlcore.graph.{name}"]
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
