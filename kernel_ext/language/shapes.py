"""Shape rules: from a layer's settings and the shapes that come in to the shape that goes out, without the batch."""

from __future__ import annotations

import math
from typing import Any

from .kinds import shape_text

Shape = tuple[int, ...]
Settings = dict[str, Any]


class ShapeProblem(ValueError):
    """Shapes that do not meet. ``operand`` is the number of the input to point at, or None for the layer's word."""

    def __init__(self, message: str, operand: int | None = None) -> None:
        super().__init__(message)
        self.operand = operand


def same(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """The shape goes through unchanged."""
    return shapes[0]


def _image(word: str, shape: Shape) -> Shape:
    if len(shape) != 3:
        raise ShapeProblem(f"{word} expects channels x height x width, such as 3x32x32, but gets {shape_text(shape)}")
    return shape


def padding(settings: Settings) -> tuple[int, int]:
    """The ``pad`` of a layer in numbers; ``same`` is half the (dilated) kernel, which must be odd."""
    pad = settings["pad"]
    if pad != "same":
        return (pad[0], pad[1])
    kernel, (up, left) = settings["kernel"], settings.get("dilate", (1, 1))
    if kernel[0] % 2 == 0 or kernel[1] % 2 == 0:
        raise ShapeProblem(f"pad same needs a kernel with odd sides, but this one is {shape_text(kernel)}")
    return up * (kernel[0] - 1) // 2, left * (kernel[1] - 1) // 2


def _windows(word: str, settings: Settings, shape: Shape) -> tuple[int, int]:
    """How often a sliding window fits into height and width: floor((n + 2p - d(k-1) - 1) / s) + 1."""
    kernel, stride, pad = settings["kernel"], settings["stride"] or settings["kernel"], padding(settings)
    dilate = settings.get("dilate", (1, 1))
    out = []
    for side in (0, 1):
        free = shape[1 + side] + 2 * pad[side] - dilate[side] * (kernel[side] - 1) - 1
        if free < 0:
            padded = f" (padded to {shape[1] + 2 * pad[0]}x{shape[2] + 2 * pad[1]})" if any(pad) else ""
            raise ShapeProblem(
                f"a window of {shape_text(kernel)} does not fit: {word} gets {shape_text(shape)}{padded}"
            )
        out.append(free // stride[side] + 1)
    return out[0], out[1]


def conv(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Convolution: (C, H, W) -> (channels, H', W')."""
    shape, groups, channels = _image(word, shapes[0]), settings["groups"], settings["channels"]
    for what, number in ((f"the {shape[0]} channels of its input {shape_text(shape)}", shape[0]),
                         (f"its own {channels} channels", channels)):  # fmt: skip
        if number % groups:
            raise ShapeProblem(f"{groups} groups do not divide {what}")
    return (channels, *_windows(word, settings, shape))


def pool(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Pooling: (C, H, W) -> (C, H', W')."""
    shape, pad, kernel = _image(word, shapes[0]), padding(settings), settings["kernel"]
    if pad[0] * 2 > kernel[0] or pad[1] * 2 > kernel[1]:
        raise ShapeProblem(f"{word} can pad by at most half its window {shape_text(kernel)}, not {shape_text(pad)}")
    return (shape[0], *_windows(word, settings, shape))


def global_pool(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """(C, H, W) -> (C, 1, 1)."""
    return (_image(word, shapes[0])[0], 1, 1)


def flatten(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Everything but the batch in one row."""
    return (math.prod(shapes[0]),)


def dense(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Any shape -> (units,); with ``noflatten`` only the last number changes."""
    return (*shapes[0][:-1], settings["units"]) if settings["noflatten"] else (settings["units"],)


def embedding(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """(...) of indices -> (..., width)."""
    return (*shapes[0], settings["width"])


def reshape(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Any shape -> the given one, when both hold equally many numbers."""
    old, new = shapes[0], settings["shape"]
    if math.prod(old) != math.prod(new):
        raise ShapeProblem(
            f"{shape_text(old)} holds {math.prod(old)} numbers, {shape_text(new)} holds {math.prod(new)}"
        )
    return tuple(new)


def equal(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Values of one shape, put together element by element."""
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeProblem(
                f"{word} needs equal shapes, but gets {shape_text(shapes[0])} and {shape_text(shape)}", number
            )
    return shapes[0]


def concat(word: str, settings: Settings, shapes: list[Shape]) -> Shape:
    """Values whose shapes differ at most along ``axis``, laid end to end."""
    axis, rank = settings["axis"], len(shapes[0])
    if not (1 <= axis <= rank or -rank <= axis <= -1):
        raise ShapeProblem(f"{shape_text(shapes[0])} has no axis {axis}; its axes are 1 to {rank}")
    place = axis - 1 if axis > 0 else rank + axis
    for number, shape in enumerate(shapes):
        others = [s[:place] + s[place + 1 :] for s in (shapes[0], shape)]
        if len(shape) != rank or others[0] != others[1]:
            raise ShapeProblem(
                f"{word} along axis {axis} needs shapes that agree everywhere else, "
                f"but gets {shape_text(shapes[0])} and {shape_text(shape)}",
                number,
            )
    return (*shapes[0][:place], sum(shape[place] for shape in shapes), *shapes[0][place + 1 :])
