"""`dlcore.nd`: MXNet's arguments, held against NumPy, SciPy and PyTorch's formulas written out here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from dlcore import autograd, jit, nd, npx

rng = np.random.default_rng(3)


def array(*shape: int, dtype: str = "float32") -> np.ndarray:
    return rng.normal(size=shape).astype(dtype)


def test_every_function_takes_out_and_name_and_mxnets_operands() -> None:
    x, out = nd.array([1.0, 4.0]), nd.zeros((2,))
    assert nd.sqrt(data=x, name="root", out=out) is out and out.tolist() == [1.0, 2.0]
    assert nd.broadcast_add(lhs=x, rhs=x).tolist() == nd.elemwise_add(x, x).tolist() == [2.0, 8.0]
    assert (
        nd.FullyConnected(x.reshape(1, 2), nd.ones((1, 2)), num_hidden=1, no_bias=True, out=nd.zeros((1, 1))).item()
        == 5
    )
    parts = [nd.zeros((1, 1)), nd.zeros((1, 1))]
    nd.split(x.reshape(1, 2), num_outputs=2, out=parts)
    assert [p.item() for p in parts] == [1.0, 4.0]
    assert nd.dot.__name__ == "dot" and ">>>" in nd.Convolution.__doc__


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: nd.Pooling(x, kernl=2), "nd.Pooling: there is no argument 'kernl'; did you mean 'kernel'"),
        (lambda x: nd.exp(dta=x), "nd.exp: there is no argument 'dta'; did you mean 'data'"),
        (lambda x: nd.broadcast_add(x, x, axes=1), "nd.broadcast_add: there is no argument 'axes'; it takes"),
        (lambda x: nd.sgd_update(x, x, lr=1.0, weight_decay=0.1), "nd.sgd_update: there is no argument 'weight_decay'"),
        (lambda x: nd.topk(x, kk=2), "did you mean 'k'|it takes axis, data"),
        (lambda x: nd.random.normal(0, 1, shpe=3), "random.normal: there is no argument 'shpe'; did you mean 'shape'"),
        (lambda x: nd.contrib.quadratic(x, d=1.0), "nd.contrib.quadratic: there is no argument 'd'; it takes a, b, c"),
        (lambda x: nd.split(x, num_outputs=2, out=[x]), "nd.split: out= must be an array for each of 2 results"),
    ],
)
def test_an_unknown_argument_names_the_nearest(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(nd.zeros((1, 2, 4)))


def test_unknown_names_name_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'Convolution'"):
        nd.Convolutoin  # noqa: B018
    for name in dir(nd):
        assert getattr(nd, name) is not None
    assert not [n for n in dir(nd) if n.startswith("_")] and len(dir(nd)) > 300


def correlate(x: np.ndarray, w: np.ndarray, stride: int, pad: int, dilate: int, group: int) -> np.ndarray:
    """Convolution by loops over places and taps, any number of axes."""
    rank = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0)] + [(pad, pad)] * rank)
    size = [(n - dilate * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)]
    y = np.zeros((x.shape[0], w.shape[0], *size))
    per = w.shape[0] // group
    for place in np.ndindex(*size):
        for tap in np.ndindex(*w.shape[2:]):
            at = tuple(p * stride + t * dilate for p, t in zip(place, tap, strict=True))
            values = x[(slice(None), slice(None), *at)].reshape(x.shape[0], group, -1)
            weights = w[(slice(None), slice(None), *tap)].reshape(group, per, -1)
            y[(slice(None), slice(None), *place)] += np.einsum("ngc,gfc->ngf", values, weights).reshape(x.shape[0], -1)
    return y


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolution_deconvolution_and_pooling_over_all_axes(rank: int) -> None:
    x, w, b = array(2, 4, *[6] * rank), array(6, 2, *[3] * rank), array(6)
    knobs = dict(kernel=(3,) * rank, stride=(2,) * rank, pad=(1,) * rank, num_filter=6, num_group=2)
    y = nd.Convolution(nd.array(x), nd.array(w), nd.array(b), workspace=1, cudnn_off=True, **knobs)
    want = correlate(x, w, 2, 1, 1, 2)
    np.testing.assert_allclose(y.asnumpy(), want + b.reshape(-1, *[1] * rank), rtol=1e-4, atol=1e-4)
    # the transposed one is the adjoint: <conv(x), g> = <x, deconv(g)>
    g = array(*want.shape)
    back = nd.Deconvolution(nd.array(g), nd.array(w), kernel=3, stride=2, pad=1, adj=1, num_filter=4, num_group=2)
    assert back.shape == x.shape
    np.testing.assert_allclose((want * g).sum(), (back.asnumpy() * x).sum(), rtol=1e-3)
    same = nd.Deconvolution(nd.array(g), nd.array(w), stride=2, target_shape=(6,) * rank, num_group=2)
    np.testing.assert_allclose(same.asnumpy(), back.asnumpy(), rtol=1e-5, atol=1e-5)
    windows = x.reshape(2, 4, *[v for _ in range(rank) for v in (3, 2)])
    axes = tuple(range(3, 3 + 2 * rank, 2))
    for kind, reduce in (("max", np.max), ("avg", np.mean), ("sum", np.sum)):
        y = nd.Pooling(nd.array(x), kernel=(2,) * rank, stride=(2,) * rank, pool_type=kind)
        np.testing.assert_allclose(y.asnumpy(), reduce(windows, axis=axes), rtol=1e-5, atol=1e-5)
        whole = nd.Pooling(nd.array(x), global_pool=True, pool_type=kind, kernel=(1,) * rank)
        spatial = tuple(range(2, 2 + rank))
        np.testing.assert_allclose(whole.asnumpy(), reduce(x, axis=spatial, keepdims=True), rtol=1e-4, atol=1e-5)
    lp = nd.Pooling(nd.array(x), kernel=(2,) * rank, stride=(2,) * rank, pool_type="lp", p_value=2)
    np.testing.assert_allclose(lp.asnumpy(), np.sqrt((windows**2).sum(axes)), rtol=1e-5, atol=1e-5)


def test_pooling_conventions_and_layouts() -> None:
    x = nd.array(array(1, 2, 5, 5))
    full = nd.Pooling(x, kernel=2, stride=2, pool_type="max", pooling_convention="full")
    same = nd.Pooling(x, kernel=3, stride=2, pool_type="max", pooling_convention="same")
    assert full.shape == same.shape == (1, 2, 3, 3)
    assert full.asnumpy()[0, 0, 2, 2] == x.asnumpy()[0, 0, 4, 4]
    assert same.asnumpy()[0, 0, 0, 0] == x.asnumpy()[0, 0, :2, :2].max()
    last = nd.Pooling(x.transpose((0, 2, 3, 1)), kernel=2, stride=2, layout="NHWC")
    np.testing.assert_array_equal(last.transpose((0, 3, 1, 2)).asnumpy(), nd.Pooling(x, kernel=2, stride=2).asnumpy())
    w = nd.array(array(3, 2, 3, 3))
    y = nd.Convolution(x.transpose((0, 2, 3, 1)), w.transpose((0, 2, 3, 1)), no_bias=True, layout="NHWC")
    want = nd.Convolution(x, w, no_bias=True).transpose((0, 2, 3, 1))
    np.testing.assert_allclose(y.asnumpy(), want.asnumpy(), rtol=1e-5, atol=1e-5)
    for call, message in (
        (lambda: nd.Pooling(x, kernel=2, layout="NWHC"), "layout must be NCHW or NHWC for 4 axes"),
        (lambda: nd.Pooling(x, kernel=(2, 2, 2)), "kernel must be 2 numbers for 2 axes"),
        (lambda: nd.Convolution(x, w, kernel=5), r"kernel 5 does not fit weight of shape \(3, 2, 3, 3\)"),
        (lambda: nd.Convolution(x, w, num_filter=4), "num_filter is 4"),
        (lambda: nd.Convolution(nd.zeros((2, 3)), w), "3 to 5 axes"),
        (lambda: nd.Deconvolution(x, nd.zeros((2, 1, 3, 3)), target_shape=(99, 99)), "is larger than"),
        (lambda: nd.Crop(x, h_w=(6, 6)), r"a window of \(6, 6\) at \(0, 0\) does not fit"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_norms() -> None:
    x = array(2, 6, 5)
    gamma, beta = array(6), array(6)
    y = nd.InstanceNorm(nd.array(x), nd.array(gamma), nd.array(beta), eps=1e-3).asnumpy()
    want = (x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + 1e-3)
    np.testing.assert_allclose(y, want * gamma[:, None] + beta[:, None], rtol=1e-4, atol=1e-4)
    rows = x.reshape(2, 3, -1)
    want = ((rows - rows.mean(2, keepdims=True)) / np.sqrt(rows.var(2, keepdims=True) + 1e-5)).reshape(x.shape)
    y = nd.GroupNorm(nd.array(x), nd.array(gamma), nd.array(beta), num_groups=3).asnumpy()
    np.testing.assert_allclose(y, want * gamma[:, None] + beta[:, None], rtol=1e-4, atol=1e-4)
    each = nd.GroupNorm(nd.array(x), nd.array(gamma[:3]), nd.array(beta[:3]), num_groups=3).asnumpy()
    np.testing.assert_allclose(
        each, want * gamma[:3].repeat(2)[:, None] + beta[:3].repeat(2)[:, None], rtol=1e-4, atol=1e-4
    )
    p = array(2, 5, 3, 3)
    y = nd.LRN(nd.array(p), nsize=3, alpha=0.5, beta=0.75, knorm=2.0).asnumpy()
    squares = np.pad(p**2, [(0, 0), (1, 1), (0, 0), (0, 0)])
    total = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    np.testing.assert_allclose(y, p / (2 + 0.5 / 3 * total) ** 0.75, rtol=1e-5)
    mean, var = nd.zeros((6,)), nd.ones((6,))
    with autograd.train_mode():
        y, m, v = nd.BatchNorm(nd.array(x), nd.array(gamma), nd.array(beta), mean, var, output_mean_var=True)
    np.testing.assert_allclose(m.asnumpy(), x.mean((0, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mean.asnumpy(), 0.1 * x.mean((0, 2)), rtol=1e-4, atol=1e-5)


# One step of every update in plain NumPy, with decay 0.1, rescaling 0.5 and clipping at 0.8.
W, G, S1, S2, S3 = (array(5, dtype="float64") for _ in range(5))
S2 = np.abs(S2) + 0.6
KNOBS = dict(lr=0.1, wd=0.1, rescale_grad=0.5, clip_gradient=0.8)
C = np.clip(G * 0.5, -0.8, 0.8)
D = C + 0.1 * W
B = np.clip(G * 0.5 + 0.1 * W, -0.8, 0.8)  # what MXNet's Adam and RMSProp take: the decay is clipped as well


def _adam(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 0.9 * S1 + 0.1 * g, 0.99 * S2 + 0.01 * g**2


def _rmsalex() -> tuple[np.ndarray, list[np.ndarray]]:
    n, g = 0.95 * S2 + 0.05 * B**2, 0.95 * S1 * 0.1 + 0.05 * B
    delta = 0.9 * S3 - 0.1 * B / np.sqrt(n - g**2 + 1e-3)
    return W + delta, [n, g, delta]


def _ftrl() -> tuple[np.ndarray, list[np.ndarray]]:
    n = S2 + C**2
    z = S1 + C - (np.sqrt(n) - np.sqrt(S2)) / 0.1 * W
    return np.where(abs(z) <= 0.5, 0, (np.sign(z) * 0.5 - z) / ((1 + np.sqrt(n)) / 0.1 + 0.1)), [z, n]


def _ftml() -> tuple[np.ndarray, list[np.ndarray]]:
    g = np.clip(G * 0.5 + 0.1 * W, -0.8, 0.8)
    v = 0.999 * S2 + 0.001 * g**2
    d = (1 - 0.6**3) / 0.1 * (np.sqrt(v / (1 - 0.999**3)) + 1e-3)
    z = 0.6 * S3 + 0.4 * g - (d - 0.6 * S1) * W
    return -z / d, [d, v, z]


def _adadelta() -> tuple[np.ndarray, list[np.ndarray]]:
    n = 0.9 * S2 + 0.1 * C**2
    step = np.sqrt(np.abs(S1) + 1e-3) / np.sqrt(n + 1e-3) * C
    return W - step - 0.1 * W, [n, 0.9 * np.abs(S1) + 0.1 * step**2]


V = 0.9 * S1 - 0.1 * D
M, Q = _adam(B)
MC, QC = _adam(C)
HALF = {k: v for k, v in KNOBS.items() if k != "lr"}
UPDATES: dict[str, tuple[list[np.ndarray], dict, np.ndarray, list[np.ndarray]]] = {
    "sgd_update": ([], KNOBS, W - 0.1 * D, []),
    "sgd_mom_update": ([S1], KNOBS | dict(momentum=0.9), W + V, [V]),
    "nag_mom_update": ([S1], KNOBS | dict(momentum=0.9), W + 0.9 * V - 0.1 * D, [V]),
    "signsgd_update": ([], KNOBS, (1 - 0.01) * W - 0.1 * np.sign(C), []),
    "signum_update": ([S1], KNOBS | dict(momentum=0.9, wd_lh=0.2), 0.98 * W + 0.1 * np.sign(0.9 * S1 - 0.1 * D),
                      [0.9 * S1 - 0.1 * D]),
    "adam_update": ([S1, S2], KNOBS | dict(beta2=0.99), W - 0.1 * M / (np.sqrt(Q) + 1e-8), [M, Q]),
    "rmsprop_update": ([S2], KNOBS | dict(gamma1=0.9, clip_weights=1.0, epsilon=1e-3),
                       np.clip(W - 0.1 * B / np.sqrt(0.9 * S2 + 0.1 * B**2 + 1e-3), -1, 1), [0.9 * S2 + 0.1 * B**2]),
    "rmspropalex_update": ([S2, S1 * 0.1, S3], KNOBS | dict(epsilon=1e-3), *_rmsalex()),
    "ftrl_update": ([S1, S2], KNOBS | dict(lamda1=0.5), *_ftrl()),
    "ftml_update": ([S1, S2, S3], dict(lr=0.1, wd=0.1, rescale_grad=0.5, clip_grad=0.8, t=3, epsilon=1e-3), *_ftml()),
    "adagrad_update": ([S2], KNOBS, W - 0.1 * D / (np.sqrt(S2 + D**2) + 1e-7), [S2 + D**2]),
    "adadelta_update": ([S2, np.abs(S1)], HALF | dict(epsilon=1e-3), *_adadelta()),
    "lamb_update_phase1": ([S1, S2], HALF | dict(t=3, beta2=0.99),
                           MC / (1 - 0.9**3) / (np.sqrt(QC / (1 - 0.99**3)) + 1e-6) + 0.1 * W, [MC, QC]),
}  # fmt: skip


@pytest.mark.parametrize("name", UPDATES)
def test_updates_change_states_in_place_and_weights_through_out(name: str) -> None:
    states, knobs, want, moved = UPDATES[name]
    given = [nd.array(s, dtype="float64") for s in states]
    weight = nd.array(W, dtype="float64")
    result = getattr(nd, name)(weight, nd.array(G, dtype="float64"), *given, out=weight, **knobs)
    assert result is weight
    np.testing.assert_allclose(weight.asnumpy(), want, rtol=1e-6)
    for state, value in zip(given, moved, strict=True):
        np.testing.assert_allclose(state.asnumpy(), value, rtol=1e-6)


def test_updates_of_several_and_of_low_precision() -> None:
    w16, w32 = nd.array(W).astype("float16"), nd.array(W, dtype="float32")
    g16, mom = nd.array(G).astype("float16"), nd.array(S1, dtype="float32")
    nd.mp_sgd_mom_update(w16, g16, mom, w32, momentum=0.9, out=w16, **KNOBS)
    clipped = np.clip(G.astype("float16") * 0.5, -0.8, 0.8) + 0.1 * W
    np.testing.assert_allclose(w32.asnumpy(), W + 0.9 * S1 - 0.1 * clipped, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(w16.asnumpy(), w32.asnumpy().astype("float16"))
    weights = [nd.array(W, dtype="float64"), nd.array(S1, dtype="float64")]
    grads = [nd.array(G, dtype="float64"), nd.array(G, dtype="float64")]
    rates, decays = nd.array([0.1, 0.2]), nd.array([0.0, 0.5])
    pairs = [weights[0], grads[0], weights[1], grads[1]]
    got = nd.preloaded_multi_sgd_update(*pairs, rates, decays, num_weights=2)
    for new, start, lr, wd in zip(got, (W, S1), (0.1, 0.2), (0.0, 0.5), strict=True):
        np.testing.assert_allclose(new.asnumpy(), start - lr * (G + wd * start), rtol=1e-6)
    with pytest.raises(ValueError, match="takes 2 arrays for each of num_weights=3"):
        nd.multi_sgd_update(*pairs, lrs=[0.1, 0.1], num_weights=3)
    norms = nd.multi_sum_sq(*weights)
    np.testing.assert_allclose(norms.asnumpy(), [(W**2).sum(), (S1**2).sum()], rtol=1e-5)
    (new,) = nd.contrib.multi_lamb_update(weights[:1], grads[:1], [nd.zeros((5,))], [nd.ones((5,))], [1], [0.1])
    m, v = 0.1 * G, 0.999 + 0.001 * G**2
    d = m / 0.1 / (np.sqrt(v / 0.001) + 1e-6)
    want = W - 0.1 * np.linalg.norm(W) / np.linalg.norm(d) * d
    np.testing.assert_allclose(new.asnumpy(), want, rtol=1e-4, atol=1e-6)
    still = nd.contrib.adamw_update(weights[0], grads[0], *[nd.zeros((5,))] * 2, nd.array(float("inf")), lr=0.1)
    np.testing.assert_array_equal(still.asnumpy(), W)
    with pytest.raises(TypeError, match="a state must be an array"):
        nd.sgd_mom_update(weights[0], grads[0], [0.0] * 5, lr=0.1)


def test_loops_carry_gradients() -> None:
    x, w = nd.array(array(4, 3)), nd.array([0.5, -1.0, 2.0])
    w.attach_grad()
    with autograd.record():
        outs, last = nd.contrib.foreach(lambda row, s: ([row * w + s, s], s + row * w), x, nd.zeros((3,)))
        last.sum().backward()
    assert [o.shape for o in outs] == [(4, 3), (4, 3)]
    np.testing.assert_allclose(w.grad.asnumpy(), x.asnumpy().sum(0), rtol=1e-5)
    np.testing.assert_allclose(outs[0].asnumpy(), np.cumsum(x.asnumpy() * w.asnumpy(), 0), rtol=1e-4, atol=1e-5)
    compiled = jit(lambda x: nd.contrib.foreach(lambda row, s: (row + s, s + row), x, nd.zeros((3,)))[1])
    np.testing.assert_allclose(compiled(x).asnumpy(), x.asnumpy().sum(0), rtol=1e-4, atol=1e-5)
    with autograd.record():
        outs, (n, value) = nd.contrib.while_loop(
            lambda n, v: n < 3, lambda n, v: (v, [n + 1, v * w]), [nd.array(0.0), nd.ones((3,))], max_iterations=5
        )
        value.sum().backward()
    assert outs[0].shape == (5, 3) and n.item() == 3 and outs[0].asnumpy()[3:].sum() == 0
    np.testing.assert_allclose(w.grad.asnumpy(), 3 * w.asnumpy() ** 2, rtol=1e-5)
    chosen = jit(lambda x: npx.cond(lambda a, b: a.sum() > b.sum(), lambda a, b: a, lambda a, b: b, [x, w]))
    assert chosen(nd.ones((3,)) * 9).tolist() == [9, 9, 9] and chosen(nd.zeros((3,))).tolist() == w.tolist()
    assert nd.contrib.cond(x.sum() == x.sum(), lambda: 1, lambda: 2, name="c") == 1
    with pytest.raises(ValueError, match="first axes of data differ"):
        nd.contrib.foreach(lambda row, s: (row, s), [x, w], x)
    with pytest.raises(TypeError, match="must give"):
        nd.contrib.foreach(lambda row, s: row, x, x)


def test_attention_products_and_other_contributions() -> None:
    n, batch, heads, size = 5, 2, 3, 4
    qkv = array(n, batch, heads * 3 * size)
    split = qkv.reshape(n, batch, heads, 3, size).transpose(3, 1, 2, 0, 4).reshape(3, batch * heads, n, size)
    scores = nd.contrib.interleaved_matmul_selfatt_qk(nd.array(qkv), heads=heads)
    np.testing.assert_allclose(scores.asnumpy(), split[0] @ split[1].transpose(0, 2, 1) / 2, rtol=1e-4, atol=1e-5)
    weights = nd.softmax(scores)
    y = nd.contrib.interleaved_matmul_selfatt_valatt(nd.array(qkv), weights, heads=heads).asnumpy()
    want = (weights.asnumpy() @ split[2]).reshape(batch, heads, n, size).transpose(2, 0, 1, 3).reshape(n, batch, -1)
    np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-5)
    x = array(3, 8)
    pairs = nd.contrib.fft(nd.array(x)).asnumpy()
    np.testing.assert_allclose(pairs[:, ::2] + 1j * pairs[:, 1::2], np.fft.fft(x), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(nd.contrib.ifft(nd.array(pairs)).asnumpy(), x * 8, rtol=1e-4, atol=1e-4)
    picture = array(2, 3, 7, 5)
    y = nd.contrib.AdaptiveAvgPooling2D(nd.array(picture), (3, 2)).asnumpy()
    assert y.shape == (2, 3, 3, 2)
    np.testing.assert_allclose(y[0, 0, 1, 1], picture[0, 0, 2:5, 2:5].mean(), rtol=1e-5)
    a = nd.array([0.4, -1.7])
    a.attach_grad()
    with autograd.record():
        (nd.contrib.round_ste(a) * nd.array([2.0, 3.0])).sum().backward()
    assert a.grad.tolist() == [2.0, 3.0]
    assert nd.contrib.index_array(nd.zeros((2, 3)), axes=(1,)).asnumpy()[1, 2].tolist() == [2]
    with pytest.raises(ValueError, match=r"expected \(length, batch, 3 heads"):
        nd.contrib.interleaved_matmul_selfatt_qk(nd.zeros((2, 2, 7)), heads=3)


def test_output_heads_bring_their_gradients() -> None:
    x = nd.array(array(4, 3))
    label = nd.array([0, 2, 1, 0])
    x.attach_grad()
    with autograd.record():
        y = nd.SVMOutput(x, label, margin=1.0, regularization_coefficient=0.5)
    y.backward()
    side = np.where(np.eye(3)[label.asnumpy().astype(int)] == 1, 1.0, -1.0)
    want = -side * 2 * np.maximum(1 - side * x.asnumpy(), 0) * 0.5
    np.testing.assert_allclose(x.grad.asnumpy(), want, rtol=1e-5, atol=1e-6)
    p = nd.sigmoid(x)
    p.attach_grad()
    with autograd.record():
        nd.IdentityAttachKLSparseReg(p, sparseness_target=0.2, penalty=0.3).sum().backward()
    mean = p.asnumpy().mean(0)
    np.testing.assert_allclose(p.grad.asnumpy(), np.ones((4, 1)) + 0.3 * (0.8 / (1 - mean) - 0.2 / mean), rtol=1e-4)


def test_densities() -> None:
    sample = np.abs(array(2, 6)) + 0.1
    counts = rng.integers(0, 9, (2, 6))
    a, b = np.array([0.7, 3.0]), np.array([2.0, 0.5])
    col = (a[:, None], b[:, None])
    p = np.array([0.3, 0.8])
    for got, want in (
        (nd.random_pdf_normal(sample, a, b), stats.norm(*col).pdf(sample)),
        (nd.random_pdf_uniform(sample, a, a + b), stats.uniform(*col).pdf(sample)),
        (nd.random_pdf_gamma(sample, a, b), stats.gamma(col[0], scale=1 / col[1]).pdf(sample)),
        (nd.random_pdf_exponential(sample, a), stats.expon(scale=1 / col[0]).pdf(sample)),
        (nd.random_pdf_poisson(counts, a), stats.poisson(col[0]).pmf(counts)),
        (nd.random_pdf_negative_binomial(counts, a, p), stats.nbinom(col[0], p[:, None]).pmf(counts)),
        (nd.random_pdf_generalized_negative_binomial(counts, a, b),
         stats.nbinom(1 / col[1], 1 / (1 + col[0] * col[1])).pmf(counts)),
        (nd.random_pdf_normal(sample, a, b, is_log=True), stats.norm(*col).logpdf(sample)),
    ):  # fmt: skip
        np.testing.assert_allclose(got.asnumpy(), want, rtol=2e-5, atol=1e-7)
    rows = rng.dirichlet([1.0, 2.0, 3.0], 5)
    got = nd.random_pdf_dirichlet(rows, np.array([1.5, 2.0, 0.5])).asnumpy()
    np.testing.assert_allclose(got, [stats.dirichlet([1.5, 2.0, 0.5]).pdf(r) for r in rows], rtol=2e-5)


def test_sequences_by_their_lower_case_names() -> None:
    x, lengths = nd.array(np.arange(6.0).reshape(3, 2)), nd.array([1, 3])
    assert nd.sequence_last(x, lengths, use_sequence_length=True).tolist() == [0.0, 5.0]
    got = nd.sequence_reverse(data=x, sequence_length=lengths, use_sequence_length=True)
    assert got.tolist() == [[0.0, 5.0], [2.0, 3.0], [4.0, 1.0]]


def test_traps_of_mxnet_are_gone() -> None:
    assert (nd.array([1.0]) == nd.array([1], dtype="int32")).tolist() == [True]
    assert nd.array(np.array([True, False])).dtype == bool and nd.broadcast_equal(nd.array([1.0]), 1.0).dtype == bool
    assert nd.zeros((0, 3)).shape == (0, 3) and nd.zeros(()).ndim == 0
    with pytest.raises(ValueError, match="asscalar|item"):
        nd.zeros((2,)).asscalar()
    with pytest.raises(IndexError, match="index 9 is out of range"):
        nd.take(nd.zeros((3, 2)), nd.array([9]))


def test_axes_may_be_one_number_or_none() -> None:
    x, like = nd.array([[3, 1, 5], [2, 0, 4]]), nd.ones((1, 2))
    assert nd.sort(x, axis=None).tolist() == [0, 1, 2, 3, 4, 5]
    assert nd.argsort(x, axis=None, is_ascend=False).tolist() == [2, 5, 0, 3, 1, 4]
    assert nd.topk(x, axis=None, k=2).tolist() == [2, 5]
    assert [a.tolist() for a in nd.topk(x, axis=None, k=2, ret_typ="both", is_ascend=True)] == [[0, 1], [4, 1]]
    for axes, shape in ((0, (1, 3)), (1, (2, 2)), (-1, (2, 2)), ((), (1, 2)), (None, (1, 2)), ((0,), (1, 3))):
        assert nd.slice_like(x, like, axes=axes).shape == x.slice_like(like, axes=axes).shape == shape


def test_single_numbers_are_joined_as_arrays_of_one() -> None:
    total = nd.array([1.0, 2.0]).sum()
    assert nd.concat(total, nd.array([4.0]), dim=0).tolist() == [3, 4]
    assert nd.concat(total, total, dim=0).shape == (2,)
    with pytest.raises((ValueError, IndexError), match="concat"):
        nd.concat(total, total, dim=1)
