"""Symbols: names, inference, the graph they build, files, and the errors."""

from __future__ import annotations

import json

import numpy as np
import pytest

import dlcore as dl
from dlcore import sym
from dlcore.graph import Graph, verify


def mlp() -> sym.Symbol:
    h = sym.FullyConnected(sym.var("data"), num_hidden=8, name="fc1")
    h = sym.Activation(h, act_type="relu", name="relu1")
    return sym.SoftmaxOutput(sym.FullyConnected(h, num_hidden=3, name="fc2"), name="softmax")


def test_names_are_mxnets() -> None:
    net = mlp()
    assert net.list_arguments() == ["data", "fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias", "softmax_label"]
    assert net.list_outputs() == ["softmax_output"]
    assert net.get_internals().list_outputs()[:4] == ["data", "fc1_weight", "fc1_bias", "fc1_output"]
    inner = net.get_internals()["relu1_output"]
    assert inner.infer_shape(data=(2, 5))[1] == [(2, 8)]
    both = sym.Group([net, sym.BlockGrad(inner, name="features")])
    assert both.list_outputs() == ["softmax_output", "features_output"] and len(both) == 2
    assert both[1].name == "features" and repr(net) == "<Symbol softmax>"


@pytest.mark.parametrize(
    ("make", "data", "arguments", "output", "states"),
    [
        (lambda x: sym.FullyConnected(x, num_hidden=4), (2, 3, 5), [(4, 15), (4,)], (2, 4), []),
        (lambda x: sym.FullyConnected(x, num_hidden=4, flatten=False), (2, 3, 5), [(4, 5), (4,)], (2, 3, 4), []),
        (lambda x: sym.FullyConnected(x, num_hidden=4, no_bias=True), (2, 3), [(4, 3)], (2, 4), []),
        (
            lambda x: sym.Convolution(x, kernel=(3, 2), num_filter=6),
            (2, 4, 7, 7),
            [(6, 4, 3, 2), (6,)],
            (2, 6, 5, 6),
            [],
        ),
        (
            lambda x: sym.Convolution(x, kernel=(3, 3), num_filter=6, num_group=2, pad=(1, 1), stride=(2, 2)),
            (2, 4, 8, 8),
            [(6, 2, 3, 3), (6,)],
            (2, 6, 4, 4),
            [],
        ),
        (lambda x: sym.BatchNorm(x), (2, 3, 4, 4), [(3,), (3,)], (2, 3, 4, 4), [(3,), (3,)]),
        (lambda x: sym.LayerNorm(x), (2, 7), [(7,), (7,)], (2, 7), []),
        (lambda x: sym.Embedding(x, input_dim=10, output_dim=4), (2, 5), [(10, 4)], (2, 5, 4), []),
        (lambda x: sym.LeakyReLU(x, act_type="prelu"), (2, 3, 4), [(3,)], (2, 3, 4), []),
        (lambda x: sym.LeakyReLU(x, act_type="leaky"), (2, 3), [], (2, 3), []),
        (lambda x: sym.Pooling(x, kernel=(2, 2), stride=(2, 2)), (1, 2, 6, 6), [], (1, 2, 3, 3), []),
        (lambda x: sym.Flatten(x), (2, 3, 4), [], (2, 12), []),
        (lambda x: sym.SoftmaxOutput(x, multi_output=True), (2, 3, 4, 5), [(2, 4, 5)], (2, 3, 4, 5), []),
        (lambda x: sym.LinearRegressionOutput(x), (5, 1), [(5,)], (5, 1), []),
        (lambda x: sym.concat(x, x, dim=0), (2, 3), [], (4, 3), []),
        (lambda x: 1 - x / 2, (2, 3), [], (2, 3), []),
        (lambda x: x.reshape((-1, 2)).sum(axis=1), (2, 3), [], (3,), []),
    ],
)
def test_shapes_are_inferred(make, data, arguments, output, states) -> None:
    found = make(sym.var("data")).infer_shape(data=data)
    assert found == ([data, *arguments], [output], states)


def test_dtypes_are_those_the_graph_has() -> None:
    x = sym.var("x", shape=(2, 3), dtype="float16")
    made = [x + 1, x > 0, x.argmax(axis=1), x.astype("int32"), sym.one_hot(x.sum(axis=1), depth=3), x.mean(),
            *sym.topk(x, ret_typ="both"), sym.topk(x, ret_typ="value"), sym.argsort(x), sym.maximum(x.mean(axis=0), x),
            sym.FullyConnected(x, num_hidden=2), x.astype("int32").sum(), x.astype("int32") / 2]  # fmt: skip
    group = sym.Group(made)
    names = [value.dtype for value in group.graph().outputs]
    assert [np.dtype(kind).name for kind in group.infer_type()[1]] == names


def test_it_builds_the_graph_that_tracing_builds() -> None:
    built = mlp().graph(data=(2, 5))
    assert isinstance(built, Graph) and verify(built) is built

    @dl.jit
    def traced(x, w1, b1, w2, b2, label):
        h = dl.nd.relu(dl.nd.FullyConnected(x, w1, b1, num_hidden=8))
        return dl.nd.softmax(dl.nd.FullyConnected(h, w2, b2, num_hidden=3))

    traced(*[dl.nd.zeros(v.shape) for v in built.inputs])
    other = traced.entries()[0].graph
    assert [(n.op, n.attrs, n.outputs[0].type_text()) for n in built.nodes] == [
        (n.op, n.attrs, n.outputs[0].type_text()) for n in other.nodes
    ]
    assert [n.scope for n in built.nodes] == ["fc1", "relu1", "fc2", "softmax"]


def test_json_goes_there_and_back(tmp_path) -> None:
    x = sym.var("data", shape=(2, 3, 6, 6), lr_mult=2.0, init="zeros")
    net = sym.BatchNorm(sym.Convolution(x, kernel=(3, 3), num_filter=4, name="c"), name="bn")
    parts = sym.split(net, num_outputs=2, name="cut")
    net = sym.Group([sym.concat(parts[1], 2.0 - parts[0], dim=1), parts[0]])
    net.save(tmp_path / "net.json")
    back = sym.load(tmp_path / "net.json")
    assert back.tojson() == net.tojson() and back.attr_dict()["data"]["__lr_mult__"] == 2.0
    assert back.infer_shape() == net.infer_shape()
    shapes, _, more = net.infer_shape()
    names = net.list_arguments() + net.list_auxiliary_states()
    rng = np.random.default_rng(0)
    arrays = {name: rng.random(shape, np.float32) for name, shape in zip(names, shapes + more, strict=True)}
    for mine, theirs in zip(net.eval(**arrays), back.eval(**arrays), strict=True):
        np.testing.assert_array_equal(mine.asnumpy(), theirs.asnumpy())


def test_a_file_of_mxnet_is_read() -> None:
    nodes = [{"op": "null", "name": n, "inputs": []} for n in ("data", "w", "b")]
    attrs = {"num_hidden": "4", "no_bias": "False"}
    nodes.append({"op": "FullyConnected", "name": "fc", "attrs": attrs, "inputs": [[0, 0, 0], [1, 0, 0], [2, 0, 0]]})
    text = json.dumps({"nodes": nodes, "arg_nodes": [0, 1, 2], "heads": [[3, 0, 0]]})
    assert sym.load_json(text).infer_shape(data=(2, 3)) == ([(2, 3), (4, 3), (4,)], [(2, 4)], [])


@pytest.mark.parametrize("name", ["exec", "_loss_head", "array", "waitall", "sgd_update", "__import__"])
def test_only_listed_operators_are_read(name: str) -> None:
    text = mlp().tojson().replace('"Activation"', json.dumps(name))
    with pytest.raises(ValueError, match=f"node 'relu1' has the operator '{name}', which is not known"):
        sym.load_json(text)
    with pytest.raises(AttributeError):
        getattr(sym, name)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"nodes": 1}', '{"nodes": [{}], "heads": []}', '{"nodes": [], "heads": [[0, 0]]}']
)
def test_other_text_is_no_symbol(text: str) -> None:
    with pytest.raises(ValueError, match="not a symbol|not complete"):
        sym.load_json(text)


def test_errors_name_the_node() -> None:
    net, x = mlp(), sym.var("data")
    with pytest.raises(ValueError, match=r"(?s)\(8, 6\).*in node fc1 \(FullyConnected\) with data \(4, 5\)"):
        net.infer_shape(data=(4, 5), fc1_weight=(8, 6))
    with pytest.raises(ValueError, match="shape of 'data' is not known"):
        net.infer_shape()
    with pytest.raises(ValueError, match="no argument 'dat'"):
        net.infer_shape(dat=(2, 3))
    with pytest.raises(TypeError, match="FullyConnected f: .*'hidden'|FullyConnected f: got an unexpected"):
        sym.FullyConnected(x, hidden=3, name="f")
    with pytest.raises(TypeError, match="take t: missing argument 'indices'"):
        sym.take(x, name="t")
    with pytest.raises(TypeError, match="variable"):
        sym.add(x, np.ones(3))
    with pytest.raises(ValueError, match="bind: args: missing fc1_weight"):
        net.bind(dl.cpu(), {"data": dl.nd.zeros((4, 5))})
    with pytest.raises(ValueError, match="two variables are called 'data'"):
        (x + sym.var("data")).list_arguments()
    with pytest.raises(AttributeError, match="did you mean 'FullyConnected'"):
        sym.__getattr__("FullyConected")
    with pytest.raises(TypeError, match="no truth value"):
        bool(x == 1)


def test_a_layer_by_itself_is_put_on_others_later() -> None:
    layer = sym.FullyConnected(num_hidden=2, name="top")
    head = sym.SoftmaxOutput(name="softmax")
    assert layer.list_arguments() == ["top_data", "top_weight", "top_bias"]
    assert head.list_arguments() == ["softmax_data", "softmax_label"]
    net = head(softmax_data=layer(top_data=sym.Activation(act_type="relu", name="act")))
    assert net.list_arguments() == ["act_data", "top_weight", "top_bias", "softmax_label"]
    assert net.infer_shape(act_data=(4, 3))[1] == [(4, 2)]
    with pytest.raises(TypeError, match="take t: missing argument 'indices'"):
        sym.take(sym.var("x"), name="t")


def test_what_is_known_of_a_part() -> None:
    left = sym.BatchNorm(sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc"), name="bn")
    net = sym.Group([left, left * sym.var("scale"), sym.var("alone")])
    assert net.list_inputs() == ["data", "fc_weight", "fc_bias", "bn_gamma", "bn_beta", "bn_moving_mean",
                                 "bn_moving_var", "scale", "alone"]  # fmt: skip
    args, outputs, states = net.infer_shape_partial(data=(4, 5))
    assert args == [(4, 5), (3, 5), (3,), (3,), (3,), (), ()] and states == [(3,), (3,)]
    assert outputs == [(4, 3), (), ()] and net.infer_shape_partial(alone=(7,))[1] == [(), (), (7,)]
    assert net.infer_shape_partial()[0] == [()] * 7
    assert net.infer_shape_partial(data=(4, 5), scale=(4, 1))[1][1] == (4, 3)
    with pytest.raises(ValueError, match="in node fc"):
        net.infer_shape_partial(data=(4, 5), fc_weight=(3, 6))
    with pytest.raises(ValueError, match="no argument 'dat'"):
        net.infer_shape_partial(dat=(4, 5))
    assert net.infer_type_partial(data="float16")[1][0] is np.float16
    assert sym.var("x", dtype="bfloat16").infer_type()[0][0].__name__ == "bfloat16"
    assert [child.name for child in left.get_children()][:2] == ["fc", "bn_gamma"]
    assert sym.var("x", lr_mult=2.0).list_attr() == {"__lr_mult__": 2.0} and "fc(data=data" in left.debug_str()


def test_mxnets_words_for_inputs() -> None:
    x = sym.var("x")
    both = sym.Group([sym.relu(data=x), sym.broadcast_sub(lhs=x, rhs=2 * x)])
    assert [y.tolist() for y in both.eval(x=[-1.0, 3.0])] == [[0, 3], [1, -3]]


def test_every_operator_of_nd_is_there() -> None:
    from dlcore.ops import RECORDS
    from dlcore.symbol._operators import names, parameters, target

    expected = {n for r in RECORDS.values() if not r.internal and r.family != "optimizer" for n in (r.name, *r.aliases)}
    assert expected <= set(names())
    for name in names():
        if name == "var":  # a variable, as in MXNet; the variance is the method x.var()
            continue
        made = getattr(sym, name)
        assert made.__doc__ == target(name).__doc__ and "out" not in parameters(name), name


def test_elementwise_operators_agree_with_arrays() -> None:
    values = np.linspace(0.1, 0.9, 5, dtype=np.float32)
    for name in (
        "exp",
        "relu",
        "sigmoid",
        "erf",
        "gelu",
        "softmax",
        "log_softmax",
        "nansum",
        "argsort",
        "flip",
        "square",
    ):
        (found,) = getattr(sym, name)(sym.var("x")).eval(x=values)
        np.testing.assert_array_equal(
            found.asnumpy(), getattr(dl.nd, name)(dl.nd.array(values)).asnumpy(), err_msg=name
        )


def test_layers_over_any_number_of_axes_find_the_shapes_of_their_parameters() -> None:
    x = sym.var("data")
    for rank in (1, 2, 3):
        y = sym.Convolution(x, kernel=3, num_filter=4, pad=1, name="conv")
        y = sym.InstanceNorm(y, name="norm")
        y = sym.Deconvolution(y, kernel=2, stride=2, num_filter=6, name="up")
        shapes, outputs, _ = y.infer_shape(data=(2, 3, *[5] * rank))
        found = dict(zip(y.list_arguments(), shapes, strict=True))
        assert found["conv_weight"] == (4, 3, *[3] * rank) and found["norm_gamma"] == (4,)
        assert found["up_weight"] == (4, 6, *[2] * rank) and outputs == [(2, 6, *[10] * rank)]
    y = sym.SVMOutput(sym.FullyConnected(sym.LRN(x, nsize=3), num_hidden=2, name="fc"), name="svm")
    assert dict(zip(y.list_arguments(), y.infer_shape(data=(7, 3))[0], strict=True))["svm_label"] == (7,)
