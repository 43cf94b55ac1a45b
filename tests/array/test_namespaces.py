"""np against NumPy, nd by its classic meaning, random by what must be true of it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import dlcore as dl
from dlcore import autograd
from dlcore.array import nd, random
from dlcore.array import np as dnp

rng = np.random.default_rng(0)
M = rng.normal(size=(3, 4)).astype(np.float32)
V = rng.normal(size=(4,)).astype(np.float32)
T = rng.normal(size=(2, 3, 4)).astype(np.float32)
CALLS = [
    ("matmul", (M, V), {}), ("matmul", (V, V), {}), ("matmul", (V, M.T), {}), ("matmul", (T, V), {}),
    ("dot", (M, M.T), {}),
    ("dot", (T, M.T), {}), ("dot", (V, V), {}), ("dot", (2.0, M), {}),
    ("tensordot", (T, T), {"axes": ([1, 2], [1, 2])}),
    ("tensordot", (T, M), {"axes": 2}), ("outer", (V, V), {}), ("concatenate", ([M, M],), {"axis": 1}),
    ("concatenate", ([M, M],), {"axis": None}), ("stack", ([M, M],), {"axis": -1}), ("vstack", ([V, V],), {}),
    ("hstack", ([V, V],), {}),
    ("split", (M, 2), {"axis": 1}), ("split", (M, [1, 3]), {"axis": 1}), ("repeat", (M, 2), {"axis": 1}),
    ("repeat", (M, 3), {}),
    ("tile", (M, (2, 1)), {}), ("tile", (V, (2, 2)), {}), ("tile", (T, 2), {}), ("pad", (M, 1), {}),
    ("pad", (M, ((1, 0), (2, 1))), {}),
    ("pad", (M, ((1, 2), (0, 3))), {"mode": "edge"}), ("pad", (M, ((1, 2), (0, 3))), {"mode": "reflect"}),
    ("roll", (M, 1), {}), ("roll", (M, -2), {"axis": 1}), ("moveaxis", (T, 0, -1), {}),
    ("moveaxis", (T, [0, 1], [1, 2]), {}),
    ("swapaxes", (T, 0, 2), {}), ("diag", (M,), {}), ("diag", (M,), {"k": 1}), ("diag", (M,), {"k": -1}),
    ("diag", (V,), {"k": 1}),
    ("diag", (V,), {"k": -2}), ("diag", (V,), {}), ("diff", (M,), {}), ("diff", (M,), {"n": 2, "axis": 0}),
    ("meshgrid", (V, V[:2]), {}),
    ("meshgrid", (V, V[:2], V[:3]), {"indexing": "ij"}), ("cumsum", (M,), {}), ("cumsum", (M,), {"axis": 1}),
    ("median", (M,), {"axis": 1}),
    ("median", (M,), {}), ("clip", (M, -0.5, 0.5), {}), ("clip", (M, None, 0.5), {}), ("round", (M,), {}),
    ("take", (M, [0, 5, -1]), {}),
    ("take", (M, [1, 0]), {"axis": 1}), ("take", (M, [7, -9]), {"axis": 0, "mode": "wrap"}),
    ("take", (M, [7, -9]), {"axis": 0, "mode": "clip"}),
    ("sort", (M,), {"axis": None}), ("sort", (M,), {"axis": 0}), ("argsort", (M,), {}), ("unique", ([3, 1, 3],), {}),
    ("where", (M > 0, M, 0.0), {}), ("where", (M > 0,), {}), ("argwhere", (M > 0,), {}), ("nonzero", (M > 0,), {}),
    ("reshape", (M, (2, -1)), {}),
    ("transpose", (T, (1, 0, 2)), {}), ("ravel", (T,), {}), ("average", (M,), {"axis": 0}),
    ("average", (M,), {"weights": np.abs(M)}),
    ("isclose", (M, M + 1e-7), {}), ("broadcast_arrays", (M, V), {}), ("einsum", ("ij,kj->ik", M, M), {}),
    ("einsum", ("bij,j->bi", T, V), {}),
    ("einsum", ("ij->ji", M), {}), ("einsum", ("bij,bij->b", T, T), {}), ("einsum", ("i,j,k->kij", V, V, V), {}),
    ("einsum", ("ij", M), {}),
    ("einsum", ("bij->j", T), {}), ("sum", (T,), {"axis": (0, 2)}), ("mean", (T,), {"axis": 1, "keepdims": True}),
    ("std", (T,), {"axis": 1}),
    ("var", (T,), {"axis": (0, 1), "ddof": 1}), ("max", (T,), {"axis": 1}), ("amin", (T,), {}), ("any", (M > 9,), {}),
    ("all", (M > -9,), {"axis": 0}),
    ("prod", (M,), {"axis": 0}), ("argmax", (T,), {"axis": 1}), ("count_nonzero", (M > 0,), {}),
    ("expand_dims", (M, (0, 2)), {}),
    ("squeeze", (M[None],), {}), ("flip", (M,), {"axis": 0}), ("broadcast_to", (V, (3, 4)), {}),
    ("tril", (M,), {"k": 1}), ("triu", (M,), {}),
    ("copysign", (M, -M), {}), ("signbit", (M,), {}), ("vecdot", (M, M), {}), ("inner", (M, M), {}),
    ("vdot", (M, M), {}),
    ("unstack", (T,), {"axis": 1}), ("cumulative_sum", (M,), {"axis": 1, "include_initial": True}),
    ("cumulative_prod", (M,), {"axis": 0}), ("searchsorted", (np.sort(V), V, "right"), {}),
    ("unique_all", ([3, 1, 3],), {}),
    ("unique_counts", ([3, 1, 3],), {}), ("unique_inverse", ([3, 1, 3],), {}), ("histogram", (M, 4), {}),
    ("bincount", ([1, 1, 4],), {}), ("quantile", (M, 0.3), {"axis": 1}), ("percentile", (M, 30), {}),
    ("trace", (M, 1), {}),
    ("fliplr", (M,), {}), ("flipud", (M,), {}), ("flatnonzero", (M > 0,), {}), ("column_stack", ([V, V],), {}),
    ("append", (M, M), {"axis": 0}), ("append", (V, M), {}),
    ("nan_to_num", ([np.nan, np.inf, -np.inf, 1.0],), {"posinf": 7.0, "neginf": -7.0}),
    ("absolute", (M,), {}), ("mod", (M, 0.7), {}), ("acos", (M / 9,), {}), ("linspace", (0, 1, 5), {}),
    ("eye", (3, 4), {"k": 1}),
    ("arange", (2, 9, 3), {}), ("full", ((2, 2), 7), {}), ("atleast_2d", (V,), {}), ("logaddexp", (M, M), {}),
    ("bitwise_not", (np.arange(3),), {}),
]  # fmt: skip


def flat(value: object) -> list[np.ndarray]:
    if isinstance(value, (tuple, list)):
        return [part for v in value for part in flat(v)]
    return [value.asnumpy() if isinstance(value, dl.NDArray) else np.asarray(value)]


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=[f"{c[0]}-{i}" for i, c in enumerate(CALLS)])
def test_np_is_numpys(name: str, args: tuple, options: dict) -> None:
    want, got = flat(getattr(np, name)(*args, **options)), flat(getattr(dnp, name)(*args, **options))
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=2e-5, atol=1e-6)


def test_names_of_np_and_nd() -> None:
    for space, some in ((dnp, ("exp", "matmul", "concat", "permute_dims", "bfloat16", "float32", "newaxis", "pi")),
                        (nd, ("exp", "broadcast_add", "elemwise_mul", "FullyConnected", "SliceChannel", "gelu", "relu",
                        "BlockGrad"))):  # fmt: skip
        assert set(some) - {"newaxis", "pi"} <= set(dir(space))
        for name in dir(space):
            assert getattr(space, name, None) is not None or name == "newaxis", name
    with pytest.raises(AttributeError, match="did you mean 'concatenate'"):
        dnp.concatenatte  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'Convolution'"):
        nd.Convolutoin  # noqa: B018


def test_wrong_calls_of_np() -> None:
    for call, kind, message in (
        (lambda: dnp.einsum("ij,jk", M), ValueError, "names 2 arrays"),
        (lambda: dnp.einsum("iij->j", T), ValueError, r"axis 'i' of 'iij->j' has length 2 and 3.*\(2, 3, 4\)"),
        (lambda: dnp.tensordot(M, M, 1), ValueError, "not equally long"),
        (lambda: dnp.take(M, [0], 0, "what"), ValueError, "mode"),
        (lambda: dnp.pad(M, 1, "what"), ValueError, "mode"),
        (lambda: dnp.matmul(2.0, M), ValueError, "0-d"),
        (lambda: dnp.matmul(M, M), ValueError, "matmul"),
    ):
        with pytest.raises(kind, match=message):
            call()


X = rng.normal(size=(2, 3, 4, 4)).astype(np.float32)


def test_classic_layers() -> None:
    w, b = rng.normal(size=(5, 48)).astype(np.float32), np.ones(5, np.float32)
    y = nd.FullyConnected(nd.array(X), nd.array(w), nd.array(b), num_hidden=5)
    np.testing.assert_allclose(y.asnumpy(), X.reshape(2, -1) @ w.T + b, rtol=1e-4, atol=1e-4)
    k = rng.normal(size=(2, 3, 3, 3)).astype(np.float32)
    y = nd.Convolution(nd.array(X), nd.array(k), kernel=(3, 3), num_filter=2, pad=(1, 1), no_bias=True)
    assert y.shape == (2, 2, 4, 4)
    assert nd.Pooling(nd.array(X), kernel=2, stride=2).asnumpy()[0, 0, 0, 0] == X[0, 0, :2, :2].max()
    assert nd.Pooling(nd.array(X), kernel=(2, 2)).shape == (2, 3, 3, 3)  # stride 1 as in MXNet
    np.testing.assert_allclose(
        nd.Pooling(nd.array(X), kernel=2, pool_type="sum").asnumpy()[0, 0, 0, 0], X[0, 0, :2, :2].sum(), rtol=1e-5
    )
    np.testing.assert_allclose(
        nd.Pooling(nd.array(X), global_pool=True, pool_type="avg").asnumpy()[..., 0, 0],
        X.mean((2, 3)),
        rtol=1e-4,
        atol=1e-6,
    )
    assert nd.Activation(nd.array([-1.0]), "softrelu").item() == pytest.approx(np.log1p(np.exp(-1)))
    assert nd.LeakyReLU(nd.array(X), nd.array([0.1, 0.2, 0.3]), act_type="prelu").shape == X.shape
    assert nd.Embedding(nd.array([1.0, 0.0]), nd.array([[1, 2], [3, 4]]), input_dim=2, output_dim=2).tolist() == [
        [3, 4],
        [1, 2],
    ]
    ones, zeros = nd.ones((3,)), nd.zeros((3,))
    y = nd.BatchNorm(nd.array(X), ones, zeros, zeros.copy(), ones.copy())
    np.testing.assert_allclose(y.asnumpy(), X / np.sqrt(1.001), rtol=1e-4)
    with autograd.record():
        y = nd.Dropout(nd.ones((4, 100)), 0.5, axes=(1,))
    assert all(len(set(row)) == 1 for row in y.tolist())
    for call, message in (
        (lambda: nd.Activation(nd.array(X), "reluu"), "act_type"),
        (lambda: nd.Pooling(nd.array(X), pool_type="x"), "pool_type"),
        (lambda: nd.FullyConnected(nd.array(X), nd.array(w), num_hidden=6), "num_hidden is 6"),
        (lambda: nd.Convolution(nd.array(X), nd.array(k), kernel=(5, 5)), "kernel"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            call()


def test_classic_functions() -> None:
    x = nd.array(T)
    assert nd.concat(x, x, dim=2).shape == (2, 3, 8) and nd.stack(x, x, axis=1).shape == (2, 2, 3, 4)
    assert nd.slice(x, begin=(0, 1), end=(None, 3)).shape == (2, 2, 4) and nd.slice_like(
        x, nd.zeros((1, 2, 2))
    ).shape == (1, 2, 2)
    assert nd.slice(x, begin=(0, 2), end=(2, 0), step=(1, -1)).shape == (2, 2, 4)
    assert nd.reshape(x, (0, -3)).shape == (2, 12) and nd.broadcast_axis(nd.ones((1, 3)), axis=0, size=4).shape == (
        4,
        3,
    )
    np.testing.assert_allclose(nd.sum(x, axis=1, exclude=True).asnumpy(), T.sum((0, 2)), rtol=1e-5)
    assert nd.topk(nd.array([3, 1, 2]), k=2, ret_typ="value").tolist() == [3, 2]
    assert nd.topk(nd.array([3, 1, 2]), k=2, ret_typ="mask").tolist() == [1, 0, 1]
    assert nd.topk(nd.array([3, 1, 2]), k=1, is_ascend=True).tolist() == [1] and nd.sort(
        nd.array([3, 1]), is_ascend=False
    ).tolist() == [3, 1]
    assert nd.where(nd.array([1, 0]), nd.array([[1, 2], [3, 4]]), nd.array([[5, 6], [7, 8]])).tolist() == [
        [1, 2],
        [7, 8],
    ]
    assert nd.one_hot(nd.array([1, 0]), 2).tolist() == [[0, 1], [1, 0]] and nd.pick(
        nd.array([[1, 2]]), nd.array([1])
    ).tolist() == [2]
    assert nd.gather_nd(nd.array([[1, 2], [3, 4]]), nd.array([[0, 1], [1, 0]])).tolist() == [2, 3]
    np.testing.assert_allclose(nd.dot(x, nd.array(M.T)).asnumpy(), T @ M.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(nd.dot(nd.array(M), nd.array(M), transpose_b=True).asnumpy(), M @ M.T, rtol=1e-5)
    np.testing.assert_allclose(
        nd.batch_dot(x, x, transpose_b=True).asnumpy(), T @ T.swapaxes(1, 2), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(nd.softmax(x, temperature=2.0).asnumpy(), scipy.special.softmax(T / 2, -1), rtol=1e-5)
    np.testing.assert_allclose(
        nd.softmax(x[0], length=nd.array([1, 2, 4])).asnumpy()[1, :2], scipy.special.softmax(T[0, 1, :2]), rtol=1e-5
    )
    assert nd.add_n(nd.ones((2,)), nd.ones((2,)), nd.ones((2,))).tolist() == [3, 3] and nd.arange(
        0, 3, repeat=2
    ).tolist() == [0, 0, 1, 1, 2, 2]
    assert nd.pad(nd.ones((1, 1, 2, 2)), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 0, 0)).shape == (1, 1, 4, 2)
    assert (nd.array([1.0, 2.0]) == nd.array([1, 3]).astype("int32")).tolist() == [True, False]  # mixed dtypes compare
    assert nd.L2Normalization(nd.array([[3.0, 4.0]])).tolist()[0] == pytest.approx([0.6, 0.8])
    nd.waitall()


def test_sequences_pictures_and_positions() -> None:
    x = rng.normal(size=(5, 3, 2)).astype(np.float32)  # time, batch, features
    length = np.array([2, 5, 1])
    steps = np.arange(5)[:, None]
    masked = nd.SequenceMask(nd.array(x), nd.array(length), True, value=-1.0)
    np.testing.assert_array_equal(masked.asnumpy(), np.where((steps < length)[..., None], x, -1))
    turned = nd.SequenceMask(nd.array(x.swapaxes(0, 1)), nd.array(length), True, value=-1.0, axis=1)
    np.testing.assert_array_equal(turned.asnumpy(), masked.asnumpy().swapaxes(0, 1))
    last = nd.SequenceLast(nd.array(x), nd.array(length), True)
    np.testing.assert_array_equal(last.asnumpy(), x[length - 1, np.arange(3)])
    np.testing.assert_array_equal(nd.SequenceLast(nd.array(x)).asnumpy(), x[-1])
    back = nd.SequenceReverse(nd.array(x), nd.array(length), True).asnumpy()
    for b, n in enumerate(length):
        np.testing.assert_array_equal(back[:, b], np.concatenate([x[:n, b][::-1], x[n:, b]]))
    picture = nd.array(rng.normal(size=(2, 8, 3, 5)).astype(np.float32))
    spread = nd.depth_to_space(picture, 2)
    assert spread.shape == (2, 2, 6, 10)
    np.testing.assert_array_equal(nd.space_to_depth(spread, 2).asnumpy(), picture.asnumpy())
    up = nd.UpSampling(picture, scale=3).asnumpy()
    np.testing.assert_array_equal(up, picture.asnumpy().repeat(3, 2).repeat(3, 3))
    flat_places = nd.array(np.array([0, 7, 23]))
    places = nd.unravel_index(flat_places, (2, 3, 4))
    np.testing.assert_array_equal(places.asnumpy(), np.stack(np.unravel_index([0, 7, 23], (2, 3, 4))))
    assert nd.ravel_multi_index(places, (2, 3, 4)).tolist() == [0, 7, 23]
    assert nd.scatter_nd(nd.array([1.0, 2.0]), nd.array([[0, 1], [1, 0]]), (2, 2)).tolist() == [[0, 1], [2, 0]]
    with pytest.raises(ValueError, match="axis must be 0 or 1"):
        nd.SequenceMask(nd.array(x), nd.array(length), True, axis=2)
    with pytest.raises(ValueError, match="nearest"):
        nd.UpSampling(picture, 2, "bilinear")


def test_random_numbers() -> None:
    random.seed(3)
    a = random.uniform(-1, 1, shape=(50, 50))
    assert a.dtype == np.float32 and -1 <= a.min().item() and a.max().item() < 1
    random.seed(3)
    assert dnp.array_equal(a, random.uniform(-1, 1, size=(50, 50)))
    state = random.get_state()
    b = random.normal(shape=10)
    random.set_state(state)
    assert b.tolist() == random.normal(size=10).tolist() and b.tolist() != random.normal(size=10).tolist()
    assert (
        random.normal(nd.array([0.0, 100.0]), 1.0).shape == (2,)
        and random.normal(nd.array([0.0, 100.0]), 1.0)[1].item() > 50
    )
    assert set(random.randint(0, 3, shape=200).tolist()) == {0, 1, 2} and random.randint(5).shape == ()
    x = nd.array(np.arange(20).reshape(10, 2))
    mixed = random.shuffle(x)
    assert sorted(mixed.tolist()) == x.tolist() != mixed.tolist() and sorted(random.permutation(5).tolist()) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert sorted(random.choice(6, 6, replace=False).tolist()) == list(range(6))
    drawn = random.choice(3, 2000, p=[0.5, 0.0, 0.5]).asnumpy()
    assert set(drawn.tolist()) == {0, 2} and abs((drawn == 0).mean() - 0.5) < 0.06
    assert (
        random.choice(nd.array([7.0, 8.0]), 3).shape == (3,)
        and abs(random.exponential(2.0, shape=5000).mean().item() - 2) < 0.2
    )
    assert random.multinomial(nd.array([[0.0, 1.0], [1.0, 0.0]]), shape=4).tolist() == [[1] * 4, [0] * 4]
    index, log_p = random.multinomial(nd.array([0.25, 0.75]), get_prob=True)
    assert log_p.item() == pytest.approx(np.log([0.25, 0.75][index.item()]), rel=1e-5)
    assert random.randn(2, 3).shape == (2, 3) and random.uniform_like(x).dtype == np.float32
    with pytest.raises(ValueError, match="choice"):
        random.choice(3, 5, replace=False)
