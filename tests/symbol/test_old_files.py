"""Files of symbols as MXNet 1.9.1 writes them, with its own names of operators, and those names in Python."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import nd, sym

X = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)


def loaded(*nodes: tuple[str, dict[str, str], list[Any]], inputs: int = 1) -> sym.Symbol:
    """A file of variables x0, x1, ... and nodes (operator, attributes, numbers of its inputs)."""
    listed: list[dict[str, Any]] = [{"op": "null", "name": f"x{k}", "inputs": []} for k in range(inputs)]
    for op, attrs, places in nodes:
        entries = [[p, 0, 0] if isinstance(p, int) else [*p, 0] for p in places]
        listed.append({"op": op, "name": f"n{len(listed)}", "attrs": attrs, "inputs": entries})
    whole = {"nodes": listed, "arg_nodes": list(range(inputs)), "heads": [[len(listed) - 1, 0, 0]]}
    return sym.load_json(json.dumps(whole | {"attrs": {"mxnet_version": ["int", 10901]}}))


def result(symbol: sym.Symbol, *arrays: Any) -> np.ndarray:
    (out,) = symbol.eval(**{f"x{k}": nd.array(array) for k, array in enumerate(arrays)})
    return out.asnumpy()


SCALARS: dict[str, Any] = {
    "_plus_scalar": lambda x: x + 2.5, "_minus_scalar": lambda x: x - 2.5, "_rminus_scalar": lambda x: 2.5 - x,
    "_mul_scalar": lambda x: x * 2.5, "_div_scalar": lambda x: x / 2.5, "_rdiv_scalar": lambda x: 2.5 / x,
    "_mod_scalar": lambda x: np.mod(x, 2.5), "_rpower_scalar": lambda x: 2.5**x, "_maximum_scalar": lambda x:
    np.maximum(x, 2.5), "_hypot_scalar": lambda x: np.hypot(x, 2.5), "_PlusScalar": lambda x: x + 2.5,
    "_RMinusScalar": lambda x: 2.5 - x, "_npi_true_divide_scalar": lambda x: x / 2.5, "_npi_subtract_scalar": lambda x:
    x - 2.5, "_scatter_plus_scalar": lambda x: x + 2.5, "_greater_scalar": lambda x: x > 2.5, "_lesser_equal_scalar":
    lambda x: x <= 2.5, "_NotEqualScalar": lambda x: x != 2.5,
}  # fmt: skip


@pytest.mark.parametrize("op", SCALARS)
def test_a_number_beside_an_array(op: str) -> None:
    x = np.abs(X) * 3
    x[0, 0] = 2.5
    found = result(loaded((op, {"scalar": "2.5"}, [0])), x)
    np.testing.assert_allclose(found, SCALARS[op](x).astype(np.float32), rtol=1e-5)
    assert found.dtype == np.float32


PAIRS: dict[str, Any] = {
    "_plus": np.add, "_Minus": np.subtract, "_mul": np.multiply, "_div": np.divide, "_grad_add": np.add,
    "_npi_multiply": np.multiply, "_maximum": np.maximum, "_equal": np.equal, "_Greater_Equal": np.greater_equal,
    "broadcast_lesser": np.less, "_logical_and": np.logical_and, "broadcast_logical_xor": np.logical_xor,
}  # fmt: skip


@pytest.mark.parametrize("op", PAIRS)
def test_two_arrays(op: str) -> None:
    a, b = np.round(X), np.round(X[::-1])
    b[b == 0] = 1 if "div" in op else 0
    np.testing.assert_allclose(result(loaded((op, {}, [0, 1]), inputs=2), a, b), PAIRS[op](a, b).astype("f"), rtol=1e-6)


def test_what_is_said_can_be_counted() -> None:
    """1 and 0, not truth values: their sum counts, as it did in MXNet."""
    both = loaded(
        ("_greater_scalar", {"scalar": "0.0"}, [0]), ("_lesser_scalar", {"scalar": "1.0"}, [0]),
        ("logical_not", {}, [1]), ("add_n", {"num_args": "3"}, [1, 2, 3]),
    )  # fmt: skip
    np.testing.assert_array_equal(result(both, X), (X > 0) * 1.0 + (X < 1) + ~(X > 0))


OTHERS: dict[str, tuple[list[Any], Any]] = {
    "copy": ([("_copy", {}, [0]), ("_CrossDeviceCopy", {}, [1])], lambda x: x),
    "ones": ([("_ones", {"shape": "(4, 6)", "dtype": "float32", "ctx": "cpu(0)"}, []), ("elemwise_add", {}, [0, 1])],
             lambda x: x + 1),
    "full": ([("_full", {"shape": "(1, 6)", "value": "3.0", "dtype": "float32"}, []), ("broadcast_mul", {}, [0, 1])],
             lambda x: 3 * x),
    "arange": ([("_arange", {"start": "0", "stop": "6", "step": "1.0", "repeat": "1", "infer_range": "False"}, []),
                ("broadcast_sub", {}, [0, 1])], lambda x: x - np.arange(6)),
    "square sum": ([("_square_sum", {"axis": "1", "keepdims": "True"}, [0])], lambda x: (x * x).sum(1, keepdims=True)),
    "linalg": ([("_linalg_gemm2", {"transpose_b": "True", "alpha": "2.0"}, [0, 0])], lambda x: 2 * x @ x.T),
    "contrib": ([("_contrib_div_sqrt_dim", {}, [0])], lambda x: x / np.sqrt(6)),
    "split": ([("_split_v2", {"indices": "(0, 2)", "axis": "1", "squeeze_axis": "False", "sections": "0"}, [0]),
               ("_rnn_param_concat", {"dim": "1", "num_args": "2"}, [(1, 1), (1, 0)])], lambda x: np.roll(x, -2, 1)),
    "layers for arrays like numpy's": ([("_npx_batch_flatten", {}, [0]), ("_npx_relu", {}, [1]), ("_np_sum",
                                       {"axis": "1"}, [2])], lambda x: np.maximum(x, 0).sum(1)),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_names(name: str) -> None:
    nodes, expected = OTHERS[name]
    np.testing.assert_allclose(result(loaded(*nodes), X), expected(X), rtol=1e-5, atol=1e-6)


def test_a_recurrent_layer_that_left_the_number_of_samples_open() -> None:
    """What `gluon.rnn.GRU` exports: first states of zeros with a length of 0 where the samples go."""
    words = {"state_size": "3", "num_layers": "1", "mode": "gru", "state_outputs": "False", "p": "0.0"}
    net = loaded(("_zeros", {"shape": "(1, 0, 3)"}, []), ("RNN", words, [0, 1, 2]), inputs=2)
    layer = dl.gluon.rnn.GRU(3, input_size=2)
    layer.initialize(dl.init.Normal(0.5))
    x = nd.array(np.random.default_rng(0).normal(size=(5, 4, 2)))
    weights = nd.concat(*[p.data().reshape((-1,)) for p in layer.collect_params().values()], dim=0)
    found = net.eval(x0=x, x1=weights)[0]
    np.testing.assert_allclose(found.asnumpy(), layer(x).asnumpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("op", ["_contrib_exec", "__import__", "_npi_eval", "_sgd_update", "_plus_scalars"])
def test_nothing_else_is_read(op: str) -> None:
    with pytest.raises(ValueError, match=f"node 'n1' has the operator '{op}', which is not known"):
        loaded((op, {}, [0]))


def test_the_same_names_in_python() -> None:
    x, y = sym.var("x"), sym.var("y")
    internal = sym._internal._plus(sym._internal._rminus_scalar(x, scalar=1.0), rhs=y, name="sum")
    assert internal.list_outputs() == ["sum_output"] and internal.eval(x=[2.0], y=[5.0])[0].tolist() == [4]
    assert sym._internal._square_sum(data=x, axis=0, keepdims=True).eval(x=[3.0, 4.0])[0].tolist() == [25]
    assert nd._internal._mul(nd.array([2.0]), nd.array([3.0]), name="m").tolist() == [6]
    assert nd._internal._rdiv_scalar(nd.array([2.0]), scalar=3.0).tolist() == [1.5]
    assert nd._internal._copy is not None
    for room in (sym._internal, nd._internal, sym.linalg, sym.random, sym.sparse):
        with pytest.raises(AttributeError, match="no_such_thing"):
            room.no_such_thing  # noqa: B018


def test_every_room_has_its_operators() -> None:
    a, b = (np.random.default_rng(k).normal(size=(2, 3, 3)) for k in (0, 1))
    for name, inputs in (("gemm2", 2), ("syrk", 1), ("potrf", 1), ("sumlogdiag", 1), ("extractdiag", 1), ("det", 1)):
        given = [a @ a.swapaxes(1, 2) + np.eye(3), b][:inputs]
        (found,) = getattr(sym.linalg, name)(*map(sym.var, "ab"[:inputs])).eval(**dict(zip("ab", given, strict=False)))
        expected = getattr(dl.array.linalg, name)(*map(nd.array, given))
        np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-5, err_msg=name)
    q, lower = sym.linalg.gelqf(sym.var("a"))
    assert sym.Group([q, lower]).infer_shape(a=(2, 3))[1] == [(2, 3), (2, 2)]
    assert sym.random.uniform(0, 1, shape=(2, 3)).infer_shape()[1] == [(2, 3)]
    assert sym.random.normal(shape=(4,)).infer_shape()[1] == [(4,)]
    assert sym.sparse.dot(sym.var("a"), sym.var("b")).infer_shape(a=(2, 3), b=(3, 4))[1] == [(2, 4)]
    boxes = sym.contrib.MultiBoxPrior(sym.var("x"), sizes=(0.5, 0.2), ratios=(1, 2))
    assert boxes.infer_shape(x=(1, 3, 4, 4))[1] == [(1, 48, 4)]
    targets = sym.contrib.MultiBoxTarget(boxes, sym.var("label"), sym.var("scores"))
    shapes = sym.Group(list(targets)).infer_shape(x=(1, 3, 4, 4), label=(1, 2, 5), scores=(1, 2, 48))[1]
    assert shapes == [(1, 192), (1, 192), (1, 48)]
    norm = sym.contrib.SyncBatchNorm(sym.var("x"), name="norm")
    assert norm.list_auxiliary_states() == ["norm_moving_mean", "norm_moving_var"]
    assert sym.SoftmaxActivation(sym.var("x"), mode="channel").eval(x=np.zeros((1, 2, 3)))[0].tolist() == [
        [[0.5] * 3] * 2
    ]
    node = sym.var("x") * 2
    node._set_attr(mirror_stage="True")
    assert node.attr("mirror_stage") == "True"
