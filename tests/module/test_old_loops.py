"""Loops as the examples of MXNet were written: updates by hand, executors, checkpoints of its own, cells in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, io, mod, nd, optim, sym
from dlcore.compat import rnn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)).astype("f"), RNG.integers(0, 2, 12).astype("f")


def network() -> Any:
    return sym.SoftmaxOutput(sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc"), name="softmax")


def test_an_executor_and_an_updater_are_a_module() -> None:
    """Arrays bound once, outputs taken before the first run, gradients that add up, factors by name."""
    weights = {"fc_weight": nd.array(RNG.normal(size=(2, 3))), "fc_bias": nd.zeros((2,))}
    module = mod.Module(network())
    module.bind([("data", (4, 3))], [("softmax_label", (4,))])
    module.init_params(arg_params=weights)
    module.init_optimizer(optimizer_params={"learning_rate": 0.5, "momentum": 0.9})
    other = {"other_weight": nd.ones((5, 5))}
    args = {"data": nd.zeros((4, 3)), "softmax_label": nd.zeros((4,)), **{n: a.copy() for n, a in weights.items()}}
    grads = {name: nd.zeros(weights[name].shape) for name in weights}
    run = network().bind(dl.cpu(), {**args, **other}, {**grads, **other}, grad_req="add", aux_states=other)
    held = run.outputs
    assert held[0].shape == (4, 2) and held[0].asnumpy().sum() == 0
    sgd = optim.SGD(0.5, momentum=0.9, rescale_grad=1 / 4)
    updater = optim.get_updater(sgd)
    for k in range(3):
        batch = io.DataBatch([nd.array(X[4 * k : 4 * k + 4])], [nd.array(Y[4 * k : 4 * k + 4])])
        module.forward_backward(batch)
        module.update()
        batch.data[0].copyto(args["data"])
        args["softmax_label"][:] = batch.label[0]
        run.forward(is_train=True)
        np.testing.assert_allclose(held[0].asnumpy(), module.get_outputs()[0].asnumpy(), rtol=1e-5)
        run.backward()
        for name, grad in grads.items():
            updater(name, grad, args[name])
            grad[:] = 0
    for name, array in module.get_params()[0].items():
        np.testing.assert_allclose(args[name].asnumpy(), array.asnumpy(), rtol=1e-5, atol=1e-7)
    with pytest.raises(ValueError, match="bind: args_grad: unknown fc_wieght"):
        network().bind(dl.cpu(), args, {"fc_wieght": grads["fc_weight"]})


def test_a_factor_by_name_scales_the_rate() -> None:
    sgd = optim.SGD(0.5)
    sgd.set_lr_mult({"a": 0.0, "b": 2.0})
    updater, weights = optim.Updater(sgd), [nd.ones((1,)) for _ in range(3)]
    for name, weight in zip("abc", weights, strict=True):
        updater(name, nd.ones((1,)), weight)
    assert [w.tolist() for w in weights] == [[1.0], [0.0], [0.5]]


def test_gradients_for_the_first_outputs_only() -> None:
    """The rest are losses or blocked, as in an actor and a critic."""
    x = sym.var("x")
    heads = [x * 2, sym.MakeLoss(x * 3), sym.BlockGrad(x)]
    run = sym.Group(heads).simple_bind(dl.cpu(), x=(2,))
    run.forward(is_train=True, x=nd.ones((2,)))
    run.backward([nd.array([1.0, 10.0])])
    assert run.grad_dict["x"].tolist() == [5.0, 23.0]
    with pytest.raises(ValueError, match="3 outputs, but 4 gradients"):
        run.backward([nd.ones((2,))] * 4)


def test_a_checkpoint_of_mxnet_is_loaded(tmp_path: Path) -> None:
    """`net-0007.params` with "arg:" and "aux:" names beside `net-symbol.json`, as Module.save_checkpoint left them."""
    net = sym.BatchNorm(sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc"), name="bn")
    net.save(tmp_path / "net-symbol.json")
    arrays = {"arg:fc_weight": nd.ones((2, 3)), "arg:fc_bias": nd.zeros((2,)), "arg:bn_gamma": nd.ones((2,))}
    arrays |= {"arg:bn_beta": nd.zeros((2,)), "aux:bn_moving_mean": nd.ones((2,)), "aux:bn_moving_var": nd.ones((2,))}
    nd.save(str(tmp_path / "net-0007.params"), arrays)
    symbol, args, aux = dl.model.load_checkpoint(str(tmp_path / "net"), 7)
    assert symbol.list_outputs() == ["bn_output"] and sorted(aux) == ["bn_moving_mean", "bn_moving_var"]
    module = mod.Module.load(str(tmp_path / "net"), 7, label_names=None)
    module.bind([("data", (1, 3))], for_training=False)
    module.init_params()
    module.forward(io.DataBatch([nd.ones((1, 3))], []), is_train=False)
    np.testing.assert_allclose(module.get_outputs()[0].asnumpy(), [[2, 2]], rtol=1e-3)
    module.load_params(tmp_path / "net-0007.params")
    assert args["fc_weight"].shape == (2, 3)


@pytest.mark.parametrize("mode", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("both", [False, True])
def test_files_of_cells_fit_fused_and_single_ones(tmp_path: Path, mode: str, both: bool) -> None:
    fused = rnn.FusedRNNCell(3, num_layers=2, mode=mode, bidirectional=both, prefix="r_")
    x = nd.array(RNG.normal(size=(4, 5, 2)))
    outputs, _ = fused.unroll(5, sym.var("data"), merge_outputs=True)
    module = mod.Module(outputs, label_names=None)
    module.bind([("data", (4, 5, 2))])
    module.init_params(dl.init.Xavier(magnitude=9))
    module.forward(io.DataBatch([x], []), is_train=False)
    args, _ = module.get_params()
    unpacked = fused.unpack_weights(args)
    if mode == "lstm":
        assert unpacked["r_l0_i2h_f_bias"].tolist() == [1, 1, 1] and unpacked["r_l1_h2h_c_bias"].tolist() == [0, 0, 0]
    assert np.abs(unpacked[f"r_{'r' if both else 'l'}1_i2h{fused._gates[-1]}_weight"].asnumpy()).max() > 0
    np.testing.assert_array_equal(
        fused.pack_weights(unpacked)["r_parameters"].asnumpy(), args["r_parameters"].asnumpy()
    )
    keep = rnn.do_rnn_checkpoint(fused, str(tmp_path / "net"), 2)
    keep(0, outputs, args, {})
    assert not list(tmp_path.iterdir())
    keep(1, outputs, args, {})
    stack = fused.unfuse()
    _, loaded, _ = rnn.load_rnn_checkpoint([stack], str(tmp_path / "net"), 2)
    single, _ = stack.unroll(5, sym.var("data"), merge_outputs=True)
    (found,) = single.eval(data=x, **loaded)
    np.testing.assert_allclose(found.asnumpy(), module.get_outputs()[0].asnumpy(), rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="there is no 'r_l0_i2h"):
        stack.pack_weights({"other": x})


def test_iterators_of_ones_own_may_give_pairs() -> None:
    class Pairs(io.DataIter):
        provide_data, provide_label = [("data", (4, 3))], [("softmax_label", (4,))]

        def __init__(self) -> None:
            super().__init__(4)
            self.left = 3

        def next(self) -> io.DataBatch:
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return io.DataBatch([nd.array(X[:4])], [nd.array(Y[:4])], pad=0)

        def reset(self) -> None:
            self.left = 3

    model = dl.model.FeedForward(network(), num_epoch=2, learning_rate=0.1)
    model.fit(Pairs())
    assert model.predict(Pairs()).shape == (12, 2)
    assert io.PrefetchingIter(Pairs()).provide_data[0].name == "data"


def test_a_trainer_begins_again_with_another_rate() -> None:
    net = gluon.nn.Dense(1, in_units=1, use_bias=False)
    net.initialize("ones")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0, "momentum": 0.9})

    @dl.jit
    def step() -> Any:
        with dl.autograd.record():
            loss = net(nd.ones((1, 1))).sum()
        loss.backward()
        trainer.step(1)
        return loss

    step()
    trainer._init_optimizer("sgd", {"learning_rate": 0.25})
    step()
    step()
    assert net.weight.data().tolist() == [[1.0 - 1.0 - 0.25 - 0.25]]


def test_what_else_old_loops_look_up() -> None:
    module = mod.Module(network())
    module.bind([("data", (4, 3))], [("softmax_label", (4,))])
    module.init_params()
    module._sync_params_from_devices()
    at = module._exec_group.param_names.index("fc_weight")
    assert module._exec_group.param_arrays[at][0].shape == (2, 3)
    output, _ = rnn.FusedRNNCell(2, prefix="f_").unroll(3, sym.var("x"), merge_outputs=True)
    said = json.loads(output.attr_dict()["f_parameters"]["__init__"])
    assert said[0] == "fusedrnn" and said[1]["num_hidden"] == 2
    digits = dl.test_utils.get_mnist()
    assert digits["test_data"].shape[1:] == (1, 28, 28) and 0.99 < digits["test_data"].max() <= 1
    train, test = dl.test_utils.get_mnist_iterator(50, (784,), num_parts=2, part_index=1)
    assert train.num_data == len(digits["train_label"]) // 2
    np.testing.assert_allclose(test.next().data[0].asnumpy()[0], digits["test_data"][0].reshape(784))
