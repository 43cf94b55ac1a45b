"""Oracles for the operators on pictures, one place at a time in plain NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray
Ints = int | tuple[int, ...]


def _each(value: Ints, n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


# Resizing ---------------------------------------------------------------------------------------------------------


def _cubic(d: float) -> float:
    a, d = -0.75, abs(d)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def _matrix(n: int, m: int, mode: str, corners: bool) -> Array:
    """(m, n): the shares of the old places in each new one."""
    out = np.zeros((m, n))
    for i in range(m):
        at = (i * (n - 1) / (m - 1) if m > 1 else 0.0) if corners else (i + 0.5) * n / m - 0.5
        if mode == "nearest":
            out[i, int(at + 0.5) if corners else i * n // m] = 1
        elif mode == "area":
            low, high = i * n // m, -(-(i + 1) * n // m)
            out[i, low:high] = 1 / (high - low)
        else:
            weigh = _cubic if mode == "cubic" else lambda d: max(0.0, 1 - abs(d))
            at = at if mode == "cubic" else min(max(at, 0.0), n - 1.0)
            for k in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
                out[i, min(max(k, 0), n - 1)] += weigh(at - k)
    return out


def _along_all(x: Array, matrices: list[Array]) -> Array:
    for axis, matrix in enumerate(matrices, 2):
        lines = np.moveaxis(x, axis, 0)
        new = np.zeros((len(matrix), *lines.shape[1:]), np.result_type(x, matrix))
        for i, k in zip(*np.nonzero(matrix), strict=True):  # what has no share is not looked at
            new[i] += matrix[i, k] * lines[k]
        x = np.moveaxis(new, 0, axis)
    return x


def resize(x: Array, size: Ints, mode: str = "linear", align_corners: bool = False) -> Array:
    new = _each(size, x.ndim - 2)
    return _along_all(x, [_matrix(n, m, mode, align_corners) for n, m in zip(x.shape[2:], new, strict=True)])


def resize_grad(g: Array, x: Array, size: Ints, mode: str = "linear", align_corners: bool = False) -> Array:
    old, new = x.shape[2:], g.shape[2:]
    return _along_all(g, [_matrix(n, m, mode, align_corners).T for n, m in zip(old, new, strict=True)])


def adaptive_avg_pool(x: Array, size: Ints) -> Array:
    new = _each(size, x.ndim - 2)
    y = np.zeros((*x.shape[:2], *new), x.dtype)
    for place in np.ndindex(*new):
        each = zip(place, x.shape[2:], new, strict=True)
        part: Any = (..., *(slice(i * n // m, -(-(i + 1) * n // m)) for i, n, m in each))
        y[(..., *place)] = x[part].reshape(*x.shape[:2], -1).mean(-1)
    return y


# Reading at a grid's places ---------------------------------------------------------------------------------------


def _coordinate(g: float, size: int, corners: bool, border: bool) -> float:
    p = (g + 1) / 2 * (size - 1) if corners else ((g + 1) * size - 1) / 2
    return min(max(p, 0.0), size - 1.0) if border else p


def grid_sample(x: Array, grid: Array, align_corners: bool = False, border: bool = False) -> Array:
    n, c, h, w = x.shape
    y = np.zeros((n, c, *grid.shape[1:3]))
    for k, i, j in np.ndindex(*grid.shape[:3]):
        px = _coordinate(grid[k, i, j, 0], w, align_corners, border)
        py = _coordinate(grid[k, i, j, 1], h, align_corners, border)
        for row in (int(np.floor(py)), int(np.floor(py)) + 1):
            for column in (int(np.floor(px)), int(np.floor(px)) + 1):
                if 0 <= row < h and 0 <= column < w:
                    y[k, :, i, j] += (1 - abs(py - row)) * (1 - abs(px - column)) * x[k, :, row, column]
    return y


def _slope(f: Any, at: Array, along: Array, step: float = 1e-6) -> Any:
    high, low = f(at + step * along), f(at - step * along)
    return (high - low) / (2 * step)


def grid_sample_grad(
    x: Array, grid: Array, g: Array, align_corners: bool = False, border: bool = False
) -> tuple[Array, Array]:
    """By the picture: it is linear in it. By the grid: it is linear between pixels, so differences are exact."""
    dx, dgrid = np.zeros_like(x), np.zeros_like(grid)
    for at in np.ndindex(*x.shape):
        one = np.zeros_like(x)
        one[at] = 1
        dx[at] = (g * grid_sample(one, grid, align_corners, border)).sum()
    for part in range(2):
        along = np.zeros_like(grid)
        along[..., part] = 1
        slope = _slope(lambda v: grid_sample(x, v, align_corners, border), grid, along, 1e-5)
        dgrid[..., part] = (g * slope).sum(1)
    return dx, dgrid


def _factors(g: float, size: int, corners: bool, border: bool, slope: bool) -> dict[int, float]:
    """The two pixels around a place along one axis: what each weighs, or the slope of that by the grid's number."""
    p = _coordinate(g, size, corners, border)
    moves = (size - 1 if corners else size) / 2 if p == _coordinate(g, size, corners, False) else 0.0
    low = int(np.floor(p))
    return {low: -moves, low + 1: moves} if slope else {low: 1 - (p - low), low + 1: p - low}


def _readings(x: Array, grid: Array, slopes: tuple[bool, bool], corners: bool, border: bool) -> Iterator[tuple]:
    """(image, row and column of the place, row and column of a pixel around it, its share)."""
    h, w = x.shape[2:]
    for k, i, j in np.ndindex(*grid.shape[:3]):
        across = _factors(grid[k, i, j, 0], w, corners, border, slopes[0])
        for row, b in _factors(grid[k, i, j, 1], h, corners, border, slopes[1]).items():
            for column, a in across.items():
                if 0 <= row < h and 0 <= column < w:
                    yield k, i, j, row, column, a * b


def grid_read(
    x: Array, grid: Array, align_corners: bool = False, border: bool = False, slopes: tuple[bool, bool] = (False, False)
) -> Array:
    y = np.zeros((*x.shape[:2], *grid.shape[1:3]))
    for k, i, j, row, column, share in _readings(x, grid, slopes, align_corners, border):
        y[k, :, i, j] += share * x[k, :, row, column]
    return y


def grid_spread(
    g: Array, grid: Array, x: Array, align_corners: bool = False, border: bool = False,
    slopes: tuple[bool, bool] = (False, False),
) -> Array:  # fmt: skip
    dx = np.zeros(x.shape)
    for k, i, j, row, column, share in _readings(x, grid, slopes, align_corners, border):
        dx[k, :, row, column] += share * g[k, :, i, j]
    return dx


grid_read_x, grid_spread_x = (partial(f, slopes=(True, False)) for f in (grid_read, grid_spread))
grid_read_y, grid_spread_y = (partial(f, slopes=(False, True)) for f in (grid_read, grid_spread))
grid_read_xy, grid_spread_xy = (partial(f, slopes=(True, True)) for f in (grid_read, grid_spread))


# Regions ----------------------------------------------------------------------------------------------------------


def _between(plane: Array, y: float, x: float) -> Array:
    h, w = plane.shape[-2:]
    y, x = min(max(y, 0.0), h - 1.0), min(max(x, 0.0), w - 1.0)
    top, left = int(y), int(x)
    low, right = min(top + 1, h - 1), min(left + 1, w - 1)
    ty, tx = y - top, x - left
    upper = (1 - tx) * plane[..., top, left] + tx * plane[..., top, right]
    return (1 - ty) * upper + ty * ((1 - tx) * plane[..., low, left] + tx * plane[..., low, right])


def roi_align(x: Array, rois: Array, size: Ints, scale: float = 1.0, samples: int = -1, aligned: bool = False) -> Array:
    ph, pw = _each(size, 2)
    y = np.zeros((len(rois), x.shape[1], ph, pw))
    for r, (image, *corners) in enumerate(rois):
        if image < 0:
            continue
        x1, y1, x2, y2 = (v * scale - (0.5 if aligned else 0.0) for v in corners)
        width, height = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1.0), max(y2 - y1, 1.0))
        ny, nx = (
            samples if samples > 0 else int(min(max(np.ceil(side), 0), 1024)) for side in (height / ph, width / pw)
        )
        for i, j in np.ndindex(ph, pw):
            down = (y1 + (i + (a + 0.5) / ny) * height / ph for a in range(ny))
            across = [x1 + (j + (b + 0.5) / nx) * width / pw for b in range(nx)]
            near = [p for p in across if -1 <= p <= x.shape[3]]  # what lies outside is zero
            spots = [_between(x[int(image)], q, p) for q in down if -1 <= q <= x.shape[2] for p in near]
            y[r, :, i, j] = np.sum(spots, axis=0) / (ny * nx) if spots else 0
    return y


def _transposed(f: Any, g: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of a linear function, one unit at a time."""
    out = np.zeros(shape)
    for at in np.ndindex(*shape):
        one = np.zeros(shape)
        one[at] = 1
        out[at] = (g * f(one)).sum()
    return out


def roi_align_grad(g: Array, rois: Array, x: Array, **attrs: Any) -> Array:
    return _transposed(lambda v: roi_align(v, rois, **attrs), g, x.shape)


def _cells(x: Array, rois: Array, size: Ints, scale: float) -> Iterator[tuple[tuple, tuple]]:
    """(place in the result, place of the largest pixel in x) for every cell that has pixels."""
    ph, pw = _each(size, 2)
    h, w = x.shape[2:]
    for r, (image, *corners) in enumerate(rois):
        if image < 0:
            continue
        x1, y1, x2, y2 = (int(np.floor(abs(v * scale) + 0.5) * np.sign(v * scale)) for v in corners)
        bh, bw = max(y2 - y1 + 1, 1) / ph, max(x2 - x1 + 1, 1) / pw
        for c, i, j in np.ndindex(x.shape[1], ph, pw):
            rows = range(max(y1 + int(np.floor(i * bh)), 0), min(y1 + int(np.ceil((i + 1) * bh)), h))
            columns = range(max(x1 + int(np.floor(j * bw)), 0), min(x1 + int(np.ceil((j + 1) * bw)), w))
            if len(rows) and len(columns):
                spot = max(((a, b) for a in rows for b in columns), key=lambda s: x[int(image), c, s[0], s[1]])
                yield (r, c, i, j), (int(image), c, *spot)


def roi_pooling_pick(g: Array, rois: Array, x: Array, size: Ints, scale: float = 1.0) -> Array:
    y = np.zeros((len(rois), x.shape[1], *_each(size, 2)), g.dtype)
    for to, spot in _cells(x, rois, size, scale):
        y[to] = g[spot]
    return y


def roi_pooling(x: Array, rois: Array, size: Ints, scale: float = 1.0) -> Array:
    return roi_pooling_pick(x, rois, x, size, scale)


def roi_pooling_grad(g: Array, rois: Array, x: Array, size: Ints, scale: float = 1.0) -> Array:
    out = np.zeros(x.shape, g.dtype)
    for to, spot in _cells(x, rois, size, scale):
        out[spot] += g[to]
    return out


# Columns ----------------------------------------------------------------------------------------------------------


def im2col(x: Array, kernel: Ints, stride: Ints = 1, dilate: Ints = 1, pad: Ints = 0) -> Array:
    size, steps, far, edge = (_each(v, 2) for v in (kernel, stride, dilate, pad))
    full = np.pad(x, ((0, 0), (0, 0), (edge[0],) * 2, (edge[1],) * 2))
    places = [(n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(full.shape[2:], far, size, steps, strict=True)]
    out = np.empty((*x.shape[:2], *size, *places), x.dtype)
    for i, j in np.ndindex(*size):
        a, b = i * far[0], j * far[1]
        rows = slice(a, a + (places[0] - 1) * steps[0] + 1, steps[0])
        out[:, :, i, j] = full[:, :, rows, b : b + (places[1] - 1) * steps[1] + 1 : steps[1]]
    return out.reshape(len(x), -1, places[0] * places[1])


def col2im_like(g: Array, x: Array, **attrs: Any) -> Array:
    """Every number is added where im2col took it from: at its pixel, or at 0 for the border."""
    pixels = np.arange(1.0, 1 + np.prod(x.shape[1:])).reshape(1, *x.shape[1:])
    source = im2col(pixels, **attrs)[0].astype(int)
    out = np.zeros((len(g), pixels.size + 1), g.dtype)
    for total, numbers in zip(out, g, strict=True):
        np.add.at(total, source, numbers)
    return out[:, 1:].reshape(x.shape)


def col2im(x: Array, size: Ints, kernel: Ints, **attrs: Any) -> Array:
    channels = x.shape[1] // int(np.prod(_each(kernel, 2)))
    return col2im_like(x, np.empty((len(x), channels, *_each(size, 2))), kernel=kernel, **attrs)


# Boxes ------------------------------------------------------------------------------------------------------------


def iou(a: Array, b: Array) -> float:
    """The area of both over that of either; 0 where neither has any."""
    both = area(np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])]))
    either = area(a) + area(b) - both
    return both / either if either else 0.0


def area(box: Array) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def nms(
    boxes: Array,
    scores: Array,
    classes: Array,
    overlap: float = 0.5,
    valid: float = 0.0,
    topk: int = -1,
    background: int = -1,
) -> Array:
    out = np.full(scores.shape, -1)
    for z in range(len(boxes)):
        order = [int(i) for i in np.argsort(-scores[z].astype(float), kind="stable") if scores[z, i] > valid]
        order = [i for i in order if background < 0 or classes[z, i] != background]
        kept: list[int] = []
        for i in order[: topk if topk >= 0 else None]:
            if all(classes[z, k] != classes[z, i] or iou(boxes[z, k], boxes[z, i]) <= overlap for k in kept):
                kept.append(i)
        out[z, : len(kept)] = kept
    return out


def matching(x: Array, threshold: float, ascend: bool = False, topk: int = -1) -> tuple[Array, Array]:
    rows, columns = np.full(x.shape[:2], -1), np.full((len(x), x.shape[2]), -1)
    for z in range(len(x)):
        left = {(i, j): x[z, i, j] for i, j in np.ndindex(*x.shape[1:])}
        while left and (topk < 0 or (rows[z] >= 0).sum() < topk):
            i, j = (min if ascend else max)(left, key=lambda p: left[p])
            if left[i, j] >= threshold if ascend else left[i, j] <= threshold:
                break
            rows[z, i], columns[z, j] = j, i
            left = {p: v for p, v in left.items() if p[0] != i and p[1] != j}
    return rows, columns
