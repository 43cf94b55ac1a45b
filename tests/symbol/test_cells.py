"""Recurrent cells of symbols compute what the cells on arrays compute, and train in buckets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, mod, nd, sym
from dlcore.compat import rnn
from dlcore.symbol import cells

STEPS, BATCH, INPUTS, HIDDEN = 4, 3, 5, 6
KINDS = [
    (cells.RNNCell, gluon.rnn.RNNCell, {}),
    (cells.RNNCell, gluon.rnn.RNNCell, {"activation": "relu"}),
    (cells.LSTMCell, gluon.rnn.LSTMCell, {}),
    (cells.GRUCell, gluon.rnn.GRUCell, {}),
]


def drawn(*shape: int) -> Any:
    return nd.array(np.random.default_rng(shape).normal(size=shape).astype(np.float32))


def made(block: Any) -> Any:
    block.initialize(dl.init.Normal(0.5))
    return block


def weights_of(block: Any, prefix: str = "c_") -> dict[str, Any]:
    return {prefix + name: p.data() for name, p in block.collect_params().items()}


def agree(found: Any, expected: Any) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layout", ["NTC", "TNC"])
@pytest.mark.parametrize(("symbolic", "gluonic", "words"), KINDS)
def test_a_cell_is_the_cell_on_arrays(symbolic: Any, gluonic: Any, words: dict[str, Any], layout: str) -> None:
    data = drawn(BATCH, STEPS, INPUTS) if layout == "NTC" else drawn(STEPS, BATCH, INPUTS)
    outputs, states = symbolic(HIDDEN, prefix="c_", **words).unroll(STEPS, sym.var("data"), layout=layout)
    cell = made(gluonic(HIDDEN, input_size=INPUTS, **words))
    expected, after = cell.unroll(STEPS, data, layout=layout, merge_outputs=True)
    agree(sym.Group([outputs, *states]).eval(data=data, **weights_of(cell)), [expected, *after])


def test_states_may_be_given_and_steps_listed() -> None:
    cell = cells.LSTMCell(HIDDEN, prefix="c_")
    states = cell.begin_state(sym.var)
    assert [s.name for s in states] == ["c_begin_state_0", "c_begin_state_1"]
    outputs, after = cell.unroll(2, [sym.var("a"), sym.var("b")], begin_state=states)
    assert isinstance(outputs, list) and len(outputs) == 2
    on_arrays = made(gluon.rnn.LSTMCell(HIDDEN, input_size=INPUTS))
    a, b, h, c = drawn(BATCH, INPUTS), drawn(BATCH, INPUTS) * 2, drawn(BATCH, HIDDEN), drawn(BATCH, HIDDEN) * 2
    expected, last = on_arrays.unroll(2, [a, b], [h, c], merge_outputs=False)
    given = {"a": a, "b": b, "c_begin_state_0": h, "c_begin_state_1": c, **weights_of(on_arrays)}
    agree(sym.Group([*outputs, *after]).eval(**given), [*expected, *last])


def test_stacks_both_ways_and_residuals() -> None:
    stack = cells.SequentialRNNCell()
    stack.add(cells.BidirectionalCell(cells.GRUCell(HIDDEN, "l_"), cells.GRUCell(HIDDEN, "r_")))
    stack.add(cells.DropoutCell(0.5))
    stack.add(cells.ResidualCell(cells.RNNCell(2 * HIDDEN, prefix="top_")))
    outputs, states = stack.unroll(STEPS, sym.var("data"), merge_outputs=True)
    assert len(states) == 3 and stack.state_shape == [(0, HIDDEN), (0, HIDDEN), (0, 2 * HIDDEN)]
    data = drawn(BATCH, STEPS, INPUTS)
    left, right = (made(gluon.rnn.GRUCell(HIDDEN, input_size=INPUTS)) for _ in range(2))
    top = made(gluon.rnn.RNNCell(2 * HIDDEN, input_size=2 * HIDDEN))
    middle, _ = gluon.rnn.BidirectionalCell(left, right).unroll(STEPS, data, merge_outputs=True)
    expected = top.unroll(STEPS, middle, merge_outputs=True)[0] + middle
    given = {**weights_of(left, "l_"), **weights_of(right, "r_"), **weights_of(top, "top_")}
    agree(outputs.eval(data=data, **given), [expected])


def test_zoneout_keeps_numbers_of_the_step_before_in_training_only() -> None:
    cell = cells.ZoneoutCell(cells.RNNCell(HIDDEN, prefix="c_"), zoneout_outputs=0.5)
    outputs, _ = cell.unroll(STEPS, sym.var("data"), merge_outputs=True)
    data, block = drawn(BATCH, STEPS, INPUTS), made(gluon.rnn.RNNCell(HIDDEN, input_size=INPUTS))
    expected = block.unroll(STEPS, data, merge_outputs=True)[0]
    agree(outputs.eval(data=data, **weights_of(block)), [expected])
    dl.random.seed(1)
    ran = outputs.bind(dl.cpu(), {"data": data, **weights_of(block)}).forward(is_train=True)[0].asnumpy()
    before = np.zeros_like(ran)
    before[:, 1:] = ran[:, :-1]
    kept, new = ran == before, np.isclose(ran, expected.asnumpy(), atol=1e-6)
    assert (kept | new).all() and 0.2 < kept.mean() < 0.8


@pytest.mark.parametrize("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_fused_layers_are_the_layer_on_arrays(mode: str, bidirectional: bool) -> None:
    cell = cells.FusedRNNCell(HIDDEN, 2, mode, bidirectional, get_next_state=True, prefix="f_")
    outputs, states = cell.unroll(STEPS, sym.var("data"), merge_outputs=True)
    data, ways, both = drawn(BATCH, STEPS, INPUTS), 1 + bidirectional, sym.Group([outputs, *states])
    kind = {"lstm": gluon.rnn.LSTM, "gru": gluon.rnn.GRU}.get(mode, gluon.rnn.RNN)
    words = {"activation": mode[4:]} if mode.startswith("rnn") else {}
    layer = made(kind(HIDDEN, 2, layout="NTC", bidirectional=bidirectional, input_size=INPUTS, **words))
    named = layer.collect_params()
    order = [f"{way}{k}_" for k in range(2) for way in "lr"[:ways]]
    parts = [named[f"{o}{side}_{kind}"] for kind in ("weight", "bias") for o in order for side in ("i2h", "h2h")]
    vector = np.concatenate([p.data().asnumpy().ravel() for p in parts])
    shapes = dict(zip(both.list_arguments(), both.infer_shape(data=data.shape)[0], strict=True))
    assert shapes == {"data": data.shape, "f_parameters": vector.shape}
    zeros = [nd.zeros((2 * ways, BATCH, HIDDEN)) for _ in range(2 if mode == "lstm" else 1)]
    expected, after = layer(data, zeros)
    agree(both.eval(data=data, f_parameters=nd.array(vector)), [expected, *after])
    loose = cell.unfuse().unroll(STEPS, sym.var("data"), merge_outputs=True)[0]
    agree(loose.eval(data=data, **weights_of(layer, "f_")), [expected])


def test_a_text_is_learned_in_buckets() -> None:
    draw = np.random.default_rng(0)
    starts, lengths = draw.integers(0, 7, 64), draw.choice([4, 6], 64)
    sentences = [[(s + k) % 7 + 1 for k in range(n)] for s, n in zip(starts, lengths, strict=True)]
    batches = rnn.BucketSentenceIter(sentences, 8, buckets=[4, 6], invalid_label=0)
    stack = cells.SequentialRNNCell()
    stack.add(cells.LSTMCell(16, prefix="l0_"))

    def network(length: int) -> Any:
        words = sym.Embedding(sym.var("data"), input_dim=9, output_dim=8, name="embed")
        outputs, _ = stack.unroll(length, words, merge_outputs=True)
        scores = sym.FullyConnected(sym.Reshape(outputs, shape=(-1, 16)), num_hidden=9, name="pred")
        label = sym.Reshape(sym.var("softmax_label"), shape=(-1,))
        return sym.SoftmaxOutput(scores, label, name="softmax"), ("data",), ("softmax_label",)

    module = mod.BucketingModule(network, default_bucket_key=batches.default_bucket_key)
    metric = dl.metric.Perplexity(ignore_label=0)
    words = {"optimizer": "adam", "optimizer_params": {"learning_rate": 0.02}, "initializer": dl.init.Xavier()}
    module.fit(batches, num_epoch=6, eval_metric=metric, **words)
    assert dict(module.score(batches, metric))["perplexity"] < 2, "every word is known from the one before"


def test_gradients_reach_the_weights() -> None:
    outputs, _ = cells.GRUCell(HIDDEN, "c_").unroll(STEPS, sym.var("data"), merge_outputs=True)
    data, block = drawn(BATCH, STEPS, INPUTS), made(gluon.rnn.GRUCell(HIDDEN, input_size=INPUTS))
    run = outputs.simple_bind(dl.cpu(), data=data.shape)
    for name, w in {"data": data, **weights_of(block)}.items():
        run.arg_dict[name][:] = w
    run.backward(nd.ones(run.forward(is_train=True)[0].shape))
    with autograd.record():
        block.unroll(STEPS, data, merge_outputs=True)[0].sum().backward()
    for name, p in block.collect_params().items():
        agree([run.grad_dict["c_" + name]], [p.grad()])


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="unroll: expected 3 inputs, got 2"):
        cells.RNNCell(3).unroll(3, [sym.var("a"), sym.var("b")])
    with pytest.raises(ValueError, match="layout must be 'NTC' or 'TNC', got 'NCT'"):
        cells.RNNCell(3).unroll(3, sym.var("a"), layout="NCT")
    with pytest.raises(TypeError, match="expected a cell of symbols, got LSTMCell"):
        cells.SequentialRNNCell().add(gluon.rnn.LSTMCell(3))
    with pytest.raises(NotImplementedError, match="no single step"):
        cells.FusedRNNCell(3)(sym.var("x"), [])
    with pytest.raises(ValueError, match="mode must be rnn_relu"):
        cells.FusedRNNCell(3, mode="elman")
