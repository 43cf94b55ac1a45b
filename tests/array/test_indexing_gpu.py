"""Indexing, sparse products and row-sparse training on a pretended GPU (tests/cuda/pretend.py), in a process of its
own: positions, masks and values that lie on the processor go where the array is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = r"""
import sys
sys.path.insert(0, sys.argv[1])
import pretend
pretend.install()
import numpy as np
import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn

gpu = dl.gpu(0)
base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
x = dl.np.array(base).as_in_context(gpu)
S = slice
for key in [0, (1, 2), S(None, None, -1), (S(None), [1, 3]), ([0, 1], S(None), [2, 3]), [1, 1, 0], base > 20,
            (S(None), base[0] > 7), (np.array([True, False, True]), 1), ([0, 2], ..., S(None, None, 2)),
            dl.np.array([2, 0]), dl.np.array(base > 30), True]:
    own = key.asnumpy() if hasattr(key, "asnumpy") else key
    assert x[key]._device == "gpu(0)"
    np.testing.assert_array_equal(x[key].asnumpy(), base[own])
    y, want = x.copy(), base.copy()
    value = np.random.default_rng(0).normal(size=base[own].shape).astype("float32")
    for given in (value, dl.np.array(value), dl.np.array(value).as_in_context(gpu), 7):
        want[own] = given.asnumpy() if hasattr(given, "asnumpy") else given
        y[key] = given
        np.testing.assert_array_equal(y.asnumpy(), want, err_msg=repr(key))
    assert y._device == "gpu(0)"

mask = dl.np.array([True, False, True]).as_in_context(gpu)
for hint, wrong in (("~", lambda: -mask), ("^", lambda: mask - mask)):
    try:
        raise SystemExit(f"no error but {wrong()}")
    except TypeError as error:
        assert "expected numbers, got bool" in str(error) and f"use {hint}" in str(error), error
for ours, theirs in [
    (dl.np.sum(x, 0, where=x > 30), np.sum(base, 0, where=base > 30)), (dl.np.add.reduce(x, 1), base.sum(1)),
    (dl.np.divide(1, x, out=dl.np.zeros_like(x), where=x > 5), np.divide(1, base, np.zeros_like(base), where=base > 5)),
    (dl.np.max(x, initial=99.0), 99.0), (dl.np.ravel(x, "F"), base.ravel("F")), (x.flat[7:9], base.flat[7:9]),
]:
    assert ours._device == "gpu(0)"
    np.testing.assert_allclose(ours.asnumpy(), theirs, rtol=1e-6)
for wrong in (lambda: x[:, [9]], lambda: x.__setitem__((0, [7]), 1)):
    try:
        wrong()
    except IndexError as error:
        assert "out of range for axis 1 of size 4" in str(error), error
    else:
        raise AssertionError("no error")

a = np.array([[0, 2, 0], [3, 0, 4]], np.float32)
s = dl.np.array(a).as_in_context(gpu).tostype("csr")
d = np.random.default_rng(1).normal(size=(3, 2)).astype("float32")
assert s._device == s.indices._device == "gpu(0)"
np.testing.assert_allclose(dl.nd.sparse.dot(s, dl.np.array(d).as_in_context(gpu)).asnumpy(), a @ d, rtol=1e-6)
np.testing.assert_array_equal((s + s * 2).asnumpy(), 3 * a)
np.testing.assert_array_equal(s[[1, 0]].sum(axis=0).asnumpy(), a.sum(0))

weights = []
for ctx in (dl.cpu(), gpu):
    net = nn.Embedding(10, 3, sparse_grad=True)
    net.initialize(init="ones", ctx=ctx)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    for batch in ([1, 2, 2], [2, 9, 0]):
        with autograd.record():
            loss = (net(dl.np.array(batch).as_in_context(ctx)) ** 2).sum()
        loss.backward()
        trainer.step(1)
    assert net.weight.grad()._device == net.weight.data()._device
    weights.append(net.weight.data().asnumpy())
np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5)
print("done")
"""


def test_on_a_pretended_gpu() -> None:
    folder = Path(__file__).resolve().parents[1] / "cuda"
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip().endswith("done"), ran.stderr
