"""Steps that courses on MXNet's NumPy interface and on Gluon take, as people write them there."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy
import pytest

from dlcore import compat


def test_whole_numbers_become_floats_as_there(mx: Any) -> None:
    np = mx.np
    made = (np.array([1, 2]), np.arange(3), np.full((2,), 7), np.array(3))
    assert all(array.dtype == np.float32 for array in made)
    assert np.array([1, 2], dtype="int32").dtype == np.int32
    assert np.array(numpy.array([1, 2])).dtype == np.int64, "an array keeps its dtype"
    assert np.array([True, False]).dtype == numpy.bool_
    x = np.arange(4)
    x[:] = x * 0.5
    assert x.tolist() == [0.0, 0.5, 1.0, 1.5]
    mx.npx.reset_np()
    assert np.arange(3).dtype == np.int64


def test_positions_may_be_floats(mx: Any) -> None:
    np, npx = mx.np, mx.npx
    features = np.random.normal(0, 1, (10, 2))
    rows = np.array([3, 0, 9])
    assert (features[rows] == features[[3, 0, 9]]).all()
    y_hat, y = np.array([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]]), np.array([0, 2])
    numpy.testing.assert_allclose(y_hat[[0, 1], y].asnumpy(), [0.1, 0.5])
    numpy.testing.assert_allclose(y_hat[range(len(y_hat)), y].asnumpy(), [0.1, 0.5])
    assert npx.one_hot(np.arange(6).reshape(2, 3).T, 6).shape == (3, 2, 6)
    layer = mx.gluon.nn.Embedding(10, 4)
    layer.initialize()
    assert (layer(np.array([[1, 2]])) == layer.weight.data()[1:3]).all()


def test_linear_regression_from_scratch(mx: Any) -> None:
    np, autograd = mx.np, mx.autograd
    true_w = np.array([2, -3.4])
    X = np.random.normal(0, 1, (400, 2))
    y = (np.dot(X, true_w) + 4.2).reshape((-1, 1))
    w, b = np.random.normal(0, 0.01, (2, 1)), np.zeros(1)
    w.attach_grad()
    b.attach_grad()
    indices = list(range(400))
    for _ in range(3):
        random.shuffle(indices)
        for i in range(0, 400, 10):
            batch = np.array(indices[i : min(i + 10, 400)])
            with autograd.record():
                loss = (np.dot(X[batch], w) + b - y[batch]) ** 2 / 2
            loss.backward()
            for param in [w, b]:
                param[:] = param - 0.05 * param.grad / 10
    assert float(np.abs(w.reshape(true_w.shape) - true_w).max()) < 0.01 and abs(float(b) - 4.2) < 0.01


def test_control_flow_in_a_gradient(mx: Any) -> None:
    np, autograd = mx.np, mx.autograd

    def f(a: Any) -> Any:
        b = a * 2
        while np.linalg.norm(b) < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b

    a = np.random.normal()
    a.attach_grad()
    with autograd.record():
        d = f(a)
    d.backward()
    assert a.grad == d / a


def test_an_initializer_written_the_old_way(mx: Any) -> None:
    np, nn = mx.np, mx.gluon.nn
    names = []

    class MyInit(mx.init.Initializer):
        def _init_weight(self, name: str, data: Any) -> None:
            names.append(name)
            data[:] = np.random.uniform(-10, 10, data.shape)
            data *= np.abs(data) >= 5

    net = nn.Sequential()
    net.add(nn.Dense(8), nn.Dense(1))
    net.initialize(MyInit(), force_reinit=True)
    net(np.ones((2, 4)))
    weights = np.abs(net[0].weight.data()).asnumpy()
    assert ((weights == 0) | (weights >= 5)).all() and (weights > 0).any()
    assert (net[0].bias.data() == 0).all() and len(names) == 2 and all(n.endswith("weight") for n in names)


def test_hybrid_forward_finds_both_interfaces(mx: Any) -> None:
    class Net(mx.gluon.nn.HybridBlock):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = mx.gluon.nn.Dense(4)

        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return F.np.maximum(F.npx.relu(self.hidden(x)), 0.5)

    net = Net()
    net.initialize()
    x = mx.np.random.normal(size=(1, 3))
    plain = net(x)
    net.hybridize()
    net(x)
    assert (net(x) == plain).all()


def test_recurrent_language_model(mx: Any) -> None:
    np, npx, gluon = mx.np, mx.npx, mx.gluon

    class Model(gluon.nn.Block):
        def __init__(self, layer: Any, vocab_size: int) -> None:
            super().__init__()
            self.rnn, self.vocab_size, self.dense = layer, vocab_size, gluon.nn.Dense(vocab_size)

        def forward(self, inputs: Any, state: Any) -> Any:
            Y, state = self.rnn(npx.one_hot(inputs.T, self.vocab_size), state)
            return self.dense(Y.reshape(-1, Y.shape[-1])), state

    for layer in (gluon.rnn.RNN(8), gluon.rnn.GRU(8), gluon.rnn.LSTM(8, 2)):
        model = Model(layer, 12)
        model.initialize()
        state = layer.begin_state(batch_size=2, ctx=mx.cpu())
        X = np.arange(10).reshape((2, 5))
        with mx.autograd.record():
            output, state = model(X, [s.detach() for s in state])
            loss = gluon.loss.SoftmaxCrossEntropyLoss()(output, X.T.reshape(-1)).mean()
        loss.backward()
        grads = [p.grad() for p in model.collect_params().values()]
        norm = math.sqrt(sum((g**2).sum() for g in grads))
        assert output.shape == (10, 12) and norm > 0


def test_masked_attention(mx: Any) -> None:
    np, npx = mx.np, mx.npx
    X, lengths = np.random.uniform(size=(2, 2, 4)), np.array([2, 3])
    flat = npx.sequence_mask(X.reshape(-1, 4), lengths.repeat(2), True, value=-1e6, axis=1)
    weights = npx.softmax(flat).reshape(X.shape)
    assert (weights[0, :, 2:] == 0).all() and (weights[1, :, 3] == 0).all()
    assert npx.batch_dot(weights, np.ones((2, 3, 4)), transpose_b=True).shape == (2, 2, 3)
    P, steps = np.zeros((1, 6, 8)), np.arange(6).reshape(-1, 1) / np.power(10000, np.arange(0, 8, 2) / 8)
    P[:, :, 0::2], P[:, :, 1::2] = np.sin(steps), np.cos(steps)
    numpy.testing.assert_allclose(P[0, 1, :2].asnumpy(), [math.sin(1), math.cos(1)], rtol=1e-6)
    norm = mx.gluon.nn.LayerNorm()
    norm.initialize()
    assert norm(np.array([[1, 2], [2, 3]])).shape == (2, 2)


def test_sums_without_nan_over_all_axes_but_one(mx: Any) -> None:
    x = mx.nd.array([[1.0, math.nan], [3.0, 4.0]])
    assert mx.nd.nansum(x, axis=0, exclude=True).asnumpy().tolist() == [1.0, 7.0]
    assert mx.nd.nanprod(x, axis=0, exclude=True).asnumpy().tolist() == [1.0, 12.0]


def test_a_module_predicts_a_batch_without_labels(mx: Any) -> None:
    from collections import namedtuple

    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc")
    module = mx.mod.Module(mx.sym.SoftmaxOutput(net, name="softmax"))
    module.bind(for_training=False, data_shapes=[("data", (1, 4))])
    module.init_params()
    module.forward(namedtuple("Batch", ["data"])([mx.nd.ones((1, 4))]))
    assert module.get_outputs()[0].shape == (1, 3)


def test_a_symbol_is_called_with_others_for_its_variables(mx: Any) -> None:
    sym = mx.sym
    net = sym.FullyConnected(sym.var("a") + sym.var("b"), num_hidden=3, name="fc")
    composed = net(a=sym.var("x"), b=sym.var("y") * 2, name="top")
    assert composed.list_arguments() == ["x", "y", "fc_weight", "fc_bias"] and composed.name == "top"
    assert net.list_arguments() == ["a", "b", "fc_weight", "fc_bias"], "the symbol itself stays as it was"
    values = {"x": (1, 2), "y": (1, 2), "fc_weight": (3, 2), "fc_bias": (3,)}
    out = composed.eval(**{name: mx.nd.ones(shape) for name, shape in values.items()})[0]
    assert out.asnumpy().tolist() == [[7.0, 7.0, 7.0]]
    assert (sym.var("p") - sym.var("q"))(sym.var("r"), sym.var("s")).list_arguments() == ["r", "s"]
    with pytest.raises(TypeError, match="no variable 'c'; it has"):
        net(c=sym.var("x"))
    with pytest.raises(TypeError, match="by position or all by name"):
        net(sym.var("x"), b=sym.var("y"))
    with pytest.raises(TypeError, match="variable 'a': expected a symbol, got int"):
        net(a=3)


def test_anchors_targets_and_detections(mx: Any) -> None:
    np, npx = mx.np, mx.npx
    anchors = npx.multibox_prior(np.zeros((1, 3, 4, 4)), sizes=[0.4, 0.5], ratios=[1, 2])
    assert anchors.shape == (1, 4 * 4 * 3, 4)
    truth = np.array([[[0, 0.1, 0.1, 0.55, 0.55]]])
    offsets, mask, classes = npx.multibox_target(anchors, truth, np.zeros((1, 2, 48)))
    assert offsets.shape == mask.shape == (1, 48 * 4) and set(classes.asnumpy().ravel().tolist()) == {0.0, 1.0}
    certain = np.zeros((1, 2, 48))
    certain[0, 0], certain[0, :, int(classes.argmax())] = 1, np.array([0.1, 0.9])
    found = npx.multibox_detection(certain, offsets, anchors)[0].asnumpy()
    found = found[found[:, 0] == 0]
    assert len(found) == 1 and abs(found[0, 1] - 0.9) < 1e-6
    numpy.testing.assert_allclose(found[0, 2:], [0.1, 0.1, 0.55, 0.55], atol=1e-5)


def test_a_layer_filled_with_a_kernel_made_by_hand(mx: Any) -> None:
    np = mx.np
    size, c = 4, 1.5
    rows, cols = np.arange(size).reshape(-1, 1), np.arange(size).reshape(1, -1)
    kernel = (1 - np.abs(rows - c) / 2) * (1 - np.abs(cols - c) / 2)
    weight = np.zeros((3, 3, size, size))
    weight[range(3), range(3), :, :] = kernel
    layer = mx.gluon.nn.Conv2DTranspose(3, kernel_size=size, padding=1, strides=2)
    layer.initialize(mx.init.Constant(weight))
    out = layer(np.ones((1, 3, 8, 8)))
    assert out.shape == (1, 3, 16, 16)
    numpy.testing.assert_allclose(out[:, :, 1:-1, 1:-1].asnumpy(), 1.0, rtol=1e-6)


def test_masked_positions_of_a_text(mx: Any) -> None:
    np, gluon = mx.np, mx.gluon
    encoded = np.random.normal(size=(2, 8, 5))
    positions = np.array([[1, 5, 2], [6, 1, 5]])
    rows = np.repeat(np.arange(0, 2), 3)
    taken = encoded[rows, positions.reshape(-1)].reshape(2, 3, -1)
    assert (taken[1, 0] == encoded[1, 6]).all()
    weights = np.array([[1, 1, 0], [1, 0, 0]]).reshape(-1)
    labels = np.array([[1, 0, 2], [3, 4, 0]]).reshape(-1)
    losses = gluon.loss.SoftmaxCELoss()(taken.reshape(6, 5), labels, np.expand_dims(weights, 1)).asnumpy()
    assert losses.shape == (6,) and (losses[[2, 4, 5]] == 0).all() and (losses[[0, 1, 3]] > 0).all()


def test_a_picture_that_is_a_parameter(mx: Any) -> None:
    np, gluon = mx.np, mx.gluon

    class Picture(gluon.nn.Block):
        def __init__(self, shape: tuple[int, ...]) -> None:
            super().__init__()
            self.weight = self.params.get("weight", shape=shape)

        def forward(self) -> Any:
            return self.weight.data()

    net = Picture((1, 3, 6, 6))
    net.initialize(mx.init.Constant(np.random.uniform(size=(1, 3, 6, 6))), force_reinit=True)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    losses = []
    for _ in range(20):
        with mx.autograd.record():
            X = net()
            flat = X.reshape((3, 36))
            gram = np.dot(flat, flat.T) / flat.size
            rough = np.abs(X[:, :, 1:, :] - X[:, :, :-1, :]).mean() + np.abs(X[:, :, :, 1:] - X[:, :, :, :-1]).mean()
            loss = np.square(gram).mean() + 0.5 * rough
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses[-1] < 0.7 * losses[0]


def test_names_of_the_classic_interface_with_numpys_meaning(mx: Any) -> None:
    nd = mx.nd
    assert nd.linspace(0, 1, 5).asnumpy().tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert nd.moveaxis(nd.ones((2, 3, 4)), 0, 2).shape == (3, 4, 2)
    counts, edges = nd.histogram(nd.array([0.0, 1.0, 1.5, 2.0]), bins=2, range=(0, 2))
    assert counts.asnumpy().tolist() == [1, 3] and edges.asnumpy().tolist() == [0, 1, 2]


def test_a_variable_declared_sparse_is_computed_dense(mx: Any) -> None:
    product = mx.sym.dot(mx.sym.Variable("X", stype="csr"), mx.sym.Variable("w", stype="row_sparse"))
    X = mx.nd.array([[0.0, 2.0], [1.0, 0.0]])
    for given in (X, X.tostype("csr")):
        assert product.eval(X=given, w=mx.nd.array([[3.0], [4.0]]))[0].asnumpy().tolist() == [[8.0], [3.0]]
    with pytest.raises(ValueError, match="stype must be 'default', 'csr' or 'row_sparse', got 'dense'"):
        mx.sym.Variable("X", stype="dense")


def test_arrays_made_in_the_old_order_of_arguments(mx: Any) -> None:
    nd, cpu = mx.nd, mx.cpu(1)
    for array in (nd.zeros((2, 3), cpu), nd.ones((2, 3), cpu, "int32"), nd.empty((2, 3), cpu), nd.full((2, 3), 7, cpu)):
        assert array.shape == (2, 3) and array.ctx == cpu
    assert nd.ones((2,), cpu, "int32").dtype == numpy.int32 and nd.zeros((2,), "float16").dtype == numpy.float16
    assert nd.full((2,), val=3).dtype == numpy.float32 and nd.eye(2, 3, 1).asnumpy().tolist() == [[0, 1, 0], [0, 0, 1]]
    x = nd.array([[1.0, 2.0, 3.0]])
    assert nd.swapaxes(data=x, dim1=0, dim2=1).shape == nd.SwapAxis(x, dim1=0, dim2=1).shape == (3, 1)
    assert mx.sym.SwapAxis(mx.sym.var("x"), dim1=0, dim2=1).eval(x=x)[0].shape == (3, 1)
    assert nd.repeat(data=x, repeats=2, axis=1).shape == nd.tile(data=x, reps=(1, 2)).shape == (1, 6)
    cube = nd.arange(8).reshape((2, 2, 2))
    assert nd.diag(data=cube, axis1=1, axis2=2).asnumpy().tolist() == [[0, 3], [4, 7]]
    host = numpy.zeros(2, numpy.float32)
    shared, own = nd.from_numpy(host), nd.from_numpy(host, zero_copy=False)
    host[0] = 5
    assert shared.asnumpy().tolist() == [5, 0] and own.asnumpy().tolist() == [0, 0]


def test_heads_take_the_gradient_that_arrives_or_count_what_is_valid(mx: Any) -> None:
    nd = mx.nd
    x, label = nd.array([[1.0, 2.0], [3.0, 1.0]]), nd.array([0, 1])
    x.attach_grad()
    with mx.autograd.record():
        y = nd.SoftmaxOutput(x, label)
    y.backward()
    alone = x.grad.asnumpy()
    with mx.autograd.record():
        y = nd.SoftmaxOutput(x, label, out_grad=True)
    assert (y.asnumpy() == nd.softmax(x).asnumpy()).all()
    y.backward(nd.array([[3.0, 3.0], [0.5, 0.5]]))
    numpy.testing.assert_allclose(x.grad.asnumpy(), alone * [[3.0], [0.5]], rtol=1e-6)
    for normalization, each in (("null", 2.0), ("batch", 2.0 / 2), ("valid", 2.0 / 2)):  # two numbers are more than 1
        with mx.autograd.record():
            loss = nd.MakeLoss(x, grad_scale=2.0, valid_thresh=1.0, normalization=normalization)
        loss.backward()
        numpy.testing.assert_allclose(x.grad.asnumpy(), each, rtol=1e-6)


def test_the_two_halves_of_the_estimator(mx: Any) -> None:
    from mxnet.gluon.contrib.estimator import estimator, event_handler
    from mxnet.gluon.contrib.estimator.event_handler import CheckpointHandler

    assert estimator.Estimator is mx.gluon.contrib.estimator.Estimator
    assert event_handler.CheckpointHandler is CheckpointHandler
    assert mx.cpu_pinned() == mx.cpu(0)


def test_old_modules_are_attributes_too(mx: Any) -> None:
    gluon = mx.gluon
    assert gluon.parameter.ParameterDict is gluon.ParameterDict and gluon.block.HybridBlock is gluon.HybridBlock
    assert gluon.data.dataset.ArrayDataset is gluon.data.ArrayDataset
    compat.uninstall()
    with pytest.raises(AttributeError, match="dlcore.gluon has no 'parameter'"):
        _ = gluon.parameter


def test_a_loss_of_ones_own_in_the_old_style(mx: Any) -> None:
    from mxnet.base import numeric_types, string_types
    from mxnet.gluon.loss import Loss, _apply_weighting, _reshape_like

    class Distance(Loss):
        def __init__(self, weight: float = 1.0, batch_axis: int = 0) -> None:
            super().__init__(weight, batch_axis)

        def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
            loss = F.abs(_reshape_like(F, label, pred) - pred)
            return F.mean(_apply_weighting(F, loss, self._weight, sample_weight), axis=self._batch_axis, exclude=True)

    loss = Distance(weight=2.0)
    pred, label = mx.nd.array([[1.0, 2.0], [3.0, 5.0]]), mx.nd.array([[0.0, 0.0, 0.0, 0.0]])
    assert loss(pred, label).asnumpy().tolist() == [3.0, 8.0]
    loss.hybridize()
    for _ in range(2):
        assert loss(pred, label, mx.nd.array([[1.0], [0.5]])).asnumpy().tolist() == [3.0, 4.0]
    assert isinstance(2, numeric_types) and isinstance("a", string_types)
