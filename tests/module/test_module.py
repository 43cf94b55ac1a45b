"""Module: the same numbers as Gluon, scripts written for MXNet, checkpoints, errors."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd, sym

RNG = np.random.default_rng(5)
DATA = RNG.standard_normal((32, 6)).astype(np.float32)
LABEL = (DATA[:, 0] > 0) + 2 * (DATA[:, 1] > 0).astype(np.float32)


def network() -> sym.Symbol:
    h = sym.FullyConnected(sym.var("data"), num_hidden=8, name="fc1")
    h = sym.BatchNorm(sym.Activation(h, act_type="tanh"), fix_gamma=False, eps=1e-5, name="bn")
    return sym.SoftmaxOutput(sym.FullyConnected(h, num_hidden=4, name="fc2"), name="softmax")


def bound(batch: int = 8, **more: object) -> dl.mod.Module:
    module = dl.mod.Module(network(), **more)
    module.bind([("data", (batch, 6))], [("softmax_label", (batch,))])
    module.init_params(dl.init.Xavier())
    return module


def batches(size: int = 8) -> list[dl.io.DataBatch]:
    cuts = range(0, 32, size)
    return [dl.io.DataBatch([nd.array(DATA[k : k + size])], [nd.array(LABEL[k : k + size])]) for k in cuts]


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("sgd", {"learning_rate": 0.2}),
        ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
        ("adam", {"learning_rate": 0.05}),
    ],
)
def test_steps_are_those_of_gluon(optimizer: str, words: dict) -> None:
    module = bound()
    module.init_optimizer(optimizer=optimizer, optimizer_params=words)
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Dense(8, "tanh"), gluon.nn.BatchNorm(), gluon.nn.Dense(4))
    net.initialize()
    net(nd.array(DATA[:8]))
    first, second, third = net
    args, aux = module.get_params()
    pairs = [(first.weight, "fc1_weight"), (first.bias, "fc1_bias"), (second.gamma, "bn_gamma"),
             (second.beta, "bn_beta"), (third.weight, "fc2_weight"), (third.bias, "fc2_bias")]  # fmt: skip
    for parameter, name in pairs:
        parameter.set_data(args[name])
    trainer = gluon.Trainer(net.collect_params(), optimizer, words)
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    for batch in batches():
        module.forward_backward(batch)
        module.update()
        with autograd.record():
            value = loss(net(batch.data[0]), batch.label[0])
        value.backward()
        trainer.step(8)
    args, aux = module.get_params()
    for parameter, name in pairs:
        np.testing.assert_allclose(args[name].asnumpy(), parameter.data().asnumpy(), atol=1e-6, rtol=0, err_msg=name)
    np.testing.assert_allclose(aux["bn_moving_var"].asnumpy(), second.running_var.data().asnumpy(), atol=1e-6)


SCRIPT = """
import mxnet as mx
import logging
from pathlib import Path
logging.getLogger().setLevel(logging.DEBUG)

batch_size = 20
train_iter = mx.io.NDArrayIter(train_data, train_label, batch_size, shuffle=True)
val_iter = mx.io.NDArrayIter(val_data, val_label, batch_size)

data = mx.sym.var('data')
data = mx.sym.flatten(data=data)
fc1 = mx.sym.FullyConnected(data=data, num_hidden=32)
act1 = mx.sym.Activation(data=fc1, act_type="relu")
fc2 = mx.sym.FullyConnected(data=act1, num_hidden=16)
act2 = mx.sym.Activation(data=fc2, act_type="relu")
fc3 = mx.sym.FullyConnected(data=act2, num_hidden=4)
mlp = mx.sym.SoftmaxOutput(data=fc3, name='softmax')

mlp_model = mx.mod.Module(symbol=mlp, context=mx.cpu())
mlp_model.fit(train_iter, eval_data=val_iter, optimizer='sgd', optimizer_params={'learning_rate': 0.3},
              initializer=mx.init.Xavier(), eval_metric='acc',
              batch_end_callback=mx.callback.Speedometer(batch_size, 4), num_epoch=12)
test_iter = mx.io.NDArrayIter(val_data, None, batch_size)
prob = mlp_model.predict(test_iter)
acc = mx.metric.Accuracy()
mlp_model.score(val_iter, acc)
"""


def test_a_script_for_mxnet_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Pictures of 1 x 4 x 4 in which one quarter is bright, and which quarter is to be told."""
    rng = np.random.default_rng(1)
    label = rng.integers(0, 4, 250)
    data = rng.random((250, 1, 4, 4), np.float32) * 0.5
    for k, quarter in enumerate(label):
        row, column = divmod(int(quarter), 2)
        data[k, 0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] += 0.5
    scope = {"train_data": data[:200], "train_label": label[:200].astype(np.float32),
             "val_data": data[200:], "val_label": label[200:].astype(np.float32)}  # fmt: skip
    with caplog.at_level(logging.INFO):
        exec(compile(SCRIPT.replace("import mxnet as mx", "import dlcore as mx"), "script", "exec"), scope)
    assert scope["prob"].shape == (50, 4)
    np.testing.assert_allclose(scope["prob"].asnumpy().sum(1), 1, atol=1e-5)
    right = (scope["prob"].asnumpy().argmax(1) == label[200:]).mean()
    assert scope["acc"].get() == ("accuracy", pytest.approx(right)) and right > 0.95
    assert "Epoch[11] Validation-accuracy" in caplog.text and "samples/sec" in caplog.text


def test_a_checkpoint_goes_on_exactly(tmp_path) -> None:
    module = bound()
    module.init_optimizer(optimizer="adam", optimizer_params={"learning_rate": 0.05})
    for batch in batches()[:2]:
        module.forward_backward(batch)
        module.update()
    module.save_checkpoint(tmp_path / "net", 3, save_optimizer_states=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net-0003.safetensors", "net-0003.states", "net-symbol.json"]
    again = dl.mod.Module.load(tmp_path / "net", 3, load_optimizer_states=True)
    again.bind([("data", (8, 6))], [("softmax_label", (8,))])
    again.init_optimizer(optimizer="adam", optimizer_params={"learning_rate": 0.05})
    for batch in batches()[2:]:
        for one in (module, again):
            one.forward_backward(batch)
            one.update()
    for mine, theirs in zip(module.get_params(), again.get_params(), strict=True):
        assert mine.keys() == theirs.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name].asnumpy(), theirs[name].asnumpy(), err_msg=name)
    symbol, args, aux = dl.mod.load_checkpoint(tmp_path / "net", 3)
    assert symbol.tojson() == network_json(module) and set(aux) == {"bn_moving_mean", "bn_moving_var"}


def network_json(module: dl.mod.Module) -> str:
    return module.symbol.tojson()


def test_another_batch_size_shares_the_parameters() -> None:
    module = bound()
    module.init_optimizer(optimizer_params={"learning_rate": 0.1})
    for batch in [batches(8)[0], batches(4)[1], batches(8)[2]]:
        module.forward_backward(batch)
        before = module.get_params()[0]["fc2_weight"].asnumpy()
        module.update()
        assert (module.get_params()[0]["fc2_weight"].asnumpy() != before).any()
    module.forward(batches(4)[0], is_train=False)
    assert module.get_outputs()[0].shape == (4, 4) and module.output_shapes == [("softmax_output", (4, 4))]


def test_fixed_parameters_and_factors() -> None:
    x = sym.var("data")
    scale = sym.var("own_weight", lr_mult=0.0, shape=(6,), init="ones")
    net = sym.FullyConnected(sym.broadcast_mul(x, scale), num_hidden=4, name="fc")
    module = dl.mod.Module(sym.SoftmaxOutput(net, name="softmax"), fixed_param_names=["fc_weight"])
    module.bind([("data", (8, 6))], [("softmax_label", (8,))], inputs_need_grad=True)
    module.init_params()
    before = {n: a.asnumpy() for n, a in module.get_params()[0].items()}
    assert before["own_weight"].tolist() == [1] * 6
    module.init_optimizer()
    module.forward_backward(batches()[0])
    module.update()
    after = module.get_params()[0]
    changed = {n for n in before if (after[n].asnumpy() != before[n]).any()}
    assert changed == {"fc_bias"} and np.abs(module.get_input_grads()[0].asnumpy()).max() > 0


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="data_names has 'x'"):
        dl.mod.Module(network(), data_names=["x"])
    module = dl.mod.Module(network())
    with pytest.raises(RuntimeError, match="call bind"):
        module.forward(batches()[0])
    with pytest.raises(ValueError, match="no shape for data"):
        module.bind([("dat", (2, 3))])
    with pytest.raises(ValueError, match="fit: num_epoch"):
        module.fit(None)
    module = bound()
    args, aux = module.get_params()
    with pytest.raises(ValueError, match="arg_params has no fc1_weight"):
        module.set_params({n: a for n, a in args.items() if n != "fc1_weight"}, aux)
    with pytest.raises(ValueError, match="arg_params has other"):
        module.set_params({**args, "other": args["fc1_bias"]}, aux, allow_missing=True)
    module.set_params({**args, "other": args["fc1_bias"]}, aux)  # of a larger network, all that this one needs
    with pytest.raises(ValueError, match=r"fc1_bias: expected shape \(8,\), got \(4,\)"):
        module.set_params({**args, "fc1_bias": args["fc2_bias"]}, aux)
    with pytest.raises(ValueError, match="the batch has 2 data, expected 1: data"):
        module.forward(dl.io.DataBatch([nd.array(DATA[:8])] * 2, []))
    with pytest.raises(RuntimeError, match="init_optimizer"):
        module.update()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lamb"])
@pytest.mark.parametrize("wd", [0.0, 0.1])
def test_all_at_once_is_weight_by_weight(optimizer: str, wd: float) -> None:
    """Multipliers of two kinds; one rule (lamb) that takes several operators; knobs turned in between."""
    found = []
    for at_once in (True, False):
        dl.random.seed(1)
        hidden = dl.sym.FullyConnected(dl.sym.var("data"), dl.sym.var("w", lr_mult=3.0), num_hidden=4, name="a")
        net = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(hidden, num_hidden=3, name="b"), name="softmax")
        model = dl.mod.Module(net)
        model.bind([("data", (6, 5))], [("softmax_label", (6,))])
        model.init_params(dl.init.Normal(0.5))
        model.init_optimizer(optimizer=optimizer, optimizer_params={"learning_rate": 0.05, "wd": wd})
        model._stepper._at_once &= at_once
        batch = dl.io.DataBatch([dl.nd.array(np.arange(30).reshape(6, 5) / 30)], [dl.nd.array(np.arange(6) % 3)])
        for turn in range(4):
            model.forward_backward(batch)
            model.update()
            if turn == 1:
                model._stepper.optimizer.set_knob("lr", 0.1)
                model._stepper.optimizer.set_knob("wd", 0.2 - wd)
        found.append([a.asnumpy() for a in model.get_params()[0].values()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


def test_bad_states_change_nothing(tmp_path: Path) -> None:
    net = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3, name="b"), name="softmax")
    model = dl.mod.Module(net)
    model.bind([("data", (6, 5))], [("softmax_label", (6,))])
    model.init_params(dl.init.Normal(0.5))
    model.init_optimizer(optimizer="adam")
    model.forward_backward(dl.io.DataBatch([dl.nd.ones((6, 5))], [dl.nd.zeros((6,))]))
    model.update()
    path = tmp_path / "states"
    model.save_optimizer_states(path)
    good = path.read_bytes()
    for content in (good[:-2], b"", good.replace(b'{\\"optimizer', b'[\\"optimizer'), good.replace(b"Adam", b"Adem")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="states"):
            model.load_optimizer_states(path)
        assert model._stepper.optimizer.num_update == 1
    path.write_bytes(good.replace(b'{\\"lr\\"', b'{\\"lx\\"'))
    with pytest.raises(ValueError, match=r"states: Adam has the knobs lr, .*, not lx, "):
        model.load_optimizer_states(path)
