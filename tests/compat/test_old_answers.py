"""What arrays, optimizers, metrics and symbols answer to old programs, checked against what MXNet 1.9.1 gave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import compat


@pytest.fixture
def mx() -> Iterator[Any]:
    compat.install()
    import mxnet

    yield mxnet
    compat.uninstall()


def test_a_sum_over_all_numbers_has_one_axis(mx: Any) -> None:
    nd, x = mx.nd, mx.nd.ones((2, 3))
    x.attach_grad()
    with mx.autograd.record():
        loss = (x * x).mean()
    loss.backward()
    assert loss.asnumpy()[0] == 1 and x.grad.tolist() == [[pytest.approx(1 / 3)] * 3] * 2
    for one in (x.sum(), nd.sum(x), x.max(), nd.max(x), x.norm(), nd.norm(x), nd.dot(nd.ones((3,)), nd.ones((3,)))):
        assert one.shape == (1,) and one[0].asscalar() == one.asscalar() > 0
    assert x.sum(axis=0).shape == (3,) and x.sum(keepdims=True).shape == (1, 1) and float(x.mean()) == 1

    class Total(mx.gluon.HybridBlock):
        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return F.sum(x), x.mean()

    net = Total()
    plain = [y.shape for y in net(x)]
    net.hybridize()
    net(x)
    assert [y.shape for y in net(x)] == plain == [(1,), (1,)]
    mx.npx.set_np()
    assert x.sum().shape == nd.sum(x).shape == ()
    mx.npx.reset_np()
    compat.uninstall()
    assert x.sum().shape == dl.nd.sum(x).shape == ()


def test_take_takes_rows(mx: Any) -> None:
    x, rows = mx.nd.arange(6).reshape((3, 2)), mx.nd.array([2, 0])
    assert x.take(rows).tolist() == mx.nd.take(x, rows).tolist() == [[4, 5], [0, 1]]
    assert x.take(rows, axis=0).tolist() == x.take(indices=rows).tolist() and x.take(rows - 1, 1).shape == (3, 2)
    mx.npx.set_np()
    assert x.take(rows).tolist() == [2, 0]
    mx.npx.reset_np()


def test_arrays_are_made_of_float32_unless_told(mx: Any) -> None:
    nd = mx.nd
    assert (nd.array(np.array([200], np.uint8)) * 2).tolist() == [400]
    assert {nd.array(a).dtype.name for a in (np.arange(2), np.ones(2, np.float16), [True])} == {"float32"}
    assert nd.array(nd.ones((2,), dtype="int8")).dtype == np.int8 and nd.array([1], dtype="int32").dtype == np.int32
    compat.uninstall()
    assert dl.nd.array(np.array([200], np.uint8)).dtype == np.uint8


def test_sorting_says_is_ascend(mx: Any) -> None:
    x = mx.nd.array([2.0, 3, 1])
    assert x.sort(is_ascend=False).tolist() == [3, 2, 1] and x.argsort(is_ascend=False).tolist() == [1, 0, 2]
    assert x.sort().tolist() == [1, 2, 3] and x.argsort().tolist() == [2, 0, 1]
    compat.uninstall()
    with pytest.raises(TypeError, match="is_ascend"):
        x.sort(is_ascend=False)


def test_dtypes_of_symbols_are_classes_and_of_np_too(mx: Any) -> None:
    symbol = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2)
    assert symbol.infer_type(data="float16")[0][0] is np.float16
    assert isinstance(mx.np.float32([0, 0]), np.ndarray) and mx.np.ones(2).dtype == mx.np.float32
    from mxnet import MXNetError

    with pytest.raises(MXNetError):
        mx.nd.dot(mx.nd.ones((2, 3)), mx.nd.ones((2, 2)))
    run = symbol.simple_bind(mx.cpu(), data=(1, 3))
    assert run.forward(is_train=0)[0].shape == (1, 2)


def test_knobs_of_an_optimizer_are_attributes(mx: Any) -> None:
    sgd = mx.optimizer.SGD(learning_rate=0.1)
    sgd.lr, sgd.wd, sgd.rescale_grad, sgd.clip_gradient = 0.5, 0.2, 0.25, 1.0
    weight = mx.nd.ones((2,))
    mx.optimizer.get_updater(sgd)(0, mx.nd.ones((2,)) * 8, weight)
    assert weight.asnumpy() == pytest.approx(0.4) and (sgd.lr, sgd.wd) == (0.5, 0.2)
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")
    module = mx.mod.Module(net)
    assert module._optimizer is None
    module.bind([("data", (2, 3))], [("softmax_label", (2,))])
    module.init_params()
    module.init_optimizer(optimizer_params={"learning_rate": 0.1})
    module._optimizer.lr *= 0.5
    assert module._optimizer.learning_rate == pytest.approx(0.05)


def test_factors_by_names(mx: Any) -> None:
    sgd = mx.optimizer.SGD(learning_rate=0.1, param_idx2name={0: "a_weight", 1: "b_bias"}, wd=0.1)
    sgd.set_lr_mult({"a_weight": 0.5})
    a, b = mx.nd.ones((1,)), mx.nd.ones((1,))
    updater = mx.optimizer.get_updater(sgd)
    updater(0, mx.nd.ones((1,)), a)
    updater(1, mx.nd.ones((1,)), b)  # a bias does not decay
    assert (a.asscalar(), b.asscalar()) == pytest.approx((0.945, 0.9))
    sgd.set_wd_mult({"b_bias": 2.0})
    updater(1, mx.nd.ones((1,)), b)
    assert b.asscalar() == pytest.approx(0.9 - 0.1 * (1 + 0.2 * 0.9))


@pytest.mark.parametrize("sparse", [False, True])
def test_an_update_of_ones_own_calls_the_one_it_derives_from(mx: Any, sparse: bool) -> None:
    @mx.optimizer.Optimizer.register
    class Twice(mx.optimizer.SGD):
        def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
            super().update(index, weight, grad * 2, state)

    def steps(name: str, factor: float) -> tuple[list[float], int]:
        made = mx.optimizer.Optimizer.create_optimizer(name, learning_rate=0.1, momentum=0.9)
        weight, grad = mx.nd.ones((2, 1)), mx.nd.ones((2, 1)) * factor
        state = made.create_state(0, weight)
        for _ in range(2):
            made.update(0, weight, grad.tostype("row_sparse") if sparse else grad, state)
        return weight.asnumpy().ravel().tolist(), made.num_update

    assert steps("twice", 1.0) == steps("sgd", 2.0)
    net = mx.gluon.nn.Dense(1, in_units=2)
    net.initialize("ones")
    trainer = mx.gluon.Trainer(net.collect_params(), "twice", {"learning_rate": 0.1})
    with mx.autograd.record():
        loss = net(mx.nd.ones((1, 2))).sum()
    loss.backward()
    trainer.step(1)
    assert net.weight.data().asnumpy() == pytest.approx(0.8)


def test_a_metric_that_gives_lists_of_names(mx: Any) -> None:
    class Two(mx.metric.EvalMetric):
        def update(self, labels: Any, preds: Any) -> None:
            pass

        def get(self) -> Any:
            return ["a", "b"], [0.5, 1.0]

    assert Two("two").get_name_value() == [("a", 0.5), ("b", 1.0)]


def test_small_helpers(mx: Any) -> None:
    parts = mx.gluon.utils.split_data(mx.nd.arange(5).reshape((5, 1)), 3, even_split=False)
    assert [part.shape[0] for part in parts] == [2, 2, 1]
    net = mx.gluon.nn.Sequential()
    net.add(mx.gluon.nn.Dense(2))
    assert list(net._collect_params_with_prefix("top")) == ["top.0.weight", "top.0.bias"]
    divergence = mx.gluon.loss.KLDivLoss()(mx.nd.array([[-1.0, -2]]), mx.nd.array([[0.3, 0.7]]))
    assert divergence.asnumpy() == pytest.approx(1.0891357)


def test_forward_runs_as_python_around_a_compiled_hybrid_forward(mx: Any) -> None:
    traced = []

    class Best(mx.gluon.HybridBlock):
        def __init__(self) -> None:
            super().__init__()
            self.scale = self.params.get("scale", shape=(1,), init="ones")

        def forward(self, scores: Any) -> Any:
            values, places = super().forward(scores.reshape((1, -1)))
            rows, columns = mx.nd.unravel_index(places, shape=scores.shape)
            rows += 10  # a view of what unravel_index gave, changed in place
            return float(values.max().asscalar()), rows.tolist(), columns.tolist()

        def hybrid_forward(self, F: Any, scores: Any, scale: Any) -> Any:
            traced.append(type(scores))
            values, places = F.topk(scores * scale, k=2, ret_typ="both")
            return values, places.reshape((-1,))

    net, scores = Best(), mx.nd.array([[1.0, 5], [7, 2]])
    net.initialize()
    plain = net(scores)
    assert plain == (7.0, [11, 10], [0, 1])
    net.hybridize()
    assert [net(scores) for _ in range(3)] == [plain] * 3 and len(traced) == 2
    net.scale.set_data(mx.nd.array([2.0]))
    assert net(scores)[0] == 14.0


def test_one_number_on_one_axis_is_a_number_for_python(mx: Any) -> None:
    held = mx.nd.ones((2, 3)).mean().asnumpy()
    assert held.shape == (1,) and isinstance(held, np.ndarray) and float(held) == held[0] == int(held) == 1
    assert "%.2f and %d".__mod__((held, held)) == "1.00 and 1" and repr(held) == "array([1.], dtype=float32)"
    assert type(mx.nd.ones((2,)).asnumpy()) is np.ndarray
    compat.uninstall()
    assert type(dl.nd.ones((1,)).asnumpy()) is np.ndarray


def test_words_of_methods(mx: Any) -> None:
    nd, x = mx.nd, mx.nd.array([[1.0, 3]])
    assert x.take(nd.array([5]), axis=1).tolist() == nd.take(x, nd.array([5]), 1).tolist() == [[3]]
    with pytest.raises(IndexError):
        nd.take(x, nd.array([5]), mode="raise")
    np.testing.assert_allclose(x.softmax(temperature=2.0).asnumpy(), nd.softmax(x / 2).asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(x.log_softmax(axis=-1, temperature=2.0).asnumpy(), nd.log_softmax(x / 2).asnumpy())
    assert nd.softmax(x.astype("float16"), dtype="float32").dtype == np.float32
    assert x.dot(x, transpose_b=True).tolist() == [[10]] and x.sum(axis=0, exclude=True).tolist() == [4]
    assert x.expand_dims(0, inplace=True).squeeze(axis=0, inplace=True).flatten(inplace=True).shape == (1, 2)
    compat.uninstall()
    with pytest.raises(IndexError):
        nd.take(x, nd.array([5]), axis=1)


def test_small_names_that_libraries_ask_for(mx: Any) -> None:
    from mxnet.gluon.model_zoo.vision.resnet import _conv3x3
    from mxnet.ndarray import op
    from mxnet.symbol import op as symbol_op

    assert op is mx.nd and symbol_op is mx.sym
    assert _conv3x3(4, 2, 3).weight.shape == (4, 3, 3, 3)
    with mx.cpu(1):
        assert mx.context.Context.default_ctx == mx.cpu(1)
    assert mx.gluon.nn.Embedding(3, 2, sparse_grad=True).weight._grad_stype == "row_sparse"


def test_masks_are_numbers_for_signs(mx: Any) -> None:
    sign = type(dl.nd.NDArray.__add__)
    x = mx.nd.array([1.0, 2.0])
    two, more = x > 0, x > 1
    assert (two + more).tolist() == [1, 2] and (more - two).tolist() == [-1, 0] and (-more).tolist() == [0, -1]
    assert (two * more).tolist() == [0, 1] and (x + two).tolist() == [2, 3] and (1 - more).tolist() == [1, 0]
    assert mx.nd.elemwise_sub(more, two).tolist() == mx.nd.broadcast_sub(more, two).tolist() == [-1, 0]
    assert mx.nd.negative(more).tolist() == [0, -1] and mx.nd.subtract(more, two).dtype == "float32"
    compat.uninstall()
    assert type(dl.nd.NDArray.__add__) is not sign and (x + x).tolist() == [2, 4]


def test_nodes_of_signs_have_their_old_names(mx: Any) -> None:
    with mx.name.NameManager():
        a, b = mx.sym.var("a"), mx.sym.var("b")
        made = (a + b, a + b, a * 2, 1 - a, a / b, a > 1, a >= b, mx.sym.broadcast_add(a, b))
    names = [one.name for one in made]
    assert names[:4] == ["_plus0", "_plus1", "_mulscalar0", "_rminusscalar0"]
    assert names[4:] == ["_div0", "_greater_scalar0", "_greater_equal0", "broadcast_add0"]
    assert made[1].get_internals()["_plus1_output"].list_arguments() == ["a", "b"]
    compat.uninstall()
    assert (a + b).name.startswith("add")


@pytest.mark.parametrize("centered", [False, True])
def test_weights_are_held_within_clip_weights(mx: Any, centered: bool) -> None:
    made = mx.optimizer.RMSProp(learning_rate=0.1, gamma1=0.8, gamma2=0.7, centered=centered, clip_weights=1.0)
    free = mx.optimizer.RMSProp(learning_rate=0.1, gamma1=0.8, gamma2=0.7, centered=centered)
    weights = []
    for one in (made, free):
        weights.append(mx.nd.array([0.5, -3.0]))
        mx.optimizer.get_updater(one)(0, mx.nd.array([1.0, 1.0]), weights[-1])
    assert weights[0].asnumpy() == pytest.approx(np.clip(weights[1].asnumpy(), -1, 1)) and weights[1][1].item() < -3
