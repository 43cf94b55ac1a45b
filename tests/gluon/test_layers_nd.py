"""Layers along one, two and three axes, of groups and of gates, against PyTorch; and what does not fit."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(3)
SIZES = {1: (9,), 2: (9, 8), 3: (5, 6, 7)}
KERNELS = {1: (3,), 2: (3, 2), 3: (3, 2, 3)}


def data(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def same(layer, peer, x, atol=2e-5):
    """`layer` and PyTorch's `peer`, with the same weights, give the same y and the same gradient of x."""
    for name, p in peer.named_parameters():
        p.data = torch.tensor(getattr(layer, {"weight": "weight", "bias": "bias"}[name]).data().asnumpy())
    a, b = dl.nd.array(x), torch.tensor(x, requires_grad=True)
    a.attach_grad()
    with dl.autograd.record():
        y = layer(a)
        loss = (y * y).sum()
    loss.backward()
    expected = peer(b)
    (expected**2).sum().backward()
    np.testing.assert_allclose(y.asnumpy(), expected.detach().numpy(), rtol=1e-4, atol=atol)
    np.testing.assert_allclose(a.grad.asnumpy(), b.grad.numpy(), rtol=1e-3, atol=20 * atol)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "options", [{}, {"strides": 2, "padding": 1}, {"groups": 2}, {"dilation": 2, "use_bias": False}]
)
def test_convolutions(axes, options):
    layer = getattr(nn, f"Conv{axes}D")(4, KERNELS[axes], in_channels=6, **options)
    layer.initialize(dl.init.Normal(0.3))
    names = {"strides": "stride", "use_bias": "bias"}
    peer = getattr(torch.nn, f"Conv{axes}d")(6, 4, KERNELS[axes], **{names.get(k, k): v for k, v in options.items()})
    same(layer, peer, data(2, 6, *SIZES[axes]))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "options", [{}, {"strides": 2, "padding": 1, "output_padding": 1}, {"groups": 2}, {"dilation": 2}]
)
def test_transposed_convolutions(axes, options):
    layer = getattr(nn, f"Conv{axes}DTranspose")(4, KERNELS[axes], in_channels=6, **options)
    layer.initialize(dl.init.Normal(0.3))
    peer = getattr(torch.nn, f"ConvTranspose{axes}d")(
        6, 4, KERNELS[axes], **{{"strides": "stride"}.get(k, k): v for k, v in options.items()}
    )
    same(layer, peer, data(2, 6, *[s - 2 for s in SIZES[axes]]), 5e-5)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"strides": 1, "padding": 1}, {"pool_size": 3, "ceil_mode": True}])
def test_pooling(axes, options):
    size = options.get("pool_size", 2)
    names = {"strides": "stride"}
    rest = {names.get(k, k): v for k, v in options.items() if k != "pool_size"}
    x = data(2, 3, *SIZES[axes])
    same(getattr(nn, f"MaxPool{axes}D")(**options), getattr(torch.nn, f"MaxPool{axes}d")(size, **rest), x)
    if not options.get("ceil_mode"):  # the two count the part that hangs over differently
        same(getattr(nn, f"AvgPool{axes}D")(**options), getattr(torch.nn, f"AvgPool{axes}d")(size, **rest), x)
        same(
            getattr(nn, f"AvgPool{axes}D")(**options, count_include_pad=False),
            getattr(torch.nn, f"AvgPool{axes}d")(size, **rest, count_include_pad=False),
            x,
        )
    same(getattr(nn, f"GlobalAvgPool{axes}D")(), getattr(torch.nn, f"AdaptiveAvgPool{axes}d")(1), x)
    same(getattr(nn, f"GlobalMaxPool{axes}D")(), getattr(torch.nn, f"AdaptiveMaxPool{axes}d")(1), x)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_channels_last_is_the_same_with_axes_moved(axes):
    layout = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[axes]
    first = getattr(nn, f"Conv{axes}D")(4, 2, in_channels=3)
    last = getattr(nn, f"Conv{axes}D")(4, 2, in_channels=3, layout=layout)
    first.initialize(dl.init.Normal(0.3))
    last.initialize()
    last.weight.set_data(dl.nd.array(np.moveaxis(first.weight.data().asnumpy(), 1, -1).copy()))
    x = data(2, 3, *SIZES[axes])
    moved = dl.nd.array(np.moveaxis(x, 1, -1).copy())
    expected = first(dl.nd.array(x)).asnumpy()
    np.testing.assert_allclose(np.moveaxis(last(moved).asnumpy(), -1, 1), expected, rtol=1e-5, atol=1e-6)
    pooled = getattr(nn, f"MaxPool{axes}D")(layout=layout)(moved).asnumpy()
    np.testing.assert_array_equal(
        np.moveaxis(pooled, -1, 1), getattr(nn, f"MaxPool{axes}D")()(dl.nd.array(x)).asnumpy()
    )
    assert getattr(nn, f"GlobalAvgPool{axes}D")(layout=layout)(moved).shape == (2, *[1] * axes, 3)


def test_norms():
    x = data(2, 6, 5, 4)
    for layer, peer in (
        (nn.GroupNorm(3), torch.nn.GroupNorm(3, 6)),
        (nn.InstanceNorm(scale=True), torch.nn.InstanceNorm2d(6)),
    ):
        layer.initialize()
        expected = peer(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(layer(dl.nd.array(x)).asnumpy(), expected, rtol=1e-4, atol=1e-5)
    rms = nn.RMSNorm(epsilon=1e-6)
    rms.initialize(dl.init.Constant(2.0))
    peer = torch.nn.RMSNorm(4, eps=1e-6)
    np.testing.assert_allclose(rms(dl.nd.array(x)).asnumpy(), peer(torch.tensor(x)).detach().numpy(), rtol=1e-5)
    elsewhere = nn.InstanceNorm(axis=-1)
    elsewhere.initialize()
    moved = dl.nd.array(np.moveaxis(x, 1, -1).copy())
    plain = nn.InstanceNorm()
    plain.initialize()
    np.testing.assert_allclose(
        np.moveaxis(elsewhere(moved).asnumpy(), -1, 1), plain(dl.nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-6
    )


def test_gates_mirrors_and_shuffles():
    x = data(2, 6)
    np.testing.assert_allclose(
        nn.GLU()(dl.nd.array(x)).asnumpy(), torch.nn.functional.glu(torch.tensor(x)).numpy(), rtol=1e-5
    )
    images = data(2, 12, 4, 5)
    same(nn.ReflectionPad2D((1, 2, 3, 0)), torch.nn.ReflectionPad2d((1, 2, 3, 0)), images)
    mx = nn.ReflectionPad2D((0, 0, 0, 0, 3, 0, 1, 2))(dl.nd.array(images))
    np.testing.assert_array_equal(mx.asnumpy(), nn.ReflectionPad2D((1, 2, 3, 0))(dl.nd.array(images)).asnumpy())
    same(nn.PixelShuffle2D(2), torch.nn.PixelShuffle(2), images)
    for layer, peer in ((nn.Mish(), torch.nn.Mish()), (nn.HardSwish(), torch.nn.Hardswish())):
        same(layer, peer, x)


def test_paths_are_dropped_whole_and_keep_the_mean():
    dl.random.seed(3)
    x, layer = dl.nd.ones((4000, 3)), nn.DropPath(0.25)
    assert (layer(x).asnumpy() == 1).all()
    with dl.autograd.train_mode():
        y = layer(x).asnumpy()
    assert set(np.unique(y).round(4)) == {0.0, np.float32(1.3333)}
    assert (y == y[:, :1]).all() and abs(y.mean() - 1) < 0.05


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nn.Conv3D(4, (3, 3)), r"Conv3D kernel_size: expected a number or 3 of them, got \(3, 3\)"),
        (lambda: nn.Conv1D(4, 3, layout="NCHW"), "Conv1D: expected the layout 'NCW' or 'NWC', got 'NCHW'"),
        (lambda: nn.Conv2D(4, 3, strides=2, stride=1), "Conv2D: strides and stride are one argument, got 2 and 1"),
        (lambda: nn.Conv2DTranspose(4, 3, output_padding=1), r"output_padding \(1, 1\) must be below strides \(1, 1\)"),
        (lambda: nn.Conv1D(4, 3).infer_shape(dl.nd.ones((2, 3))), r"expected x of shape \(n, c, w\), got \(2, 3\)"),
        (lambda: nn.GroupNorm(4).infer_shape(dl.nd.ones((2, 6))), "4 groups do not divide the 6 channels"),
        (lambda: nn.GLU()(dl.nd.ones((2, 3))), r"even length of axis -1, got shape \(2, 3\)"),
        (lambda: nn.ReflectionPad2D(2)(dl.nd.ones((1, 1, 2, 2))), r"needs x \(n, c, h, w\) that is larger"),
        (lambda: nn.PixelShuffle2D(2)(dl.nd.ones((1, 6, 2, 2))), "second is a multiple of 4"),
        (lambda: nn.DropPath(1.0), "0 <= rate < 1, got 1.0"),
    ],
)
def test_what_does_not_fit_is_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()
