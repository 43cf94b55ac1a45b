"""Layers, heads and shapes of `dlcore.nd` in all that MXNet's arguments ask for, held against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, nd, npx

rng = np.random.default_rng(11)


def shares(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_softmax_of_the_first_numbers_of_each_line(axis: int, dtype: str) -> None:
    x = rng.normal(size=(3, 4, 5)).astype(dtype)
    lines = np.moveaxis(x, axis, -1)
    length = rng.integers(0, lines.shape[-1] + 1, lines.shape[:-1])
    length.flat[0] = 0
    want = np.zeros(lines.shape)
    for at in np.ndindex(*length.shape):
        if n := length[at]:
            want[at][:n] = shares(lines[at][:n].astype(float) / 2, 0)
    want = np.moveaxis(want, -1, axis)
    given, n = nd.array(x), nd.array(length, dtype="int32")
    given.attach_grad()
    tol = 1e-6 if dtype == "float32" else 2e-3
    with autograd.record():
        y = nd.softmax(given, n, axis, 2.0, None, True)
        z = nd.softmin(nd.negative(given), axis, 2.0, None, True, n)
        logs = nd.log_softmax(given, axis, 2.0, None, True, n)
    np.testing.assert_allclose(y.asnumpy(), want, atol=tol)
    np.testing.assert_array_equal(z.asnumpy(), y.asnumpy())
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(np.exp(logs.asnumpy().astype(float)), want, atol=tol)
    y.backward()
    np.testing.assert_allclose(given.grad.asnumpy(), 0, atol=10 * tol)  # the sum of each line does not change
    assert npx.softmax(given, axis=axis, dtype="float64").dtype == np.float64
    with pytest.raises(ValueError, match=r"expected a length of shape .*, got \(2,\)"):
        nd.softmax(given, nd.array([1, 2]), axis, use_length=True)
    with pytest.raises(ValueError, match="use_length needs a length"):
        nd.softmax(given, use_length=True)


def test_old_softmax_is_the_head_when_it_has_a_label() -> None:
    x, label = nd.array(rng.normal(size=(3, 4))), nd.array([0, 3, 1])
    grads = []
    for head in (nd.Softmax, nd.SoftmaxOutput):
        x.attach_grad()
        with autograd.record():
            y = head(data=x, label=label, grad_scale=2.0)
        y.backward()
        grads.append(x.grad.asnumpy())
    np.testing.assert_array_equal(*grads)
    np.testing.assert_allclose(grads[0], 2 * (shares(x.asnumpy(), 1) - np.eye(4)[[0, 3, 1]]), rtol=1e-5, atol=1e-6)
    assert nd.Softmax(x).asnumpy().tolist() == nd.softmax(x).asnumpy().tolist()


def test_a_head_of_kept_shape_counts_labels() -> None:
    x, label = nd.array(rng.normal(size=(3, 5, 4))), nd.array(rng.integers(0, 4, (3, 5)))
    x.attach_grad()
    with autograd.record():
        y = nd.SoftmaxOutput(x, label, preserve_shape=True, normalization="batch")
    y.backward()
    want = (shares(x.asnumpy(), -1) - np.eye(4)[label.asnumpy().astype(int)]) / 15
    np.testing.assert_allclose(x.grad.asnumpy(), want, rtol=1e-4, atol=1e-6)


def test_means_and_roots_that_were_used() -> None:
    x = rng.normal(size=(3, 4, 5))
    given, four, five = nd.array(x, dtype="float64"), nd.ones((4,), dtype="float64"), nd.ones((5,), dtype="float64")
    cases: list[tuple[Any, tuple, float]] = [
        (lambda: nd.LayerNorm(given, five, five * 0, eps=0.1, output_mean_var=True), (2,), 0.1),
        (lambda: nd.LayerNorm(given, four, four * 0, axis=1, output_mean_var=True), (1,), 1e-5),
    ]
    for call, axes, eps in cases:
        y, mean, root = (v.asnumpy() for v in call())
        np.testing.assert_allclose(mean, x.mean(axes, keepdims=True), rtol=1e-9)
        np.testing.assert_allclose(root, np.sqrt(x.var(axes, keepdims=True) + eps), rtol=1e-9)
        np.testing.assert_allclose(y, (x - mean) / root, rtol=1e-9)
    y, mean, root = nd.GroupNorm(given, four, four * 0, num_groups=2, output_mean_var=True)
    np.testing.assert_allclose(mean.asnumpy(), x.reshape(3, 2, 10).mean(2), rtol=1e-9)
    np.testing.assert_allclose(root.asnumpy(), np.sqrt(x.reshape(3, 2, 10).var(2) + 1e-5), rtol=1e-9)
    moving = nd.array([1.0, 2.0, 3.0, 4.0], dtype="float64")
    for training in (True, False):
        with autograd.record(train_mode=training):
            y, mean, scale = nd.BatchNorm(
                given, four, four * 0, moving, moving, eps=0.1, momentum=1.0, fix_gamma=False, output_mean_var=True
            )
        variance = x.var((0, 2)) if training else np.arange(1.0, 5)
        np.testing.assert_allclose(scale.asnumpy(), 1 / np.sqrt(variance + 0.1), rtol=1e-9)


def test_products_over_the_axis_that_a_transposition_names() -> None:
    a, b = rng.normal(size=(4, 3, 2)), rng.normal(size=(6, 5, 4))
    left = nd.dot(nd.array(a, dtype="float64"), nd.array(b[0, 0], dtype="float64"), transpose_a=True)
    np.testing.assert_allclose(left.asnumpy(), np.tensordot(a, b[0, 0], ((0,), (0,))), rtol=1e-9)
    both = nd.dot(nd.array(a, dtype="float64"), nd.array(b, dtype="float64"), transpose_a=True, transpose_b=True)
    np.testing.assert_allclose(both.asnumpy(), np.tensordot(a, b, ((0,), (2,))), rtol=1e-9)


def test_shapes_and_places_as_old_networks_say_them() -> None:
    x = nd.zeros((3, 4, 5))
    assert nd.Reshape(x, target_shape=(2, 0)).shape == (2, 30)
    assert nd.Reshape(x, target_shape=(7, 0), keep_highest=True).shape == (3, 20)
    assert nd.reshape(x, (0, -1)).shape == (3, 20)
    with pytest.raises(TypeError, match="expected a shape"):
        nd.reshape(x)
    assert nd.broadcast_to(nd.zeros((1, 4, 1)), shape=(2, 0, 3)).shape == (2, 4, 3)
    places = np.array([37, 119, 0])
    assert (
        nd.unravel_index(nd.array(places), (-1, 5, 6)).tolist()
        == np.array(np.unravel_index(places, (4, 5, 6))).tolist()
    )
    assert nd.ravel_multi_index(nd.unravel_index(nd.array(places), (-1, 5, 6)), (-1, 5, 6)).tolist() == places.tolist()
    with pytest.raises(IndexError, match="out of range"):
        nd.ravel_multi_index(nd.array([[1], [7]]), (-1, 5))
    assert nd.arange(0, 2, 1, 2, None, None, "int32").tolist() == [0, 0, 1, 1]
    assert float(nd.norm(nd.array([3.0, 4.0]), 2, None, "float64")) == 5.0
    values = nd.array([[3.0, 1.0, 2.0]])
    assert nd.topk(values, k=0, ret_typ="value").tolist() == [[3.0, 2.0, 1.0]]
    assert nd.topk(values, axis=None, k=2, ret_typ="mask").tolist() == [[1.0, 0.0, 1.0]]
    assert nd.choose_element_0index(values, nd.array([2]), 1, True).tolist() == [[2.0]]
    for kind in ("csr", "row_sparse"):
        assert nd.zeros((3, 2), stype=kind).stype == nd.empty((3, 2), stype=kind).stype == kind


def test_slopes_drawn_between_bounds() -> None:
    x = nd.full((4000,), -1.0)
    assert nd.LeakyReLU(x, act_type="rrelu", lower_bound=0.25, upper_bound=0.75).asnumpy().max() == -0.5
    with autograd.record():
        y = -nd.LeakyReLU(x, act_type="rrelu", lower_bound=0.25, upper_bound=0.75).asnumpy()
    assert y.min() >= 0.25 and y.max() < 0.75 and abs(y.mean() - 0.5) < 0.02 and y.std() > 0.13


def test_each_cell_of_a_region_reads_channels_of_its_own() -> None:
    x, rois = rng.normal(size=(2, 12, 7, 6)), np.array([[0, 0, 0, 3, 3], [1, 1, 1, 5, 4]])
    whole = nd.contrib.ROIAlign(nd.array(x), nd.array(rois), (3, 2), sample_ratio=2).asnumpy()
    own = nd.contrib.ROIAlign(nd.array(x), nd.array(rois), (3, 2), sample_ratio=2, position_sensitive=True).asnumpy()
    want = np.array([[[[whole[n, c * 6 + i * 2 + j, i, j] for j in range(2)] for i in range(3)] for c in range(2)]
                     for n in range(2)])  # fmt: skip
    np.testing.assert_array_equal(own, want)
    with pytest.raises(ValueError, match="multiple of 4 channels, got 6"):
        nd.contrib.ROIAlign(nd.array(x[:, :6]), nd.array(rois), (2, 2), position_sensitive=True)


@pytest.mark.parametrize(
    ("mode", "given", "size"),
    [("odd_scale", (5, 6), (9, 12)), ("odd_scale", (6, 7), (12, 13)), ("odd_scale", (1, 2), (1, 4)),
     ("to_even_down", (5, 6), (4, 6)), ("to_even_up", (6, 7), (6, 8)), ("to_odd_down", (6, 7), (5, 7)),
     ("to_odd_up", (5, 6), (5, 7))],
)  # fmt: skip
def test_sizes_that_pictures_are_brought_to(mode: str, given: tuple, size: tuple) -> None:
    """The sizes are those that MXNet 1.9.1 gave."""
    scales = {"scale_height": 2.0, "scale_width": 2.0} if mode == "odd_scale" else {}
    assert nd.contrib.BilinearResize2D(nd.zeros((1, 1, *given)), mode=mode, **scales).shape[2:] == size


def test_boxes_without_a_class_and_no_suppression() -> None:
    rows = nd.array([[[0, 0.5, 0.1, 0.1, 0.2, 0.2], [-1, 0.9, 0.1, 0.1, 0.2, 0.2], [1, 0.4, 0.1, 0.1, 0.2, 0.2]]])
    kept = nd.contrib.box_nms(rows, overlap_thresh=0.1, id_index=0).asnumpy()
    np.testing.assert_allclose(kept[0, :, 1], [0.5, 0.4, -1.0])  # class -1 is the background unless told otherwise
    assert nd.contrib.box_nms(rows, topk=0).tolist() == rows.tolist()


def test_a_rate_is_no_mean() -> None:
    nd.random.seed(3)
    for draw in (
        lambda: nd.random_exponential(lam=4.0, shape=20000),
        lambda: nd.random_exponential(4.0, (20000,), None, "float64"),
        lambda: nd.random.exponential_like(nd.zeros((20000,)), lam=4.0),
        lambda: nd.random.exponential(0.25, 20000),
    ):
        assert abs(float(draw().mean()) - 0.25) < 0.006
    assert (
        nd.random_normal(0, 1, (2,), "cpu", "float64").dtype
        == nd.uniform(0, 1, 2, "cpu", "float64").dtype
        == np.float64
    )
    with pytest.raises(ValueError, match="lam must be above 0"):
        nd.random_exponential(0.0)


def test_numbers_of_interpolations_are_those_of_opencv() -> None:
    """0 nearest, 1 linear, 2 cubic, 3 area; the values are those that MXNet 1.9.1 gave."""
    x = nd.array(np.random.RandomState(0).randint(0, 256, (12, 16, 1)).astype("float32"))
    want = {0: [88.0, 58.0, 39.0, 88.0], 1: [177.21, 222.0, 158.75, 92.67], 2: [184.42, 257.48, 174.77, 68.17]}
    for interp, row in want.items():
        np.testing.assert_allclose(nd.image.resize(x, (6, 8), False, interp).asnumpy()[1, :4, 0], row, atol=0.01)
    halves = nd.image.resize(x, (8, 6), interp=3).asnumpy()
    np.testing.assert_allclose(halves, x.asnumpy().reshape(6, 2, 8, 2, 1).mean((1, 3)), rtol=1e-5)
    assert nd.image.resize(nd.zeros((5, 6, 3)), 4, True).shape == (4, 4, 3)  # 4.8 columns


def test_operands_have_the_names_that_mxnet_gives_them() -> None:
    x = nd.array([2.0, 3.0])
    assert nd.power(base=x, exp=x).tolist() == nd.power(lhs=x, rhs=x).tolist() == [4.0, 27.0]
    assert nd.hard_sigmoid(data=x, alpha=0.25, beta=0.0).tolist() == [0.5, 0.75]
