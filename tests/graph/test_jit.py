"""`jit`: what counts as a signature, state, guards, errors, threads."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import _core, autograd
from dlcore.gluon import nn
from dlcore.graph import every_call, invalidate, is_tracing
from dlcore.ops import F


def numbers(*shape: int) -> Any:
    return array(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))


def test_results_come_back_in_the_containers_they_were_returned_in() -> None:
    @dl.jit
    def f(pair: tuple, options: dict) -> dict:
        a, b = pair
        return {"sum": [a + b, options["scale"]], "difference": (a - b,), "nothing": None}

    found = f((numbers(2, 2), numbers(2, 2)), {"scale": 3})
    np.testing.assert_array_equal(found["sum"][0].asnumpy(), 2 * np.arange(4).reshape(2, 2))
    assert found["sum"][1] == 3 and found["nothing"] is None and isinstance(found["difference"], tuple)


def test_a_new_shape_dtype_or_static_value_compiles_once_more() -> None:
    @dl.jit
    def f(x: Any, power: int) -> Any:
        return x**power

    for x, power, expected in [
        (numbers(2), 2, 1),
        (numbers(2), 2, 1),
        (numbers(3), 2, 2),
        (numbers(3), 3, 3),
        (array([1.0], "float64"), 3, 4),
        (numbers(2), 2, 4),
        (numbers(2), 2.0, 5),
    ]:
        np.testing.assert_allclose(f(x, power).asnumpy(), x.asnumpy() ** power)
        assert f.compilations == expected
    with autograd.train_mode():
        f(numbers(2), 2)
    assert f.compilations == 6


def test_a_number_that_always_changes_is_warned_about() -> None:
    f = dl.jit(lambda x, k: x * k)
    with pytest.warns(UserWarning, match="different signatures"):
        for k in range(40):
            f(numbers(1), k)


def test_other_layouts_are_taken() -> None:
    f = dl.jit(lambda x: F.reshape(x, (6,)) + 1)
    x = numbers(2, 3)
    np.testing.assert_array_equal(f(x).asnumpy(), np.arange(6) + 1)
    np.testing.assert_array_equal(f(F.transpose(numbers(3, 2))).asnumpy(), [1, 3, 5, 2, 4, 6])
    np.testing.assert_array_equal(f(x).asnumpy(), np.arange(6) + 1)


def test_numpy_arrays_are_taken_as_arrays() -> None:
    f = dl.jit(lambda x: x + 1)
    assert f(np.ones(3, np.float32)).asnumpy().tolist() == [2, 2, 2]


def test_captured_arrays_are_read_anew_and_written_in_place() -> None:
    total = array([0.0, 0.0], "float32")

    @dl.jit
    def f(x: Any) -> Any:
        before = total * 1
        _core.assign(total, total + x)
        return before

    for k in range(3):
        version = total._version
        assert f(array([1.0, 2.0], "float32")).asnumpy().tolist() == [k, 2 * k]
        assert total._version > version
    _core.assign(total, 10.0)
    assert f(array([1.0, 2.0], "float32")).asnumpy().tolist() == [10, 10]
    assert total.asnumpy().tolist() == [11, 12] and f.compilations == 1


def test_two_captured_arrays_can_change_places() -> None:
    a, b = array([1.0, 2.0]), array([3.0, 4.0])

    @dl.jit
    def swap() -> None:
        old = a + 0
        _core.assign(a, b)
        _core.assign(b, old)

    swap()
    assert a.asnumpy().tolist() == [3, 4] and b.asnumpy().tolist() == [1, 2]
    swap()
    assert a.asnumpy().tolist() == [1, 2] and b.asnumpy().tolist() == [3, 4]


def test_an_argument_that_is_also_a_state_keeps_its_old_value() -> None:
    state = array([1.0, 2.0])

    @dl.jit
    def f(x: Any) -> Any:
        _core.assign(state, state * 10)
        return x + state

    assert f(state).asnumpy().tolist() == [11, 22]


def test_a_variable_that_names_another_array_is_noticed() -> None:
    w = array([1.0])

    def f(x: Any) -> Any:
        return x * w

    compiled = dl.jit(f)
    assert compiled(array([2.0])).item() == 2
    w = array([5.0])
    assert compiled(array([2.0])).item() == 10
    assert compiled.compilations == 2


def test_invalidate_traces_again() -> None:
    holder = {"w": array([1.0])}
    f = dl.jit(lambda x: x * holder["w"])
    assert f(array([2.0])).item() == 2
    holder["w"] = array([3.0])
    invalidate()
    assert f(array([2.0])).item() == 6


def test_an_inner_compiled_function_becomes_part_of_the_outer_one() -> None:
    inner = dl.jit(lambda x: x * 2)
    outer = dl.jit(lambda x: inner(x) + 1)
    assert outer(array([3.0])).item() == 7
    assert inner.compilations == 0 and outer.compilations == 1


def test_methods_are_bound() -> None:
    class Model:
        def __init__(self, factor: float) -> None:
            self.factor = array([factor])

        @dl.jit
        def __call__(self, x: Any) -> Any:
            return x * self.factor

    a, b = Model(2.0), Model(3.0)
    assert a(array([1.0])).item() == 2 and b(array([1.0])).item() == 3


def test_host_code_runs_before_every_run() -> None:
    lr, seen = array(0.0, "float32"), []

    def schedule() -> None:
        seen.append(is_tracing())
        _core.assign(lr, 0.5 * len(seen))

    @dl.jit
    def f(x: Any) -> Any:
        every_call(schedule)
        return x * lr

    assert [f(array([2.0], "float32")).item() for _ in range(3)] == [1, 2, 3]
    assert seen == [False, False, False] and f.compilations == 1


@pytest.mark.parametrize("use", [bool, float, lambda a: a.asnumpy(), lambda a: a.item(), lambda a: list(range(int(a)))])
def test_needing_a_value_says_what_and_where(use: Any) -> None:
    def f(x: Any) -> Any:
        y = x.sum()
        use(y)  # the line in question
        return y

    with pytest.raises(_core.TraceError) as caught:
        dl.jit(f)(numbers(3))
    text = str(caught.value)
    assert "needs the value" in text and "test_jit.py" in text
    assert f(numbers(3)).item() == 3 and not _core.is_tracing(), "tracing must be over"


def choose(x: Any) -> Any:
    return x if x.max() > 0 else -x


def wait(x: Any) -> Any:
    while x.sum() < 3:
        x = x + 1
    return x


def count(x: Any) -> Any:
    for _ in range(int(x.sum())):
        x = x + 1
    return x


def masked(x: Any) -> Any:
    return x[x > 0]


@pytest.mark.parametrize(
    ("function", "offer", "line"),
    [
        (choose, "dl.cond", "return x if x.max() > 0 else -x"),
        (wait, "dl.while_loop", "while x.sum() < 3:"),
        (count, "dl.foreach", "for _ in range(int(x.sum())):"),
        (lambda x: float(x.sum()), "keep it an array", "float(x.sum())"),
        (lambda x: dl.np.unique(x), r"unique: (.|\n)*where", "dl.np.unique(x)"),
        (lambda x: dl.np.nonzero(x)[0], r"nonzero: (.|\n)*where", "dl.np.nonzero"),
        (lambda x: dl.nd.contrib.boolean_mask(x, x > 0), r"boolean_mask: (.|\n)*where", "boolean_mask"),
        (masked, r"x\[mask\]: (.|\n)*where", "return x[x > 0]"),
    ],
)
def test_what_cannot_be_traced_says_what_to_write_instead(function: Any, offer: str, line: str) -> None:
    with pytest.raises(_core.TraceError, match=offer) as caught:
        dl.jit(function)(numbers(3))
    text = str(caught.value)
    assert "test_jit.py:" in text and line in text and "hybridize(active=False)" in text and "--imperative" in text
    assert text.count("test_jit.py") == 1
    function(numbers(3))  # as it is, it runs


def test_a_branch_names_the_users_line() -> None:
    def f(x: Any) -> Any:
        if x.sum() > 0:
            return x
        return -x

    with pytest.raises(_core.TraceError, match=r"test_jit\.py:\d+ in f: if x\.sum\(\) > 0:"):
        dl.jit(f)(numbers(3))


def test_a_view_overtaken_by_a_write_is_refused() -> None:
    w = array([[1.0, 2.0], [3.0, 4.0]])

    def f(x: Any) -> Any:
        row = F.reshape(w, (4,))
        _core.assign(w, w * 2)
        return row + x

    with pytest.raises(_core.TraceError, match="view"):
        dl.jit(f)(array([1.0]))


def test_a_mistake_in_the_function_leaves_no_trace_behind() -> None:
    def f(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        dl.jit(f)(numbers(2))
    assert not is_tracing() and not _core.is_tracing()


def test_an_unhashable_argument_is_named() -> None:
    with pytest.raises(TypeError, match="set"):
        dl.jit(lambda x, s: x)(numbers(2), {1, 2})


def test_an_error_while_running_names_the_layer() -> None:
    net = nn.HybridSequential(prefix="net")
    net.add(nn.Embedding(4, 3))
    net.initialize()
    f = dl.jit(lambda i: net(i))
    f(array([1, 2], "int64"))
    with pytest.raises(IndexError, match=r"out of range(.|\n)*in layer net.* at .*test_jit\.py:\d+$"):
        f(array([1, 9], "int64"))
    np.testing.assert_array_equal(f(array([1, 2], "int64")).shape, (2, 3))


def test_calls_know_the_users_line() -> None:
    def inner(x: Any) -> Any:
        return x * 2

    def f(x: Any) -> Any:
        y = inner(x) + 1
        return y.sum()

    graph = trace_of(f, numbers(3))
    first = inner.__code__.co_firstlineno
    lines = [int(node.src.rsplit(":", 1)[1]) - first for node in graph.nodes]
    assert [node.op for node in graph.nodes] == ["multiply", "add", "sum"] and lines == [1, 4, 5]
    assert all("test_jit.py" in node.src for node in graph.nodes) and sys.gettrace() is None


def test_many_threads_compile_once() -> None:
    state = array([0.0])

    @dl.jit
    def f(x: Any) -> Any:
        _core.assign(state, state + 1)
        return x * 2

    results: list[float] = []

    def work() -> None:
        for k in range(50):
            results.append(f(array([float(k)])).item() - 2 * k)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [0.0] * 200 and f.compilations == 1
    assert state.item() == 200


def test_weights_changed_between_forward_and_backward_are_caught() -> None:
    w = dl.np.array([2.0, 3.0])
    w.attach_grad()

    def step(x: Any) -> Any:
        with autograd.record():
            y = (x * w * w).sum()
        _core.assign(w, w * 2)
        y.backward()
        return y

    x = dl.np.array([1.0, 1.0])
    for call in (step, dl.jit(step)):  # the tape says so with versions, the trace with values
        with pytest.raises(RuntimeError, match="multiply.*changed in place after it was recorded"):
            call(x)


def test_a_number_made_into_an_array_is_an_array() -> None:
    """What `full` makes keeps its dtype: beside another array, and in a compiled function that changes it."""
    half = dl.nd.ones((2,), dtype="float16")
    assert (half + dl.np.full((), 2.0, dtype="float32")).dtype == np.float32
    assert (half + 2.0).dtype == np.float16
    count = F.full(0.0, (), "float32", "cpu(0)")

    @dl.jit
    def step(x: Any) -> Any:
        _core.assign(count, F.add(count, 1.0))
        return x + count

    for n in (1.0, 2.0, 3.0):
        np.testing.assert_array_equal(step(dl.nd.ones((2,))).asnumpy(), [1 + n, 1 + n])
    assert float(count) == 3.0
