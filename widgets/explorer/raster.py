"""The still picture of a network as PNG, for places that show no SVG: VS Code in a folder that is not trusted."""

from __future__ import annotations

import io
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from dlcore.interpret import Structure

from .static import ARC, BAD, DOT, FILL, LINE, ROW, WIDTH, Band, Dot, Link, Words, drawing, svg

if TYPE_CHECKING:
    from PIL import ImageFont

SCALE = 2  # pixels of the picture to one of the page
MOST = 60  # rows: what bounds the size of the saved notebook
COLOURS = 32


def png(structure: Structure, closed: Collection[str] | None = None) -> tuple[bytes, dict[str, int]]:
    """The picture as PNG bytes, and its size on the page in CSS pixels. ImportError without Pillow or matplotlib."""
    from PIL import Image, ImageDraw

    marks, height = drawing(structure, closed, MOST)
    image = Image.new("RGB", (SCALE * WIDTH, SCALE * height), "white")
    pen = ImageDraw.Draw(image)
    for mark in marks:
        if isinstance(mark, Words):
            _write(pen, mark)
        elif isinstance(mark, Link):
            _link(pen, mark)
        elif isinstance(mark, Dot):
            pen.ellipse(_pixels(mark.x - DOT, mark.y - DOT, mark.x + DOT, mark.y + DOT), ARC)
        elif isinstance(mark, Band):
            pen.rounded_rectangle(_pixels(mark.x, mark.y, WIDTH - 6, mark.y + ROW - 4), 4 * SCALE, FILL)
    stream = io.BytesIO()
    few = image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)  # a quarter of the time
    few.save(stream, "PNG")
    return stream.getvalue(), {"width": WIDTH, "height": height}


def still(structure: Structure) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stays of a network in a saved notebook, and its sizes: SVG, PNG where it can be drawn, text."""
    data: dict[str, Any] = {"image/svg+xml": svg(structure), "text/plain": str(structure)}
    try:
        picture, size = png(structure)
    except ImportError:
        return data, {}
    return {**data, "image/png": picture}, {"image/png": size}


def _pixels(*places: float) -> list[float]:
    return [SCALE * place for place in places]


def _link(pen: Any, mark: Link) -> None:
    x, y1, y2 = mark.lane, mark.y1, mark.y2
    way = [mark.x, y1 + 3, mark.x, y2 - 3]
    if x is not None:  # the corners are cut, as the SVG rounds them
        way = [mark.x, y1, x + 4, y1, x, y1 + 4, x, y2 - 4, x + 4, y2, mark.x - 2, y2]
    colour = BAD if mark.wrong else LINE if x is None else ARC
    pen.line(_pixels(*way), colour, 3 * SCALE if mark.wrong else SCALE + 1)


def _write(pen: Any, mark: Words) -> None:
    x = SCALE * mark.x
    if mark.end:
        x -= sum(_font(bold).getlength(text) for text, _, bold in mark.pieces)
    for text, ink, bold in mark.pieces:
        pen.text((x, SCALE * mark.y), text, ink, _font(bold), anchor="ls")
        x += _font(bold).getlength(text)


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    from pathlib import Path

    from matplotlib import get_data_path
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), 11 * SCALE)
