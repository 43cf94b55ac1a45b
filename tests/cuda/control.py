"""Branches and loops of compiled graphs on the pretended GPU, held against the CPU. Run as a program."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import pretend

pretend.install()

import dlcore as dl  # noqa: E402  (the stand-in for CuPy comes first)
from dlcore import _core, autograd, nd  # noqa: E402


def fold(x, w):  # noqa: ANN001, ANN201
    outs, last = dl.foreach(lambda row, s: (row * s, nd.tanh(s @ w + row)), x, x[0] * 0 + 1)
    return (outs * outs).sum() + last.sum()


def grow(x, w):  # noqa: ANN001, ANN201
    outs, (last,) = dl.while_loop(lambda s: (s * s).sum() < 40, lambda s: (s.sum(), [s @ w * 1.5 + x[0]]), [x[1]], 6)
    return dl.cond(last.sum() > 0, lambda: (outs[0] * 2).sum(), lambda: (outs[0].T * w.T[0, 0]).sum())


def draw(x, w):  # noqa: ANN001, ANN201
    outs, _ = dl.foreach(lambda row, s: (nd.dropout(row, 0.5), s), x, [])
    return (outs * w[0]).sum()


def gradients(function, device):  # noqa: ANN001, ANN201
    x = nd.array(np.array([[1.0, 2.0], [-0.5, 0.25], [0.75, -1.5]], np.float32), ctx=device)
    w = nd.array(np.array([[0.5, -0.3], [0.2, 0.9]], np.float32), ctx=device)
    for a in (x, w):
        a.attach_grad()
    dl.random.seed(3)
    with autograd.record():
        y = dl.jit(function)(x, w)
    y.backward()
    assert x.grad._device == str(device)
    return [a.asnumpy() for a in (y, x.grad, w.grad)]


for function in (fold, grow, draw):
    for a, b in zip(gradients(function, dl.gpu(0)), gradients(function, dl.cpu(0)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    print(f"{function.__name__} agrees")
jit = dl.jit(fold)
for n in (5, 2, 3, 4, 7):  # what comes third has the program of the first two
    x, w = (np.random.default_rng(n).normal(size=s).astype(np.float32) for s in ((n, 2), (2, 2)))
    found = jit(*(nd.array(a, ctx=dl.gpu(0)) for a in (x, w)))
    np.testing.assert_allclose(found.asnumpy(), fold(nd.array(x), nd.array(w)).asnumpy(), rtol=1e-5)
assert (jit.compilations, jit.resized) == (2, 3)
print("a third length agrees")
assert not _core.is_tracing()
