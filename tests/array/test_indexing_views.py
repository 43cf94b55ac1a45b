"""x[key] with random keys, wrong ones among them, against NumPy: the error, the shape, the numbers, and whether writing
into the result reaches the array."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from dlcore import np as xp

KINDS = ["float32", "int64", "complex64", "bool", "uint8", "float16"]
ODD = [1.0, 1.5, "a", np.float64(1), [1.5], {}, b"x", object(), slice(1.0, 2), [None], [slice(1)]]
ALIKE = {"VisibleDeprecationWarning": "IndexError", "AxisError": "IndexError"}


def one(draw: random.Random, n: int, joint: tuple[int, ...]) -> Any:
    """One index of an axis of length n; now and then one that is out of range or no index."""
    past = draw.random() < 0.04
    kind = draw.random()
    if kind < 0.35:
        ends = [draw.choice([None, draw.randint(-n - 2, n + 2)]) for _ in range(2)]
        return slice(*ends, draw.choice([None, 1, 2, -1, -2, -3]))
    if kind < 0.6:
        place = draw.randint(-n - past, n - 1 + past) if n or past else 0
        make = [int, np.int64, np.int8, np.asarray, lambda i: xp.asarray(np.int64(i))]
        return draw.choice(make)(place)
    if kind < 0.93:
        places = np.array([draw.randint(-n - past, n - 1 + past) if n else 0 for _ in range(int(np.prod(joint)))], int)
        return draw.choice([np.asarray, np.ndarray.tolist, xp.asarray, np.int32])(places.reshape(joint))
    return draw.choice(ODD) if draw.random() < 0.4 else None


def key_for(draw: random.Random, shape: tuple[int, ...]) -> Any:
    joint = draw.choice([(), (1,), (2,), (2, 1)])
    axes = draw.randint(0, len(shape) + (draw.random() < 0.1))
    parts = [one(draw, shape[a] if a < len(shape) else 2, joint) for a in range(axes)]
    if shape and draw.random() < 0.15:
        rank = draw.randint(1, len(shape))
        sizes = [n + (draw.random() < 0.1) for n in shape[:rank]]
        if 0 not in sizes:
            mask = np.array([draw.random() < 0.5 for _ in range(int(np.prod(sizes)))]).reshape(sizes)
            parts = [draw.choice([np.asarray, np.ndarray.tolist, xp.asarray])(mask), *parts[rank:]]
    if draw.random() < 0.25:
        parts.insert(draw.randint(0, len(parts)), Ellipsis)
    return parts[0] if len(parts) == 1 and draw.random() < 0.5 else tuple(parts)


def for_numpy(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(for_numpy, key))
    return key.asnumpy() if hasattr(key, "asnumpy") else key


def tried(x: Any, key: Any) -> tuple[Any, str]:
    try:
        return x[key], ""
    except Exception as error:
        return None, ALIKE.get(type(error).__name__, type(error).__name__)


@pytest.mark.parametrize("seed", range(8))
def test_random_keys_are_numpys(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(250):
        shape = tuple(draw.choice([0, 1, 2, 3, 4]) for _ in range(draw.randint(0, 4)))
        base = np.arange(int(np.prod(shape))).reshape(shape).astype(draw.choice(KINDS))
        key = key_for(draw, shape)
        x = xp.array(base)
        got, mistake = tried(x, key)
        want, theirs = tried(base, for_numpy(key))
        assert bool(mistake) == bool(theirs), (shape, key, mistake, theirs)
        if theirs:
            assert mistake in ("IndexError", "TypeError"), (shape, key, mistake, theirs)
            continue
        assert got.shape == np.shape(want) and got.asnumpy().tolist() == want.tolist(), (shape, key)
        if isinstance(want, np.ndarray) and want.size:
            got[...] = got == 0 if got.dtype == bool else got + 1
            reached = x.asnumpy().tolist() != base.tolist()
            assert reached == np.shares_memory(want, base), (shape, key, reached)


PLACES = {
    "x[9]": lambda x: x[9],
    "x[0, -9]": lambda x: x[0, -9],
    "x[:, [9]]": lambda x: x[:, [9]],
    "x[[0], [9]]": lambda x: x[[0], [9]],
    "x[9] = 0": lambda x: x.__setitem__(9, 0),
    "x[:, 9] = 0": lambda x: x.__setitem__((slice(None), 9), 0),
    "x[[0, 9]] = 0": lambda x: x.__setitem__([0, 9], 0),
    "take": lambda x: xp.take(x, [9], axis=1),
    "x.take": lambda x: x.take([-9], axis=0),
    "take_along_axis": lambda x: xp.take_along_axis(x, [[9]], 1),
    "put_along_axis": lambda x: xp.put_along_axis(x, [[9]], 1.0, 1),
    "x.item": lambda x: x.item(0, 9),
    "ravel_multi_index": lambda x: xp.ravel_multi_index(([0], [9]), x.shape),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_out_of_range_names_axis_index_and_size(name: str) -> None:
    with pytest.raises(IndexError, match=r"index -?9 is out of range for axis [01] of size [34]"):
        PLACES[name](xp.ones((3, 4)))
