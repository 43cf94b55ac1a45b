"""What a compiled function names outside itself: networks, metrics, numbers are those of now, at every call."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl


def test_another_network_or_metric_under_the_same_name_is_the_one_that_is_used() -> None:
    """As when a cell of a notebook that makes them is run again, and that of the compiled function is not."""
    names = {"dl": dl, "seen": dl.metric.Loss(), "net": dl.gluon.nn.Dense(1, in_units=2)}
    names["net"].initialize()
    exec(
        "def step(x):\n    def out():\n        return net(x)\n    y = out()\n    seen.update(None, y)\n    return y",
        names,
    )
    step, x = dl.jit(names["step"]), array([[1.0, 2.0]], "float32")
    first = step(x)
    for name in ("net", "seen"):
        old = names["seen"].num_inst
        names[name] = dl.gluon.nn.Dense(1, in_units=2) if name == "net" else dl.metric.Loss()
        if name == "net":
            names["net"].initialize(dl.init.One())
        np.testing.assert_allclose(step(x).asnumpy(), names["net"](x).asnumpy(), rtol=1e-6)
        assert names["seen"].num_inst == (1 if name == "seen" else old + 1)
    names["update"] = dl.metric.Loss()  # a global that the function does not name: `update` is an attribute in it
    assert step(x).item() != first.item() and step.compilations == 3


def test_another_network_as_an_attribute_is_the_one_that_is_used() -> None:
    class Scorer:
        def __init__(self) -> None:
            self.net, self.kept = dl.gluon.nn.Dense(1, in_units=2), dl.metric.Loss()
            self.net.initialize()
            self.score = dl.jit(self.scored)

        def scored(self, x: Any) -> Any:
            return [self.net(row) for row in (x, x + 1)]

    scorer, x = Scorer(), array([[1.0, 2.0]], "float32")
    scorer.score(x)
    scorer.kept = dl.metric.Loss()  # which the method does not use
    scorer.score(x)
    assert scorer.score.compilations == 1
    scorer.net = dl.gluon.nn.Dense(1, in_units=2)
    scorer.net.initialize(dl.init.One())
    assert [y.item() for y in scorer.score(x)] == [3.0, 5.0] and scorer.score.compilations == 2


def test_numbers_that_a_function_names_are_those_of_now() -> None:
    names: dict[str, Any] = {"factor": 2.0}
    exec("def scaled(x):\n    return x * factor", names)
    x, rate = array([3.0], "float32"), 0.5

    class Scale:
        by, calls = 4, 0

        def scaled(self, x: Any) -> Any:
            return x * self.by

    one, owner = dl.jit(names["scaled"]), Scale()
    owner.by = 5
    around, method = dl.jit(lambda x: x * rate), dl.jit(owner.scaled)
    assert [f(x).item() for f in (one, around, method)] == [6.0, 1.5, 15.0]
    names["factor"], names["other"], rate, owner.by, owner.calls = 3.0, 1, 0.25, 6, 1
    assert [f(x).item() for f in (one, around, method)] == [9.0, 0.75, 18.0]
    names["factor"], names["other"], owner.calls = float("3"), 2, 2  # the same, and what they do not name
    assert [f(x).item() for f in (one, around, method)] == [9.0, 0.75, 18.0]
    assert [f.compilations for f in (one, around, method)] == [2, 2, 2]


def test_a_global_is_watched_whatever_attribute_of_its_name_is_written() -> None:
    scope: dict[str, Any] = {"dl": dl, "scale": 2.0, "box": types.SimpleNamespace()}
    exec("def f(x):\n    box.scale = 1\n    return x * scale", scope)
    x = dl.np.ones((1,))
    f = dl.jit(scope["f"])
    assert f(x).tolist() == [2]
    scope["scale"] = 3.0
    assert f(x).tolist() == [3]


def test_a_helper_that_is_written_anew_and_what_helpers_name() -> None:
    names: dict[str, Any] = {"factor": 2.0, "dl": dl}
    exec("def helper(x):\n    return x * factor\ndef other(x):\n    return other", names)
    exec("def step(x):\n    return dl.nd.relu(helper(x)) + 1", names)
    step, x = dl.jit(names["step"]), array([3.0], "float32")
    assert step(x).item() == 7.0
    names["factor"] = 5.0
    assert step(x).item() == 16.0
    exec("def helper(x):\n    return x - 1", names)
    exec("def other(x):\n    return x", names)
    assert [step(x).item() for _ in range(2)] == [3.0, 3.0] and step.compilations == 3


def test_what_a_function_counts_while_it_is_traced_makes_it_be_traced_no_more() -> None:
    counts: dict[str, Any] = {"n": 0}
    exec("def step(x):\n    global n\n    n = n + 1\n    return x * 2", counts)
    around = 0

    class Counter:
        calls = 0

        def step(self, x: Any) -> Any:
            self.calls += 1
            return x * 2

    def inside(x: Any) -> Any:
        nonlocal around
        around += 1
        return x * 2

    for step in map(dl.jit, (counts["step"], Counter().step, inside)):
        for _ in range(3):
            for n in (2, 3):
                step(array(np.ones(n), "float32"))
        assert step.compilations == 2


def test_a_name_that_changes_from_call_to_call_is_told() -> None:
    number, x = 0, array([1.0], "float32")
    step = dl.jit(lambda x: x * number)
    with pytest.warns(UserWarning, match="compiled anew 32 times because what it names changed, 'number' the last"):
        for number in range(40):
            assert step(x).item() == number
