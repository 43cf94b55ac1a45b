"""Attention's kernels of our own, their CUDA C run through the emulator, against the formula written out in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from cuda import emulate
from graph.cuda_tools import compile_for_hopper, find_races

from dlcore.cuda import attention
from dlcore.cuda._attention_render import HALVES, STORED, render
from dlcore.cuda._call import Call
from dlcore.ops import reference_attention

Array = np.ndarray
BOUND = {"float32": 1e-5, "float64": 1e-13, "float16": 6e-3, "bfloat16": 4e-2}
BF16 = np.dtype(ml_dtypes.bfloat16)


@pytest.fixture(autouse=True)
def _on_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "launch", emulate.launch)
    monkeypatch.setattr(attention, "has_tensor_cores", lambda xp: False)


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of 16-bit floats are made by tensor cores."""
    monkeypatch.setattr(attention, "has_tensor_cores", lambda xp: True)


def drawn(*shapes: tuple[int, ...], kind: str = "float32", seed: int = 5) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(BF16 if kind == "bfloat16" else kind) for shape in shapes]


def forward(given: list[Array], outs: list[Array] | None = None, xp: Any = np, **attrs: Any) -> list[Array]:
    """y and lse of q, k, v, mask and perhaps a key; bfloat16 travels as its bits."""
    q, _, v, *more = given
    made = outs or [np.full((*q.shape[:-1], n), 77, q.dtype) for n in (v.shape[-1], 2)]
    _run(attention.attention, "_attention" + "_dropped" * (len(more) == 2), given, made, xp, attrs)
    return made


def backward(given: list[Array], more: list[Array], outs: list[Array] | None = None, **attrs: Any) -> list[Array]:
    """The gradients of q, k, v, where `more` are y, lse and the gradient of y."""
    made = outs or [np.full(a.shape, 77, a.dtype) for a in given[:3]]
    name = "_attention" + "_dropped" * (len(given) == 5) + "_grad"
    _run(attention.attention_grad, name, [*given, *more], made, np, attrs)
    return made


def _run(kernel: Callable[..., bool], op: str, ins: list[Array], outs: list[Array], xp: Any, attrs: dict) -> None:
    bits = outs[0].dtype == BF16
    views = [[a.view(np.uint16) if a.dtype == BF16 else a for a in arrays] for arrays in (ins, outs)]
    assert kernel(Call(op, xp, *views, {"causal": False, "scale": 1.0, **attrs}, bits=bits))


def wide(arrays: list[Array]) -> list[Array]:
    return [a if a.dtype == np.int64 else a.astype(np.float64) for a in arrays]


def agrees(given: list[Array], **attrs: Any) -> None:
    """Forward and backward are what the definition gives for the very numbers that are stored."""
    dropped = "_dropped" * (len(given) == 5)
    (g,) = drawn((*given[0].shape[:-1], given[2].shape[-1]), seed=6)
    g = g.astype(given[0].dtype)
    y, lse = forward(given, **attrs)
    wanted, sums = getattr(reference_attention, f"attention{dropped}")(*wide(given), **attrs)
    bound = BOUND[given[0].dtype.name]
    np.testing.assert_allclose(y.astype(float), wanted, rtol=bound, atol=bound)
    if given[0].dtype != BF16:  # as two numbers of 16 bits it is closer than one
        np.testing.assert_allclose(wide([lse])[0].sum(-1), sums.sum(-1), rtol=bound, atol=bound / 2)
    found = backward(given, [y, lse, g], **attrs)
    slopes = getattr(reference_attention, f"attention{dropped}_grad")
    for a, b in zip(found, slopes(*wide([*given, y, lse, g]), **attrs), strict=True):
        np.testing.assert_allclose(a.astype(float), b, rtol=bound, atol=bound * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("batch", "queries", "keys", "depth", "width"),
    [((2,), 11, 9, 5, 3), ((2, 3), 70, 67, 32, 31), ((1, 2), 65, 130, 40, 64), ((), 3, 1, 1, 1)],
    ids=str,
)
def test_it_is_the_definition(
    batch: tuple[int, ...], queries: int, keys: int, depth: int, width: int, causal: bool
) -> None:
    shapes = ((*batch, queries, depth), (*batch, keys, depth), (*batch, keys, width), ())
    agrees(drawn(*shapes), causal=causal, scale=0.4)


@pytest.mark.parametrize("kind", ["float64", "float16", "bfloat16"])
def test_every_dtype(kind: str) -> None:
    agrees(drawn((2, 37, 20), (2, 70, 20), (2, 70, 9), (70,), kind=kind), causal=True, scale=0.3)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(("half", "causal"), [("float16", False), ("bfloat16", True)])
def test_tensor_cores_give_the_definition(half: str, causal: bool) -> None:
    for batch, queries, keys, depth, width in [((2,), 11, 9, 5, 3), ((1, 2), 70, 130, 40, 64), ((), 65, 66, 32, 17)]:
        shapes = ((*batch, queries, depth), (*batch, keys, depth), (*batch, keys, width), (keys,))
        agrees(drawn(*shapes, kind=half), causal=causal, scale=0.3)


@pytest.mark.usefixtures("cores")
def test_tensor_cores_take_wide_heads() -> None:
    agrees(drawn((1, 5, 300), (1, 66, 300), (1, 66, 270), (), kind="bfloat16"), scale=0.05)


KEY = np.array([-(2**60) + 5, 2**33 + 1, int(0.3 * 2**24)])  # a seed above 2^63


@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("causal", [False, True])
def test_dropped_weights_follow_from_the_key(kind: str, causal: bool) -> None:
    for batch, queries, keys, depth, width in [((2,), 11, 9, 5, 3), ((2, 1), 70, 130, 30, 9)]:
        shapes = ((*batch, queries, depth), (*batch, keys, depth), (*batch, keys, width), (keys,))
        agrees([*drawn(*shapes, kind=kind), KEY], causal=causal, scale=0.3)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(("half", "causal"), [("float16", True), ("bfloat16", False)])
def test_dropped_weights_on_tensor_cores(half: str, causal: bool) -> None:
    for queries, keys in [(11, 9), (70, 130)]:
        shapes = ((2, queries, 40), (2, keys, 40), (2, keys, 9), (keys,))
        agrees([*drawn(*shapes, kind=half), KEY], causal=causal, scale=0.3)


@pytest.mark.parametrize("shape", [(1, 9), (11, 9), (2, 1, 1), (2, 11, 1), (1,)], ids=str)
def test_masks_broadcast(shape: tuple[int, ...]) -> None:
    agrees(drawn((2, 11, 4), (2, 9, 4), (2, 9, 2), shape), scale=0.7)


def test_heads_wider_than_a_block_keeps() -> None:
    agrees(drawn((1, 5, 300), (1, 66, 300), (1, 66, 270), ()), scale=0.05)


def test_queries_that_may_look_at_nothing_get_zeros() -> None:
    look_at_nothing("float32")


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_on_tensor_cores_too(half: str) -> None:
    look_at_nothing(half)
    huge_scores(half)


def look_at_nothing(kind: str) -> None:
    given = drawn((2, 70, 8), (2, 66, 8), (2, 66, 8), (70, 66), kind=kind)
    given[3][[0, 3, 69]] = -np.inf
    given[3][:, 5] = -np.inf  # and a key that nobody looks at
    y, lse = forward(given, causal=True)
    nothing = lse[:, [0, 3, 69], 0].astype(float)
    assert (y[:, [0, 3, 69]] == 0).all() and np.isneginf(nothing).all() and np.isfinite(y.astype(float)).all()
    dq, dk, dv = backward(given, [y, lse, np.ones_like(y)], causal=True)
    assert (dq[:, [0, 3, 69]] == 0).all() and (dk[:, 5] == 0).all() and (dv[:, 5] == 0).all()
    assert all(np.isfinite(a.astype(float)).all() and np.abs(a.astype(float)).max() > 0 for a in (dq, dk, dv))


def test_huge_scores_stay_numbers() -> None:
    huge_scores("float32")


def huge_scores(kind: str) -> None:
    given = drawn((1, 20, 4), (1, 70, 4), (1, 70, 3), (), kind=kind)
    given[0] = (given[0] * 1e3).astype(given[0].dtype)
    given[3] = np.zeros((), given[0].dtype)
    y, lse = forward(given, scale=20.0)
    scores = 20 * given[0].astype(float) @ given[1].astype(float).swapaxes(1, 2)
    assert scores.max() > 5e4
    best = np.take_along_axis(given[2], scores.argmax(-1)[..., None].repeat(3, -1), 1)
    np.testing.assert_allclose(y.astype(float), best.astype(float), rtol=1e-6)
    if kind != "float16":  # which cannot hold the sums
        np.testing.assert_allclose(lse.astype(float).sum(-1), scores.max(-1), rtol=1e-6 if kind == "float32" else 2e-3)
        slopes = backward(given, [y, lse, np.ones_like(y)], scale=20.0)
        assert all(np.isfinite(a.astype(float)).all() for a in slopes)


def test_a_nan_reaches_its_own_query_only() -> None:
    given = drawn((1, 9, 4), (1, 7, 4), (1, 7, 3), ())
    given[0][0, 2, 1] = np.nan
    y, lse = forward(given)
    assert np.isnan(y[0, 2]).all() and np.isnan(lse[0, 2].sum()) and np.isfinite(np.delete(y, 2, 1)).all()


def test_every_layout() -> None:
    """Heads turned to the front, rows from odd addresses, every second column, batches repeated, results turned."""
    q, k, v, room = drawn((2, 11, 3, 9), (2, 10, 3, 18), (1, 3, 10, 8), (2 * 3 * 11 * 8 + 1,))
    given = [q.transpose(0, 2, 1, 3)[..., 1:], k.transpose(0, 2, 1, 3)[..., ::2][..., :8], v, np.zeros((), np.float32)]
    given[2] = np.broadcast_to(v, (2, 3, 10, 8))
    y = np.zeros((2, 11, 3, 8), np.float32).transpose(0, 2, 1, 3)
    outs = [y, np.zeros((2, 3, 2, 11), np.float32).swapaxes(-1, -2)]
    wanted = reference_attention.attention(*wide(given))
    for found, want in zip(forward(given, outs), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)
    g = room[1:].reshape(2, 3, 11, 8)
    room = np.zeros((3, 2, 3, 11, 16), np.float32)
    slopes = [room[0, ..., ::2], np.zeros((8, 10, 3, 2), np.float32).T, room[2, :, :, :10, :8]]
    backward(given, [*outs, g], slopes)
    for found, want in zip(slopes, reference_attention.attention_grad(*wide([*given, *outs, g])), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


def test_axes_in_front_that_are_not_evenly_apart_are_copied() -> None:
    q, k, v = (a[:, ::2] for a in drawn((2, 4, 3, 5, 4), (2, 4, 3, 6, 4), (2, 4, 3, 6, 4)))
    (mask,) = drawn((2, 1, 3, 1, 6))
    agrees([q, k, v, mask], causal=True)


def test_nothing_of_the_size_of_the_scores_is_stored() -> None:
    class Watched:
        """NumPy, with the sizes of what it is asked to make."""

        sizes: list[int] = []

        def __getattr__(self, name: str) -> Any:
            found = getattr(np, name)
            if not callable(found) or isinstance(found, type):
                return found

            def call(*args: Any, **named: Any) -> Any:
                made = found(*args, **named)
                base = made if isinstance(made, np.ndarray) and made.base is None else np.empty(0)
                self.sizes.append(base.size)
                return made

            return call

    given = [*drawn((2, 300, 2), (2, 300, 2), (2, 300, 2)), np.zeros((1, 300))]  # a mask of another dtype, too
    watched = Watched()
    y, lse = forward(given, xp=watched)
    outs = [np.zeros_like(a) for a in given[:3]]
    _run(attention.attention_grad, "_attention_grad", [*given, y, lse, y], outs, watched, {})
    assert watched.sizes and max(watched.sizes) <= 2 * 300 * 2


@pytest.mark.parametrize("cores", [False, True])
def test_any_number_of_blocks_gives_the_same_bits(cores: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "has_tensor_cores", lambda xp: cores)
    given = drawn((2, 70, 8), (2, 66, 8), (2, 66, 8), (), kind="bfloat16" if cores else "float32")
    found = []
    given = [*given, KEY]
    for most in (1, 5, 100):
        monkeypatch.setattr(attention, "launch", lambda k, n, a, most=most: emulate.launch(k, min(n, most), a, most))
        y, lse = forward(given, causal=True)
        found.append([y, lse, *backward(given, [y, lse, np.cos(y)], causal=True)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert a.tobytes() == b.tobytes()


def test_empty_arrays() -> None:
    y, lse = forward(drawn((2, 3, 4), (2, 0, 4), (2, 0, 5), ()))
    assert y.shape == (2, 3, 5) and (y == 0).all() and np.isneginf(lse).all()
    (dq, *_) = backward(drawn((2, 3, 4), (2, 0, 4), (2, 0, 5), ()), [y, lse, y])
    assert (dq == 0).all()
    y, lse = forward(drawn((1, 3, 4), (1, 2, 4), (1, 2, 0), ()))
    assert y.shape == (1, 3, 0) and np.isfinite(lse).all()
    y, _ = forward([*drawn((1, 3, 0), (1, 2, 0)), np.array([[[1.0], [3.0]]], np.float32), np.zeros((), np.float32)])
    np.testing.assert_allclose(y, np.full((1, 3, 1), 2.0), rtol=1e-6)


@pytest.mark.parametrize("kind", [*STORED, "float16 cores", "bfloat16 cores"])
def test_all_variants_compile_for_hopper(kind: str) -> None:
    # Halves go without tensor cores on old devices only: two sizes of their text are enough here.
    old = kind in HALVES
    sizes = [(n, False) for n in ((64, 256) if old else (32, 64, 128, 256))] + [(64, True)] * (not old)
    made = [render(kind.removesuffix(" cores"), n, n, kind.endswith("cores"), drop) for n, drop in sizes]
    kernels = [kernel for variant in made for kernel in (variant.forward, variant.backward)]
    assert all(("mma.sync" in kernel.body) == kind.endswith("cores") for kernel in kernels)
    kernels.append(made[0].stats)  # of which the sizes change the name only
    assert len({kernel.name for kernel in kernels}) == 2 * len(sizes) + 1
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(compile_for_hopper, kernels))


def race_cases(kind: str, change: Callable[[str], str]) -> tuple[list[Any], list[list[int | bytes]]]:
    """The kernels for a small call, their text changed, and what they are given."""
    shapes = ((1, 70, 68), (1, 70, 68), (1, 70, 40), ())  # two tiles, two pieces of the depth
    given, taken = [*drawn(*shapes, kind=kind), KEY], []

    def record(kernel: Any, blocks: int, arguments: list[Array]) -> None:
        sizes: list[int | bytes] = [
            a.tobytes() if a.dtype.names or a.dtype == np.int64 else a.nbytes for a in arguments
        ]
        taken.append((replace(kernel, body=change(kernel.body), grid=blocks), sizes))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "launch", record)
        y, lse = forward(given, causal=True)
        backward(given, [y, lse, y], causal=True)
    return [kernel for kernel, _ in taken], [sizes for _, sizes in taken]


def without_barrier(tiles: str) -> Callable[[str], str]:
    """A text in which the product of these tiles does not wait before the next piece is fetched."""

    def change(text: str) -> str:
        if tiles not in text:
            return text
        head, tail = text.split(f"struct {tiles} {{")
        first, *rest = tail.split("__syncthreads();")
        assert len(rest) >= 4
        return f"{head}struct {tiles} {{" + "__syncthreads();".join([first, rest[0] + rest[1], *rest[2:]])

    return change


def test_no_thread_reads_what_another_has_not_finished(tmp_path: Path) -> None:
    assert find_races(*race_cases("float32", lambda text: text), tmp_path) == ""


@pytest.mark.usefixtures("cores")
def test_nor_on_tensor_cores(tmp_path: Path) -> None:
    assert find_races(*race_cases("bfloat16", lambda text: text), tmp_path) == ""


def test_a_missing_barrier_is_found(tmp_path: Path) -> None:
    kernels, sizes = race_cases("float32", without_barrier("dl_tiles"))
    assert "data race" in find_races(kernels[:1], sizes[:1], tmp_path)


@pytest.mark.usefixtures("cores")
def test_a_missing_barrier_is_found_on_tensor_cores(tmp_path: Path) -> None:
    kernels, sizes = race_cases("bfloat16", without_barrier("dl_mma_tiles"))
    assert "data race" in find_races(kernels[2:], sizes[2:], tmp_path)
