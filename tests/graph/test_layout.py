"""Images are turned at the borders of a chain of convolutions, once, and nowhere inside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

from dlcore import autograd
from dlcore.graph import Compiled, Graph, jit, verify
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.graph.passes.layout import FEW, READERS, TURN, _is_turned, layout
from dlcore.ops import F


def draw(*shape: int, dtype: str = "float32") -> Any:
    return array(np.random.default_rng(0).standard_normal(shape), "float32").astype(dtype)


W = draw(16, 16, 3, 3) / 12


def turns(graph: Graph) -> int:
    return sum(node.op == TURN for node in graph.nodes)


def unturned(graph: Graph) -> list[str]:
    """The operators that read an image which does not lie as they want it."""
    return [
        node.op
        for node in graph.nodes
        for i in READERS.get(node.op, ())
        if (value := node.inputs[i]) is not None and value.shape[1] > FEW and not _is_turned(value)
    ]


def check(function: Callable[..., Any], *arrays: Any, count: int) -> Graph:
    """`count` images are turned, none is read unturned, and all three ways of running agree."""
    wanted = function(*arrays).asnumpy().astype("float32")
    traced = trace_of(function, *arrays)
    assert turns(verify(layout(traced), "layout")) == count
    graph = optimize(traced)
    assert turns(graph) == count and not unturned(graph)
    close = 2e-2 if arrays[0]._dtype_name == "bfloat16" else 1e-5
    found = Compiled(graph, optimized=False).run(list(arrays))[0].asnumpy().astype("float32")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=close * np.abs(wanted).max())
    again = interpret(graph, [a.asnumpy() for a in arrays])[0][0].astype("float32")
    np.testing.assert_allclose(again, wanted, rtol=0, atol=close * np.abs(wanted).max())
    return graph


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_a_reshape_gives_is_turned_once(dtype: str) -> None:
    w = W.astype(dtype)

    def decode(codes: Any) -> Any:
        image = F.reshape(codes, (2, 16, 10, 10))
        return F.conv2d(image, w, pad=1) + F.conv2d(F.relu(image), w, pad=1) + image

    check(decode, draw(2, 1600, dtype=dtype), count=1)


def test_parts_of_an_image_are_turned_and_what_follows_is_not() -> None:
    def halves(x: Any) -> Any:
        y = F.conv2d(x, F.concat(W, W, axis=0), pad=1)
        one, other = y[:, :16], y[:, 16:]
        return F.conv2d(F.tanh(F.sigmoid(one)), W, pad=1) + other

    check(halves, draw(2, 16, 9, 9), count=2)  # x, and the half that a convolution reads


def test_what_is_turned_for_one_is_read_by_all() -> None:
    def around(x: Any) -> Any:
        return F.relu(F.conv2d(F.relu(F.conv2d(x, W, pad=1)), W, pad=1) + x)

    graph = check(around, draw(2, 16, 9, 9), count=1)
    assert [node.op for node in graph.nodes] == [TURN, "_conv2d_act", "_conv2d_act"]


def test_first_layers_chains_and_single_places_are_left_alone() -> None:
    first = draw(16, 3, 3, 3)

    def chain(x: Any) -> Any:
        y = F.relu(F.conv2d(x, first, pad=1))
        y = F.max_pool2d(F.conv2d(y, W, pad=1) * 2 + y, (2, 2))
        return F.conv2d(F.mean(F.conv2d(y, W), axis=(2, 3), keepdims=True), W, pad=1)

    check(chain, draw(2, 3, 8, 8), count=0)


def test_gradients_of_joined_images_are_turned_once() -> None:
    x = draw(2, 16, 9, 9)
    w = [draw(8, 16 + 8 * i, 3, 3) / 12 for i in range(3)]
    for one in w:
        one.attach_grad()

    def step(x: Any) -> Any:
        with autograd.record():
            for one in w:
                x = F.concat(x, F.conv2d(F.relu(x), one, pad=1), axis=1)
            loss = F.mean(F.square(x))
        loss.backward()
        return loss

    loss = step(x).asnumpy()
    grads = [one.grad.asnumpy() for one in w]
    compiled = jit(step)
    np.testing.assert_allclose(compiled(x).asnumpy(), loss, rtol=1e-5)
    for one, wanted in zip(w, grads, strict=True):
        np.testing.assert_allclose(one.grad.asnumpy(), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    graph = compiled.entries()[0].plain.graph
    assert not unturned(graph)
    assert turns(graph) <= 1 + len(w)  # x, and the gradient of each convolution's result
