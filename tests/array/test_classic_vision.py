"""Pictures, boxes and int8 under MXNet's names, held against loops in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from dlcore import autograd, jit, nd

rng = np.random.default_rng(6)


def boxes(*shape: int) -> np.ndarray:
    start = rng.uniform(0, 0.7, (*shape, 2))
    return np.concatenate([start, start + rng.uniform(0.1, 0.3, (*shape, 2))], -1).astype("float32")


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def test_overlaps_in_both_formats() -> None:
    a, b = boxes(4), boxes(2, 3)
    want = np.array([[[iou(x, y) for y in row] for row in b] for x in a])
    np.testing.assert_allclose(nd.contrib.box_iou(nd.array(a), nd.array(b)).asnumpy(), want, rtol=1e-4, atol=1e-6)
    center = [np.concatenate([(v[..., :2] + v[..., 2:]) / 2, v[..., 2:] - v[..., :2]], -1) for v in (a, b)]
    got = nd.contrib.box_iou(*map(nd.array, center), format="center").asnumpy()
    np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-5)
    assert nd.contrib.box_iou(nd.zeros((1, 4)), nd.zeros((1, 4))).item() == 0
    with pytest.raises(ValueError, match="box_iou: format must be 'corner' or 'center'"):
        nd.contrib.box_iou(nd.array(a), nd.array(a), format="polar")


def suppressed(
    rows: np.ndarray, overlap: float, valid: float, topk: int, by_class: bool, background: int
) -> np.ndarray:
    order = [r for r in rows[np.argsort(-rows[:, 1], kind="stable")] if r[1] > valid and r[0] != background]
    kept: list[np.ndarray] = []
    for row in order[: topk if topk >= 0 else None]:
        rivals = [k for k in kept if not by_class or k[0] == row[0]]
        if all(iou(k[2:6], row[2:6]) <= overlap for k in rivals):
            kept.append(row)
    out = np.full_like(rows, -1)
    out[: len(kept)] = kept
    return out


@pytest.mark.parametrize(("topk", "by_class", "background"), [(-1, True, -1), (6, True, 0), (-1, False, -1)])
def test_non_maximum_suppression(topk: int, by_class: bool, background: int) -> None:
    rows = np.concatenate([rng.integers(0, 3, (2, 20, 1)), rng.uniform(0, 1, (2, 20, 1)), boxes(2, 20)], -1).astype(
        "float32"
    )
    got = nd.contrib.box_nms(
        nd.array(rows), 0.3, 0.2, topk, id_index=0, background_id=background, force_suppress=not by_class
    )
    want = [suppressed(r, 0.3, 0.2, topk, by_class, background) for r in rows]
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6)
    center = nd.contrib.box_nms(nd.array(rows), 0.3, 0.2, id_index=0, out_format="center").asnumpy()
    corner = nd.contrib.box_nms(nd.array(rows), 0.3, 0.2, id_index=0).asnumpy()
    there = corner[..., 1] > 0
    np.testing.assert_allclose(center[there][:, 2], (corner[there][:, 2] + corner[there][:, 4]) / 2, rtol=1e-5)


def test_offsets_are_undone() -> None:
    anchors, refs = boxes(1, 5), boxes(2, 3)
    matches = rng.integers(0, 3, (2, 5)).astype("float32")
    stds = (0.1, 0.1, 0.2, 0.2)
    offsets, mask = nd.contrib.box_encode(
        nd.ones((2, 5)), nd.array(matches), nd.array(anchors), nd.array(refs), stds=stds
    )
    back = nd.contrib.box_decode(offsets, nd.array(anchors), *stds, format="corner").asnumpy()
    want = np.take_along_axis(refs, matches[..., None].astype(int).repeat(4, -1), 1)
    np.testing.assert_allclose(back, want, rtol=1e-4, atol=1e-5)
    assert mask.asnumpy().all()
    none, mask = nd.contrib.box_encode(nd.zeros((2, 5)), nd.array(matches), nd.array(anchors), nd.array(refs))
    assert not none.asnumpy().any() and not mask.asnumpy().any()


def test_a_detector_finds_what_it_was_told_to_learn() -> None:
    anchors = nd.contrib.MultiBoxPrior(nd.zeros((1, 3, 4, 4)), sizes=(0.4, 0.3), ratios=(1.0, 2.0))
    assert anchors.shape == (1, 4 * 4 * 3, 4)
    first = anchors.asnumpy()[0].reshape(4, 4, 3, 4)
    np.testing.assert_allclose(first[1, 2, 0], [0.625 - 0.2, 0.375 - 0.2, 0.625 + 0.2, 0.375 + 0.2], rtol=1e-5)
    wide = first[1, 2, 2]
    assert (wide[2] - wide[0]) / (wide[3] - wide[1]) == pytest.approx(2.0, rel=1e-4)
    label = np.array([[[1, 0.1, 0.1, 0.45, 0.5], [0, 0.55, 0.6, 0.9, 0.95]], [[2, 0.3, 0.3, 0.7, 0.7], [-1] * 5]])
    offsets, mask, classes = nd.contrib.MultiBoxTarget(anchors, nd.array(label), nd.zeros((2, 4, 48)))
    assert set(classes.asnumpy()[0]) == {0.0, 1.0, 2.0} and set(classes.asnumpy()[1]) == {0.0, 3.0}
    np.testing.assert_array_equal(mask.asnumpy().reshape(2, 48, 4).any(-1), classes.asnumpy() > 0)
    prob = np.eye(4)[classes.asnumpy().astype(int)].transpose(0, 2, 1)
    found = nd.contrib.MultiBoxDetection(nd.array(prob), offsets, anchors, nms_threshold=0.4).asnumpy()
    for rows, truth in zip(found, label, strict=True):
        for row in truth[truth[:, 0] >= 0]:
            hits = [r for r in rows if r[0] == row[0] and r[1] > 0.9]
            assert len(hits) == 1
            np.testing.assert_allclose(hits[0][2:], row[1:], atol=1e-4)
    mined = nd.contrib.MultiBoxTarget(
        anchors, nd.array(label), nd.array(rng.normal(size=(2, 4, 48))), negative_mining_ratio=2.0, ignore_label=-9.0
    )[2].asnumpy()
    for row in mined:
        assert (row == 0).sum() == min(2 * (row > 0).sum(), 48) and (row == -9).any()
    compiled = jit(lambda a: nd.contrib.MultiBoxTarget(a, nd.array(label), nd.zeros((2, 4, 48)))[2])(anchors)
    np.testing.assert_array_equal(compiled.asnumpy(), classes.asnumpy())
    with pytest.raises(ValueError, match="multibox_target: expected anchor"):
        nd.contrib.MultiBoxTarget(anchors, nd.array(label), nd.zeros((2, 4, 7)))


def test_greedy_matching() -> None:
    scores = rng.permutation(12).reshape(3, 4) / 12.0
    rows, columns = (m.asnumpy() for m in nd.contrib.bipartite_matching(nd.array(scores), False, 0.1))
    left = {(i, j): scores[i, j] for i in range(3) for j in range(4)}
    while left:
        (i, j), value = max(left.items(), key=lambda kv: kv[1])
        if value < 0.1:
            break
        assert rows[i] == j and columns[j] == i
        left = {k: v for k, v in left.items() if k[0] != i and k[1] != j}


def test_sampling_at_grids() -> None:
    x = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    same = nd.array([[1.0, 0, 0, 0, 1, 0]] * 2)
    np.testing.assert_allclose(nd.SpatialTransformer(nd.array(x), same).asnumpy(), x, rtol=1e-4, atol=1e-5)
    flipped = nd.array([[-1.0, 0, 0, 0, 1, 0]] * 2)
    np.testing.assert_allclose(
        nd.SpatialTransformer(nd.array(x), flipped).asnumpy(), x[..., ::-1], rtol=1e-4, atol=1e-4
    )
    flow = np.zeros((2, 2, 5, 4), "float32")
    flow[:, 0] = 1.0  # read one pixel further right
    moved = nd.BilinearSampler(nd.array(x), nd.GridGenerator(nd.array(flow), "warp")).asnumpy()
    np.testing.assert_allclose(moved[..., :-1], x[..., 1:], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(moved[..., -1], 0, atol=1e-4)
    theta = nd.array([[0.9, 0.1, 0.0, 0.0, 0.8, 0.1]] * 2)
    theta.attach_grad()
    with autograd.record():
        nd.SpatialTransformer(nd.array(x), theta, (3, 3)).sum().backward()
    assert np.abs(theta.grad.asnumpy()).min() > 0
    for call, message in (
        (lambda: nd.GridGenerator(theta, "polar", (2, 2)), "transform_type must be 'affine' or 'warp'"),
        (lambda: nd.GridGenerator(nd.zeros((2, 5)), "affine", (2, 2)), r"expected theta \(n, 6\)"),
        (lambda: nd.GridGenerator(nd.zeros((2, 5)), "warp"), "expected a flow"),
        (lambda: nd.contrib.ROIAlign(nd.array(x), nd.zeros((1, 5)), (2, 2), position_sensitive=True), "multiple of 4"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_regions_sizes_and_columns() -> None:
    x = rng.normal(size=(1, 2, 6, 6)).astype("float32")
    rois = nd.array([[0, 0, 0, 5, 5]])
    pooled = nd.ROIPooling(nd.array(x), rois, pooled_size=(2, 2), spatial_scale=1.0).asnumpy()
    np.testing.assert_allclose(pooled[0], x[0].reshape(2, 2, 3, 2, 3).max((2, 4)), rtol=1e-6)
    bigger = nd.contrib.BilinearResize2D(nd.array(x), height=11, width=11).asnumpy()
    np.testing.assert_allclose(bigger[..., ::2, ::2], x, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(bigger[..., 1, 0], (x[..., 0, 0] + x[..., 1, 0]) / 2, rtol=1e-4, atol=1e-5)
    assert nd.contrib.BilinearResize2D(nd.array(x), nd.zeros((1, 1, 3, 4)), mode="like").shape == (1, 2, 3, 4)
    assert nd.contrib.BilinearResize2D(nd.array(x), scale_height=2.0, scale_width=0.5).shape == (1, 2, 12, 3)
    columns = nd.im2col(nd.array(x), kernel=(3, 3), stride=(3, 3))
    np.testing.assert_array_equal(nd.col2im(columns, (6, 6), (3, 3), (3, 3)).asnumpy(), x)


def test_numbers_in_eight_bits_come_back_within_half_a_step() -> None:
    x = rng.uniform(-3, 2, 1000).astype("float32")
    for kind, step in (("int8", 3 / 127), ("uint8", 5 / 255)):
        q, low, high = nd.contrib.quantize(nd.array(x), nd.array([-3.0]), nd.array([2.0]), kind)
        assert q.dtype == kind
        back = nd.contrib.dequantize(q, low, high).asnumpy()
        assert np.abs(back - x).max() <= step / 2 * 1.001
    q, low, high = nd.contrib.quantize_v2(nd.array(np.abs(x)), "auto")
    assert q.dtype == np.uint8
    sums = nd.array(rng.integers(-(2**30), 2**30, 50), dtype="int32")
    q, low, high = nd.contrib.requantize(sums, nd.array([-8.0]), nd.array([8.0]))
    want = sums.asnumpy() * (8.0 / (2**31 - 1))
    assert np.abs(nd.contrib.dequantize(q, low, high).asnumpy() - want).max() <= high.item() / 127 / 2 * 1.001
    with pytest.raises(ValueError, match="quantize: out_type must be uint8 or int8, got 'int4'"):
        nd.contrib.quantize(nd.array(x), nd.array([0.0]), nd.array([1.0]), "int4")
    with pytest.raises(TypeError, match="dequantize: data must be"):
        nd.contrib.dequantize(nd.array(x), nd.array([0.0]), nd.array([1.0]))


@pytest.mark.parametrize("multiply", [True, False])
def test_correlation_of_displaced_windows(multiply: bool) -> None:
    a, b = (rng.normal(size=(2, 3, 9, 8)).astype("float32") for _ in "ab")
    got = nd.Correlation(
        nd.array(a),
        nd.array(b),
        kernel_size=3,
        max_displacement=2,
        stride1=2,
        stride2=2,
        pad_size=1,
        is_multiply=multiply,
    ).asnumpy()
    p, q = (np.pad(v, [(0, 0), (0, 0), (1, 1), (1, 1)]) for v in (a, b))
    assert got.shape == (2, 9, 3, 2)
    for k, (dy, dx) in enumerate((y, x) for y in (-2, 0, 2) for x in (-2, 0, 2)):
        for i in range(3):
            for j in range(2):
                y, x = 3 + 2 * i, 3 + 2 * j
                u = p[:, :, y - 1 : y + 2, x - 1 : x + 2]
                v = q[:, :, y + dy - 1 : y + dy + 2, x + dx - 1 : x + dx + 2]
                want = (u * v if multiply else abs(u - v)).mean((1, 2, 3))
                np.testing.assert_allclose(got[:, k, i, j], want, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="expected an odd kernel_size"):
        nd.Correlation(nd.array(a), nd.array(b), kernel_size=2)
    with pytest.raises(ValueError, match="nothing is left of"):
        nd.Correlation(nd.array(a), nd.array(b), max_displacement=9)


def test_upsampling_of_several_and_by_a_weight() -> None:
    x, y = (rng.normal(size=(1, 2, n, n)).astype("float32") for n in (4, 2))
    joined = nd.UpSampling(nd.array(x), nd.array(y), scale=2, sample_type="nearest", num_args=2)
    want = [x.repeat(2, 2).repeat(2, 3), y.repeat(4, 2).repeat(4, 3)]
    np.testing.assert_array_equal(joined.asnumpy(), np.concatenate(want, 1))
    added = nd.UpSampling(nd.array(x), nd.array(y), scale=2, multi_input_mode="sum")
    np.testing.assert_allclose(added.asnumpy(), want[0] + want[1], rtol=1e-6)
    line = np.array([0.25, 0.75, 0.75, 0.25])
    weight = nd.array(np.broadcast_to(line[:, None] * line, (2, 1, 4, 4)).copy())
    y = nd.UpSampling(nd.array(x), weight, scale=2, sample_type="bilinear", num_filter=2).asnumpy()
    assert y.shape == (1, 2, 8, 8)
    between = (9 * x[..., 1, 1] + 3 * x[..., 1, 2] + 3 * x[..., 2, 1] + x[..., 2, 2]) / 16
    np.testing.assert_allclose(y[..., 3, 3], between, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="Embedding: input_dim and output_dim say"):
        nd.Embedding(nd.array([0]), nd.zeros((3, 2)), input_dim=4, output_dim=2)


def test_image_operators() -> None:
    from dlcore import random

    picture = rng.integers(0, 256, (5, 4, 3)).astype("uint8")
    batch = np.stack([picture, picture[::-1]])
    x, many = nd.array(picture, dtype="uint8"), nd.array(batch, dtype="uint8")
    np.testing.assert_allclose(nd.image.to_tensor(x).asnumpy(), picture.transpose(2, 0, 1) / 255.0, rtol=1e-6)
    assert nd.image.to_tensor(many).shape == (2, 3, 5, 4)
    mean, std = np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.3, 0.4])
    made = nd.image.normalize(nd.image.to_tensor(x), mean=tuple(mean), std=tuple(std)).asnumpy()
    want = (picture / 255.0 - mean) / std
    np.testing.assert_allclose(made, want.transpose(2, 0, 1), rtol=1e-4, atol=1e-5)
    assert nd.image.resize(x, (8, 10)).shape == (10, 8, 3) and nd.image.resize(x, 8, keep_ratio=True).shape == (
        10,
        8,
        3,
    )
    assert nd.image.resize(many, 2).shape == (2, 2, 2, 3) and nd.image.resize(x, (8, 10)).dtype == np.uint8
    flat = nd.image.resize(nd.array(np.full((3, 3, 1), 7), dtype="uint8"), 9, interp=3)
    assert (flat.asnumpy() == 7).all()
    np.testing.assert_array_equal(nd.image.crop(x, 1, 2, 3, 2).asnumpy(), picture[2:4, 1:4])
    np.testing.assert_array_equal(nd.image.flip_left_right(many).asnumpy(), batch[:, :, ::-1])
    np.testing.assert_array_equal(nd.image.flip_top_bottom(x).asnumpy(), picture[::-1])
    random.seed(3)
    seen = {nd.image.random_flip_left_right(x).asnumpy().tobytes() for _ in range(20)}
    assert seen == {picture.tobytes(), picture[:, ::-1].tobytes()}
    bright = nd.image.random_brightness(x, 1.5, 1.5).asnumpy()
    np.testing.assert_array_equal(bright, np.clip(np.rint(picture * 1.5), 0, 255).astype("uint8"))
    values = picture.astype("float64")
    gray = (values * [0.299, 0.587, 0.114]).sum(-1, keepdims=True)
    for step, base in ((nd.image.random_contrast, gray.mean()), (nd.image.random_saturation, gray)):
        got = step(nd.array(values, dtype="float64"), 0.3, 0.3).asnumpy()
        np.testing.assert_allclose(got, 0.3 * values + 0.7 * base, rtol=1e-4)
    turned = nd.image.random_hue(nd.array(values, dtype="float32"), 1.3, 1.3).asnumpy()
    np.testing.assert_allclose((turned * [0.299, 0.587, 0.114]).sum(-1), gray[..., 0], rtol=2e-3)  # as bright as before
    assert np.abs(turned - values).max() > 10
    jittered = nd.image.random_color_jitter(x, 0.2, 0.2, 0.2, 0.1)
    assert jittered.shape == x.shape and jittered.dtype == np.uint8
    lit = nd.image.adjust_lighting(nd.array(values, dtype="float32"), (0.1, 0.0, 0.0)).asnumpy()
    np.testing.assert_allclose((lit - values)[0, 0], np.array([-0.5675, -0.5808, -0.5836]) * 5.546, rtol=1e-3)
    for call, message in (
        (lambda: nd.image.crop(x, 3, 0, 3, 2), "a window of 3 by 2 at"),
        (lambda: nd.image.to_tensor(nd.zeros((3, 3))), "to_tensor: expected a picture"),
        (lambda: nd.image.random_brightness(x, 2.0, 1.0), "the smallest factor 2.0 is above the largest"),
        (lambda: nd.image.resize(x, 3, interp=9), "interp must be 0"),
        (lambda: nd.image.random_hue(nd.zeros((2, 2, 1)), 1.0, 1.2), "3 channels"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
