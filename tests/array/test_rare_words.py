"""Errors of functions of arrays that no other test meets, each provoked once: who says it, what was expected, what
came."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, jit, nd
from dlcore.array import context, contrib, sparse
from dlcore.array import np as xp
from dlcore.array._numpy_methods import _memory

X = xp.ones((2, 3))
IMAGE = xp.ones((1, 1, 4, 4))
STEPS, STATE = xp.ones((5, 2, 3)), xp.ones((1, 2, 1))
N = xp.ones(2)
Row = tuple[Callable[[], Any], type[Exception], str]


def csr() -> Any:
    return nd.ones((2, 3)).tostype("csr")


def written(key: Any, value: Any, *shape: int) -> None:
    xp.ones(shape or (2, 3))[key] = value


def in_place() -> None:
    x = nd.ones((3,))
    x.attach_grad()
    with autograd.record():
        y = x * 1
        y += nd.ones((2, 3))


def loss_of(head: Callable[..., Any]) -> None:
    with autograd.record():
        head(nd.ones((2, 3)), nd.ones((5,)))


def state_of(state: Any) -> None:
    xp.random.default_rng(0).state = state


def loop(func: Any, cond: Any = lambda x: x < 3, start: Any = None) -> None:
    dl.while_loop(cond, func, [xp.array(0.0)] if start is None else start, max_iterations=3)


def rnn(parameters: int = 6, state: Any = STATE, **more: Any) -> Any:
    return nd.RNN(STEPS, xp.ones(parameters), state, **{"state_size": 1, "mode": "rnn_relu", **more})


MAKING: list[Row] = [
    (lambda: xp.array([1.0], dtype=object()), TypeError, "dtype: expected a dtype such as 'float32', got <object"),
    (lambda: xp.array([1.0], ndmin="a"), TypeError, "array: ndmin must be a whole number, got 'a'"),
    (lambda: xp.array([1.0], order="Z"), ValueError, "array: order must be 'C', 'F', 'A' or 'K', got 'Z'"),
    (lambda: xp.array([np.void(b"ab")]), TypeError, "array: cannot make numbers of .*void"),
    (lambda: xp.empty(None), TypeError, "empty: shape must be an integer or a tuple of integers, got None"),
    (lambda: xp.iinfo(None), TypeError, "iinfo: expected a dtype or an array, got None"),
    (lambda: nd.from_numpy([1]), TypeError, "from_numpy: expected a numpy.ndarray, got list"),
    (lambda: xp.from_dlpack(None), TypeError, "from_dlpack: expected an object with __dlpack__, got None"),
    (lambda: xp.savez("never", X, arr_0=X), ValueError, "savez: arr_0 is given by place and by name"),
    (lambda: dl.Context("cpu", "a"), TypeError, r"Context: device_id must be a whole number, got 'a' \(str\)"),
    (lambda: dl.Context("cpu", -1), ValueError, "Context: device_id must be at least 0, got -1"),
    (lambda: xp.fft.fftn(X, s=(1, 2, 3)), ValueError, r"fftn: s names 3 axes, the array has shape \(2, 3\)"),
    (lambda: xp.fft.irfftn(X, axes=()), ValueError, "irfftn: at least one axis must be transformed"),
    (lambda: xp.fft.fftfreq(4, 0.0), ValueError, "fftfreq: the spacing d must not be 0"),
]
DRAWING: list[Row] = [
    (lambda: xp.random.normal(size=("a",)), TypeError, r"normal: a shape is whole numbers, got \('a',\)"),
    (lambda: xp.random.randint("a", 3), TypeError, "randint: low must be numbers, got 'a'"),
    (lambda: xp.random.randint([3, 1], [2, 4]), ValueError, "randint: high must be above low, got low=3 and high=2"),
    (lambda: xp.random.dirichlet(1.0), ValueError, "dirichlet: alpha must be at least 1-d, got a single number"),
    (lambda: xp.random.multinomial(3, 0.5), ValueError, r"multinomial: pvals must have shape \(k,\), got \(\)"),
    (lambda: state_of({}), TypeError, "Generator.state: expected a dict with seed and counter, got {}"),
    (lambda: state_of({"seed": 1, "counter": "a"}), TypeError, "Generator.state: expected a whole number, got 'a'"),
    (lambda: xp.random.default_rng(3).spawn(-1), ValueError, "Generator.spawn: .* must not be negative, got -1"),
    (lambda: xp.random.permutation(xp.array(3)), ValueError, "permutation: a single number in an array has no order"),
    (lambda: xp.random.permutation(-3), ValueError, "permutation: expected a number of at least 0, got -3"),
    (lambda: xp.random.permutation("a"), TypeError, "permutation: cannot make numbers of 'a'"),
    (lambda: xp.random.shuffle(X, 7), IndexError, r"shuffle: axis 7 is out of range for an array of shape \(2, 3\)"),
]
WRITING: list[Row] = [
    (in_place, ValueError, r"in-place add: the result has shape \(2, 3\), the array \(3,\)"),
    (lambda: written(0, None), TypeError, r"assignment: cannot make numbers of None for an array of shape \(2, 3\)"),
    (lambda: written(X > 0, None), TypeError, "assignment: cannot make numbers of None for an array of float32"),
    (lambda: xp.sum(X, out=3), TypeError, "sum: out must be an array, got int"),
    (lambda: xp.mean(X, out=np.zeros(())), TypeError, "mean: out must be an array, got ndarray"),
    (lambda: xp.prod(X, out=N), ValueError, r"prod: out= has shape \(2,\), the result \(\)"),
    (lambda: xp.cumsum(X, out=3), TypeError, "cumsum: out must be an array, got int"),
    (lambda: xp.clip(X, 0, 1, out=3), TypeError, "clip: out must be an array, got int"),
    (lambda: xp.take(X, [0], out=3), TypeError, "take: out must be an array, got int"),
    (lambda: xp.add(X, X, 3), TypeError, "numpy.add: out= must be an array, got int"),
    (lambda: xp.add.at([1.0], [0], 1), TypeError, "add.at: a must be an array, got list"),
    (lambda: xp.median(X, out=3), TypeError, "median: out= must be an array, got int"),
    (lambda: xp.median(X, out=N), ValueError, r"median: out= has shape \(2,\), the result \(\)"),
    (lambda: written(N > 0, xp.ones(3), 2, 1), ValueError, r"shape \(3,\) cannot be .* x\[mask\] of x \(2, 1\)"),
    (
        lambda: jit(lambda x: x.__setitem__((slice(None), None), xp.ones((2, 5, 3))))(X),
        ValueError,
        r"assignment: a value of shape \(2, 5, 3\) cannot be broadcast to \(2, 1, 3\)",
    ),
    (lambda: xp.matmul(X, X.T, out=3), TypeError, "matmul: out= must be an array, got int"),
    (lambda: xp.put(3, [0], 1), TypeError, "put: a must be an array, got int"),
    (lambda: xp.fill_diagonal(np.ones((2, 2)), 1), TypeError, "fill_diagonal: a must be an array, got ndarray"),
    (lambda: xp.fill_diagonal(N, 1), ValueError, r"fill_diagonal: expected .* 2 or more axes, got shape \(2,\)"),
]
MOVING: list[Row] = [
    (lambda: X.astype("float32", casting="x"), ValueError, "astype: casting must be no, .* or unsafe, got 'x'"),
    (lambda: X.transpose(1, 0, axes=(1, 0)), TypeError, r"transpose: the axes were given twice, \(1, 0\) and"),
    (lambda: X.flatten("F"), ValueError, "flatten: only order 'C' is supported, got 'F'"),
    (lambda: X.reshape((3, 2), order="Z"), ValueError, "reshape: order must be 'C', 'F' or 'A', got 'Z'"),
    (lambda: X.reshape((3, 2), foo=1), TypeError, r"reshape: unknown argument \['foo'\]"),
    (lambda: X.reshape((3, 5), order="F"), ValueError, r"shape \(2, 3\) \(6 elements\) cannot take the shape \(3, 5\)"),
    (
        lambda: _memory(SimpleNamespace(_device="gpu(0)")),
        TypeError,
        r"memory of the CPU, got one on gpu\(0\); use",
    ),
    (lambda: jit(lambda x: x.view("int32"))(X), TypeError, "view: memory is not read as another dtype inside a comp"),
    (lambda: reversed(xp.array(1.0)), TypeError, "reversed: expected an array with axes, got a 0-d one"),
    (lambda: xp.pad(X, "a"), TypeError, "pad: pad_width must be numbers, got 'a'"),
    (lambda: xp.pad(X, {5: 1}), IndexError, r"pad: pad_width has the axis 5, the array the shape \(2, 3\)"),
    (lambda: xp.pad(X, {0: (1, 2, 3)}), ValueError, r"pad: pad_width must be .* for axis 0, got \(1, 2, 3\)"),
    (lambda: nd.broadcast_like(X, X, (0, 1), (1,)), ValueError, r"expected as many lhs_axes as .* \(0, 1\) and \(1,\)"),
    (lambda: nd.broadcast_like(X, X, 0, 7), IndexError, r"broadcast_like: rhs_axes \[7\] .* of shape \(2, 3\)"),
    (lambda: xp.nanvar(X, ddof=1, correction=1), ValueError, r"nanvar: give correction or .*, not both \(1 and 1\)"),
    (lambda: xp.interp([1.0], [1.0], [1.0], period=0), ValueError, "interp: period must not be 0"),
    (lambda: xp.einsum("ii", xp.ones((1, 3))), ValueError, r"einsum: 'i' names axes of different .* shape \(1, 3\)"),
    (lambda: nd.batch_dot(X, X, forward_stype="csr"), ValueError, "batch_dot: only dense .* forward_stype='csr'"),
    (
        lambda: xp.vecdot(xp.ones((3, 3)), xp.ones((1, 3, 3)), axis=1),
        ValueError,
        r"vecdot: a non-negative axis needs equally many axes, got shapes \(3, 3\) and \(1, 3, 3\)",
    ),
]
CHOOSING: list[Row] = [
    (lambda: xp.choose([0.5], [X]), TypeError, "choose: expected whole numbers that name one of 1 arrays, got float32"),
    (lambda: xp.choose([0], [X], mode="x"), ValueError, "choose: mode must be 'raise', 'wrap' or 'clip', got 'x'"),
    (lambda: xp.choose([5], [X]), IndexError, "choose: index 5 is out of range for 1 arrays"),
    (lambda: xp.choose([0], []), ValueError, "choose: expected at least one array of choices, got none"),
    (lambda: jit(lambda x, f: x[f])(X, xp.array(True)), dl._core.TraceError, r"indexing: x\[flag\]: the shape depends"),
    (lambda: xp.ravel_multi_index(([1], [5]), (3, 4)), IndexError, r"index 5 is out of range for axis 1 of size 4"),
    (lambda: xp.ravel_multi_index(([1],), (3, 4)), ValueError, r"places for 2 axes, shape \(3, 4\), got 1"),
    (lambda: xp.ravel_multi_index(([1], [1]), (3, 4), "x"), ValueError, r"ravel_multi_index: .*'x'.* shape \(3, 4\)"),
    (lambda: xp.unravel_index([1.5], (3, 4)), TypeError, "unravel_index: expected whole numbers .*, got float32"),
    (lambda: xp.bincount([-1], [1.0]), ValueError, "bincount: expected numbers of at least 0, got -1"),
    (lambda: contrib.boolean_mask(X, N[:1]), ValueError, r"boolean_mask: index must have shape \(2,\), got \(1,\)"),
    (lambda: contrib.boolean_mask(X, N, 7), IndexError, r"boolean_mask: axis 7 is out .* data of shape \(2, 3\)"),
    (
        lambda: nd.topk(X, ret_typ="x"),
        ValueError,
        "topk: ret_typ must be 'indices', 'value', 'both' or 'mask', got 'x'",
    ),
    (lambda: nd.contrib.bipartite_matching(X), TypeError, "bipartite_matching: missing the argument threshold"),
    (
        lambda: nd.contrib.box_decode(xp.ones((1, 1, 4)), xp.ones((1, 1, 4)), format="x"),
        ValueError,
        "box_decode: format must be 'corner' or 'center', got 'x'",
    ),
]
LOOPING: list[Row] = [
    (lambda: dl.foreach(lambda x, s: (x, s), 3, N), TypeError, "foreach: data must be an array with at least one axis"),
    (lambda: loop(lambda x: x), TypeError, r"while_loop: func must give \(outputs, loop_vars\), it gave NDArray"),
    (lambda: loop(lambda x: (x, [x, x])), ValueError, "while_loop: func must give 1 loop_vars, it gave 2"),
    (lambda: loop(lambda x: (x, x), start=[]), ValueError, "while_loop: expected at least one of loop_vars, got none"),
    (lambda: loop(lambda x: (x, x), lambda x: X > 0), ValueError, r"cond must give one number, .* shape \(2, 3\)"),
    (lambda: dl.cond(X > 0, X.sum, X.sum), ValueError, r"cond: pred must be one number, .* got shape \(2, 3\)"),
]
SPARSE: list[Row] = [
    (lambda: csr() * nd.ones((3, 5)), ValueError, r"multiply: shapes \(2, 3\) and \(3, 5\) cannot be broadcast"),
    (lambda: sparse.norm(csr(), ord=3), ValueError, "norm: ord must be 1 or 2, got 3"),
    (lambda: csr().__array__(copy=False), ValueError, "CSRNDArray has no dense memory to share"),
    (lambda: csr()[["a"]], IndexError, r"CSRNDArray: rows are chosen by a number, a slice or a list, got \['a'\]"),
    (
        lambda: nd.dot(csr(), nd.ones((2,)), transpose_a=True, forward_stype="row_sparse"),
        ValueError,
        r"dot: a row_sparse result needs a matrix on the right, got shape \(2,\)",
    ),
    (lambda: sparse.zeros("csr", (2,)), ValueError, r"zeros: expected a shape of 2 sizes, none negative, got \(2,\)"),
    (lambda: sparse.zeros("csr", (2.5, 3)), TypeError, r"zeros: a shape is whole numbers, got \(2.5, 3\)"),
    (lambda: sparse.zeros("csr", "ab"), TypeError, "zeros: a shape is whole numbers, got 'ab'"),
    (lambda: sparse.zeros("x", (2, 3)), ValueError, "zeros: expected 'default', 'csr' or 'row_sparse', got 'x'"),
    (lambda: xp.array(1.0).tostype("row_sparse"), ValueError, "tostype: 'row_sparse' needs at least one axis, got"),
    (lambda: sparse.csr_matrix(csr(), shape=(3, 3)), ValueError, r"csr_matrix: the source has shape \(2, 3\), not"),
    (
        lambda: sparse.csr_matrix(([1.0], ([0, 1], [0])), shape=(3, 3)),
        ValueError,
        r"csr_matrix: data \(1,\), rows \(2,\) and columns \(1,\) differ",
    ),
    (lambda: sparse.csr_matrix("a"), TypeError, "csr_matrix: cannot make numbers of 'a'"),
    (lambda: sparse.array(X), TypeError, "sparse.array: expected a sparse array, got NDArray; use csr_matrix"),
    (lambda: sparse.retain(X, [0]), TypeError, "retain: expected a RowSparseNDArray, got NDArray"),
    (lambda: sparse.concat(csr(), dim=1), ValueError, r"sparse.concat: expected .* dim=0, got \['CSRNDArray'\], 1"),
    (
        lambda: sparse.concat(csr(), nd.ones((2, 2)).tostype("csr")),
        ValueError,
        r"sparse.concat: .* different numbers of columns: \[\(2, 3\), \(2, 2\)\]",
    ),
]
CLASSIC: list[Row] = [
    (
        lambda: loss_of(nd.SoftmaxOutput),
        ValueError,
        r"SoftmaxOutput: expected a label of shape \(2,\) or .* got \(5,\)",
    ),
    (lambda: loss_of(nd.LinearRegressionOutput), ValueError, r"LinearRegressionOutput: expected .* got \(5,\)"),
    (lambda: loss_of(nd.SVMOutput), ValueError, r"SVMOutput: expected data .* label \(n,\), got \(2, 3\) and \(5,\)"),
    (lambda: nd.SoftmaxOutput(X, N, normalization="x"), ValueError, "SoftmaxOutput: normalization must be .* got 'x'"),
    (lambda: nd.MakeLoss(X, normalization="x"), ValueError, "MakeLoss: normalization must be .*, got 'x'"),
    (lambda: nd.LeakyReLU(X, act_type="x"), ValueError, "LeakyReLU: act_type must be leaky, .*, got 'x'"),
    (lambda: nd.LeakyReLU(X, act_type="prelu"), TypeError, "LeakyReLU: act_type 'prelu' needs gamma, the slopes"),
    (lambda: nd.L2Normalization(X, mode="x"), ValueError, "L2Normalization: mode must be .*, got 'x'"),
    (lambda: nd.UpSampling(IMAGE, multi_input_mode="x"), ValueError, "UpSampling: multi_input_mode must .* got 'x'"),
    (lambda: nd.UpSampling(X), ValueError, r"UpSampling: pictures \(n, c, h, w\) are needed, got \[\(2, 3\)\]"),
    (lambda: nd.UpSampling(IMAGE, scale=-2), ValueError, "UpSampling: scale must be at least 1, got -2"),
    (lambda: nd.SequenceReverse(X, axis=1), ValueError, "SequenceReverse: only axis 0 is supported, got 1"),
    (lambda: nd.khatri_rao(X, X[:, :1]), ValueError, r"khatri_rao: .*equally many columns .* \[\(2, 3\), \(2, 1\)\]"),
    (lambda: rnn(state=X), ValueError, r"RNN: data and state must have 3 axes, got shapes \(5, 2, 3\) and \(2, 3\)"),
    (lambda: rnn(state=xp.ones((1, 3, 1))), ValueError, r"RNN: state must .* \(1, 2, 1\) .* got \(1, 3, 1\)"),
    (lambda: rnn(use_sequence_length=True), ValueError, "RNN: use_sequence_length needs sequence_length"),
    (
        lambda: rnn(24, state_cell=STATE, mode="lstm", lstm_state_clip_min=1.0),
        ValueError,
        "RNN: lstm_state_clip_min and lstm_state_clip_max belong together, only one is given",
    ),
    (lambda: nd.SoftmaxActivation(X, mode="x"), ValueError, "SoftmaxActivation: mode must be .*, got 'x'"),
    (
        lambda: nd.Convolution(IMAGE, xp.ones((1, 1, 3)), kernel=(3, 3), num_filter=1, no_bias=True),
        ValueError,
        r"Convolution: weight must have 4 axes for data with 4, got \(1, 1, 3\)",
    ),
    (lambda: nd.Pooling(IMAGE, (2, 2), pooling_convention="x"), ValueError, "Pooling: pooling_convention .* got 'x'"),
    (lambda: nd.Pooling(IMAGE, (2, 2), "lp", p_value=0), ValueError, "Pooling: p_value, .* at least 1, got 0"),
    (lambda: contrib.AdaptiveAvgPooling2D(X), ValueError, r"AdaptiveAvgPooling2D: data must be .*, got \(2, 3\)"),
    (lambda: contrib.AdaptiveAvgPooling2D(IMAGE, 0), ValueError, "AdaptiveAvgPooling2D: output_size .* 1, got 0"),
    (lambda: nd.LRN(IMAGE, nsize=2), ValueError, "LRN: nsize must be an odd number, got 2"),
    (lambda: nd.ftml_update(N, N, N, N, N, lr=0.1), TypeError, "ftml_update: missing the argument t, the number of"),
    (lambda: nd.multi_sgd_update(N, N, lrs="a", wds=0.0), TypeError, "lrs must be a number for each weight, got 'a'"),
    (lambda: nd.multi_sgd_update(N, N, lrs=[1, 2], wds=0.0), ValueError, "lrs has 2 numbers for 1 weights"),
    (lambda: nd.SpatialTransformer(IMAGE, X, transform_type="x"), ValueError, "SpatialTransformer: only .* 'x' and"),
    (lambda: contrib.BilinearResize2D(IMAGE, mode="x"), ValueError, "BilinearResize2D: mode must .*, got 'x'"),
    (lambda: contrib.BilinearResize2D(IMAGE, mode="odd_scale"), ValueError, "'odd_scale' needs scale_height and"),
    (lambda: contrib.BilinearResize2D(IMAGE, mode="like"), TypeError, "BilinearResize2D: mode 'like' needs like"),
    (lambda: contrib.BilinearResize2D(X), ValueError, r"BilinearResize2D: data must be .*, got \(2, 3\)"),
    (
        lambda: contrib.SyncBatchNorm(X, *[xp.ones(3)] * 4, ndev=2),
        ValueError,
        "SyncBatchNorm: here it is for one device, got ndev=2; use gluon.nn.SyncBatchNorm",
    ),
    (
        lambda: contrib.DeformableConvolution(IMAGE, X, IMAGE, kernel=(4, 4), num_filter=1, layout="NHWC"),
        ValueError,
        "DeformableConvolution: expected the layout 'NCHW', got 'NHWC'",
    ),
    (
        lambda: contrib.DeformableConvolution(IMAGE, X, IMAGE, kernel=(5, 3), num_filter=1),
        ValueError,
        r"DeformableConvolution: num_filter and kernel say \(1, 5, 3\), weight has shape \(1, 1, 4, 4\)",
    ),
]
ROWS = [*MAKING, *DRAWING, *WRITING, *MOVING, *CHOOSING, *LOOPING, *SPARSE, *CLASSIC]


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> Any:
        raise ImportError("no module", name="cupy")

    monkeypatch.setattr(context, "_gpu_backend", nothing)
    with pytest.raises(RuntimeError, match=r"gpu\(0\): GPU support needs the package cupy"):
        context.require_gpu(0)
    monkeypatch.setattr(context, "_gpu_backend", lambda: SimpleNamespace(num_gpus=lambda: 2))
    with pytest.raises(RuntimeError, match=r"gpu\(7\): this machine has 2 usable GPU\(s\); cpu\(\) always works"):
        context.require_gpu(7)


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()
