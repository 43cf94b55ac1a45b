"""Operators of one's own: on the tape, in compiled functions, in symbols and files; with states; wrong use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


class Scale(dl.operator.CustomOp):
    """x * factor and x + y, and a state that counts the calls in training. NumPy inside."""

    def __init__(self, factor: float) -> None:
        self.factor, self.seen = factor, 0

    def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
        self.seen += 1
        x, y = (a.asnumpy() for a in in_data)
        self.assign(out_data[0], req[0], nd.array(x * self.factor))
        self.assign(out_data[1], req[1], x + y)
        if is_train:
            aux[0][:] = aux[0] + 1

    def backward(self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any) -> None:
        self.assign(in_grad[0], req[0], out_grad[0] * self.factor + out_grad[1])
        self.assign(in_grad[1], req[1], nd.broadcast_to(out_grad[1].sum(axis=0, keepdims=True), out_grad[1].shape)[0])


@dl.operator.register("scale_for_test")
class ScaleProp(dl.operator.CustomOpProp):
    def __init__(self, factor: str = "2") -> None:
        super().__init__()
        assert isinstance(factor, str)
        self.factor = float(factor)

    def list_arguments(self) -> list[str]:
        return ["data", "shift"]

    def list_outputs(self) -> list[str]:
        return ["scaled", "shifted"]

    def list_auxiliary_states(self) -> list[str]:
        return ["count"]

    def infer_shape(self, in_shape: Any) -> Any:
        return [in_shape[0], (in_shape[0][1],)], [in_shape[0], in_shape[0]], [(1,)]

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Scale:
        return Scale(self.factor)


class Softmax(dl.operator.CustomOp):
    """The loss of MXNet's example: probabilities forward, p - onehot backward, whatever arrives from above."""

    def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
        self.assign(out_data[0], req[0], nd.softmax(in_data[0]))

    def backward(self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any) -> None:
        y = out_data[0]
        self.assign(in_grad[0], req[0], y - nd.one_hot(in_data[1], y.shape[1]))


@dl.operator.register("softmax_for_test")
class SoftmaxProp(dl.operator.CustomOpProp):
    def __init__(self) -> None:
        super().__init__(need_top_grad=False)

    def list_arguments(self) -> list[str]:
        return ["data", "label"]

    def infer_shape(self, in_shape: Any) -> Any:
        return [in_shape[0], (in_shape[0][0],)], [in_shape[0]], []

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Softmax:
        return Softmax()


def run(compiled: bool, dtype: str = "float32") -> list[np.ndarray]:
    x, y, count = nd.array(X, dtype=dtype), nd.array(X[0] * 2, dtype=dtype), nd.zeros((1,), dtype=dtype)
    x.attach_grad()
    y.attach_grad()

    def call(x: Any, y: Any) -> Any:
        a, b = nd.Custom(x, y, count, op_type="scale_for_test", factor=3)
        return (nd.sin(a) + b * b).sum()

    function = dl.jit(call) if compiled else call
    for _ in range(2):
        with autograd.record():
            out = function(x, y)
        out.backward()
    return [out.asnumpy(), x.grad.asnumpy(), y.grad.asnumpy(), count.asnumpy()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("compiled", [False, True])
def test_values_gradients_and_states(compiled: bool, dtype: str) -> None:
    out, dx, dy, count = run(compiled, dtype)
    x, y = X.astype("float64"), X[0].astype("float64") * 2
    tol = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(out, (np.sin(3 * x) + (x + y) ** 2).sum(), **tol)
    np.testing.assert_allclose(dx, 3 * np.cos(3 * x) + 2 * (x + y), **tol)
    np.testing.assert_allclose(dy, (2 * (x + y)).sum(0), **tol)
    assert count.tolist() == [2.0] and out.dtype == dx.dtype == dtype


def test_inside_a_hybrid_block() -> None:
    class Net(gluon.HybridBlock):
        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return F.Custom(x, F.zeros((4,)), F.zeros((1,)), op_type="scale_for_test")[0] + 1

    net = Net()
    want = net(nd.array(X)).asnumpy()
    net.hybridize()
    for _ in range(3):
        np.testing.assert_array_equal(net(nd.array(X)).asnumpy(), want)
    np.testing.assert_allclose(want, 2 * X + 1, rtol=1e-6)


def test_a_symbol_makes_the_inputs_that_are_missing_and_trains() -> None:
    data = dl.sym.var("data")
    net = dl.sym.FullyConnected(data, num_hidden=3, name="fc")
    net = dl.sym.Custom(net, name="softmax", op_type="softmax_for_test")
    assert net.list_arguments() == ["data", "fc_weight", "fc_bias", "softmax_label"]
    assert net.infer_shape(data=(6, 4))[0] == [(6, 4), (3, 4), (3,), (6,)]
    x = np.random.default_rng(1).normal(size=(60, 4)).astype("float32")
    y = x[:, :3].argmax(1).astype("float32")
    model = dl.mod.Module(dl.sym.load_json(net.tojson()))
    batches = dl.io.NDArrayIter(x, y, 20)
    dl.random.seed(1)
    model.fit(batches, num_epoch=30, optimizer_params={"learning_rate": 0.5})
    assert dict(model.score(batches, "acc"))["accuracy"] > 0.9


def test_states_and_outputs_of_a_symbol() -> None:
    both = dl.sym.Custom(dl.sym.var("data"), name="s", op_type="scale_for_test", factor=5)
    assert both.list_auxiliary_states() == ["s_count"] and both.list_arguments() == ["data", "s_shift"]
    assert len(both.list_outputs()) == 2
    run = dl.sym.load_json(both.tojson()).simple_bind(dl.cpu(), data=(3, 4))
    run.arg_dict["s_shift"][:] = 1
    first = run.forward(is_train=True, data=nd.array(X))
    np.testing.assert_allclose(first[0].asnumpy(), 5 * X, rtol=1e-6)
    run.forward(is_train=True)
    run.backward([nd.ones((3, 4)), nd.ones((3, 4))])
    np.testing.assert_allclose(run.grad_dict["data"].asnumpy(), np.full((3, 4), 6.0), rtol=1e-6)
    np.testing.assert_allclose(run.grad_dict["s_shift"].asnumpy(), np.full(4, 3.0), rtol=1e-6)
    run.forward(is_train=False)
    assert run.aux_dict["s_count"].tolist() == [2.0]


def test_each_call_has_an_operator_of_its_own() -> None:
    made = []

    @dl.operator.register("own_for_test")
    class Prop(dl.operator.CustomOpProp):
        def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Any:
            made.append((str(ctx), in_shapes, in_dtypes))
            return Keeps()

    class Keeps(dl.operator.CustomOp):
        def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
            self.kept = in_data[0] * 1
            self.assign(out_data[0], req[0], in_data[0] ** 2)

        def backward(self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any) -> None:
            self.assign(in_grad[0], req[0], 2 * self.kept * out_grad[0])

    a, b = nd.array([2.0]), nd.array([5.0])
    for x in (a, b):
        x.attach_grad()
    with autograd.record():
        y = nd.Custom(a, op_type="own_for_test") + nd.Custom(data=b, op_type="own_for_test")
    y.backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([4.0], [10.0])
    assert made == [("cpu(0)", [(1,)], [np.dtype("float32")])] * 2


def wrong(**more: Any) -> Any:
    return nd.Custom(nd.array(X), nd.array(X[0]), nd.zeros((1,)), **{"op_type": "scale_for_test", **more})


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: wrong(op_type="nothing"), ValueError, "no operator is registered as 'nothing'; there are: .*scale"),
        (lambda: wrong(other=nd.array(X)), TypeError, "no input other; they are data, shift, count"),
        (lambda: nd.Custom(nd.array(X), op_type="scale_for_test"), TypeError, "expected the arrays data, shift, count"),
        (lambda: nd.Custom([1], [2], [3], op_type="scale_for_test"), TypeError, "expected the arrays"),
        (lambda: dl.operator.register("x")(int), TypeError, "expected a subclass of CustomOpProp"),
        (lambda: dl.sym.Custom(dl.sym.var("x")), TypeError, "op_type= says which"),
        (lambda: dl.sym.Custom(dl.sym.var("x"), op_type="nothing"), ValueError, "no operator is registered"),
        (lambda: dl.sym.Custom(name="n", other=dl.sym.var("x"), op_type="scale_for_test"), TypeError, "takes data"),
        (lambda: dl.operator.CustomOp().assign(nd.ones(1), "sometimes", 1), ValueError, "req must be"),
    ],
)
def test_wrong_use_is_named(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call()


class Unfinished(dl.operator.CustomOpProp):
    """Needs a word, and what it gives is right except for one thing."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        self.wrong = wrong

    def list_outputs(self) -> list[str]:
        return ["first", "second"] if self.wrong == "outputs" else ["output"]

    def infer_shape(self, in_shape: Any) -> Any:
        return {"outputs": (in_shape, in_shape, []), "shapes": in_shape}.get(self.wrong, (in_shape, in_shape))

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Any:
        return {"operator": None, "forward": dl.operator.CustomOp(), "backward": OneWay()}[self.wrong]


class OneWay(dl.operator.CustomOp):
    def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
        self.assign(out_data[0], req[0], in_data[0])


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ({}, TypeError, r"Custom\(op_type='unfinished'\): .*missing .*'wrong'; it got no words"),
        ({"what": 1}, TypeError, r"Custom\(op_type='unfinished'\): .*'what'; it got what"),
        ({"wrong": "outputs"}, ValueError, "2 outputs are listed, 1 shapes and 2 dtypes inferred"),
        ({"wrong": "shapes"}, TypeError, r"Unfinished.infer_shape must return .* got \[\(3, 4\)\]"),
        ({"wrong": "operator"}, TypeError, "Unfinished.create_operator must return a CustomOp, got None"),
        ({"wrong": "forward"}, NotImplementedError, "CustomOp needs a forward method"),
        ({"wrong": "backward"}, NotImplementedError, "OneWay needs a backward method"),
    ],
)
def test_what_a_class_lacks_is_named(words: dict[str, Any], kind: type[Exception], said: str) -> None:
    dl.operator.register("unfinished")(Unfinished)
    x = nd.array(X)
    x.attach_grad()
    with pytest.raises(kind, match=said), autograd.record():
        nd.Custom(x, op_type="unfinished", **words).backward()


def test_a_class_that_creates_no_operator_is_named() -> None:
    dl.operator.register("bare")(type("Bare", (dl.operator.CustomOpProp,), {}))
    with pytest.raises(NotImplementedError, match="Bare needs a create_operator method"):
        nd.Custom(nd.array(X), op_type="bare")


def test_an_error_inside_a_compiled_call_is_the_users_own() -> None:
    class Breaks(dl.operator.CustomOp):
        def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
            raise ValueError("the well is dry")

    @dl.operator.register("breaks_for_test")
    class Prop(dl.operator.CustomOpProp):
        def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Any:
            return Breaks()

    for call in (
        lambda x: nd.Custom(x, op_type="breaks_for_test"),
        dl.jit(lambda x: nd.Custom(x, op_type="breaks_for_test")),
    ):
        with pytest.raises(ValueError, match="the well is dry"):
            call(nd.array(X))
