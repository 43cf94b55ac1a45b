"""Several devices as courses on MXNet use them: one network on all of them, and arrays that stay where they are."""

from __future__ import annotations

from typing import Any

import numpy
import pytest


def test_training_on_several_devices_is_training_on_one(mx: Any) -> None:
    gluon, autograd, np = mx.gluon, mx.autograd, mx.np
    X, y = np.random.normal(0, 1, (8, 5)), np.random.randint(0, 3, (8,))
    devices = [mx.cpu(0), mx.cpu(1)]
    results = []
    for ctx in (devices, [mx.cpu(0)]):
        mx.random.seed(3)
        net = gluon.nn.HybridSequential()
        net.add(gluon.nn.Dense(6, activation="relu"), gluon.nn.Dense(3))
        net.initialize(mx.init.Xavier(), ctx=ctx)
        net.hybridize()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.3, "momentum": 0.9})
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        for _ in range(4):
            parts = zip(gluon.utils.split_and_load(X, ctx), gluon.utils.split_and_load(y, ctx), strict=True)
            with autograd.record():
                losses = [loss(net(a), b) for a, b in parts]
            for one, device in zip(losses, ctx, strict=True):
                assert one.ctx == device
                one.backward()
            trainer.step(8)
        results.append((net, [p.data().asnumpy() for p in net.collect_params().values()]))
    for several, single in zip(results[0][1], results[1][1], strict=True):
        numpy.testing.assert_allclose(several, single, rtol=1e-5, atol=1e-6)
    net = results[0][0]
    weight = net[0].weight
    assert weight.list_ctx() == devices and len(weight.list_data()) == len(weight.list_grad()) == 2
    assert (weight.data(mx.cpu(1)).asnumpy() == weight.data(mx.cpu(0)).asnumpy()).all()
    assert (
        weight.data(mx.cpu(1)).ctx == mx.cpu(1) and (weight.grad(mx.cpu(1)).asnumpy() == weight.grad().asnumpy()).all()
    )
    with pytest.raises(RuntimeError, match=r"is on cpu\(0\) and cpu\(1\), not on cpu\(2\)"):
        weight.data(mx.cpu(2))
    again = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.3})
    with autograd.record():
        for part in gluon.utils.split_and_load(X, devices):
            net(part).sum().backward()
    again.step(8)
    before = weight.data().asnumpy()
    with pytest.raises(UserWarning, match="has not been renewed by a backward pass"):
        again.step(8)
    assert (weight.data().asnumpy() == before).all()
    net.collect_params().reset_ctx(mx.cpu(0))
    assert weight.list_ctx() == [mx.cpu(0)] and net(X).shape == (8, 3)


def test_devices_of_the_processor_are_kept_apart(mx: Any) -> None:
    np = mx.np
    a, b = np.ones((2, 3), ctx=mx.cpu(1)), np.ones((2, 3))
    assert (a * 2 + 1).ctx == mx.cpu(1) and a[0].ctx == mx.cpu(1) and a.T.ctx == mx.cpu(1)
    with pytest.raises(ValueError, match=r"different devices, cpu\(1\) and cpu\(0\)"):
        a + b
    assert (a + b.copyto(mx.cpu(1))).asnumpy().tolist() == [[2.0] * 3] * 2
    a.attach_grad()
    with mx.autograd.record():
        total = (a * a).sum() + a.as_in_ctx(mx.cpu(0)).sum().as_in_ctx(mx.cpu(1))
    total.backward()
    assert a.grad.ctx == mx.cpu(1) and (a.grad.asnumpy() == 3).all()
    data = [np.ones((1, 2), ctx=mx.cpu(i)) * (i + 1) for i in range(2)]
    data[0][:] += data[1].copyto(data[0].ctx)  # an all-reduce by hand
    data[0].copyto(data[1])
    assert data[1].asnumpy().tolist() == [[3.0, 3.0]] and data[1].ctx == mx.cpu(1)
