"""The deep-learning operators, values and gradients, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dlcore import autograd, nd
from dlcore.ops import F

functional = torch.nn.functional
RNG = np.random.default_rng(11)


def same(got: Any, want: Any, limit: float = 1e-10) -> None:
    want = want.detach().numpy()
    assert got.shape == want.shape
    np.testing.assert_allclose(got.asnumpy(), want, rtol=limit, atol=limit)


def both(*shapes: tuple[int, ...]) -> tuple[list[Any], list[Any]]:
    """The same random float64 arrays here and there, all with gradients."""
    values = [RNG.uniform(-1, 1, s) for s in shapes]
    ours = [nd.array(v, dtype="float64") for v in values]
    for v in ours:
        v.attach_grad()
    return ours, [torch.tensor(v, requires_grad=True) for v in values]


def agree(run: Any, their_run: Any, *shapes: tuple[int, ...], limit: float = 1e-10) -> None:
    """Values and gradients of one function of arrays of these shapes."""
    ours, theirs = both(*shapes)
    with autograd.record():
        y = run(*ours)
        total = (y * y).sum()
    total.backward()
    want = their_run(*theirs)
    same(y, want, limit)
    for v, g in zip(ours, torch.autograd.grad((want * want).sum(), theirs), strict=True):
        same(v.grad, g, limit)


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("hard", [False, True])
def test_convolution(nd_: int, hard: bool) -> None:
    stride, pad, dilate, groups = (2, 1, 2, 2) if hard else (1, 0, 1, 1)
    run = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[nd_]
    size, kernel = (7, 8, 9)[-nd_:], (2, 3, 3)[-nd_:]
    agree(
        lambda x, w, b: getattr(F, f"conv{nd_}d")(x, w, b, (stride,) * nd_, (pad,) * nd_, (dilate,) * nd_, groups),
        lambda x, w, b: run(x, w, b, stride, pad, dilate, groups),
        (2, 4, *size), (6, 4 // groups, *kernel), (6,),
    )  # fmt: skip


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("hard", [False, True])
def test_transposed_convolution(nd_: int, hard: bool) -> None:
    stride, pad, dilate, adj, groups = (3, 1, 2, 2, 2) if hard else (1, 0, 1, 0, 1)
    names = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
    size, kernel = (3, 4, 3)[-nd_:], (2, 3, 3)[-nd_:]
    spread = [(v,) * nd_ for v in (stride, pad, dilate, adj)]
    agree(
        lambda x, w, b: getattr(F, f"deconv{nd_}d")(x, w, b, *spread, groups),
        lambda x, w, b: names[nd_](x, w, b, stride, pad, adj, groups, dilate),
        (2, 4, *size), (4, 6 // groups, *kernel), (6,),
    )  # fmt: skip


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("ceil", [False, True])
def test_pooling(nd_: int, ceil: bool) -> None:
    size = (7, 8, 9)[-nd_:]
    largest = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}[nd_]
    mean = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}[nd_]
    where = ((3,) * nd_, (2,) * nd_, (1,) * nd_)
    ours, theirs = (getattr(F, f"{w}_pool{nd_}d") for w in ("max", "avg")), (largest, mean)
    ours_max, ours_avg = ours
    agree(lambda x: ours_max(x, *where, ceil), lambda x: theirs[0](x, 3, 2, 1, ceil_mode=ceil), (2, 3, *size))
    for count in (True, False):
        agree(
            lambda x, count=count: ours_avg(x, *where, count, ceil),
            lambda x, count=count: theirs[1](x, 3, 2, 1, ceil, count),
            (2, 3, *size),
        )


def test_p_norm_pooling() -> None:
    agree(lambda x: F.lp_pool2d(x, (2, 3), 3), lambda x: functional.lp_pool2d(x.abs(), 3, (2, 3)), (2, 3, 6, 6))


COARSE = {"celu", "gelu_tanh"}  # PyTorch rounds their constants to float32
ACTIVATIONS = {
    "celu": ((0.7,), lambda x: functional.celu(x, 0.7)),
    "hard_swish": ((), functional.hardswish),
    "hard_tanh": ((-0.5, 0.25), lambda x: functional.hardtanh(x, -0.5, 0.25)),
    "threshold": ((0.25, -3.0), lambda x: functional.threshold(x, 0.25, -3.0)),
    "softshrink": ((0.3,), lambda x: functional.softshrink(x, 0.3)),
    "hardshrink": ((0.3,), lambda x: functional.hardshrink(x, 0.3)),
    "tanhshrink": ((), functional.tanhshrink),
    "softplus": ((2.5,), lambda x: functional.softplus(x, 2.5)),
    "swish": ((1.0,), functional.silu),
    "mish": ((), functional.mish),
    "elu": ((0.7,), lambda x: functional.elu(x, 0.7)),
    "selu": ((), functional.selu),
    "gelu_erf": ((), functional.gelu),
    "gelu_tanh": ((), lambda x: functional.gelu(x, approximate="tanh")),
    "relu6": ((), functional.relu6),
    "log_sigmoid": ((), functional.logsigmoid),
    "softsign": ((), functional.softsign),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    knobs, their_run = ACTIVATIONS[name]
    agree(lambda x: getattr(F, name)(x, *knobs), their_run, (4, 9), limit=1e-7 if name in COARSE else 1e-10)


def test_norms() -> None:
    agree(
        lambda x, g, b: F.group_norm(x, g, b, 2),
        lambda x, g, b: functional.group_norm(x, 2, g, b),
        (3, 4, 5, 6), (4,), (4,),
    )  # fmt: skip
    agree(
        lambda x, g, b: F.instance_norm(x, g, b),
        lambda x, g, b: functional.instance_norm(x, weight=g, bias=b),
        (3, 4, 5, 6), (4,), (4,),
    )  # fmt: skip
    agree(lambda x, g: F.rms_norm(x, g), lambda x, g: functional.rms_norm(x, (5,), g, 1e-6), (3, 4, 5), (5,))


def test_losses() -> None:
    agree(lambda x, y: F.huber(x, y, 0.5), lambda x, y: functional.huber_loss(x, y, "none", 0.5), (4, 5), (4, 5))
    target = RNG.uniform(0.1, 0.9, (4, 5))
    theirs = torch.tensor(target)
    weight = torch.full((5,), 1.5, dtype=torch.float64)
    agree(
        lambda x: F.bce_with_logits(x, nd.array(target, dtype="float64"), 1.5),
        lambda x: functional.binary_cross_entropy_with_logits(x, theirs, None, None, None, "none", weight),
        (4, 5),
    )
    agree(
        lambda x: F.bce(F.sigmoid(x), nd.array(target, dtype="float64")),
        lambda x: functional.binary_cross_entropy(torch.sigmoid(x), theirs, reduction="none"),
        (4, 5),
    )
    agree(
        lambda x: F.kl_div(x, nd.array(target, dtype="float64")),
        lambda x: functional.kl_div(x, theirs, reduction="none"),
        (4, 5),
    )
    labels = np.array([[0, 2, 1], [4, -100, 3]])
    agree(
        lambda x: F.cross_entropy(x, nd.array(labels, dtype="int64"), 1, 0.1),
        lambda x: functional.cross_entropy(x, torch.tensor(labels), reduction="none", label_smoothing=0.1),
        (2, 5, 3),
    )


@pytest.mark.parametrize("mode", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layers(mode: str, bidirectional: bool) -> None:
    layers, ways = 2, 1 + bidirectional
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(mode, torch.nn.RNN)
    more = {} if mode in ("lstm", "gru") else {"nonlinearity": mode[4:]}
    net = kind(4, 6, layers, bidirectional=bidirectional, **more).double()
    shapes = [tuple(p.shape) for p in net.parameters()]
    states = 2 if mode == "lstm" else 1

    def theirs(x: Any, *rest: Any) -> Any:
        given = dict(zip([n for n, _ in net.named_parameters()], rest[states:], strict=True))
        begin = rest[:2] if states == 2 else rest[0]
        y, last = torch.func.functional_call(net, given, (x, begin))
        return torch.cat([y.reshape(-1), *(s.reshape(-1) for s in (last if states == 2 else (last,)))])

    def ours(x: Any, *rest: Any) -> Any:
        y, last = F.rnn(x, list(rest[states:]), list(rest[:states]), mode, bidirectional)
        return F.concat(*(F.reshape(v, (-1,)) for v in (y, *last)), axis=0)

    agree(ours, theirs, (7, 5, 4), *[(layers * ways, 5, 6)] * states, *shapes)


@pytest.mark.parametrize("size", [(9, 11), (3, 2), (4, 6)])
@pytest.mark.parametrize(("mode", "theirs"), [("linear", "bilinear"), ("cubic", "bicubic"), ("nearest", "nearest"),
                                              ("area", "area")])  # fmt: skip
@pytest.mark.parametrize("corners", [False, True])
def test_resize(size: tuple[int, int], mode: str, theirs: str, corners: bool) -> None:
    if corners and mode in ("nearest", "area"):
        corners = False  # PyTorch has no such form
    more = {"align_corners": corners} if mode in ("linear", "cubic") else {}
    agree(
        lambda x: F.resize(x, size, mode, corners),
        lambda x: functional.interpolate(x, size, mode=theirs, **more),
        (2, 3, 4, 6),
    )


def test_resize_one_and_three_axes() -> None:
    interpolate = functional.interpolate
    agree(lambda x: F.resize(x, 7), lambda x: interpolate(x, 7, mode="linear"), (2, 3, 4))
    agree(lambda x: F.resize(x, (5, 2, 6)), lambda x: interpolate(x, (5, 2, 6), mode="trilinear"), (2, 3, 4, 3, 2))


def test_adaptive_pooling() -> None:
    agree(
        lambda x: F.adaptive_avg_pool2d(x, (3, 5)), lambda x: functional.adaptive_avg_pool2d(x, (3, 5)),
        (2, 3, 7, 11),
    )  # fmt: skip


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("border", [False, True])
def test_grid_sample(corners: bool, border: bool) -> None:
    mode = "border" if border else "zeros"
    agree(
        lambda x, g: F.grid_sample(x, g, corners, border),
        lambda x, g: functional.grid_sample(x, g, padding_mode=mode, align_corners=corners),
        (2, 3, 5, 6), (2, 4, 3, 2),
    )  # fmt: skip


def test_affine_grids_and_spatial_transformers() -> None:
    agree(
        lambda x, t: F.spatial_transformer(x, F.reshape(t, (2, 6)), (4, 3)),
        lambda x, t: functional.grid_sample(x, functional.affine_grid(t, [2, 3, 4, 3], True), align_corners=True),
        (2, 3, 5, 6), (2, 2, 3),
    )  # fmt: skip


def test_columns() -> None:
    agree(
        lambda x: F.im2col(x, (2, 3), (2, 1), (1, 2), (1, 2)),
        lambda x: functional.unfold(x, (2, 3), (1, 2), (1, 2), (2, 1)),
        (2, 3, 5, 6),
    )
    agree(
        lambda x: F.col2im(x, (5, 6), (2, 3), (2, 1), (1, 2), (1, 2)),
        lambda x: functional.fold(x, (5, 6), (2, 3), (1, 2), (1, 2), (2, 1)),
        (2, 18, 18),
    )


@pytest.mark.parametrize("blank_label", ["first", "last"])
def test_ctc_loss(blank_label: str) -> None:
    low, blank = (1, 0) if blank_label == "first" else (0, 5)
    labels, steps, lengths = RNG.integers(low, low + 5, (4, 5)), [12, 9, 12, 7], [5, 3, 1, 2]
    given = (nd.array(labels, dtype="int32"), nd.array(steps, dtype="int64"), nd.array(lengths, dtype="int64"))
    rest = (torch.tensor(labels), torch.tensor(steps), torch.tensor(lengths), blank, "none")
    agree(
        lambda x: F.ctc_loss(x, *given, blank_label),
        lambda x: functional.ctc_loss(torch.log_softmax(x, -1), *rest),
        (12, 4, 6),
    )


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal: bool) -> None:
    agree(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, None, causal),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=causal),
        (2, 3, 70, 5), (2, 3, 530, 5), (2, 3, 530, 4),
    )  # fmt: skip
