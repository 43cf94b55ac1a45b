"""Row groups: fused groups whose program reduces over the last axes (`Node.rows` of them), or over all others.

A group runs over one shape, that of its inputs broadcast together; what the last `rows` axes hold is a row. A value of
its program has one number per element, or one per row: a reduction, what follows from reductions, an input that is the
same along a row. An output has the group's whole shape or, for one number a row, that shape with 1 for the axes of the
row, or without these axes.

A reduction over the rows gives one number a column (`COLUMNS`). Such numbers are there when the last row has been
read: only others of columns follow from them. An output of these has 1 for the leading axes, or lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._ir import Node, Value

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "row_sum": np.add.reduce,
    "row_prod": np.multiply.reduce,
    "row_max": np.maximum.reduce,
    "row_min": np.minimum.reduce,
}
COLUMNS = {f"column{name.removeprefix('row')}": reduce for name, reduce in REDUCTIONS.items()}


def strides_along(value: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array (anything with a shape and strides) along the axes of `shape`, to which it broadcasts.

    >>> from dlcore.graph._ir import Value
    >>> strides_along(Value("float32", (3, 1), (1, 1)), (2, 3, 4))
    (0, 1, 0)
    """
    lead = len(shape) - len(value.shape)
    own = zip(value.shape, value.strides, shape[lead:], strict=True)
    return (0,) * lead + tuple(0 if size == 1 != target else stride for size, stride, target in own)


def whole_shape(inputs: Sequence[Any]) -> tuple[int, ...]:
    """The shape that a group with these inputs runs over; ValueError when they do not go together."""
    return np.broadcast_shapes(*(value.shape for value in inputs))


def row_shapes(whole: tuple[int, ...], rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The two shapes of one number a row: with the axes of the row, and without.

    >>> row_shapes((2, 3, 4), 1)
    ((2, 3, 1), (2, 3))
    """
    lead = whole[: len(whole) - rows]
    return (*lead, *(1,) * rows), lead


def column_shapes(whole: tuple[int, ...], rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The two shapes of one number a column: with the axes of the rows, and without.

    >>> column_shapes((2, 3, 4), 1)
    ((1, 1, 4), (4,))
    """
    lead = len(whole) - rows
    return ((1,) * lead + whole[lead:], whole[lead:])


def along_row(value: Any, whole: tuple[int, ...], rows: int) -> int | None:
    """From element to element of a row in memory: 0 for one number a row, None where steps differ.

    >>> from dlcore.graph._ir import contiguous_strides
    >>> x = Value("float32", (2, 3, 4), contiguous_strides((2, 3, 4)))
    >>> along_row(x, x.shape, 2), along_row(Value("float32", (3, 1), (1, 1)), x.shape, 2)
    (1, None)
    """
    found: int | None = None
    expected = 0
    axes = zip(strides_along(value, whole), whole, strict=True)
    for stride, size in reversed(list(axes)[len(whole) - rows :]):
        if size == 1:
            continue
        if found is not None and stride != expected:
            return None
        found = stride if found is None else found
        expected = stride * size
    return found or 0


def is_wide(tile: Any, inputs: Sequence[bool]) -> list[bool]:
    """For every value of a program whether it has one number per element; `inputs` says so of the inputs."""
    wide, column = list(inputs), of_columns(tile)
    for mnemonic, operands in tile.code:
        own = mnemonic != "const" and mnemonic not in REDUCTIONS and not column[len(wide)]
        wide.append(own and any(wide[o] for o in operands))
    return wide


def of_columns(tile: Any) -> list[bool]:
    """For every value of a program whether it follows from a reduction over the rows: one number per column."""
    found = [False] * tile.n_in
    for mnemonic, operands in tile.code:
        found.append(mnemonic in COLUMNS or (mnemonic != "const" and any(found[o] for o in operands)))
    return found


def levels(tile: Any) -> list[int]:
    """For every value how many reductions, one after the other, it takes to have it."""
    found = [0] * tile.n_in
    for mnemonic, operands in tile.code:
        most = 0 if mnemonic == "const" else max(found[o] for o in operands)
        found.append(most + (mnemonic in REDUCTIONS))
    return found


def wide_values(node: Node) -> list[bool]:
    """`is_wide` of a node's program."""
    whole = whole_shape(node.inputs)
    return is_wide(node.tile, [along_row(value, whole, node.rows) != 0 for value in node.inputs])


def gone_over_once(node: Node) -> bool:
    """Whether nothing over the elements of a group depends on a reduction of a row."""
    level, wide = levels(node.tile), wide_values(node)
    reduced = [operands[0] for mnemonic, operands in node.tile.code if mnemonic in REDUCTIONS or mnemonic in COLUMNS]
    return not any(level[at] for at in (*reduced, *(at for at, own in enumerate(wide) if own)))


def written_last(node: Node, out: Value) -> bool:
    """Whether all is read before `out` is written: what is read row by row before numbers of rows, everything before
    numbers of columns and before elements that the last pass makes.
    """
    whole = whole_shape(node.inputs)
    if of_columns(node.tile)[node.tile.outs[out.index]]:
        return True
    if out.shape != whole:
        alike = (value for value in node.inputs if value is not None and value.shape == out.shape)
        return all(along_row(value, whole, node.rows) == 0 for value in alike)
    level, wide = levels(node.tile), wide_values(node)
    of_elements = [at for at, per_element in zip(level, wide, strict=True) if per_element]
    of_elements += [level[ops[0]] for mnemonic, ops in node.tile.code if mnemonic in REDUCTIONS or mnemonic in COLUMNS]
    return level[node.tile.outs[out.index]] == max(of_elements)


def passes(tile: Any, wide: Sequence[bool]) -> list[int]:
    """For every value in which pass over a row it is computed: as late as its readers allow, so that little is kept."""
    level = levels(tile)
    found = [max(level)] * len(level)
    for value in tile.outs:
        found[value] = level[value]
    for i in reversed(range(len(tile.code))):
        (mnemonic, operands), value = tile.code[i], tile.n_in + i
        if mnemonic in REDUCTIONS or mnemonic in COLUMNS:
            found[value] = level[operands[0]]
        elif mnemonic == "const" or not wide[value]:
            continue
        for operand in operands:
            found[operand] = min(found[operand], found[value])
    return found
