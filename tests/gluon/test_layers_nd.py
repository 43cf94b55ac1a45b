"""Layers along one, two and three axes, of groups and of gates, against plain NumPy; and what does not fit."""

import numpy as np
import pytest
from plain import pictures, pointwise, windows
from plain.slope import agree

import dlcore as dl
from dlcore.gluon import nn

RNG = np.random.default_rng(3)
SIZES = {1: (9,), 2: (9, 8), 3: (5, 6, 7)}
KERNELS = {1: (3,), 2: (3, 2), 3: (3, 2, 3)}
# What the layers' arguments are called in tests/plain.
PLAIN = {"strides": "stride", "padding": "pad", "dilation": "dilate", "output_padding": "adj", "groups": "groups",
         "ceil_mode": "ceil"}  # fmt: skip


def data(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def weights(layer):
    """The layer's weight and bias (None where it has none) in float64."""
    given = [getattr(layer, name, None) for name in ("weight", "bias")]
    return [None if p is None else p.data().asnumpy().astype(np.float64) for p in given]


def gradient(layer, x):
    x.attach_grad()
    with dl.autograd.record():
        y = layer(x)
        loss = (y * y).sum()
    loss.backward()
    return y, x.grad.asnumpy()


def same(layer, plain, x, atol=2e-5):
    """`layer` gives the y of the NumPy function and the gradient of x: in float64 to 1e-10, in float32 near that."""
    wide = x.astype(np.float64)
    y, got = gradient(layer, dl.nd.array(x))
    np.testing.assert_allclose(y.asnumpy(), plain(wide), rtol=1e-4, atol=atol)
    layer.cast("float64")
    agree(layer, plain, [wide])
    np.testing.assert_allclose(got, gradient(layer, dl.nd.array(wide, dtype="float64"))[1], rtol=1e-3, atol=20 * atol)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "options", [{}, {"strides": 2, "padding": 1}, {"groups": 2}, {"dilation": 2, "use_bias": False}]
)
def test_convolutions(axes, options):
    layer = getattr(nn, f"Conv{axes}D")(4, KERNELS[axes], in_channels=6, **options)
    layer.initialize(dl.init.Normal(0.3))
    w, b = weights(layer)
    how = {PLAIN[k]: v for k, v in options.items() if k in PLAIN}
    same(layer, lambda x: windows.convolve(x, w, b, **how), data(2, 6, *SIZES[axes]))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "options", [{}, {"strides": 2, "padding": 1, "output_padding": 1}, {"groups": 2}, {"dilation": 2}]
)
def test_transposed_convolutions(axes, options):
    layer = getattr(nn, f"Conv{axes}DTranspose")(4, KERNELS[axes], in_channels=6, **options)
    layer.initialize(dl.init.Normal(0.3))
    w, b = weights(layer)
    how = {PLAIN[k]: v for k, v in options.items() if k in PLAIN}
    same(layer, lambda x: windows.transposed(x, w, b, **how), data(2, 6, *[s - 2 for s in SIZES[axes]]), 5e-5)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"strides": 1, "padding": 1}, {"pool_size": 3, "ceil_mode": True}])
def test_pooling(axes, options):
    size = options.get("pool_size", 2)
    how = {PLAIN[k]: v for k, v in options.items() if k in PLAIN}
    x = data(2, 3, *SIZES[axes])
    same(getattr(nn, f"MaxPool{axes}D")(**options), lambda x: windows.pool(x, size, **how), x)
    for count in (True, False):
        layer = getattr(nn, f"AvgPool{axes}D")(**options, count_include_pad=count)
        same(layer, lambda x, count=count: windows.pool(x, size, mean=True, count_pad=count, **how), x)
    every = tuple(range(2, 2 + axes))
    same(getattr(nn, f"GlobalAvgPool{axes}D")(), lambda x: x.mean(every, keepdims=True), x)
    same(getattr(nn, f"GlobalMaxPool{axes}D")(), lambda x: windows.pool(x, SIZES[axes]), x)


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
    x, one, zero = data(2, 6, 5, 4), np.ones(6), np.zeros(6)
    for layer, plain in (
        (nn.GroupNorm(3), lambda x: pointwise.group_norm(x, one, zero, 3)),
        (nn.InstanceNorm(scale=True), lambda x: pointwise.instance_norm(x, one, zero)),
    ):
        layer.initialize()
        same(layer, plain, x)
    rms = nn.RMSNorm(epsilon=1e-6)
    rms.initialize(dl.init.Constant(2.0))
    same(rms, lambda x: pointwise.rms_norm(x, np.ones(4)), x)
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
    same(nn.GLU(), lambda x: x[:, :3] * pointwise.sigmoid(x[:, 3:]), x)
    images = data(2, 12, 4, 5)
    border = [(0, 0), (0, 0), (3, 0), (1, 2)]
    same(nn.ReflectionPad2D((1, 2, 3, 0)), lambda x: np.pad(x, border, mode="reflect"), images)
    mx = nn.ReflectionPad2D((0, 0, 0, 0, 3, 0, 1, 2))(dl.nd.array(images))
    np.testing.assert_array_equal(mx.asnumpy(), nn.ReflectionPad2D((1, 2, 3, 0))(dl.nd.array(images)).asnumpy())
    same(nn.PixelShuffle2D(2), lambda x: pictures.pixel_shuffle(x, 2), images)
    row, block = data(2, 6, 4), data(2, 24, 2, 3, 2)
    same(nn.PixelShuffle1D(3), lambda x: x.reshape(2, 2, 3, 4).swapaxes(2, 3).reshape(2, 2, 12), row)
    apart = (0, 1, 5, 2, 6, 3, 7, 4)  # each length before the factor it grows by
    same(
        nn.PixelShuffle3D((2, 3, 2)),
        lambda x: x.reshape(2, 2, 2, 3, 2, 2, 3, 2).transpose(apart).reshape(2, 2, 4, 9, 4),
        block,
    )
    for layer, name in ((nn.Mish(), "mish"), (nn.HardSwish(), "hard_swish")):
        same(layer, pointwise.ACTIVATIONS[name][1], x)


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
