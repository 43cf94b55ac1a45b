"""Deformable convolution: against loops in NumPy, its gradients against differences, the layers, wrong shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.ops import F

RNG = np.random.default_rng(8)


def read(x: np.ndarray, y: float, z: float, border: bool) -> float:
    """One picture at a place between pixels: zeros outside, or, with border, nothing at all there."""
    h, w = x.shape
    if border and not (0 <= y < h and 0 <= z < w):
        return 0.0
    total = 0.0
    for i in (int(np.floor(y)), int(np.floor(y)) + 1):
        for j in (int(np.floor(z)), int(np.floor(z)) + 1):
            share = (1 - abs(y - i)) * (1 - abs(z - j))
            if border:
                total += share * x[min(i, h - 1), min(j, w - 1)]
            elif 0 <= i < h and 0 <= j < w:
                total += share * x[i, j]
    return total


def slow(x: Any, offset: Any, weight: Any, mask: Any, border: bool, **form: int) -> np.ndarray:
    stride, pad, dilate, groups, parts = (form[name] for name in ("stride", "pad", "dilate", "groups", "parts"))
    (n, c, _, _), (k, per, kh, kw), (oh, ow) = x.shape, weight.shape, offset.shape[2:]
    out = np.zeros((n, k, oh, ow))
    for s, o, i, j in np.ndindex(n, k, oh, ow):
        for q, a, b in np.ndindex(per, kh, kw):
            channel = o // (k // groups) * per + q
            tap = channel // (c // parts) * kh * kw + a * kw + b
            y = i * stride - pad + a * dilate + offset[s, 2 * tap, i, j]
            z = j * stride - pad + b * dilate + offset[s, 2 * tap + 1, i, j]
            factor = 1.0 if mask is None else mask[s, tap, i, j]
            out[s, o, i, j] += weight[o, q, a, b] * factor * read(x[s, channel], y, z, border)
    return out


FORMS = [
    dict(stride=1, pad=1, dilate=1, groups=1, parts=1),
    dict(stride=2, pad=0, dilate=1, groups=2, parts=2),
    dict(stride=1, pad=2, dilate=2, groups=1, parts=4),
]


def arrays(form: dict[str, int], masked: bool) -> tuple[Any, ...]:
    x, weight = RNG.normal(size=(2, 4, 6, 5)), RNG.normal(size=(4, 4 // form["groups"], 3, 3))
    reach = form["dilate"] * 2 + 1
    oh, ow = ((n + 2 * form["pad"] - reach) // form["stride"] + 1 for n in (6, 5))
    offset = RNG.uniform(-2.5, 2.5, size=(2, 18 * form["parts"], oh, ow))
    mask = RNG.uniform(0, 2, size=(2, 9 * form["parts"], oh, ow)) if masked else None
    return x, offset, weight, mask


def fast(x: Any, offset: Any, weight: Any, mask: Any, border: bool, **form: int) -> Any:
    words = {**form, "offset_groups": form["parts"]}
    del words["parts"]
    return F.deformable_conv2d(x, offset, weight, None, mask, border=border, **words)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("border", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_agrees_with_loops(form: dict[str, int], border: bool, masked: bool) -> None:
    x, offset, weight, mask = arrays(form, masked)
    made = [None if a is None else nd.array(a, dtype="float64") for a in (x, offset, weight, mask)]
    got = fast(*made, border, **form).asnumpy()
    np.testing.assert_allclose(got, slow(x, offset, weight, mask, **form, border=border), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("border", [False, True])
def test_gradients_are_those_of_differences(border: bool) -> None:
    form = FORMS[1]
    given = [nd.array(a, dtype="float64") for a in arrays(form, True)]
    for a in given:
        a.attach_grad()
    head = nd.array(RNG.normal(size=(2, 4, 2, 2)), dtype="float64")

    def value(arrays: Any) -> Any:
        return (fast(*arrays, border, **form) * head).sum()

    with autograd.record():
        out = value(given)
    out.backward()
    for k, array in enumerate(given):
        base = array.asnumpy()
        for place in RNG.choice(base.size, 12, replace=False):
            ends = []
            for way in (1e-6, -1e-6):
                moved = base.copy()
                moved.flat[place] += way
                ends.append(float(value([*given[:k], nd.array(moved, dtype="float64"), *given[k + 1 :]])))
            slope = (ends[0] - ends[1]) / 2e-6
            assert array.grad.asnumpy().flat[place] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_without_offsets_it_is_a_convolution_and_moved_by_one_a_moved_one() -> None:
    x, w, b = (nd.array(RNG.normal(size=s)) for s in ((2, 3, 7, 7), (4, 3, 3, 3), (4,)))
    want = F.conv2d(x, w, b)
    got = nd.contrib.DeformableConvolution(x, nd.zeros((2, 18, 5, 5)), w, b, kernel=(3, 3), num_filter=4)
    np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-4, atol=1e-5)
    down = nd.ones((2, 9, 1, 5, 5))
    offset = nd.stack(down, nd.zeros_like(down), axis=2).reshape((2, 18, 5, 5))
    moved = nd.contrib.ModulatedDeformableConvolution(
        x, offset, nd.ones((2, 9, 5, 5)), w, b, kernel=(3, 3), num_filter=4
    )
    np.testing.assert_allclose(moved.asnumpy()[:, :, :4], want.asnumpy()[:, :, 1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["DeformableConvolution", "ModulatedDeformableConvolution"])
def test_layers_begin_as_a_convolution_and_learn_where_to_look(name: str) -> None:
    dl.random.seed(3)
    layer = getattr(gluon.contrib.cnn, name)(2, kernel_size=3, padding=1)
    plain = gluon.nn.Conv2D(2, 3, padding=1)
    x = nd.array(RNG.normal(size=(4, 2, 6, 6)))
    for block in (layer, plain):
        block.initialize(dl.init.Xavier())
        block(x)
    plain.weight.set_data(layer.weight.data())
    np.testing.assert_allclose(layer(x).asnumpy(), plain(x).asnumpy(), rtol=1e-4, atol=1e-5)
    layer.hybridize()
    above = nd.concat(nd.zeros((4, 2, 1, 6)), x[:, :, :5], dim=2)
    want = F.conv2d(above, plain.weight.data(), None, pad=1)
    trainer = gluon.Trainer(layer.collect_params(), "adam", {"learning_rate": 0.02})
    losses = []
    for _ in range(60):
        with autograd.record():
            loss = ((layer(x) - want) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2 and np.abs(layer.offset_bias.data().asnumpy()).max() > 0.01


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x, o, w: F.deformable_conv2d(x, o[:, :9], w), r"expected offset of shape \(1, 18, 3, 3\), got \(1, 9,"),
        (lambda x, o, w: F.deformable_conv2d(x[0], o, w), "expected x"),
        (lambda x, o, w: F.deformable_conv2d(x, o, w, mask=o), "expected mask of shape"),
        (lambda x, o, w: F.deformable_conv2d(x, o, w, offset_groups=2), "2 and 1 groups do not divide 3 and 4"),
        (lambda x, o, w: F.deformable_conv2d(x, o, w, stride=(1, 2, 3)), "stride must be a number or two"),
        (lambda x, o, w: nd.contrib.DeformableConvolution(x, o, w, kernel=(2, 2), num_filter=4), "kernel"),
        (lambda x, o, w: gluon.nn.DeformableConvolution(2, 3, layout="NHWC"), "expected the layout 'NCHW'"),
    ],
)
def test_shapes_that_do_not_meet_are_named(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(nd.ones((1, 3, 5, 5)), nd.zeros((1, 18, 3, 3)), nd.ones((4, 3, 3, 3)))
