"""Files that old programs write and then look for by MXNet's names, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import compat

MAGIC = (0x112).to_bytes(16, "little")  # how a file of MXNet's own format begins


@pytest.fixture
def mx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    compat.install()
    import mxnet

    monkeypatch.chdir(tmp_path)
    yield mxnet
    compat.uninstall()


def classifier() -> Any:
    return dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=2, name="fc"), name="softmax")


def network() -> Any:
    net = dl.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(dl.gluon.nn.Dense(2, in_units=3), dl.gluon.nn.BatchNorm(in_channels=2))
    net.initialize()
    return net


def test_checkpoints_after_each_epoch(mx: Any) -> None:
    batches = mx.io.NDArrayIter(np.ones((4, 3)), np.zeros(4), 2)
    module = mx.mod.Module(classifier())
    module.fit(batches, num_epoch=2, epoch_end_callback=mx.callback.do_checkpoint("x"))
    assert sorted(os.listdir()) == ["x-0001.params", "x-0002.params", "x-symbol.json"]
    assert Path("x-0002.params").read_bytes().startswith(MAGIC)
    assert sorted(mx.nd.load("x-0002.params")) == ["arg:fc_bias", "arg:fc_weight"]
    _, arg_params, aux_params = mx.model.load_checkpoint("x", 2)
    assert (arg_params["fc_weight"] == module.get_params()[0]["fc_weight"]).all() and aux_params == {}
    assert (mx.model.load_params("x", 2)[0]["fc_bias"] == arg_params["fc_bias"]).all()
    assert (mx.model.load_params("x-0002.params")[0]["fc_bias"] == arg_params["fc_bias"]).all()
    module.save_checkpoint("y", 7, save_optimizer_states=True)
    assert {"y-0007.params", "y-0007.states", "y-symbol.json"} <= set(os.listdir())
    mx.mod.Module.load("y", 7, load_optimizer_states=True)


def test_a_checkpoint_from_before_the_old_names_is_found(mx: Any) -> None:
    compat.uninstall()
    dl.model.save_checkpoint("z", 1, None, {"w": dl.nd.ones((2,))}, {})
    assert os.listdir() == ["z-0001.safetensors"]
    compat.install()
    assert mx.model.load_params("z", 1)[0]["w"].tolist() == [1, 1]
    assert mx.nd.load("z-0001.safetensors")["arg:w"].tolist() == [1, 1]


def test_parameters_of_a_network_are_arrays_to_load(mx: Any) -> None:
    net, other = network(), network()
    net.save_parameters("net.params")
    assert Path("net.params").read_bytes().startswith(MAGIC)
    assert (mx.nd.load("net.params")["0.weight"] == net[0].weight.data()).all()
    other.load_parameters("net.params")
    assert (other[0].weight.data() == net[0].weight.data()).all()
    net.save("whole")
    other.load("whole")
    assert os.path.exists("whole-model.params")
    half = dl.gluon.nn.Dense(2, in_units=2)
    half.initialize(init="ones")
    half.cast("bfloat16")
    half.save_parameters("half.params")
    again = dl.gluon.nn.Dense(2, in_units=2, dtype="bfloat16")
    again.load_parameters("half.params")
    assert again.weight.data().astype("float32").tolist() == [[1, 1], [1, 1]]


def test_collected_parameters_know_their_whole_names(mx: Any) -> None:
    one, two = dl.gluon.nn.Dense(2, in_units=3, prefix="d_"), dl.gluon.nn.Dense(2, in_units=3, prefix="e_")
    one.initialize()
    one.collect_params().save("d.params", strip_prefix="d_")
    two.collect_params().load("d.params", dl.cpu(), restore_prefix="e_")
    params = two.collect_params()
    assert (params["e_weight"].data() == one.weight.data()).all() and params["e_weight"] is two.weight
    with pytest.raises(KeyError, match="d_weight"):
        params["d_weight"]


def test_an_exported_network_is_two_files_of_old_names(mx: Any) -> None:
    net, x = network(), dl.nd.ones((1, 3))
    net.hybridize()
    expected = net(x)
    net.export("model", epoch=5)
    assert sorted(os.listdir()) == ["model-0005.params", "model-symbol.json"]
    found = mx.gluon.SymbolBlock.imports("model-symbol.json", ["data"], "model-0005.params", ctx=mx.cpu())(x)
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-6)
    symbol, arg_params, aux_params = mx.model.load_checkpoint("model", 5)
    module = mx.mod.Module(symbol, label_names=None)
    module.bind([("data", (1, 3))], for_training=False)
    module.set_params(arg_params, aux_params)
    np.testing.assert_allclose(module.predict(x).asnumpy(), expected.asnumpy(), rtol=1e-6)


def test_without_old_names_the_name_says_the_format(tmp_path: Path) -> None:
    net = network()
    for name, old in (("a.safetensors", False), ("a", False), ("a.params", True)):
        net.save_parameters(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(MAGIC) == old
        network().load_parameters(tmp_path / name)
    assert sorted(dl.nd.load(tmp_path / "a")) == sorted(dl.nd.load(tmp_path / "a.params"))
    files = net.export(tmp_path / "m", 0, dl.nd.ones((1, 3)))
    assert [Path(file).suffix for file in files] == [".json", ".safetensors"]
