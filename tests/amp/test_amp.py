"""Mixed precision: which operator computes in what, training as well as in float32, loss scaling."""

import threading

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, amp, autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.ops import F
from dlcore.ops._record import RECORDS


@pytest.fixture(autouse=True)
def _as_found():
    yield
    amp.stop()
    amp.set_lists()
    assert _core.autocast_dtype() == "off"


def dtypes_of(outputs):
    many = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return {o._dtype_name for o in many if o._dtype_name not in ("int64", "bool")}


def call(name, dtype):
    """The operator `name` on small arrays of `dtype`: unary ones, and the few that need shapes of their own."""
    x = nd.array(np.linspace(0.1, 0.9, 6).reshape(2, 3), dtype=dtype)
    row, square = nd.array([0.5, 0.2, 0.1], dtype=dtype), nd.array(np.eye(3), dtype=dtype)
    images = {n: nd.array(np.ones((1, 2) + (4,) * n), dtype=dtype) for n in (1, 2, 3)}
    kernels = {n: nd.array(np.ones((2, 2) + (3,) * n), dtype=dtype) for n in (1, 2, 3)}
    special = {
        "dense": lambda f: f(x, square, row),
        "matmul": lambda f: f(x, square),
        "power": lambda f: f(x, x),
        "layer_norm": lambda f: f(x, row, row),
        "rms_norm": lambda f: f(x, row),
        "softmax_cross_entropy": lambda f: f(x, nd.array([0, 2], dtype="int64")),
    }
    for n in (1, 2, 3):
        special[f"conv{n}d"] = lambda f, n=n: f(images[n], kernels[n], None)
        special[f"deconv{n}d"] = lambda f, n=n: f(images[n], kernels[n], None)
    function = getattr(dl.ops.F, name)
    return special.get(name, lambda f: f(x))(function)


UNARY = [n for n in amp.WIDE if len(RECORDS[n].inputs) == 1]
WIDE = [*UNARY, "power", "layer_norm", "rms_norm", "softmax_cross_entropy"]


@pytest.mark.parametrize("narrow", amp.DTYPES)
@pytest.mark.parametrize("name", amp.NARROW)
def test_products_are_computed_in_16_bits(name, narrow):
    assert dtypes_of(call(name, "float32")) == {"float32"}
    with amp.autocast(narrow):
        assert dtypes_of(call(name, "float32")) == {narrow}
        assert dtypes_of(call(name, "float64")) == {"float64"}  # asked for on purpose


@pytest.mark.parametrize("name", WIDE)
def test_sensitive_operators_are_computed_in_float32(name):
    assert dtypes_of(call(name, "bfloat16")) == {"bfloat16"}
    with amp.autocast():
        assert dtypes_of(call(name, "bfloat16")) == {"float32"}
        assert dtypes_of(call(name, "float64")) == {"float64"}


def test_every_operator_on_a_list_exists_and_stands_on_one():
    assert set(amp.NARROW) | set(amp.WIDE) <= set(RECORDS)
    assert not set(amp.NARROW) & set(amp.WIDE)
    assert {*amp.list_lp16_ops(), *amp.list_fp32_ops(), *amp.list_lp16_fp32_ops()} == set(RECORDS)


def test_other_operators_take_the_widest_of_their_operands():
    half, whole = nd.ones((2,), dtype="bfloat16"), nd.ones((2,))
    with amp.autocast():
        assert nd.relu(half)._dtype_name == "bfloat16"
        assert (half + whole)._dtype_name == "float32"
        assert (half * 2.0)._dtype_name == "bfloat16"


@pytest.mark.parametrize("last", [False, True])
def test_batch_norm_reads_16_bits_and_keeps_its_sums_in_float32(last):
    rng = np.random.default_rng(4)
    x = nd.array(rng.normal(3, 2, (6, 20, 5, 7)).astype("float32")).astype("bfloat16")
    g = nd.array(rng.normal(size=(6, 20, 5, 7)).astype("float32")).astype("bfloat16")
    if last:
        x, g = (nd.array(v.transpose((0, 2, 3, 1)).copy()).transpose((0, 3, 1, 2)) for v in (x, g))
    gamma, beta = nd.array(rng.normal(1, 0.3, 20).astype("float32")), nd.array(rng.normal(size=20).astype("float32"))
    with amp.autocast():
        y, mean, var = F.batch_norm_train(x, gamma, beta)
        dx, dgamma, dbeta = F._batch_norm_grad(g, x, gamma, mean, var)
    assert [v._dtype_name for v in (y, dx)] == ["bfloat16"] * 2
    assert [v._dtype_name for v in (mean, var, dgamma, dbeta)] == ["float32"] * 4
    wide_x, wide_g = x.astype("float32"), g.astype("float32")
    wide_y, *statistics = F.batch_norm_train(wide_x, gamma, beta)
    wide_dx, *slopes = F._batch_norm_grad(wide_g, wide_x, gamma, *statistics)
    for got, want in zip((mean, var, dgamma, dbeta), (*statistics, *slopes), strict=True):
        np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-5, atol=1e-5)
    for got, want in ((y, wide_y), (dx, wide_dx)):
        np.testing.assert_allclose(got.astype("float32").asnumpy(), want.asnumpy(), rtol=2**-8, atol=1e-5)


def test_scopes_nest_and_switch_off():
    a = nd.ones((2, 2))
    with amp.autocast():
        with amp.autocast(enabled=False):
            assert not amp.is_active()
            assert dl.np.matmul(a, a)._dtype_name == "float32"
        with amp.autocast("float16"):
            assert dl.np.matmul(a, a)._dtype_name == "float16"
        assert dl.np.matmul(a, a)._dtype_name == "bfloat16"
    assert dl.np.matmul(a, a)._dtype_name == "float32"


def test_a_scope_belongs_to_its_thread_and_init_to_all():
    a, seen = nd.ones((2, 2)), []

    def work():
        seen.append(dl.np.matmul(a, a)._dtype_name)

    def on_a_thread():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    with amp.autocast():
        on_a_thread()
    amp.init("float16")
    on_a_thread()
    assert seen == ["float32", "float16"]


def test_lists_are_data():
    a = nd.ones((2, 2))
    amp.init(fp32_ops=["matmul"], target_precision_ops=["exp"])
    assert dl.np.matmul(a, a)._dtype_name == "float32"
    assert nd.exp(a)._dtype_name == "bfloat16"
    assert "exp" in amp.list_lp16_ops() and "matmul" in amp.list_fp32_ops()
    with pytest.raises(KeyError, match="no operator 'nothing'"):
        amp.set_lists(["nothing"])
    with pytest.raises(ValueError, match="matmul cannot compute both"):
        amp.set_lists(["matmul"], ["matmul"])
    with pytest.raises(ValueError, match="bfloat16, float16, got float64"):
        amp.autocast("float64")
    with pytest.raises(ValueError, match="amp.init: operators go on one of .*; conditional_fp32_ops is not supported"):
        amp.init(conditional_fp32_ops=[("exp", "mode", ["x"])])
    with pytest.raises(ValueError, match="LossScaler: expected init_scale > 0, .* got 0, 2.0, 2000 and 1.0"):
        amp.LossScaler(init_scale=0)


def test_changed_lists_compile_again():
    f = dl.jit(lambda x: dl.np.matmul(x, x))
    a = nd.ones((2, 2))
    with amp.autocast():
        assert f(a)._dtype_name == "bfloat16"
    assert f(a)._dtype_name == "float32"
    amp.set_lists(narrow=["dense"])
    with amp.autocast():
        assert f(a)._dtype_name == "float32"
    assert f.compilations == 3


def test_gradients_of_parameters_are_float32():
    net = nn.Dense(4, in_units=3)
    net.initialize()
    x = nd.array(np.random.randn(5, 3).astype("float32"))

    with autograd.record(), amp.autocast():
        y = net(x)
        loss = (y.astype("float32") ** 2).sum()
    assert y._dtype_name == "bfloat16"
    loss.backward()
    assert net.weight.grad()._dtype_name == "float32"
    w, b = net.weight.data().asnumpy(), net.bias.data().asnumpy()
    expected = 2 * (x.asnumpy() @ w.T + b).T @ x.asnumpy()
    np.testing.assert_allclose(net.weight.grad().asnumpy(), expected, rtol=0.03, atol=0.03)  # 8 bits of mantissa


def test_a_parameter_that_changed_is_cast_again():
    w = nd.ones((2, 2))
    w.attach_grad()
    with amp.autocast(), autograd.record():
        first = dl.np.matmul(w, w)
        with autograd.pause():
            w[...] = 2
        second = dl.np.matmul(w, nd.ones((2, 2)))
    assert first.asnumpy().astype("float32").tolist() == [[2, 2], [2, 2]]
    assert second.asnumpy().astype("float32").tolist() == [[4, 4], [4, 4]]


def test_two_backward_passes_in_one_scope():
    w = nd.ones((2, 2))
    w.attach_grad()
    with amp.autocast():
        for _ in range(2):
            with autograd.record():
                loss = dl.np.matmul(w, nd.ones((2, 2))).sum()
            loss.backward()
            assert w.grad.tolist() == [[2, 2], [2, 2]]


def digits(count, seed):
    """Pictures of ten classes, 12x12: one random pattern each, under noise."""
    shapes = np.random.default_rng(0).normal(size=(10, 1, 12, 12)).astype("float32")
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    pictures = shapes[labels] + rng.normal(size=(count, 1, 12, 12)) * 1.5
    return pictures.astype("float32"), labels.astype("int64")


def network():
    _core.seed(3)
    np.random.seed(3)
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(2), nn.Flatten())
    net.add(nn.Dense(64, activation="relu"), nn.Dense(10))
    net.initialize(init=dl.init.Xavier())
    net(nd.ones((1, 1, 12, 12)))
    return net


def train(dtype, compiled, scaled=False, steps=60):
    """Losses, accuracy on other pictures, and the trainer."""
    net = network()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 3e-3})
    if scaled:
        amp.init_trainer(trainer, amp.LossScaler(2.0**12, scale_window=20))
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()

    def step(x, y):
        with autograd.record(), amp.autocast(dtype or "bfloat16", enabled=dtype is not None):
            loss = criterion(net(x), y).mean()
        if scaled:
            with amp.scale_loss(loss, trainer) as bigger:
                bigger.backward()
        else:
            loss.backward()
        trainer.step(1)
        return loss

    run = dl.jit(step) if compiled else step
    pictures, labels = digits(steps * 32, 1)
    losses = []
    for i in range(steps):
        part = slice(i * 32, i * 32 + 32)
        losses.append(float(run(nd.array(pictures[part]), nd.array(labels[part], dtype="int64")).item()))
    held, truth = digits(400, 2)
    accuracy = float((net(nd.array(held)).asnumpy().argmax(1) == truth).mean())
    assert all(p.data()._dtype_name == "float32" for p in net.collect_params().values())
    return np.array(losses), accuracy, trainer


@pytest.fixture(scope="module")
def reference():
    return train(None, True)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", amp.DTYPES)
def test_training_is_as_good_as_in_float32(reference, dtype, compiled):
    losses, accuracy, _ = train(dtype, compiled, scaled=dtype == "float16")
    expected, before = reference[0], reference[1]
    np.testing.assert_allclose(losses[:5], expected[:5], rtol=0.03)  # later steps follow paths of their own
    assert expected[-1] < 0.5 * expected[0] and losses[-10:].mean() < 1.15 * expected[-10:].mean() + 0.02
    assert before > 0.8 and accuracy > before - 0.04


@pytest.mark.parametrize("compiled", [False, True])
def test_an_overflow_leaves_the_step_out_and_lowers_the_scale(compiled):
    net = nn.Dense(1, in_units=2, use_bias=False)
    net.initialize(init="ones")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    amp.init_trainer(trainer, amp.LossScaler(1024.0, scale_window=2))

    def step(x):
        with autograd.record():
            loss = net(x).sum()
            with amp.scale_loss(loss, trainer) as bigger:
                bigger.backward()
        trainer.step(1)
        return loss

    run = dl.jit(step) if compiled else step
    good, bad = nd.array([[1.0, 2.0]]), nd.array([[1.0, np.inf]])
    scales, weights = [], []
    for x in (good, bad, good, good, bad):
        run(x)
        scales.append(trainer.loss_scaler.loss_scale)
        weights.append(net.weight.data().asnumpy().copy())
    assert scales == [1024, 512, 512, 1024, 512]
    np.testing.assert_allclose(weights[0], [[0.9, 0.8]], rtol=1e-6)
    np.testing.assert_array_equal(weights[1], weights[0])
    np.testing.assert_allclose(weights[2], weights[1] - 0.1 * 1.9 * np.array([[1, 2]]), rtol=1e-6)  # momentum was kept
    np.testing.assert_array_equal(weights[4], weights[3])


def test_unscaled_gradients_can_be_clipped_before_the_step():
    net = nn.Dense(1, in_units=1, use_bias=False)
    net.initialize(init="ones")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0})
    with pytest.raises(ValueError, match="call amp.init_trainer"):
        amp.unscale(trainer)
    amp.init_trainer(trainer, amp.LossScaler(64.0))
    with autograd.record():
        loss = net(nd.array([[3.0]])).sum()
    with amp.scale_loss([loss], trainer) as bigger:
        autograd.backward(bigger)
    assert net.weight.grad().item() == 192
    amp.unscale(trainer)
    assert net.weight.grad().item() == 3
    net.weight.grad()[...] = 0.5
    trainer.step(1)
    assert net.weight.data().item() == 0.5


def test_a_converted_block_returns_float32_and_compiles():
    net = network()
    x = nd.array(digits(4, 5)[0])
    plain, mixed = net(x).asnumpy(), amp.convert_hybrid_block(net)
    eager = mixed(x)
    mixed.hybridize()
    compiled = mixed(x)
    assert eager._dtype_name == compiled._dtype_name == "float32"
    assert 0 < np.abs(eager.asnumpy() - plain).max() < 0.1
    np.testing.assert_allclose(compiled.asnumpy(), eager.asnumpy(), rtol=0.05, atol=0.02)


def test_results_do_not_depend_on_the_thread_count():
    a = nd.array(np.random.randn(64, 256).astype("float32"))
    b = nd.array(np.random.randn(256, 128).astype("float32"))
    f = dl.jit(lambda a, b: nd.relu(dl.np.matmul(a, b)).sum())
    found = set()
    before = _core.num_threads()
    try:
        for count in (1, 2, 3):
            _core.set_num_threads(count)
            with amp.autocast():
                found.add(float(f(a, b).item()))
    finally:
        _core.set_num_threads(before)
    assert len(found) == 1


def test_a_compiled_function_casts_a_parameter_once():
    w, x = nd.ones((4, 4)), nd.ones((2, 4))
    f = dl.jit(lambda x: dl.np.matmul(dl.np.matmul(x, w), w))
    with amp.autocast():
        assert f(x).asnumpy().astype("float32").tolist() == [[16.0] * 4] * 2
    (entry,) = f.entries()
    traced = [n.op for n in entry.graph.nodes]
    compiled = [n.attrs[0] if n.tile else n.op for n in entry.plain.graph.nodes]
    assert traced.count("cast") == 3 and compiled.count("cast") == 1  # of x
    kept = entry.plain.graph.kept
    assert [n.attrs[0] if n.tile else n.op for n in kept.nodes] == ["cast"]  # of w, in the first of many runs only


def test_threads_compile_and_run_in_two_precisions_at_once():
    a = nd.array(np.random.default_rng(0).normal(size=(32, 32)).astype("float32"))
    f = dl.jit(lambda a: dl.np.matmul(a, a) + 1)
    exact, found, wrong = a.asnumpy() @ a.asnumpy() + 1, [], []

    def work(narrow):
        try:
            for _ in range(20):
                with amp.autocast(enabled=narrow):
                    y = f(a)
                found.append((narrow, y._dtype_name))
                np.testing.assert_allclose(y.asnumpy().astype("float32"), exact, atol=0.3 if narrow else 1e-4)
        except BaseException as error:  # shown by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(bool(k % 2),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert set(found) == {(True, "bfloat16"), (False, "float32")} and f.compilations == 2


def test_gradients_of_gradients_under_autocast():
    x = nd.array([[1.0, 2.0], [3.0, 4.0]])
    x.attach_grad()
    with autograd.record():
        with amp.autocast():
            y = (dl.np.matmul(x, x).astype("float32") ** 2).sum()
        (first,) = autograd.grad(y, [x], create_graph=True)
        total = first.sum()
    total.backward()
    m, h = x.asnumpy().astype("float64"), 1e-4

    def slope(m):
        p = 2 * m @ m
        return (p @ m.T + m.T @ p).sum()

    expected = [[(slope(m + h * e) - slope(m - h * e)) / (2 * h) for e in row] for row in np.eye(4).reshape(2, 2, 2, 2)]
    np.testing.assert_allclose(x.grad.asnumpy(), expected, rtol=0.03)
