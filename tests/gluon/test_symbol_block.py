"""Networks written as operators and values, and read back without their classes, give the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn, rnn


def array(*shape: int, seed: int = 0) -> Any:
    return dl.nd.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


class Branches(gluon.HybridBlock):
    """Two outputs, a constant, a plain number, a view, a split and a joint."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(6)
        self.scale = dl.nd.array([2.0, 3.0])

    def forward(self, x: Any, y: Any) -> Any:
        a, b, c = dl.nd.split(self.dense(x), num_outputs=3, axis=1)
        joined = dl.nd.concat(a * self.scale + 1.5, b.T.T, dl.nd.where(c > 0, c, y), dim=1)
        return {"joined": joined, "rest": [joined[:, 1:3].sum(axis=1)]}


def build(kind: str) -> tuple[Any, list[Any]]:
    net: Any
    if kind == "convolutions":
        net = nn.HybridSequential()
        net.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(), nn.Dropout(0.5))
        net.add(nn.GlobalAvgPool2D(), nn.Flatten(), nn.LayerNorm(), nn.Dense(3), nn.Softmax())
        return net, [array(2, 1, 8, 8)]
    if kind == "branches":
        return Branches(), [array(4, 5), array(4, 2, seed=1)]
    if kind == "lstm":
        return rnn.LSTM(5, num_layers=2, layout="NTC"), [array(2, 4, 3)]
    if kind == "attention":
        net = nn.HybridSequential()
        net.add(nn.Embedding(11, 8), nn.TransformerEncoderCell(8, 16, 2))
        return net, [dl.nd.array([[1, 2, 10], [3, 4, 0]], dtype="int64")]
    return gluon.model_zoo.vision.get_model("resnet18_v1", classes=7), [array(1, 3, 32, 32)]


KINDS = ["convolutions", "branches", "lstm", "attention", "resnet"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_back_gives_the_same_numbers(kind: str, tmp_path: Path) -> None:
    net, inputs = build(kind)
    net.initialize(dl.init.Xavier())
    net.hybridize()
    with autograd.train_mode():
        net(*inputs)  # running statistics that are not those of the beginning
    expected: list[Any] = []
    from dlcore.graph._tree import flatten

    flatten(net(*inputs), expected)
    symbol_file, param_file = net.export(tmp_path / "net", 7)
    assert [Path(symbol_file).name, Path(param_file).name] == ["net-symbol.json", "net-0007.safetensors"]
    names = ["data"] if len(inputs) == 1 else ["data0", "data1"]
    again = gluon.SymbolBlock.imports(symbol_file, names, param_file)
    for hybrid in (False, True):
        again.hybridize(hybrid)
        found = again(*inputs)
        found = found if isinstance(found, list) else [found]
        assert len(found) == len(expected)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.asnumpy(), two.asnumpy(), rtol=1e-5, atol=1e-6)


def test_the_number_of_samples_is_free_and_gradients_flow(tmp_path: Path) -> None:
    net, inputs = build("convolutions")
    net.initialize(dl.init.Xavier())
    again = gluon.SymbolBlock.imports(*(lambda f: (f[0], "data", f[1]))(_exported(net, tmp_path, *inputs)))
    more = array(5, 1, 8, 8, seed=3)
    np.testing.assert_allclose(again(more).asnumpy(), net(more).asnumpy(), rtol=1e-5, atol=1e-6)
    with autograd.record():
        loss = (again(more)[:, 0] ** 2).sum()
    loss.backward()
    with autograd.record(train_mode=False):
        loss = (net(more)[:, 0] ** 2).sum()
    loss.backward()
    for name in ("0.weight", "8.weight"):
        mine, other = again.collect_params()[name].grad(), net.collect_params()[name].grad()
        np.testing.assert_allclose(mine.asnumpy(), other.asnumpy(), rtol=1e-3, atol=1e-6)


def _exported(net: Any, folder: Path, *inputs: Any) -> tuple[str, str]:
    net(*inputs)
    return net.export(folder / "net", 0, *inputs)


def test_a_block_of_a_symbol_learns_like_any_other() -> None:
    data = dl.sym.var("data")
    hidden = dl.sym.BatchNorm(dl.sym.FullyConnected(data, num_hidden=8, name="fc1"), name="bn")
    net = gluon.SymbolBlock([dl.sym.FullyConnected(dl.sym.relu(hidden), num_hidden=2, name="fc2"), hidden], [data])
    net.initialize(dl.init.Xavier())
    x = array(40, 3)
    y = (x[:, 0] > 0).astype("int32")
    assert len(net(x)) == 2 and set(net.collect_params()) >= {"fc1_weight", "bn_moving_var", "fc2_bias"}
    before = net.collect_params()["bn_moving_mean"].data().asnumpy()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
    net.hybridize()
    for _ in range(60):
        with autograd.record():
            loss = gluon.loss.SoftmaxCrossEntropyLoss()(net(x)[0], y)
        loss.backward()
        trainer.step(40)
    assert float(loss.mean()) < 0.1
    assert (net.collect_params()["bn_moving_mean"].data().asnumpy() != before).any()
    assert net.collect_params()["bn_moving_var"].grad_req == "null"


def test_parameters_of_another_block_can_be_taken() -> None:
    data = dl.sym.var("data")
    values = {"fc_weight": dl.nd.ones((2, 3)), "fc_bias": dl.nd.array([1.0, 2.0])}
    net = gluon.SymbolBlock(dl.sym.FullyConnected(data, num_hidden=2, name="fc"), data, values)
    assert net(dl.nd.ones((1, 3))).tolist() == [[4, 5]]


def test_faults_are_named(tmp_path: Path) -> None:
    net = nn.Dense(2, in_units=3)
    net.initialize()
    with pytest.raises(RuntimeError, match=r"call hybridize\(\) and then the network once"):
        net.export(tmp_path / "a")
    files = _exported(net, tmp_path, dl.nd.ones((1, 3)))
    with pytest.raises(ValueError, match="'input' is no input of"):
        gluon.SymbolBlock.imports(files[0], "input", files[1])
    whole = json.loads(Path(files[0]).read_text())
    for op in ("dl.sgd_update", "dl.exec", "exec"):
        whole["nodes"][-1]["op"] = op
        Path(files[0]).write_text(json.dumps(whole))
        with pytest.raises(ValueError, match=f"has the operator '{op}', which is not known; nothing was loaded"):
            gluon.SymbolBlock.imports(files[0], "data", files[1])
    Path(files[1]).write_bytes(Path(files[1]).read_bytes()[:-4])
    files = (
        (_exported(net, tmp_path / "b", dl.nd.ones((1, 3)))[0], files[1]) if (tmp_path / "b").mkdir() is None else files
    )
    with pytest.raises(ValueError, match="safetensors"):
        gluon.SymbolBlock.imports(files[0], "data", files[1])


def test_a_network_that_changes_arrays_cannot_be_written(tmp_path: Path) -> None:
    class Counts(gluon.HybridBlock):
        def __init__(self) -> None:
            super().__init__()
            self.calls = dl.nd.zeros((1,))

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x * self.calls

    with pytest.raises(ValueError, match="it changes arrays while it runs"):
        Counts().export(tmp_path / "net", 0, dl.nd.ones((2,)))


def test_optimize_for_compiles_and_says_what_it_passes_over() -> None:
    net = nn.Dense(2)
    net.initialize(init="ones")
    with pytest.warns(UserWarning, match="backend 'TensorRT' is passed over"):
        out = net.optimize_for(dl.nd.ones((1, 3)), backend="TensorRT")
    assert out.tolist() == [[3, 3]] and net._compiled is not None


def test_parameters_as_variables_and_by_name(tmp_path: Path) -> None:
    net = nn.Dense(2, in_units=3, prefix="d_")
    net.initialize()
    net.weight.lr_mult = 0.5
    variable = net.weight.var()
    assert variable.list_arguments() == [net.weight.name] and variable.attr("lr_mult") == 0.5
    assert (variable * 2).infer_shape()[1] == [(2, 3)]
    net.collect_params().load_dict({"weight": dl.nd.ones((2, 3)), "bias": dl.nd.zeros((2,))})
    assert net.weight.data().tolist() == [[1, 1, 1]] * 2
    with pytest.raises(ValueError, match="bias: missing"):
        net.collect_params().load_dict({"weight": dl.nd.ones((2, 3))})
    net.save(tmp_path / "n")
    other = nn.Dense(2, in_units=3)
    other.load(tmp_path / "n")
    assert other(dl.nd.ones((1, 3))).tolist() == [[3, 3]] and (tmp_path / "n-model.safetensors").exists()


def test_what_mxnet_exported_is_imported(tmp_path: Path) -> None:
    """As MXNet 1.9.1 writes it: text for every value, dtypes by number, lengths of 0 that were not known yet."""
    about = {"__lr_mult__": "1.0", "__wd_mult__": "1.0", "__storage_type__": "0"}
    shapes = {"weight": ("(3, 0)", "0"), "bias": ("(3,)", "0")}
    nodes: list[dict[str, Any]] = [{"op": "null", "name": "data", "inputs": []}]
    for name, (shape, number) in shapes.items():
        attrs = {"__dtype__": number, "__shape__": shape, "__init__": '["zero", {}]', **about}
        nodes.append({"op": "null", "name": f"dense0_{name}", "attrs": attrs, "inputs": []})
    attrs = {"flatten": "True", "no_bias": "False", "num_hidden": "3"}
    nodes.append(
        {"op": "FullyConnected", "name": "dense0_fwd", "attrs": attrs, "inputs": [[k, 0, 0] for k in range(3)]}
    )
    whole: dict[str, Any] = {"nodes": nodes, "arg_nodes": [0, 1, 2], "node_row_ptr": [0, 1, 2, 3, 4]}
    whole |= {"heads": [[3, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}}
    (tmp_path / "net-symbol.json").write_text(json.dumps(whole))
    weights = {"arg:dense0_weight": dl.nd.array([[1, 2], [3, 4], [5, 6]]), "arg:dense0_bias": dl.nd.array([1, 0, 0])}
    dl.nd.save(str(tmp_path / "net-0000.params"), weights)
    net = gluon.SymbolBlock.imports(tmp_path / "net-symbol.json", ["data"], tmp_path / "net-0000.params")
    assert net(dl.nd.ones((1, 2))).tolist() == [[4, 7, 11]]
    found = []
    for number in ("2", "-1", "99"):
        nodes[1]["attrs"]["__dtype__"] = number
        try:
            found.append(dl.sym.load_json(json.dumps(whole)).attr_dict()["dense0_weight"].get("__dtype__"))
        except ValueError as error:
            found.append(str(error).partition(": ")[2])
    assert found == ["float16", None, "__dtype__: expected a number below 13, got 99"]


def test_a_scale_that_is_taken_for_one_is_not_waited_for() -> None:
    x = dl.sym.var("data")
    net = gluon.SymbolBlock(dl.sym.BatchNorm(dl.sym.FullyConnected(x, num_hidden=3, name="fc"), name="bn"), x)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    with dl.autograd.record():
        loss = (net(dl.nd.ones((4, 2))) ** 2).sum()
    loss.backward()
    trainer.step(4)  # would complain of a gradient that nothing renewed
    assert net.collect_params()["bn_gamma"].grad_req == "null"
