"""How arrays are shown: as text, and as a picture or a table in a notebook."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import np as dnp
from dlcore.array._repr_html import png


def plain(values: np.ndarray) -> str:
    """NumPy's own text for it."""
    text = np.array2string(values, separator=", ", prefix="array(")
    return f"array({text})"


# ---- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [np.float32(3.25), np.arange(5), np.linspace(-1, 1, 7, dtype=np.float32), np.array([True, False]),
     np.array([[1e-8, 1.0], [np.nan, np.inf]], np.float32), np.arange(24).reshape(2, 3, 4)],
)  # fmt: skip
def test_small_arrays_are_shown_as_numpys(values: np.ndarray) -> None:
    values = np.asarray(values)
    assert repr(dnp.array(values)) == plain(values)
    assert str(dnp.array(values)) == str(values)


def test_what_is_unusual_is_named() -> None:
    assert repr(dnp.array([1, 2], dtype="uint8")) == "array([1, 2], dtype=uint8)"
    assert repr(dnp.array([1.5], dtype="bfloat16")) == "array([1.5], dtype=bfloat16)"
    assert repr(dnp.array([1 + 2j])).startswith("array([1.+2.j], dtype=complex")
    assert repr(dnp.zeros((0, 3))) == "array([], dtype=float32, shape=(0, 3))"
    assert repr(dnp.zeros((2, 0), dtype="int64")) == "array([], dtype=int64, shape=(2, 0))"


@pytest.mark.parametrize("shape", [(2000,), (40, 50), (1, 5000), (3, 4, 1000), (7, 200), (2, 3, 4, 100), (6, 8, 30)])
@pytest.mark.parametrize("dtype", ["int64", "float32", "bfloat16"])
def test_large_arrays_are_shown_as_numpy_would(shape: tuple[int, ...], dtype: str) -> None:
    values = (np.arange(math.prod(shape)) % 97 - 40).reshape(shape).astype("int64" if dtype == "int64" else "float32")
    x = dnp.array(values, dtype=dtype)
    unusual = ", dtype=bfloat16" if dtype == "bfloat16" else ""
    assert repr(x) == plain(values)[:-1] + f"{unusual}, shape={shape})"
    assert str(x) == str(values)


def test_a_huge_array_is_not_copied_to_be_shown() -> None:
    x = dnp.broadcast_to(dnp.array([1.5, 2.5]), (1 << 40, 2))  # 8 TB, if it had memory of its own
    peak = _core.memory_stats()["peak"]
    text = repr(x)
    assert text.endswith("shape=(1099511627776, 2))") and text.count("1.5, 2.5") == 6 and "..." in text
    assert _core.memory_stats()["peak"] < peak + 100_000


def test_numpys_print_options_hold() -> None:
    x = dnp.array(np.arange(30) / 7)
    with np.printoptions(precision=2, threshold=10):
        assert repr(x) == "array([0.  , 0.14, 0.29, ..., 3.86, 4.  , 4.14], dtype=float64, shape=(30,))"
    with np.printoptions(threshold=10, edgeitems=1):
        assert "..." in repr(x) and repr(x).count(",") < 6


def test_inside_a_trace_only_what_is_known() -> None:
    seen = []
    dl.jit(lambda x: seen.append((repr(x), str(x), x._repr_html_())) or x * 2)(dnp.ones((2, 3)))
    text = "<NDArray 2x3 float32, known only when the trace runs>"
    assert seen == [(text, text, None)]


def test_showing_records_nothing() -> None:
    x = dnp.ones((100, 100))
    x.attach_grad()
    with autograd.record():
        before = _core.tape_position()
        repr(x), str(x), x._repr_html_()
        assert _core.tape_position() == before and autograd.is_recording()


# ---- notebooks -------------------------------------------------------------------------------------------------------


def picture(html: str) -> np.ndarray:
    return pictures(html)[0]


def pictures(html: str) -> list[np.ndarray]:
    """The pixels of the pictures in it, decoded from PNG by hand."""
    return [decoded(base64.b64decode(data)) for data in re.findall(r"base64,([^\"]+)", html)]


def decoded(data: bytes) -> np.ndarray:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 2) and b"IEND" in chunks
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def fact(html: str, name: str) -> str:
    return re.search(rf">{name}</th><td[^>]*>([^<]*)<", html)[1]


def test_small_ones_are_tables() -> None:
    html = dnp.array([[1.5, -2.0], [np.nan, 4.0]])._repr_html_()
    assert "shape (2, 2) · float32 · cpu(0)" in html
    assert re.findall(r"<td[^>]*>([^<]*)</td>", html) == ["1.5", "-2", "nan", "4"] and html.count("<tr>") == 2
    assert re.findall(r"<td[^>]*>([^<]*)</td>", dnp.array([True, False])._repr_html_()) == ["True", "False"]
    assert "<td" in dnp.array(3)._repr_html_()
    assert "<pre" in dnp.ones((2, 3, 4))._repr_html_() and "shape (0, 4)" in dnp.zeros((0, 4))._repr_html_()


def test_statistics_are_right_also_with_nan_and_inf() -> None:
    values = np.random.default_rng(0).normal(3, 2, (300, 50)).astype(np.float32)
    values[0, :3], values[5, 5], values[7, 7] = np.nan, np.inf, -np.inf
    html = dnp.array(values)._repr_html_()
    finite = values[np.isfinite(values)].astype(np.float64)
    for name, want in (("min", finite.min()), ("max", finite.max()), ("mean", finite.mean()), ("std", finite.std())):
        assert float(fact(html, name)) == pytest.approx(want, rel=1e-4)
    assert fact(html, "NaN") == "3" and fact(html, "inf") == "2"
    assert "58.6 KB" in html


def test_statistics_of_many_blocks_are_those_of_the_whole() -> None:
    values = np.random.default_rng(1).normal(size=(3, 1 << 20)).astype(np.float32) + 100
    html = dnp.array(values)._repr_html_()
    assert float(fact(html, "mean")) == pytest.approx(values.mean(dtype=np.float64), rel=1e-4)
    assert float(fact(html, "std")) == pytest.approx(values.std(dtype=np.float64), rel=1e-3)


def test_a_matrix_is_a_picture() -> None:
    values = np.linspace(0, 1, 24 * 40, dtype=np.float32).reshape(24, 40)
    values[3, 4] = np.nan
    shown = picture(dnp.array(values)._repr_html_())
    assert shown.shape == (24, 40, 3) and tuple(shown[3, 4]) == (214, 60, 60)
    grey = np.delete(shown.reshape(-1, 3), 3 * 40 + 4, 0)
    np.testing.assert_allclose(grey[:, 0], np.delete(values.ravel(), 3 * 40 + 4) * 255, atol=0.51)
    assert (grey[:, 0] == grey[:, 1]).all() and (grey[:, 0] == grey[:, 2]).all()


@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
def test_colours(first: bool) -> None:
    values = np.random.default_rng(0).integers(0, 256, (30, 20, 3)).astype(np.uint8)
    x = dnp.array(values.transpose(2, 0, 1) if first else values)
    np.testing.assert_array_equal(picture(x._repr_html_()), values)


def test_large_pictures_are_made_smaller() -> None:
    shown = picture(dnp.zeros((3000, 1000))._repr_html_())
    assert shown.shape[0] <= 160 and not shown.any()
    assert len(dnp.zeros((3000, 1000))._repr_html_()) < 20_000
    assert len(dnp.zeros((9, 3, 300, 200))._repr_html_()) < 30_000


@pytest.mark.parametrize("shape", [(12, 3, 20, 30), (12, 20, 30, 3), (12, 1, 20, 30), (12, 20, 30), (2, 20, 30)])
def test_a_batch_is_its_first_pictures(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    values.flat[:2] = 0, 255
    html = dnp.array(values)._repr_html_()
    shown = pictures(html)
    assert len(shown) == min(shape[0], 8) and ("the first 8 of 12" in html) == (shape[0] == 12) and "<svg" not in html
    for pixels, one in zip(shown, values, strict=False):
        if one.shape[0] in (1, 3):
            one = one.transpose(1, 2, 0)
        np.testing.assert_array_equal(pixels, np.broadcast_to(one if one.ndim == 3 else one[..., None], (20, 30, 3)))


@pytest.mark.parametrize("shape", [(5000,), (4, 500), (2, 5, 20, 20), (8, 4000), (5, 9, 400)])
def test_what_is_no_picture_has_a_histogram(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    html = dnp.array(values)._repr_html_()
    assert "<svg" in html and "<img" not in html
    heights = [float(h) for h in re.findall(r'height="([\d.]+)"/>', html)]
    counts = np.histogram(values, 40)[0]
    np.testing.assert_allclose(heights, counts[counts > 0] / counts.max() * 80, atol=0.06)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "bfloat16", "float64", "complex64"])
def test_every_dtype_has_a_picture(dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 2, (20, 30))
    html = dnp.array(values, dtype=dtype)._repr_html_()
    assert f"· {dtype} ·" in html and picture(html).shape == (20, 30, 3)
    if dtype == "bool":
        assert fact(html, "true") == f"{values.mean():.2%}"


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 3e38])
def test_arrays_of_one_value(value: float) -> None:
    for shape in ((1000,), (30, 30)):
        html = dnp.full(shape, value)._repr_html_()
        assert (">none<" in html) == (not math.isfinite(value))


def test_the_pages_colours_are_used() -> None:
    html = dnp.zeros((5000,))._repr_html_() + dnp.ones((3, 3))._repr_html_()
    assert "currentColor" in html and "color:inherit" in html
    assert not re.search(r"(?:background|color):\s*(?:#|white|black)", html)


def test_png_is_written_as_specified() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(png(pixels)), pixels)
