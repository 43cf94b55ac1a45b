"""Random programs that view, overwrite and add to each other's memory, for NumPy and dlcore alike.

Used by test_in_place_random.py: NumPy runs them to say what they compute, and by differences how that changes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[Any, list[Any]], None]  # of the module (NumPy or dlcore) and the arrays that are alive
MASK = np.random.default_rng(1).random((3, 3, 3)) > 0.5


def mask_of(m: Any, array: Any) -> Any:
    shape = array.shape
    return m.asarray(np.resize(MASK, shape))


def constant(m: Any, value: Any) -> Any:
    return m.asarray(np.asarray(value, "float64"))


# What appends an array: (module, first array, second array, three whole numbers) -> array. --------------------
MAKERS: dict[str, Callable[..., Any]] = {
    "sine": lambda m, a, b, k: m.sin(a),
    "square": lambda m, a, b, k: a * a,
    "scaled": lambda m, a, b, k: a * 0.7 + 1.0,
    "copy": lambda m, a, b, k: a.copy(),
    "row": lambda m, a, b, k: a[k[0] % a.shape[0]],
    "part": lambda m, a, b, k: a[k[0] % 2 :: 1 + k[1] % 2],
    "turned": lambda m, a, b, k: a[::-1],
    "last axis": lambda m, a, b, k: a[..., :2],
    "transposed": lambda m, a, b, k: a.T,
    "flat": lambda m, a, b, k: a.reshape(-1),
    "new axis": lambda m, a, b, k: a[None],
    "swapped": lambda m, a, b, k: a.swapaxes(0, a.ndim - 1),
    "broadcast": lambda m, a, b, k: m.broadcast_to(a, (2, *a.shape)),
}
ALIKE: dict[str, Callable[..., Any]] = {  # both of one shape
    "product": lambda m, a, b, k: a * b,
    "chosen": lambda m, a, b, k: m.where(mask_of(m, a), a, b),
    "stacked": lambda m, a, b, k: m.stack([a, b]),
}


def rows_summed(m: Any, a: Any, b: Any, k: list[int]) -> Any:
    total = constant(m, np.zeros(a.shape[1:]))
    for row in a:
        total += row * row
    return total


def buffer(m: Any, a: Any, b: Any, k: list[int]) -> Any:
    made = constant(m, np.zeros((2, *a.shape)))
    made[k[0] % 2] = a
    return made


def old_view_of_buffer(m: Any, a: Any, b: Any, k: list[int]) -> Any:
    made = constant(m, np.zeros((2, *a.shape)))
    view = made[k[0] % 2]
    made[k[1] % 2] = a
    return view if k[2] % 2 else made


def row_added_to(m: Any, a: Any, b: Any, k: list[int]) -> Any:
    row = a[k[0] % a.shape[0]]
    row += row * 0.5
    return row


MAKERS |= {f.__name__: f for f in (rows_summed, buffer, old_view_of_buffer, row_added_to)}


# What writes into the first array. ----------------------------------------------------------------------------------
def add_to(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a += a * 0.3 if k[0] % 2 else 1.5


def add_to_part(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[k[0] % a.shape[0]] += 1.5


def multiply_view(m: Any, a: Any, b: Any, k: list[int]) -> None:
    view = a[k[0] % 2 :]
    view *= 2.0


def multiply_by_mask(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[mask_of(m, a)] *= 1.5


def add_by_index(m: Any, a: Any, b: Any, k: list[int]) -> None:
    at = [k[0] % a.shape[0]]
    a[at] += 0.5 * a[at]


def set_number(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[k[0] % a.shape[0]] = float(k[1] % 3)


def set_by_mask(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[mask_of(m, a)] = 2.5


def out_of_constants(m: Any, a: Any, b: Any, k: list[int]) -> None:
    m.multiply(constant(m, np.full(a.shape, 1.5)), constant(m, 2.0), out=a)


WRITERS = {
    f.__name__: f
    for f in (
        add_to, add_to_part, multiply_view, multiply_by_mask, add_by_index, set_number, set_by_mask, out_of_constants,
    )
}  # fmt: skip


def add_alike(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a += b


def set_part(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[k[0] % 2 :] = b[k[0] % 2 :] * 0.5


def set_moved(m: Any, a: Any, b: Any, k: list[int]) -> None:
    a[1:] = b[:-1]


def out_alike(m: Any, a: Any, b: Any, k: list[int]) -> None:
    m.multiply(b, b, out=a)


def out_summed(m: Any, a: Any, b: Any, k: list[int]) -> None:
    m.cumsum(b, axis=0, out=a)


WRITERS_ALIKE = {f.__name__: f for f in (add_alike, set_part, set_moved, out_alike, out_summed)}
KINDS = [*MAKERS, *ALIKE, *WRITERS, *WRITERS_ALIKE]


def step_of(kind: str, i: int, j: int, k: list[int]) -> Step:
    def make(m: Any, live: list[Any]) -> None:
        live.append((MAKERS | ALIKE)[kind](m, live[i], live[j], k))

    def write(m: Any, live: list[Any]) -> None:
        (WRITERS | WRITERS_ALIKE)[kind](m, live[i], live[j], k)

    return make if kind in MAKERS or kind in ALIKE else write


def plainly(call: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
    """What a compiled function does, for NumPy: it changes what it names, and what it returns is its own."""
    return lambda: [array.copy() for array in call()]


def program(seed: int, compiled: bool = False) -> Callable[..., Any] | None:
    """A function of (module, x, v), both (3, 3), with one number as its value; None where NumPy refuses what was
    drawn (to write into broadcast_to). Compiled: some of it, run twice, is in a function that has no arguments, made
    by the fourth argument, which `plainly` is for NumPy.
    """
    choose = random.Random(seed)
    live: list[Any] = [np.zeros((3, 3)), np.zeros((3, 3))]
    steps: list[Step] = []
    for _ in range(choose.randint(3, 9)):
        kind, i, j = choose.choice(KINDS), choose.randrange(len(live)), choose.randrange(len(live))
        k = [choose.randrange(100) for _ in range(3)]
        a, b = live[i], live[j]
        if not a.ndim or not a.size or a.ndim > 3 or (kind in (*ALIKE, *WRITERS_ALIKE) and a.shape != b.shape):
            continue
        steps.append(step_of(kind, i, j, k))
        try:
            steps[-1](np, live)
        except ValueError:
            return None
    counts = [(n + 1) * 0.3 for n in range(len(live)) if choose.random() < 0.7 or n == len(live) - 1]
    first, last = sorted(choose.choices(range(len(steps) + 1), k=2)) if compiled else (len(steps), len(steps))

    def run(m: Any, x: Any, v: Any, wrap: Any = plainly, made: Any = None) -> Any:
        arrays = [] if made is None else made
        arrays += [x * 1.0, v * 1.0]
        for step in steps[:first]:
            step(m, arrays)
        if first < last:
            inside(m, arrays, wrap)
        for step in steps[last:]:
            step(m, arrays)
        total = constant(m, 0.0)
        for n, array in enumerate(arrays[-len(counts) :]):
            total = total + (array * counts[n] * array).sum()
        return total

    def inside(m: Any, arrays: list[Any], wrap: Any) -> None:
        captured = list(arrays)

        def part() -> list[Any]:
            here = list(captured)
            for step in steps[first:last]:
                step(m, here)
            return here[len(captured) :]

        call = wrap(part)
        arrays += [old + new for old, new in zip(call(), call(), strict=True)]

    return run


def slope_by_differences(run: Any, x: np.ndarray, v: np.ndarray, dx: np.ndarray, dv: np.ndarray) -> tuple[float, float]:
    """The slope, and by how much it may be off because the two values, which are large at times, are rounded."""
    high, low = (float(run(np, x + e * dx, v + e * dv)) for e in (1e-6, -1e-6))
    return (high - low) / 2e-6, 4 * np.finfo(float).eps * abs(high) / 2e-6
