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
    with pytest.raises(TypeError, match=r"got Dense; call hybridize\(\)"):
        dl.explain(dl.gluon.nn.Dense(2))


def test_explain_holds_each_kernel_against_the_machine() -> None:
    w = array(np.ones((256, 256)), "float32")
    f = dl.jit(lambda x: (F.matmul(x, w), F.tanh(x) + 1.0))
    about = dl.explain(f, w)
    product, rest = about.table
    assert product.operators == "matmul" and rest.operators == "tanh+add"
    assert product.operations == 2 * 256**3 and product.nbytes == 3 * 256 * 256 * 4 and product.bound == "arithmetic"
    assert rest.nbytes == 2 * 256 * 256 * 4 and rest.bound == "memory"
    assert sum(kernel.share for kernel in about.table) == pytest.approx(1)
    for kernel in about.table:
        least, bound = about.limits.seconds(kernel.operations, kernel.nbytes, "float32")
        assert kernel.reach == pytest.approx(least / kernel.seconds) and kernel.bound == bound
    assert product.reach <= 1.0 + 1e-9, "a product that was seen to be quicker raises the limit"
    page = about._repr_html_()
    for word in ("matmul", "tanh+add", "GFLOP/s", "786.4 kB", "arithmetic", "<table>", f"{product.share:.1%}"):
        assert word in page
    assert "<script" not in page and "http" not in page


def test_explain_puts_back_what_it_ran_over() -> None:
    count = array([0.0], "float32")

    @dl.jit
    def f(x: object) -> object:
        _core.assign(count, count + 1)
        return dl.nd.random.uniform(shape=(3,)) * count

    f(X)
    before = _core.rng_state()
    dl.explain(f)
    assert count.item() == 1 and _core.rng_state() == before
    dl.explain(f, X)
    assert count.item() == 2, "with arguments it is called once, and only that stays"


def test_explain_describes_the_program_of_its_arguments() -> None:
    f = dl.jit(lambda x: x * 2.0)
    small, large = array(np.ones(3), "float32"), array(np.ones(300), "float32")
    assert dl.explain(f, small).table[0].nbytes == 24
    assert dl.explain(f, large).table[0].nbytes == 2400
    assert dl.explain(f, small).table[0].nbytes == 24 and f.compilations == 2


def test_explain_shows_layers_and_the_backward_part() -> None:
    net = dl.gluon.nn.HybridSequential(prefix="net")
    net.add(dl.gluon.nn.Dense(4, activation="tanh", in_units=8), dl.gluon.nn.Dense(2, in_units=4))
    net.initialize()
    net.hybridize()
    with dl.autograd.record():
        about = dl.explain(net, X)
    assert about.backward is not None and about.backward.kernels > 0
    assert about.layer("net.0") and about.layer("net.1") and not about.layer("net.2")
    assert set(about.layer("net")) == set(about.table)
    assert about._repr_html_().count("<table>") == 2
    assert dl.explain(net, X).backward is None


def test_explain_counts_what_loops_do() -> None:
    f = dl.jit(lambda x: dl.foreach(lambda r, s: (F.matmul(x, x) + r, s), x, [])[0])
    (loop,) = dl.explain(f, X).table
    assert loop.operators.startswith("loop of 8 steps") and "matmul" in loop.operators
    assert loop.operations >= 8 * 2 * 8**3


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
