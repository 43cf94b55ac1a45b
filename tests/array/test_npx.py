"""`dlcore.npx`, recurrent layers over one vector of parameters, and the methods that MXNet's arrays had."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, nd, npx

rng = np.random.default_rng(4)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def step(mode: str, x: np.ndarray, h: np.ndarray, c: np.ndarray, w: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """One step of one direction: the gates as Hochreiter, Cho and Elman wrote them, in MXNet's order."""
    a, b = x @ w[0].T + w[2], h @ w[1].T + w[3]
    if mode == "lstm":
        i, f, g, o = np.split(a + b, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    if mode == "gru":
        (ar, az, an), (br, bz, bn) = np.split(a, 3, -1), np.split(b, 3, -1)
        z = sigmoid(az + bz)
        return (1 - z) * np.tanh(an + sigmoid(ar + br) * bn) + z * h, c
    return (np.tanh(a + b) if mode == "rnn_tanh" else np.maximum(a + b, 0)), c


@pytest.mark.parametrize("mode", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_stack_of_recurrent_layers_reads_one_vector(mode: str, directions: int) -> None:
    steps, batch, width, hidden, layers = 4, 2, 3, 5, 2
    gates = {"lstm": 4, "gru": 3}.get(mode, 1) * hidden
    x = rng.normal(size=(steps, batch, width))
    shapes = [s for k in range(layers) for _ in range(directions)
              for s in ((gates, width if k == 0 else hidden * directions), (gates, hidden))]  # fmt: skip
    weights = [rng.normal(size=s) * 0.4 for s in shapes]
    biases = [rng.normal(size=gates) * 0.4 for _ in shapes]
    vector = np.concatenate([a.ravel() for a in (*weights, *biases)])
    h0, c0 = (rng.normal(size=(layers * directions, batch, hidden)) for _ in range(2))
    line, last = x, []
    for k in range(layers):
        sides = []
        for d in range(directions):
            n = 2 * (k * directions + d)
            own, h, c = [*weights[n : n + 2], *biases[n : n + 2]], h0[n // 2], c0[n // 2]
            outs = []
            for t in range(steps)[:: -1 if d else 1]:
                h, c = step(mode, line[t], h, c, own)
                outs.append(h)
            last.append((h, c))
            sides.append(np.stack(outs[:: -1 if d else 1]))
        line = np.concatenate(sides, -1)
    given = [nd.array(v, dtype="float64") for v in (x, vector, h0, c0)]
    y, h, *c = nd.RNN(*given, state_size=hidden, num_layers=layers, bidirectional=directions == 2, mode=mode,
                      state_outputs=True)  # fmt: skip
    np.testing.assert_allclose(y.asnumpy(), line, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(h.asnumpy(), np.stack([s[0] for s in last]), rtol=1e-9, atol=1e-10)
    assert len(c) == (mode == "lstm")
    if c:
        np.testing.assert_allclose(c[0].asnumpy(), np.stack([s[1] for s in last]), rtol=1e-9, atol=1e-10)
    given[1].attach_grad()
    with autograd.record():
        npx.rnn(*given, state_size=hidden, num_layers=layers, bidirectional=directions == 2, mode=mode).sum().backward()
    assert np.abs(given[1].grad.asnumpy()).min() >= 0 and np.abs(given[1].grad.asnumpy()).sum() > 0


def test_mistakes_of_recurrent_layers() -> None:
    x, h = nd.zeros((4, 2, 3)), nd.zeros((1, 2, 5))
    with pytest.raises(ValueError, match=r"RNN: parameters must be one vector of 200 numbers here, got shape \(7,\)"):
        nd.RNN(x, nd.zeros((7,)), h, h, state_size=5)
    with pytest.raises(ValueError, match="RNN: mode must be one of"):
        nd.RNN(x, nd.zeros((7,)), h, mode="elman")
    with pytest.raises(ValueError, match="RNN: mode 'lstm' needs state_cell"):
        nd.RNN(x, nd.zeros((200,)), h, state_size=5)


def test_ctc_counts_only_the_lengths_it_is_told_to() -> None:
    data = nd.array(rng.normal(size=(6, 2, 4)))
    label, steps, lengths = nd.array([[1, 2, 0], [3, 3, 1]]), nd.array([4, 6]), nd.array([2, 3])
    whole = nd.CTCLoss(data, label).asnumpy()
    short = nd.CTCLoss(data, label, steps, lengths, use_data_lengths=True, use_label_lengths=True).asnumpy()
    assert whole[1] == pytest.approx(short[1], rel=1e-5) and whole[0] != pytest.approx(short[0], rel=1e-3)
    alone = nd.CTCLoss(data[:4, :1], label[:1]).asnumpy()
    assert short[0] == pytest.approx(alone[0], rel=1e-5)
    np.testing.assert_array_equal(nd.CTCLoss(data, label, steps, lengths).asnumpy(), whole)
    np.testing.assert_array_equal(nd.contrib.ctc_loss(data, label).asnumpy(), npx.ctc_loss(data, label).asnumpy())


def test_npx_has_layers_operators_and_switches_without_effect() -> None:
    x = nd.array([[1.0, -2.0], [0.0, 3.0]])
    np.testing.assert_allclose(npx.softmax(x).asnumpy(), nd.softmax(x).asnumpy())
    assert npx.fully_connected(x, nd.ones((3, 2)), num_hidden=3, no_bias=True).shape == (2, 3)
    assert npx.nonzero(x).tolist() == [[0, 0], [0, 1], [1, 1]] and npx.topk(x, k=1).tolist() == [[0.0], [1.0]]
    assert npx.gelu_erf(x).shape == (2, 2) and npx.batch_flatten(nd.zeros((2, 3, 4))).shape == (2, 12)
    npx.set_np()
    npx.reset_np()
    assert npx.is_np_array() and npx.is_np_shape() and dl.npx is npx and npx.cpu_pinned() == dl.cpu()
    with npx.np_shape(True):
        assert npx.use_np(len)([1]) == 1
    with pytest.raises(ValueError, match="too small"):
        npx.constraint_check(x > 0, "too small")
    with pytest.raises(AttributeError, match="did you mean 'convolution'"):
        npx.convolutoin  # noqa: B018
    for name in dir(npx):
        assert getattr(npx, name) is not None
    if not dl.num_gpus():
        with pytest.raises(RuntimeError, match="gpu"):
            npx.gpu_memory_info(0)


def test_arrays_have_the_methods_of_mxnets() -> None:
    x = nd.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    assert x.nansum().item() == 19 and x.nanprod(axis=1).tolist() == [3.0, 120.0]
    assert x.slice((1,), (2,)).tolist() == [[4.0, 5.0, 6.0]] and x.slice_like(nd.zeros((1, 2))).shape == (1, 2)
    assert x.slice_assign_scalar(0.0, (0, 1), (1, 2)).tolist() == [[1.0, 0.0, 3.0], [4.0, 5.0, 6.0]]
    assert x.slice_assign(nd.zeros((2, 1)), (None, 2), (None, 3)).asnumpy()[:, 2].tolist() == [0.0, 0.0]
    assert np.isnan(x.asnumpy()[0, 1])  # what was assigned went into a copy
    assert nd.array([[1.0, 3.0]]).argmax_channel().tolist() == [1] and x.shape_array().tolist() == [2, 3]
    assert x.size_array().tolist() == [6] and nd.array([8.0]).rcbrt().tolist() == [0.5]
    assert [p.shape for p in x.split_v2(3, axis=1)] == [(2, 1)] * 3 and nd.array([-1.5]).fix().tolist() == [-1.0]
    assert nd.zeros((1, 4, 1, 1)).depth_to_space(2).shape == (1, 1, 2, 2) and x.broadcast_axes.__doc__
    np.testing.assert_array_equal(np.from_dlpack(nd.array([1.0, 2.0])), [1.0, 2.0])
    assert "dltensor" in repr(x.to_dlpack_for_read())
