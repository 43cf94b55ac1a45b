"""np.einsum: sums of products named by letters, as batched matrix products in a good order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._dtypes import promoted

Term = tuple[str, ...]
_EXACT = 7  # up to so many arrays the best order is found; beyond it the next cheapest product is taken
Path = tuple[tuple[int, int], ...]


def _parse(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[Term], Term]:
    """One label for each axis of each array, and those of the result; "..." becomes labels counted from its right."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    given = left.split(",")
    if len(given) != len(shapes):
        raise ValueError(f"einsum: {subscripts!r} names {len(given)} arrays, got {len(shapes)}")
    terms: list[Term] = []
    widest = 0
    for term, shape in zip(given, shapes, strict=True):
        before, dots, after = term.partition("...")
        letters = before + after
        if letters and not (letters.isalpha() and letters.isascii()):
            raise ValueError(
                f"einsum: {term!r} in {subscripts!r} must be letters, one for each axis, and at most one '...'"
            )
        hidden = len(shape) - len(letters)
        if hidden < 0 or (hidden and not dots):
            raise ValueError(f"einsum: {term!r} names {len(letters)} axes, the array has shape {shape}")
        widest = max(widest, hidden)
        terms.append((*before, *(f"...{k}" for k in range(hidden, 0, -1)), *after))
    broad = tuple(f"...{k}" for k in range(widest, 0, -1))
    if not arrow:
        letters = "".join(given).replace(".", "")
        return terms, (*broad, *sorted(c for c in set(letters) if letters.count(c) == 1))
    before, dots, after = right.partition("...")
    if widest and not dots:
        raise ValueError(f"einsum: the result in {subscripts!r} needs '...' for {widest} broadcast axes")
    result = (*before, *(broad if dots else ()), *after)
    known = {c for term in terms for c in term}
    for c in result:
        if c not in known:
            raise ValueError(f"einsum: the result in {subscripts!r} names {c!r}, which no array has")
        if result.count(c) > 1:
            raise ValueError(f"einsum: the result in {subscripts!r} names {c!r} twice")
    return terms, result


def _sizes(subscripts: str, terms: list[Term], shapes: list[tuple[int, ...]]) -> dict[str, int]:
    size: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for c, n in zip(term, shape, strict=True):
            if size.get(c, 1) != 1 and n not in (1, size[c]):
                raise ValueError(
                    f"einsum: axis {c!r} of {subscripts!r} has length {size[c]} and {n} in shapes {shapes}"
                )
            size[c] = n if size.get(c, 1) == 1 else size[c]
    return size


def _single(term: Term, x: NDArray, size: dict[str, int], needed: set[str]) -> tuple[Term, NDArray]:
    """Diagonals for labels that are named twice, axes of length 1 that are broadcast dropped, the rest summed out."""
    for c in sorted(set(term)):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ValueError(f"einsum: {c!r} names axes of different lengths in shape {x.shape}")
            x = F.diagonal(x, 0, i, j)
            term = (*(t for k, t in enumerate(term) if k not in (i, j)), c)
    narrow = tuple(k for k, c in enumerate(term) if x.shape[k] == 1 and size[c] != 1)
    if narrow:
        x, term = F.squeeze(x, narrow), tuple(c for k, c in enumerate(term) if k not in narrow)
    gone = tuple(k for k, c in enumerate(term) if c not in needed)
    if gone:
        kind, term = x._dtype_name, tuple(c for k, c in enumerate(term) if k not in gone)
        x = F.sum(x, gone)
        x = x if x._dtype_name == kind else F.cast(x, kind)  # sums of whole numbers come in 64 bits
    return term, x


@lru_cache(maxsize=512)
def _order(terms: tuple[Term, ...], result: Term, sizes: tuple[tuple[str, int], ...]) -> Path:
    """Which two to multiply next, as places in the list; the product is put at its end."""
    size = dict(sizes)
    if len(terms) < 3:
        return ((0, 1),) * (len(terms) - 1)
    return _best(terms, result, size) if len(terms) <= _EXACT else _greedy(terms, result, size)


def _left(kept: frozenset[str], others: Sequence[Term], result: Term) -> frozenset[str]:
    return kept & (set(result).union(*others))


def _best(terms: tuple[Term, ...], result: Term, size: dict[str, int]) -> Path:
    """The cheapest order by dynamic programming over subsets of the arrays (the number of multiplications counts)."""
    n = len(terms)
    everything = (1 << n) - 1
    labels = {1 << k: frozenset(t) for k, t in enumerate(terms)}
    best: dict[int, tuple[int, tuple[int, int]]] = {1 << k: (0, (0, 0)) for k in range(n)}
    for count in range(2, n + 1):
        for chosen in combinations(range(n), count):
            mask = sum(1 << k for k in chosen)
            others = [terms[k] for k in range(n) if not mask >> k & 1]
            part = (mask - 1) & mask
            while part > mask ^ part:
                rest = mask ^ part
                work = prod(size[c] for c in labels[part] | labels[rest]) + best[part][0] + best[rest][0]
                if mask not in best or work < best[mask][0]:
                    best[mask] = (work, (part, rest))
                part = (part - 1) & mask
            a, b = best[mask][1]
            labels[mask] = _left(labels[a] | labels[b], others, result)
    path: list[tuple[int, int]] = []
    places = [1 << k for k in range(n)]

    def join(mask: int) -> None:
        if mask in places:
            return
        a, b = best[mask][1]
        join(a)
        join(b)
        i, j = sorted((places.index(a), places.index(b)))
        path.append((i, j))
        del places[j], places[i]
        places.append(mask)

    join(everything)
    return tuple(path)


def _greedy(terms: tuple[Term, ...], result: Term, size: dict[str, int]) -> Path:
    """Always the pair whose product is smallest beside what it replaces."""
    left = [frozenset(t) for t in terms]
    path = []
    while len(left) > 1:
        options = []
        for i, j in combinations(range(len(left)), 2):
            others = [tuple(t) for k, t in enumerate(left) if k not in (i, j)]
            made = _left(left[i] | left[j], others, result)
            gain = prod(size[c] for c in made) - prod(size[c] for c in left[i]) - prod(size[c] for c in left[j])
            options.append((gain, i, j, made))
        _, i, j, made = min(options, key=lambda o: o[:3])
        path.append((i, j))
        del left[j], left[i]
        left.append(made)
    return tuple(path)


def _pair(s: Term, a: NDArray, t: Term, b: NDArray, size: dict[str, int], needed: set[str]) -> tuple[Term, NDArray]:
    """Joins two terms into one batched matrix product; every label of either is in both or needed."""
    batch = [c for c in s if c in t and c in needed]
    inner = [c for c in s if c in t and c not in needed]
    rows, columns = [c for c in s if c not in t], [c for c in t if c not in s]
    letters = (*batch, *rows, *columns)
    if not inner and not (rows and columns):  # nothing to sum: a product of numbers

        def align(x: NDArray, term: Term) -> NDArray:
            x = F.transpose(x, [term.index(c) for c in letters if c in term])
            return F.reshape(x, [size[c] if c in term else 1 for c in letters])

        return letters, F.multiply(align(a, s), align(b, t))

    def put(x: NDArray, term: Term, *groups: list[str]) -> NDArray:
        x = F.transpose(x, [term.index(c) for g in (batch, *groups) for c in g])
        return F.reshape(x, [*(size[c] for c in batch), *(prod(size[c] for c in g) for g in groups)])

    product = F.matmul(put(a, s, rows, inner), put(b, t, inner, columns))
    return letters, F.reshape(product, [size[c] for c in letters])


class _Product(NamedTuple):
    """Two arrays as one batched matrix product: the orders of axes and shapes before it and after; None: as it is."""

    left: tuple[list[int] | None, list[int]]
    right: tuple[list[int] | None, list[int]]
    shape: list[int]
    order: list[int] | None

    def __call__(self, a: NDArray, b: NDArray) -> NDArray:
        a, b = (
            F.reshape(x if order is None else F.transpose(x, order), shape)
            for x, (order, shape) in ((a, self.left), (b, self.right))
        )
        made = F.reshape(F.matmul(a, b), self.shape)
        return made if self.order is None else F.transpose(made, self.order)


@lru_cache(maxsize=512)
def _product(subscripts: str, *shapes: tuple[int, ...]) -> _Product | None:
    """How two arrays of these shapes are multiplied; None where that takes more than a matrix product."""
    terms, result = _parse(subscripts, list(shapes))
    size = _sizes(subscripts, terms, list(shapes))
    s, t = terms
    if any(
        len(set(term)) < len(term) or [size[c] for c in term] != [*x] for term, x in zip(terms, shapes, strict=True)
    ):
        return None
    if set(s) ^ set(t) != (set(s) ^ set(t)) & set(result):
        return None
    batch, inner = ([c for c in s if c in t and (c in result) == kept] for kept in (True, False))
    rows, columns = [c for c in s if c not in t], [c for c in t if c not in s]
    if not inner:
        return None

    def put(term: Term, *groups: list[str]) -> tuple[list[int] | None, list[int]]:
        order = [term.index(c) for g in (batch, *groups) for c in g]
        shape = [*(size[c] for c in batch), *(prod(size[c] for c in g) for g in groups)]
        return (None if order == sorted(order) else order), shape

    letters = (*batch, *rows, *columns)
    order = None if letters == result else [letters.index(c) for c in result]
    return _Product(put(s, rows, inner), put(t, inner, columns), [size[c] for c in letters], order)


def einsum(subscripts: str, *operands: Any, optimize: Any = True, dtype: Any = None) -> NDArray:
    """Einstein's summation: "ij,jk->ik" is a matrix product, "ii->i" a diagonal, "...ij->...ji" a transpose.

    Every letter names an axis; letters that are not in the result are summed over, "..." stands for the axes that are
    broadcast. Without "->" the result has the letters that occur once, in order. With optimize=False the arrays are
    multiplied from left to right, else in the order that takes the fewest multiplications (by dynamic programming for
    up to 7 arrays, greedily beyond). Differentiable.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    if len(operands) == 2 and dtype is None and type(subscripts) is str:
        a, b = operands
        if type(a) is NDArray is type(b) and (a._dtype_name, a._device) == (b._dtype_name, b._device):
            plan = _product(subscripts, a.shape, b.shape)
            if plan is not None:
                return plan(a, b)
    terms, arrays, result, size = _prepare(subscripts, operands, dtype)
    path = _order(tuple(terms), result, tuple(sorted(size.items()))) if optimize else ((0, 1),) * (len(terms) - 1)
    for i, j in path:
        others = set(result).union(*(t for k, t in enumerate(terms) if k not in (i, j)))
        (s, a), (t, b) = (_single(terms[p], arrays[p], size, others | set(terms[q])) for p, q in ((i, j), (j, i)))
        made = _pair(s, a, t, b, size, others)
        for k in sorted((i, j), reverse=True):
            del terms[k], arrays[k]
        at = 0 if not optimize else len(terms)
        terms.insert(at, made[0])
        arrays.insert(at, made[1])
    term, x = _single(terms[0], arrays[0], size, set(result))
    lost = [c for c in result if c not in term]  # an axis of length 1 everywhere it stands
    x, term = F.reshape(x, (*x.shape, *(size[c] for c in lost))), (*term, *lost)
    return F.transpose(x, [term.index(c) for c in result]) if term != result else x


def _prepare(
    subscripts: str, operands: Sequence[Any], dtype: Any
) -> tuple[list[Term], list[NDArray], Term, dict[str, int]]:
    if not isinstance(subscripts, str):
        raise TypeError(
            f"einsum: the first argument must be a text such as 'ij,jk->ik', got {type(subscripts).__name__}"
        )
    arrays = [asarray(o) if dtype is None else F.cast(o, dtype) for o in operands]
    device = next((x._device for x in arrays if x._device != "cpu(0)"), None)
    if device is not None:  # numbers and lists among the operands go where the arrays are
        arrays = [
            x if isinstance(o, NDArray) else x.as_in_context(device) for x, o in zip(arrays, operands, strict=True)
        ]
    kind = reduce(promoted, (x._dtype_name for x in arrays)) if arrays else "float32"
    arrays = [x if x._dtype_name == kind else F.cast(x, kind) for x in arrays]
    shapes = [x.shape for x in arrays]
    terms, result = _parse(subscripts, shapes)
    size = _sizes(subscripts, terms, shapes)
    whole = set(result).union(*terms) if len(terms) > 1 else set(result)
    for k, (term, x) in enumerate(zip(terms, arrays, strict=True)):
        others = set(result).union(*(t for j, t in enumerate(terms) if j != k)) if len(terms) > 1 else whole
        terms[k], arrays[k] = _single(term, x, size, others)
    return terms, arrays, result, size


def einsum_path(subscripts: str, *operands: Any, optimize: Any = True) -> tuple[list[Any], str]:
    """The order in which `einsum` would multiply: ["einsum_path", (i, j), ...], the places of each pair in the list of
    what is left (the product goes to its end), and a line that says so.

    >>> einsum_path("ij,jk,kl->il", [[1.0]], [[1.0]], [[1.0]])[0]
    ['einsum_path', (1, 2), (0, 1)]
    """
    terms, _, result, size = _prepare(subscripts, operands, None)
    path = _order(tuple(terms), result, tuple(sorted(size.items())))
    return ["einsum_path", *path], f"{subscripts}: {', then '.join(map(str, path)) or 'nothing to multiply'}"
