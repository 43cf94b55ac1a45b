"""The Trainer: steps, knobs, stale gradients, states, workers, compiled steps."""

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, gluon, optim
from dlcore.comm import Communicator
from dlcore.gluon import _places, nn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int32)


def make(optimizer="sgd", seed=3, **params):
    _core.seed(seed)
    net = nn.HybridSequential(nn.Dense(8, activation="tanh"), nn.BatchNorm(), nn.Dense(2))
    net.initialize(init="xavier")
    net(_core.from_numpy(X))
    return net, gluon.Trainer(net.collect_params(), optimizer, params)


def make_step(net, trainer):
    loss = gluon.loss.SoftmaxCrossEntropyLoss()

    def step(x, y):
        with dl.autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    return step


def weights(net):
    return {path: p.data().asnumpy() for path, p in net.collect_params().items()}


def close(a, b, **kw):
    for path in a:
        np.testing.assert_allclose(a[path], b[path], err_msg=path, **{"rtol": 1e-4, "atol": 1e-5, **kw})


BATCHES = [(_core.from_numpy(X[k::4]), _core.from_numpy(Y[k::4])) for k in range(4)]
OPTIMIZERS = [
    ("sgd", {"learning_rate": 0.1}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01}),
    ("nag", {"learning_rate": 0.1}),
    ("adam", {"learning_rate": 0.01}),
    ("adamw", {"learning_rate": 0.01, "wd": 0.1}),
    ("rmsprop", {"learning_rate": 0.01}),
    ("adagrad", {"learning_rate": 0.1}),
]


@pytest.mark.parametrize(("name", "params"), OPTIMIZERS)
def test_a_compiled_step_does_what_the_plain_one_does_and_obeys_its_knobs(name, params):
    plain_net, plain_trainer = make(name, **params)
    fast_net, fast_trainer = make(name, **params)
    close(weights(plain_net), weights(fast_net), rtol=0, atol=0)
    fast_net[0].weight.lr_mult = plain_net[0].weight.lr_mult = 0.5
    plain = make_step(plain_net, plain_trainer)
    fast = dl.jit(make_step(fast_net, fast_trainer))
    for count, (x, y) in enumerate(BATCHES * 2):
        if count == 3:
            for trainer in (plain_trainer, fast_trainer):
                trainer.set_learning_rate(0.003)
        assert float(plain(x, y).asnumpy()) == pytest.approx(float(fast(x, y).asnumpy()), rel=1e-4)
    close(weights(plain_net), weights(fast_net))
    assert fast.compilations == 1
    assert plain_trainer.optimizer.num_update == fast_trainer.optimizer.num_update == 8


def test_a_compiled_step_follows_a_schedule():
    schedule = dict(learning_rate=0.5, lr_scheduler=optim.lr_scheduler.FactorScheduler(2, 0.1))
    nets = [make("sgd", **schedule) for _ in range(2)]
    plain, fast = make_step(*nets[0]), dl.jit(make_step(*nets[1]))
    rates = []
    for x, y in BATCHES:
        plain(x, y)
        fast(x, y)
        rates.append((nets[0][1].learning_rate, nets[1][1].learning_rate))
    np.testing.assert_allclose(rates, [[0.5, 0.5], [0.5, 0.5], [0.05, 0.05], [0.05, 0.05]], rtol=1e-6)
    close(weights(nets[0][0]), weights(nets[1][0]))


def test_a_compiled_step_can_begin_with_parameters_that_have_no_shape_yet():
    _core.seed(3)
    net = nn.HybridSequential(nn.Dense(8, activation="tanh"), nn.BatchNorm(), nn.Dense(2))
    net.initialize(init="xavier")
    trainer = gluon.Trainer(net.collect_params(), "adam")
    step = dl.jit(make_step(net, trainer))
    for x, y in BATCHES:
        step(x, y)
    plain_net, plain_trainer = make("adam")
    plain = make_step(plain_net, plain_trainer)
    for x, y in BATCHES:
        plain(x, y)
    close(weights(plain_net), weights(net))


def test_training_learns():
    net, trainer = make("adam", learning_rate=0.02)
    step = dl.jit(make_step(net, trainer))
    losses = [float(step(x, y).asnumpy()) for _ in range(60) for x, y in BATCHES]
    assert np.mean(losses[-4:]) < 0.1 < 0.5 < losses[0]


def test_batch_size_divides_the_gradient():
    nets = [make("sgd", learning_rate=0.1) for _ in range(2)]
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    for (net, trainer), mean in zip(nets, (True, False), strict=True):
        with dl.autograd.record():
            value = loss(net(_core.from_numpy(X)), _core.from_numpy(Y))
            value = value.mean() if mean else value.sum()
        value.backward()
        trainer.step(1 if mean else len(X))
    close(weights(nets[0][0]), weights(nets[1][0]))


def test_a_gradient_that_was_not_renewed_is_named():
    net, trainer = make("sgd")
    step = make_step(net, trainer)
    step(*BATCHES[0])
    with pytest.raises(UserWarning, match="Parameter 0.weight: its gradient has not been renewed"):
        trainer.step(1)
    before = weights(net)
    trainer.step(1, ignore_stale_grad=True)
    close(before, weights(net), rtol=0, atol=0)
    step(*BATCHES[0])
    net.zero_grad()
    with pytest.raises(UserWarning):
        trainer.step(1)
    before = weights(net)
    with dl.autograd.record():
        part = net[0](_core.from_numpy(X)).sum()
    part.backward()
    trainer.step(len(X), ignore_stale_grad=True)
    after = weights(net)
    assert (after["0.weight"] != before["0.weight"]).any() and (after["2.weight"] == before["2.weight"]).all()


def test_parameters_without_gradient_stay():
    net, trainer = make("sgd", learning_rate=1.0)
    net[0].setattr("grad_req", "null")
    before = weights(net)
    make_step(net, trainer)(*BATCHES[0])
    after = weights(net)
    assert (after["0.weight"] == before["0.weight"]).all() and (after["2.weight"] != before["2.weight"]).any()
    assert (after["1.running_mean"] != before["1.running_mean"]).any()


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_states_continue_exactly(tmp_path, name):
    params = {"momentum": 0.9} if name == "sgd" else {}
    net, trainer = make(name, **params)
    step = make_step(net, trainer)
    for x, y in BATCHES:
        step(x, y)
    trainer.set_learning_rate(0.05)
    net.save_parameters(tmp_path / "net")
    trainer.save_states(tmp_path / "trainer")
    for x, y in BATCHES:
        step(x, y)
    other_net, other = make(name, seed=9, **params)
    other_net.load_parameters(tmp_path / "net")
    other.load_states(tmp_path / "trainer")
    assert other.learning_rate == 0.05 and other.optimizer.num_update == 4
    other_step = make_step(other_net, other)
    for x, y in BATCHES:
        other_step(x, y)
    close(weights(net), weights(other_net), rtol=0, atol=0)


def test_states_of_something_else_are_refused(tmp_path):
    net, trainer = make("adam")
    trainer.save_states(tmp_path / "adam")
    with pytest.raises(ValueError, match="made with the optimizer Adam, this one is SGD"):
        make("sgd")[1].load_states(tmp_path / "adam")
    net.save_parameters(tmp_path / "net")
    with pytest.raises(ValueError, match="not a file of Trainer.save_states"):
        trainer.load_states(tmp_path / "net")
    small = nn.Dense(1, in_units=1)
    small.initialize()
    with pytest.raises(ValueError, match=r"expected shape .*, found None|expected shape None"):
        gluon.Trainer(small.collect_params(), "adam").load_states(tmp_path / "adam")


class TwoWorkers:
    """A communicator that knows what the other worker's gradients are."""

    rank, size = 0, 2

    def __init__(self):
        self.others = None

    def allreduce(self, arrays, op):
        assert op == "mean"
        for mine, theirs in zip(arrays, self.others, strict=True):
            _core.assign(mine, (mine + theirs) / 2)


def test_gradients_are_averaged_over_workers():
    whole_net, whole = make("sgd", learning_rate=0.1)
    comm = TwoWorkers()
    net, _ = make("sgd")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1}, comm=comm)
    loss = gluon.loss.SoftmaxCrossEntropyLoss()

    def grads(some, part):
        with dl.autograd.record(train_mode=False):  # running statistics would differ between halves
            value = loss(some(_core.from_numpy(X[part])), _core.from_numpy(Y[part])).mean()
        value.backward()
        return [p.grad() for p in some.collect_params().values() if p.grad_req != "null"]

    grads(whole_net, slice(None))
    whole.step(1)
    comm.others = [g.copy() for g in grads(net, slice(16, 32))]
    grads(net, slice(0, 16))
    trainer.step(1)
    close(weights(whole_net), weights(net))


class Halves(Communicator):
    """The other of two workers has the second half of a batch: its gradients are added to those of the first."""

    rank, size = 0, 2

    def __init__(self):
        self.others, self.calls = [], 0

    def allreduce(self, arrays, op="sum"):
        self.calls += 1
        (mine,) = arrays
        theirs = np.concatenate([g.asnumpy().ravel() for g in self.others])
        _core.assign(mine, mine + _core.from_numpy(theirs.astype(mine._dtype_name)))

    def broadcast(self, arrays, root=0):
        raise AssertionError

    barrier = broadcast


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_compiled_step_averages_over_workers_inside(dtype, monkeypatch):
    """Forward, loss, gradients, their average and the update are one program, called once more for another half."""
    monkeypatch.setattr(_places, "used", [True])  # as if another network were on several devices
    comm, loss = Halves(), gluon.loss.SoftmaxCrossEntropyLoss()
    nets, trainers = [], []
    for kind in (None, comm, None):  # the whole batch in one worker; the first half; the second, without a trainer
        _core.seed(3)
        nets.append(nn.HybridSequential(nn.Dense(8, activation="tanh", in_units=6), nn.Dense(2, in_units=8)))
        nets[-1].initialize(init="xavier")
        nets[-1].cast(dtype)
        trainers.append(gluon.Trainer(nets[-1].collect_params(), "adam", {"learning_rate": 0.1}, comm=kind))

    def backward(net, part):
        with dl.autograd.record():
            value = loss(net(_core.from_numpy(X[part].astype(dtype))), _core.from_numpy(Y[part])).mean()
        value.backward()

    def step(x, y):
        with dl.autograd.record():
            value = loss(nets[1](x), y).mean()
        value.backward()
        trainers[1].step(1)
        return value

    run = dl.jit(step)
    for k in range(3):
        for mine, theirs in zip(nets[2].collect_params().values(), nets[1].collect_params().values(), strict=True):
            mine.set_data(theirs.data())
        backward(nets[2], slice(16, 32))
        comm.others = trainers[2].gradients()
        run(_core.from_numpy(X[:16].astype(dtype)), _core.from_numpy(Y[:16]))
        backward(nets[0], slice(None))
        trainers[0].step(1)
        assert comm.calls == k + 1 and run.compilations == 1
        close(weights(nets[0]), weights(nets[1]), rtol=1e-4 if dtype == "float32" else 1e-9, atol=1e-6)
    assert "allreduce" in {node.op.strip("_") for node in run.entries()[0].plain.graph.nodes}


def test_params_may_be_a_list_and_are_taken_once():
    dense = nn.Dense(2, in_units=2)
    dense.initialize()
    trainer = gluon.Trainer([dense.weight, dense.bias, dense.weight], optim.SGD(0.1))
    assert len(trainer._params) == 2 and trainer.learning_rate == 0.1
    with pytest.raises(TypeError, match="sequence of Parameters, got 1 \\(int\\) at place 0"):
        gluon.Trainer([1], "sgd")
    with pytest.raises(ValueError, match="is complete, so wd cannot be given"):
        gluon.Trainer([dense.weight], optim.SGD(0.1), {"wd": 0.1})


def test_gradients_of_a_compiled_backward_count_as_renewed():
    net, trainer = make("sgd", learning_rate=0.1)
    other_net, other = make("sgd", learning_rate=0.1)
    loss = gluon.loss.SoftmaxCrossEntropyLoss()

    @dl.jit
    def backward(x, y):
        with dl.autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        return value

    plain = make_step(other_net, other)
    for x, y in BATCHES:
        backward(x, y)
        trainer.allreduce_grads()
        trainer.update(1)
        plain(x, y)
    close(weights(net), weights(other_net))
    with pytest.raises(UserWarning, match="has not been renewed"):
        trainer.update(1)
