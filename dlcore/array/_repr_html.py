"""How a notebook shows an array: small ones as a table, large ones as a picture or a histogram, with statistics.

Colours are the page's own (currentColor), so that it can be read on light and dark pages. No other package is needed.
"""

from __future__ import annotations

import base64
import html as _html
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F
from . import _repr

_TABLE = 12  # rows and columns of a table
_TEXT = 400  # numbers that are printed rather than drawn
_PICTURE = 160  # pixels of a picture's longer side
_BATCH = 8  # pictures of a batch that are shown
_SMALL = 72  # pixels of the longer side of one of them
_LEAST = 8  # an axis shorter than this is no side of a picture
_BLOCK = 1 << 20  # numbers that are read at once
_EXACT = 1 << 27  # of more numbers than these the statistics are those of a part
_BINS = 40
_WIDE = ("float32", "float64")
_CELL = "padding:1px 8px;text-align:right;border:1px solid rgba(128,128,128,.35);background:none;color:inherit"
_HEAD = (
    "padding:1px 10px 1px 0;text-align:left;opacity:.65;border:none;background:none;color:inherit;font-weight:normal"
)
_FACT = "padding:1px 0;text-align:left;border:none;background:none;color:inherit"
_RED = (214, 60, 60)


@dataclass
class Stats:
    """What is said about the numbers of an array. Of complex numbers the sizes are looked at."""

    count: int = 0
    nan: int = 0
    infinite: int = 0
    least: float = math.inf
    most: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0  # sum of squared distances from the mean
    part: bool = False

    def add(self, values: np.ndarray) -> None:
        """Takes in another block; means and squares are joined as Chan, Golub and LeVeque (1979) do."""
        nan, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
        self.nan, self.infinite = self.nan + nan, self.infinite + infinite
        if nan + infinite:
            values = values[np.isfinite(values)]
        if not values.size:
            return
        mean = float(values.mean())
        self.join(values.size, mean, float(((values - mean) ** 2).sum()), float(values.min()), float(values.max()))

    def join(self, count: int, mean: float, squares: float, least: float, most: float) -> None:
        """Takes in what is known of finite numbers."""
        step, total = mean - self.mean, self.count + count
        self.squares += squares + step * step * self.count * count / total
        self.mean += step * count / total
        self.count = total
        self.least, self.most = min(self.least, least), max(self.most, most)

    @property
    def std(self) -> float:
        return math.sqrt(self.squares / self.count) if self.count else math.nan


def html(x: NDArray) -> str | None:
    """What Jupyter shows for x; None inside a trace, where no values are known."""
    if x._is_traced:
        return None
    recording = _core.set_recording(False)
    try:
        return _whole(x.detach())
    finally:
        _core.set_recording(recording)


def _whole(x: NDArray) -> str:
    title = f"shape {x.shape} · {x._dtype_name} · {x._device}"
    if x.size and x.ndim <= 2 and all(n <= _TABLE for n in x.shape):
        return _box(title, _table(x))
    if x.size <= _TEXT:
        text = _html.escape(_repr.to_str(x))
        return _box(title, f'<pre style="margin:2px 0;background:none;color:inherit">{text}</pre>')
    stats = _statistics(x)
    drawn = _image(x, stats) or _histogram(x, stats)
    flex = '<div style="display:flex;gap:16px;align-items:center;flex-wrap:wrap">'
    return _box(f"{title} · {_bytes(x.nbytes)}", f"{flex}{drawn}{_facts(stats, x)}</div>")


def _box(title: str, body: str) -> str:
    style = "display:inline-block;font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;color:inherit"
    return f'<div style="{style}"><div style="opacity:.75;margin-bottom:3px">array, {title}</div>{body}</div>'


def _bytes(n: int) -> str:
    amount, unit = float(n), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.3g} {unit}"


# ---- numbers ---------------------------------------------------------------------------------------------------------


def _number(value: object) -> str:
    if isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, complex):
        return f"{value:.4g}"
    return f"{value:.5g}"


def _table(x: NDArray) -> str:
    values = np.atleast_2d(_repr._values(x)).tolist()
    rows = ["<tr>" + "".join(f'<td style="{_CELL}">{_number(v)}</td>' for v in row) + "</tr>" for row in values]
    return f'<table style="border-collapse:collapse;margin:0;color:inherit;font:inherit">{"".join(rows)}</table>'


def _facts(stats: Stats, x: NDArray) -> str:
    about = "|x|, " if x._dtype_name.startswith("complex") else ""
    if x._dtype_name == "bool":
        facts = [("true", f"{stats.mean:.2%}")]
    else:
        facts = [(f"{about}min", _number(stats.least)), ("max", _number(stats.most)), ("mean", _number(stats.mean))]
        facts.append(("std", _number(stats.std)))
    if not stats.count:
        facts = [("finite", "none")]
    rows = [_fact(name, value) for name, value in facts]
    if x._dtype_name.startswith(("float", "bfloat", "complex")):
        rows += [_fact(n, f"{v:,}", _RED if v else None) for n, v in (("NaN", stats.nan), ("inf", stats.infinite))]
    if stats.part:
        rows.append(_fact("of", "a part of the numbers"))
    return f'<table style="border-collapse:collapse;margin:0;color:inherit;font:inherit">{"".join(rows)}</table>'


def _fact(name: str, value: str, colour: tuple[int, int, int] | None = None) -> str:
    bold = f";color:rgb{colour};font-weight:bold" if colour else ""
    return f'<tr style="background:none"><th style="{_HEAD}">{name}</th><td style="{_FACT}{bold}">{value}</td></tr>'


def _thinned(x: NDArray, most: int) -> NDArray:
    """A view of every so many rows, columns, ... with at most so many numbers."""
    step = [1] * x.ndim
    size = list(x.shape)
    while math.prod(size) > most:
        axis = size.index(max(size))
        step[axis] *= 2
        size[axis] = -(-x.shape[axis] // step[axis])
    return x[tuple(slice(None, None, s) for s in step)] if max(step) > 1 else x


def _blocks(x: NDArray) -> Iterator[NDArray]:
    """Views of x, one after the other; of complex numbers their sizes, of all others what statistics are exact in."""
    if x.size <= _BLOCK:
        name = x._dtype_name
        kind = name if name in _WIDE else "float32" if x.itemsize <= 2 else "float64"
        yield F.abs(x) if name.startswith("complex") else x if kind == name else F.cast(x, kind)
        return
    axis = x.shape.index(max(x.shape))
    half = x.shape[axis] // 2
    for part in (slice(0, half), slice(half, None)):
        yield from _blocks(x[(slice(None),) * axis + (part,)])


def _statistics(x: NDArray) -> Stats:
    stats = Stats(part=x.size > _EXACT)
    for block in _blocks(_thinned(x, _EXACT)):
        mean, variance = float(F.mean(block)), float(F.var(block))
        if math.isfinite(mean) and math.isfinite(variance):
            stats.join(block.size, mean, variance * block.size, float(F.min(block)), float(F.max(block)))
        else:
            stats.add(block.asnumpy().astype(np.float64))
    return stats


# ---- pictures --------------------------------------------------------------------------------------------------------


def png(pixels: np.ndarray) -> bytes:
    """An image file of (height, width, 3) bytes, as the PNG specification (W3C, ISO/IEC 15948) describes it."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line starts with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(lines.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _as_picture(x: NDArray) -> NDArray | None:
    """x as (height, width) or (height, width, 3 or 4), if it looks like a picture."""
    if x.ndim == 2 and min(x.shape) >= _LEAST:
        return x
    if x.ndim == 3:
        if x.shape[2] in (1, 3, 4) and min(x.shape[:2]) >= _LEAST:
            return x[:, :, 0] if x.shape[2] == 1 else x
        if x.shape[0] in (1, 3, 4) and min(x.shape[1:]) >= _LEAST:
            return x[0] if x.shape[0] == 1 else x.transpose(1, 2, 0)
    return None


def _pictures(x: NDArray) -> list[NDArray]:
    """x as one picture, or the first of a batch of them; none where it looks like neither."""
    whole = _as_picture(x)
    if whole is not None:
        return [whole] if max(whole.shape[:2]) <= 64 * min(whole.shape[:2]) else []
    if x.ndim not in (3, 4) or _as_picture(x[0]) is None:
        return []
    found = [picture for k in range(min(x.shape[0], _BATCH)) if (picture := _as_picture(x[k])) is not None]
    return found if max(found[0].shape[:2]) <= 4 * min(found[0].shape[:2]) else []


def _image(x: NDArray, stats: Stats) -> str | None:
    pictures = _pictures(x)
    if not pictures:
        return None
    low, high = (stats.least, stats.most)
    if x._dtype_name == "uint8" and pictures[0].ndim == 3:
        low, high = 0.0, 255.0
    if len(pictures) == 1:
        return _tag(pictures[0], low, high, _PICTURE, "the array as a picture")
    tags = "".join(_tag(p, low, high, _SMALL, f"number {k} as a picture") for k, p in enumerate(pictures))
    more = f'<div style="opacity:.65">the first {len(pictures)} of {x.shape[0]}</div>' if x.shape[0] > _BATCH else ""
    return f'<div><div style="display:flex;gap:4px;flex-wrap:wrap;max-width:380px">{tags}</div>{more}</div>'


def _tag(picture: NDArray, low: float, high: float, side: int, what: str) -> str:
    step = -(-max(picture.shape[:2]) // side)
    values = _repr._values(picture[::step, ::step])
    values = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
    span = high - low if math.isfinite(high - low) and high > low else 1.0
    bad = np.isnan(values) if values.ndim == 2 else np.isnan(values).any(-1)
    with np.errstate(invalid="ignore"):
        scaled = np.nan_to_num(np.clip((values - (low if math.isfinite(low) else 0.0)) / span, 0, 1)) * 255
    pixels = np.repeat(scaled[..., None], 3, -1) if values.ndim == 2 else scaled[..., :3]
    pixels = pixels.round().astype(np.uint8)
    pixels[bad] = _RED
    zoom = max(1, round(side / max(pixels.shape[:2])))
    height, width = pixels.shape[0] * zoom, pixels.shape[1] * zoom
    data = base64.b64encode(png(pixels)).decode()
    style = "image-rendering:pixelated;border:1px solid rgba(128,128,128,.5)"
    return (
        f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" style="{style}" '
        f'alt="{what}, dark for {_number(low)}, light for {_number(high)}">'
    )


def _histogram(x: NDArray, stats: Stats) -> str:
    if not stats.count:
        return ""
    counts = np.zeros(_BINS, np.int64)
    low, high = stats.least, stats.most
    if high <= low or not math.isfinite(high - low):
        pad = max(0.5, abs(low) / 2)
        low, high = low - pad, low + pad
    for part in _blocks(_thinned(x, 1 << 22)):
        block = part.asnumpy().astype(np.float64)
        counts += np.histogram(block[np.isfinite(block)], _BINS, (low, high))[0]
    width, height, tall = 200, 80, max(int(counts.max()), 1)
    bar = width / _BINS
    bars = "".join(
        f'<rect x="{k * bar:.1f}" y="{height - height * n / tall:.1f}" width="{bar - 0.6:.1f}" '
        f'height="{height * n / tall:.1f}"/>'
        for k, n in enumerate(counts.tolist())
        if n
    )
    label = 'font-size="10" fill="currentColor" opacity=".75"'
    return (
        f'<svg width="{width}" height="{height + 16}" viewBox="0 0 {width} {height + 16}" role="img" '
        f'aria-label="histogram"><g fill="currentColor" opacity=".65">{bars}</g>'
        f'<line x1="0" y1="{height}" x2="{width}" y2="{height}" stroke="currentColor" opacity=".5"/>'
        f'<text x="0" y="{height + 13}" {label}>{_number(low)}</text>'
        f'<text x="{width}" y="{height + 13}" text-anchor="end" {label}>{_number(high)}</text></svg>'
    )
