"""The operators on pictures against plain NumPy, the functions made of them against values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain import pictures
from plain.slope import agree, draws

from dlcore import autograd, jit, nd
from dlcore.ops import F, reference_vision

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("size", [(9, 11), (3, 2), (4, 6)])
@pytest.mark.parametrize("mode", ["linear", "cubic", "nearest", "area"])
@pytest.mark.parametrize("corners", [False, True])
def test_resize(size: tuple[int, int], mode: str, corners: bool) -> None:
    if corners and mode in ("nearest", "area"):
        corners = False  # only the two that lie between pixels have such a form
    agree(
        lambda x: F.resize(x, size, mode, corners),
        lambda x: pictures.resize(x, size, mode, corners),
        draws(RNG, (2, 3, 4, 6)),
    )


def test_resize_one_and_three_axes() -> None:
    agree(lambda x: F.resize(x, 7), lambda x: pictures.resize(x, (7,)), draws(RNG, (2, 3, 4)))
    agree(lambda x: F.resize(x, (5, 2, 6)), lambda x: pictures.resize(x, (5, 2, 6)), draws(RNG, (2, 3, 4, 3, 2)))


def test_adaptive_pooling() -> None:
    agree(
        lambda x: F.adaptive_avg_pool2d(x, (3, 5)),
        lambda x: pictures.resize(x, (3, 5), "area"),
        draws(RNG, (2, 3, 7, 11)),
    )


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("border", [False, True])
def test_grid_sample(corners: bool, border: bool) -> None:
    agree(
        lambda x, g: F.grid_sample(x, g, corners, border),
        lambda x, g: pictures.grid_sample(x, g, corners, border),
        draws(RNG, (2, 3, 5, 6), (2, 4, 3, 2), reach=1.1),
    )


def test_affine_grids_and_spatial_transformers() -> None:
    agree(
        lambda x, t: F.spatial_transformer(x, F.reshape(t, (2, 6)), (4, 3)),
        lambda x, t: pictures.grid_sample(x, pictures.affine_grid(t, 4, 3), True, False),
        draws(RNG, (2, 3, 5, 6), (2, 2, 3), reach=1.1),
    )
    still = F.grid_generator(nd.zeros((1, 2, 3, 4)), "warp")
    np.testing.assert_allclose(still[0, 0, 0].asnumpy(), np.linspace(-1, 1, 4), atol=1e-6)
    np.testing.assert_allclose(still[0, 1, :, 0].asnumpy(), np.linspace(-1, 1, 3), atol=1e-6)


def test_columns() -> None:
    how = ((2, 3), (2, 1), (1, 2), (1, 2))
    agree(lambda x: F.im2col(x, *how), lambda x: pictures.columns(x, *how), draws(RNG, (2, 3, 5, 6)))
    agree(lambda x: F.col2im(x, (5, 6), *how), lambda x: pictures.pile(x, (5, 6), *how), draws(RNG, (2, 18, 18)))


def test_pixel_shuffles() -> None:
    agree(lambda x: F.pixel_shuffle(x, 2), lambda x: pictures.pixel_shuffle(x, 2), draws(RNG, (2, 12, 3, 4)))
    agree(lambda x: F.space_to_depth(x, 2), lambda x: pictures.space_to_depth(x, 2), draws(RNG, (2, 3, 4, 6)))
    x = nd.array(RNG.uniform(-1, 1, (2, 3, 4, 6)))
    assert (F.depth_to_space(F.space_to_depth(x, 2), 2).asnumpy() == x.asnumpy()).all()


def test_box_iou_in_both_formats() -> None:
    a, b = nd.array([[0.0, 0, 2, 2], [1, 1, 3, 3]]), nd.array([[0.0, 0, 2, 2], [4, 4, 5, 5]])
    np.testing.assert_allclose(F.box_iou(a, b).asnumpy(), [[1, 0], [1 / 7, 0]], atol=1e-6)
    centres = [F.concat((v[:, :2] + v[:, 2:]) / 2, v[:, 2:] - v[:, :2], axis=1) for v in (a, b)]
    np.testing.assert_allclose(F.box_iou(*centres, "center").asnumpy(), [[1, 0], [1 / 7, 0]], atol=1e-6)


def test_box_nms_keeps_the_best_and_passes_gradients_to_them() -> None:
    rows = np.array([[0, 0.5, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 1.9], [1, 0.6, 0, 0, 2, 2], [0, 0.01, 5, 5, 6, 6]])
    data = nd.array(rows, dtype="float64")
    data.attach_grad()
    with autograd.record():
        kept = F.box_nms(data, 0.5, 0.05, id_index=0)
        total = (kept * kept).sum()
    np.testing.assert_array_equal(kept.asnumpy(), [rows[1], rows[2], [-1] * 6, [-1] * 6])
    total.backward()
    np.testing.assert_array_equal(data.grad.asnumpy(), [[0] * 6, 2 * rows[1], 2 * rows[2], [0] * 6])
    whatever = F.box_nms(data, 0.5, 0.05, id_index=0, force_suppress=True)
    np.testing.assert_array_equal(whatever.asnumpy(), [rows[1], *[[-1] * 6] * 3])


def test_bipartite_matching() -> None:
    rows, columns = F.bipartite_matching(nd.array([[0.5, 0.6], [0.1, 0.2], [0.3, 0.4]]), 1e-12)
    assert rows.tolist() == [1, -1, 0] and columns.tolist() == [2, 0]


def test_the_multi_head_products_of_old_transformers() -> None:
    heads, length, batch, width = 2, 3, 2, 4
    qkv = nd.array(RNG.uniform(-1, 1, (length, batch, heads * width * 3)))
    scores = F.interleaved_matmul_selfatt_qk(qkv, heads)
    parts = qkv.asnumpy().reshape(length, batch, heads, 3, width)
    q, k, v = (parts[:, :, :, i] for i in range(3))
    want = np.einsum("ibhd,jbhd->bhij", q, k).reshape(batch * heads, length, length) / np.sqrt(width)
    np.testing.assert_allclose(scores.asnumpy(), want, atol=1e-6)
    out = F.interleaved_matmul_selfatt_valatt(qkv, scores, heads)
    mixed = np.einsum("bhij,jbhd->ibhd", want.reshape(batch, heads, length, length), v)
    np.testing.assert_allclose(out.asnumpy(), mixed.reshape(length, batch, -1), atol=1e-6)
    kv = F.reshape(nd.array(parts[:, :, :, 1:]), (length, batch, -1))
    queries = F.reshape(nd.array(q), (length, batch, -1))
    other = F.interleaved_matmul_encdec_qk(queries, kv, heads)
    np.testing.assert_allclose(other.asnumpy(), want, atol=1e-6)
    np.testing.assert_allclose(F.interleaved_matmul_encdec_valatt(kv, other, heads).asnumpy(), out.asnumpy(), atol=1e-6)


def test_multibox_anchors_targets_and_detections() -> None:
    anchors = F.multibox_prior(nd.zeros((1, 3, 2, 2)), sizes=(0.5, 0.25), ratios=(1, 4))
    assert anchors.shape == (1, 2 * 2 * 3, 4)
    np.testing.assert_allclose(anchors[0, 0].asnumpy(), [0.0, 0.0, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(anchors[0, 2].asnumpy(), [-0.25, 0.125, 0.75, 0.375], atol=1e-6)
    labels = nd.array([[[1, 0.0, 0.0, 0.5, 0.45], [-1, -1, -1, -1, -1]]])
    offsets, mask, classes = F.multibox_target(anchors, labels, nd.zeros((1, 3, 12)))
    assert offsets.shape == mask.shape == (1, 48) and classes.shape == (1, 12)
    assert classes[0, 0].asnumpy() == 2 and (classes[0, 6:].asnumpy() == 0).all()
    assert mask[0, :4].tolist() == [1.0] * 4 and mask[0].sum() == 4 * float((classes[0] > 0).sum())
    chances = np.full((1, 3, 12), 0.01)
    chances[0, 2, 0], chances[0, 0] = 0.9, 0.05
    found = F.multibox_detection(nd.array(chances), offsets, anchors, threshold=0.5)
    np.testing.assert_allclose(found[0, 0].asnumpy(), [1, 0.9, 0.0, 0.0, 0.5, 0.45], atol=1e-5)
    assert (found[0, 1:, 0].asnumpy() == -1).all()
    moved = np.roll(chances, -1, 1)  # the background last: classes keep their numbers
    other = F.multibox_detection(nd.array(moved), offsets, anchors, threshold=0.5, background_id=2)
    np.testing.assert_array_equal(other.asnumpy(), found.asnumpy())


@pytest.mark.parametrize("multiply", [True, False])
def test_correlation_of_two_pictures(multiply: bool) -> None:
    a, b = (RNG.uniform(-1, 1, (2, 3, 7, 8)) for _ in range(2))
    kernel, reach, stride1, stride2, pad = 3, 3, 2, 2, 2
    p, q = (np.pad(v, ((0, 0), (0, 0), (pad, pad), (pad, pad))) for v in (a, b))
    border = reach + kernel // 2
    rows, columns = (-(-(n - 2 * border) // stride1) for n in p.shape[2:])
    want = np.zeros((2, 9, rows, columns))
    for n, k, i, j in np.ndindex(*want.shape):
        y, x = reach + i * stride1, reach + j * stride1
        dy, dx = (k // 3 - 1) * stride2, (k % 3 - 1) * stride2
        one = p[n, :, y : y + kernel, x : x + kernel]
        other = q[n, :, y + dy : y + dy + kernel, x + dx : x + dx + kernel]
        want[n, k, i, j] = (one * other if multiply else abs(one - other)).mean()
    given = [nd.array(v, dtype="float64") for v in (a, b)]
    got = F.correlation(*given, kernel, reach, stride1, stride2, pad, multiply)
    np.testing.assert_allclose(got.asnumpy(), want, atol=1e-12)


def test_errors_say_what_was_expected() -> None:
    for match, call in {
        "format must be 'corner' or 'center'": lambda: F.box_iou(nd.zeros((1, 4)), nd.zeros((1, 4)), "middle"),
        "last axis of 4": lambda: F.box_iou(nd.zeros((1, 5)), nd.zeros((1, 4))),
        r"expected theta \(n, 6\)": lambda: F.grid_generator(nd.zeros((2, 5)), "affine", (3, 3)),
        "transform_type must be 'affine' or 'warp'": lambda: F.grid_generator(nd.zeros((2, 6)), "bend", (3, 3)),
        r"target_shape of at least 1 x 1, got 0 x 3": lambda: F.grid_generator(nd.zeros((2, 6)), "affine", (0, 3)),
        "at least 6 numbers": lambda: F.box_nms(nd.zeros((2, 5))),
        "out_format must be": lambda: F.box_nms(nd.zeros((2, 6)), out_format="middle"),
        "background_id 3 is none of 3": lambda: F.multibox_detection(
            nd.zeros((1, 3, 1)), nd.zeros((1, 4)), nd.zeros((1, 1, 4)), background_id=3
        ),
        r"loc_pred \(b, n \* 4\)": lambda: F.multibox_detection(
            nd.zeros((1, 3, 1)), nd.zeros((1, 5)), nd.zeros((1, 1, 4))
        ),
        "12 channels cannot be cut": lambda: F.depth_to_space(nd.zeros((1, 12, 2, 2)), 5),
        "two pictures of one shape": lambda: F.correlation(nd.zeros((1, 1, 3, 4)), nd.zeros((1, 1, 3, 5))),
        "nothing is left of 3 x 4": lambda: F.correlation(nd.zeros((1, 1, 3, 4)), nd.zeros((1, 1, 3, 4)), 1, 2),
        "3 x 4 cannot be cut": lambda: F.space_to_depth(nd.zeros((1, 1, 3, 4)), 2),
    }.items():
        with pytest.raises(ValueError, match=match):
            call()


def test_huge_and_empty_regions_are_read_at_so_many_points_at_most() -> None:
    x = np.random.default_rng(3).standard_normal((1, 2, 4, 5)).astype(np.float32)
    rois = np.array([[0, -2000, -1500, 2100, 2000], [0, 3, 3, 1, 1], [0, 0, 0, 1e30, 1e38]], np.float32)
    for scale, aligned in ((1.0, False), (1.0, True), (1e250, False), (1e250, True)):
        attrs = {"size": (1, 2), "scale": scale, "aligned": aligned}
        got = F.roi_align(nd.array(x), nd.array(rois), **attrs).asnumpy()
        np.testing.assert_allclose(
            got, reference_vision.roi_align(x, rois.astype(float), **attrs), rtol=1e-4, atol=1e-9
        )
        assert got[0].any() == (scale == 1) and not (aligned and got[1].any())


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("border", [False, True])
def test_grid_sample_has_third_derivatives(corners: bool, border: bool) -> None:
    """And so all others: what they are made of are the gradients of each other."""
    values, along = draws(RNG, (1, 2, 4, 5), (1, 2, 3, 2), reach=1.1), draws(RNG, (1, 2, 4, 5), (1, 2, 3, 2))

    def slope_of(function: Any) -> Any:
        def slope(*given: Any) -> Any:
            found = autograd.gradient(function, (0, 1))(*given)
            return sum((g * nd.array(v, dtype="float64")).sum() for g, v in zip(found, along, strict=True))

        return slope

    def at(step: float) -> list[Any]:
        return [nd.array(v + step * d, dtype="float64") for v, d in zip(values, along, strict=True)]

    second = slope_of(slope_of(lambda x, g: nd.sin(F.grid_sample(x, g, corners, border)).sum()))
    by_differences = (float(second(*at(1e-6))) - float(second(*at(-1e-6)))) / 2e-6
    assert abs(by_differences) > 1
    for third in (slope_of(second), jit(slope_of(second))):
        assert float(third(*at(0.0))) == pytest.approx(by_differences, rel=1e-6)
