"""Blocks: structure, names, initialization, saving, hooks, errors, hybridize."""

import copy
import pickle

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, gluon
from dlcore.gluon import nn


def array(*shape, seed=0):
    return _core.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


class Net(gluon.Block):
    def __init__(self, **kw):
        super().__init__(**kw)
        with self.name_scope():
            self.features = nn.HybridSequential()
            self.features.add(nn.Dense(8, activation="relu"), nn.Dense(4))
            self.head = nn.Dense(2)

    def forward(self, x):
        return self.head(self.features(x))


PATHS = ["features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias", "head.weight", "head.bias"]


def test_parameters_are_named_by_path_and_selected_by_pattern():
    net = Net(prefix="model_")
    assert list(net.collect_params()) == PATHS
    assert list(net.collect_params(".*weight")) == PATHS[::2]
    assert list(net.collect_params("features.1|head.bias")) == ["features.1.weight", "features.1.bias", "head.bias"]
    assert list(net.collect_params("model_dense2_.*")) == ["head.weight", "head.bias"]
    assert net.name == "model" and net.head.prefix == "model_dense2_" and net.head.name == "model_dense2"
    assert Net().name != Net().name


def test_shapes_are_learned_at_the_first_call():
    net = Net()
    net.initialize()
    assert net(array(5, 3, 2)).shape == (5, 2)
    assert [p.shape for p in net.collect_params().values()] == [(8, 6), (8,), (4, 8), (4,), (2, 4), (2,)]


def test_errors_name_the_layer_what_was_expected_and_what_came():
    net = Net(prefix="net_")
    with pytest.raises(RuntimeError, match="has not been initialized: call initialize") as caught:
        net(array(1, 6))
    assert "in layer net.features.0 Dense(? -> 8, relu)" in str(caught.value)
    net.initialize()
    net(array(1, 6))
    with pytest.raises(ValueError) as caught:
        net(array(1, 7))
    text = str(caught.value)
    assert text.count("in layer") == 1 and "net.features.0" in text and "(1, 7)" in text and "(8, 6)" in text
    conv = nn.Conv2D(4, 3)
    conv.initialize()
    with pytest.raises(ValueError, match=r"expected x of shape \(n, c, h, w\), got \(5, 5\)"):
        conv(array(5, 5))
    assert _core.current_scope() == "", "a failing call must leave no layer behind"

    class Own(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.w = gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)

        def forward(self, x):
            return x

    own = Own()
    own.initialize()
    with pytest.raises(ValueError, match=r"shape of w \(0, 2\) is not known; give it, or define infer_shape"):
        own(array(1))


def test_wrong_use_is_explained():
    class Forgot(gluon.Block):
        def __init__(self):
            self.dense = nn.Dense(1)

    with pytest.raises(RuntimeError, match=r"Forgot: call super\(\).__init__\(\) before setting 'dense'"):
        Forgot()
    with pytest.raises(TypeError, match="HybridSequential: expected hybrid blocks, got Lambda"):
        nn.HybridSequential().add(nn.Lambda(lambda x: x))
    net = Net()
    net.size = 3
    with pytest.raises(TypeError, match="Net.size: cannot replace int by Dense"):
        net.size = nn.Dense(1)
    with pytest.raises(ValueError, match="activation must be one of relu, .*got 'rleu'"):
        nn.Dense(1, activation="rleu")


def test_save_and_load(tmp_path):
    net, other = Net(), Net()
    net.initialize()
    x = array(3, 6)
    expected = net(x).asnumpy()
    net.save_parameters(tmp_path / "net")
    other.load_parameters(tmp_path / "net")  # not even initialized
    assert (other(x).asnumpy() == expected).all()
    other.initialize(init="zeros", force_reinit=True)
    data = other.head.weight.data()
    other.load_parameters(tmp_path / "net")
    assert other.head.weight.data() is data and (other(x).asnumpy() == expected).all()


def test_loading_tells_every_fault_and_then_changes_nothing(tmp_path):
    net, other = Net(), nn.HybridSequential()
    net.initialize()
    net(array(1, 6))
    net.features.save_parameters(tmp_path / "f")
    other.add(nn.Dense(8), nn.Dense(5, in_units=8), nn.Dense(1, in_units=5))
    other.initialize(init="ones")
    before = other[2].weight.data().asnumpy()
    with pytest.raises(ValueError) as caught:
        other.load_parameters(tmp_path / "f")
    text = str(caught.value)
    assert "2.weight: missing in the file" in text
    assert "1.weight: expected shape (5, 8), found (4, 8)" in text
    assert other[0].weight._data is None and (other[2].weight.data().asnumpy() == before).all()
    with pytest.raises(ValueError, match="1.weight: not a parameter of this network"):
        nn.Sequential(nn.Dense(8)).load_parameters(tmp_path / "f")
    small = nn.Sequential(nn.Dense(8))
    small.load_parameters(tmp_path / "f", ignore_extra=True)
    assert (small[0].weight.data().asnumpy() == net.features[0].weight.data().asnumpy()).all()
    large = nn.Sequential(nn.Dense(8), nn.Dense(4), nn.Dense(3, in_units=4))
    large.initialize()
    large.load_parameters(tmp_path / "f", allow_missing=True)
    assert large(array(2, 6)).shape == (2, 3)


def test_dtypes_of_files(tmp_path):
    net = nn.Dense(2, in_units=3)
    net.initialize()
    net.save_parameters(tmp_path / "w")
    half = nn.Dense(2, in_units=3, dtype="float16")
    with pytest.raises(ValueError, match="weight: expected dtype float16, found float32"):
        half.load_parameters(tmp_path / "w")
    half.load_parameters(tmp_path / "w", cast_dtype=True)
    assert half.weight.data().dtype == np.float16
    half.load_parameters(tmp_path / "w", dtype_source="saved")
    assert half.weight.data().dtype == np.float32
    assert (half.weight.data().asnumpy() == net.weight.data().asnumpy()).all()


def test_shared_parameters_learn_together_and_are_saved_once(tmp_path):
    first = nn.Dense(4, in_units=4)
    second = nn.Dense(4, in_units=4, params=first.params)
    assert second.weight is first.weight
    net = nn.Sequential(first, second)
    net.initialize()
    net.save_parameters(tmp_path / "all")
    net.save_parameters(tmp_path / "once", deduplicate=True)
    assert sorted(dl.io.load_arrays(tmp_path / "once")) == ["0.bias", "0.weight"]
    assert len(dl.io.load_arrays(tmp_path / "all")) == 4
    net.load_parameters(tmp_path / "once")
    net.load_parameters(tmp_path / "all")
    a, b = Net(), Net()
    b.share_parameters(a.collect_params())
    assert [b.collect_params()[path] is p for path, p in a.collect_params().items()] == [True] * 6


def test_hooks_and_apply():
    net = Net()
    net.initialize()
    seen = []
    before = net.features[1].register_forward_pre_hook(lambda block, args: seen.append(("before", args[0].shape)))
    after = net.features[1].register_forward_hook(lambda block, args, out: seen.append(("after", out.shape)))
    net(array(5, 6))
    assert seen == [("before", (5, 8)), ("after", (5, 4))]
    before.detach()
    with after:
        net(array(5, 6))
    net(array(5, 6))
    assert seen[2:] == [("after", (5, 4))]
    kinds = []
    assert net.apply(lambda block: kinds.append(type(block).__name__)) is net
    assert kinds == ["Dense", "Dense", "HybridSequential", "Dense", "Net"]


def test_cast_and_setattr():
    net = nn.HybridSequential(nn.Dense(3), nn.BatchNorm(), nn.Dense(2))
    net.initialize()
    net(array(4, 5))
    net.cast("float16")
    dtypes = {path: p.data().dtype.name for path, p in net.collect_params().items()}
    assert dtypes["0.weight"] == dtypes["2.bias"] == "float16" and dtypes["1.running_mean"] == "float32"
    net.setattr("grad_req", "null")
    assert all(p.grad_req == "null" for p in net.collect_params().values())
    net.cast("float64")
    assert net(_core.from_numpy(np.ones((4, 5)))).dtype == np.float64


def test_repr_and_summary(capsys):
    net = Net(prefix="net_")
    net.initialize()
    assert repr(net) == (
        "Net(\n  (features): HybridSequential(\n    (0): Dense(? -> 8, relu)\n    (1): Dense(? -> 4)\n  )\n"
        "  (head): Dense(? -> 2)\n)"
    )
    net.summary(array(5, 6))
    first = capsys.readouterr().out
    assert "features.0 (Dense)" in first and "(5, 8)" in first and "Parameters: 102, of which trainable: 102" in first
    net.summary((5, 6))
    assert capsys.readouterr().out == first
    net.hybridize()
    net(array(5, 6))
    net.summary((5, 6))
    assert capsys.readouterr().out == first
    twice = nn.Dense(4, in_units=4)
    shared = nn.Sequential(twice, nn.Dense(4, in_units=4, params=twice.params), nn.BatchNorm(in_channels=4))
    shared.initialize()
    shared.summary((2, 4))
    out = capsys.readouterr().out
    assert "Parameters: 36, of which trainable: 28" in out and "counted there: 20" in out


def test_sequential_is_a_sequence():
    layers = [nn.Dense(3), nn.Activation("tanh"), nn.Dense(2)]
    for net in (nn.Sequential(*layers), nn.HybridSequential(*layers)):
        assert len(net) == 3 and list(net) == layers and net[-1] is layers[2]
        part = net[1:]
        assert type(part) is type(net) and list(part) == layers[1:]


@pytest.mark.parametrize("through", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("hybrid", [False, True])
def test_copies_have_their_own_weights(through, hybrid):
    net = nn.HybridSequential(nn.Dense(3, activation="relu"), nn.BatchNorm(), nn.Dense(2))
    net.initialize()
    if hybrid:
        net.hybridize()
    x = array(4, 5)
    net(x)
    expected = net(x).asnumpy()
    other = through(net)
    np.testing.assert_allclose(other(x).asnumpy(), expected, rtol=1e-6)
    other[0].weight.set_data(np.zeros((3, 5)))
    other(x)
    np.testing.assert_array_equal(net(x).asnumpy(), expected)


class Old(gluon.HybridBlock):
    """The older style, with its own parameter and several inputs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.scale = self.params.get("scale", shape=(3,), init="ones")
            self.dense = nn.Dense(3)

    def hybrid_forward(self, F, x, y, scale):
        return F.broadcast_mul(self.dense(x), scale) + F.sigmoid(y)


@pytest.mark.parametrize("hybrid", [False, True])
def test_hybrid_forward(hybrid):
    net = Old()
    net.initialize(init="ones")
    if hybrid:
        net.hybridize(static_alloc=True)
    net.scale.set_data(np.array([1.0, 2.0, 3.0]))
    for _ in range(2):
        out = net(dl.nd.ones((2, 4)), dl.nd.zeros((2, 3))).asnumpy()
        np.testing.assert_allclose(out, [[4.5, 8.5, 12.5]] * 2)
    assert list(net.collect_params()) == ["scale", "dense.weight", "dense.bias"]


def mlp():
    return nn.HybridSequential(nn.Dense(8, activation="tanh"), nn.BatchNorm(), nn.Dense(3))


def test_hybridized_forward_gradients_and_running_statistics_agree_with_plain():
    plain, fast = mlp(), mlp()
    plain.initialize()
    x = array(6, 4)
    plain(x)
    fast.initialize()
    fast(x)
    for mine, theirs in zip(fast.collect_params().values(), plain.collect_params().values(), strict=True):
        mine.set_data(theirs.data())
    fast.hybridize()
    for step in range(3):
        outputs = []
        for net in (plain, fast):
            with dl.autograd.record():
                y = net(array(6, 4, seed=step))
                loss = (y * y).sum()
            loss.backward()
            outputs.append(y.asnumpy())
        np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-5, atol=1e-6)
        for path, p in plain.collect_params().items():
            q = fast.collect_params()[path]
            np.testing.assert_allclose(p.data().asnumpy(), q.data().asnumpy(), rtol=1e-5, atol=1e-6, err_msg=path)
            if p.grad_req != "null":
                np.testing.assert_allclose(p.grad().asnumpy(), q.grad().asnumpy(), rtol=1e-4, atol=1e-5, err_msg=path)
    assert abs(fast[1].running_mean.data().asnumpy()).max() > 0
    np.testing.assert_allclose(plain(x).asnumpy(), fast(x).asnumpy(), rtol=1e-5, atol=1e-6)


def test_a_compiled_block_runs_python_once_and_sees_new_weights():
    calls = []

    class Counted(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(2, in_units=3)

        def forward(self, x):
            calls.append(x.shape)
            return self.dense(x)

    net = Counted()
    net.initialize(init="ones")
    net.hybridize()
    x = dl.nd.ones((1, 3))
    assert net(x).asnumpy().tolist() == [[3, 3]]
    count = len(calls)
    net.dense.weight.set_data(np.full((2, 3), 2.0))
    assert net(x).asnumpy().tolist() == [[6, 6]] and len(calls) == count
    net.dense.weight.cast("float64")  # a new array: the compiled form must follow
    net.dense.weight.set_data(np.full((2, 3), 3.0))
    net.dense.bias.cast("float64")
    assert net(x).asnumpy().tolist() == [[9, 9]]
    net.dense = nn.Dense(1, in_units=3, weight_initializer="ones")
    net.dense.initialize()
    assert net(x).asnumpy().tolist() == [[3]]
    net.hybridize(False)
    count = len(calls)
    net(x)
    net(x)
    assert len(calls) == count + 2


def test_hybridize_may_be_called_again():
    net = nn.Dense(3, in_units=2)
    net.initialize()
    x = array(1, 2)
    want = net(x).asnumpy()
    for active in (True, True, False, True):
        net.hybridize(active)
        np.testing.assert_allclose(net(x).asnumpy(), want, rtol=1e-6)


def test_a_network_that_waits_for_its_shapes_can_be_pickled():
    net = Net()
    net.initialize(init="ones")
    other = pickle.loads(pickle.dumps(net))
    assert other(dl.nd.ones((2, 6))).shape == (2, 2)
    assert (other.features[0].weight.data().asnumpy() == 1).all()
