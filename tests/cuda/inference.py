"""Inference with folded normalisation on the pretended GPU: what is kept from run to run, held against single calls."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import pretend

pretend.install()

import dlcore as dl  # noqa: E402  (the stand-in for CuPy comes first)
from dlcore import autograd  # noqa: E402
from dlcore.gluon import nn  # noqa: E402
from dlcore.ops import F  # noqa: E402


def main() -> None:
    """A network with normalisation, before and after its scales change."""
    device = dl.gpu(0)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(8, 3, padding=1, in_channels=5, use_bias=False), nn.BatchNorm(in_channels=8), nn.Activation("relu"),
        nn.Conv2D(4, 1, in_channels=8),
    )  # fmt: skip
    net.initialize(init=dl.init.Xavier(), ctx=device)
    x = dl.nd.array(np.random.default_rng(0).standard_normal((2, 5, 6, 6)), dtype="float32", ctx=device)
    with autograd.record():
        net(x)
    net.hybridize()
    before = None
    for factor in (1.0, 1.5, 2.0):
        gamma = net[1].gamma
        gamma.set_data(gamma.data() * factor)
        found = [net(x).asnumpy() for _ in range(2)]
        wanted = x
        for layer in net:
            wanted = layer.forward(wanted)
        for one in found:
            np.testing.assert_allclose(one, wanted.asnumpy(), rtol=1e-4, atol=1e-5)
        assert before is None or np.abs(found[0] - before).max() > 0.1
        before = found[0]
        print("agrees")
    (function,) = net._compiled.entries()
    program = function.plain
    assert [node.op for node in program.lowered.nodes] == ["_channels_last", "_conv2d_act", "conv2d"]
    assert {state.array._device for state in program.graph.states} == {"gpu(0)"}
    assert program.graph.kept is not None
    narrow(device)


def narrow(device: dl.Context) -> None:
    """In float16 neither the scale times the mean nor what is added in its place need fit."""
    x = dl.nd.array(np.linspace(999, 1001, 24).reshape(2, 3, 4), dtype="float16", ctx=device)
    given = [dl.nd.array(np.full(3, v), dtype="float16", ctx=device) for v in (100.0, 5.0, 1000.0, 0.0)]
    wanted = (x.asnumpy().astype("float64") - 1000) * (100 / np.sqrt(1e-5)) + 5
    for run in (F.batch_norm_infer, dl.jit(F.batch_norm_infer)):
        found = run(x, *given)
        assert found.dtype == np.float16
        np.testing.assert_allclose(found.asnumpy().astype("float64"), wanted, rtol=0, atol=40)
    print("agrees in float16")


if __name__ == "__main__":
    main()
