"""Attention and transformer cells against plain NumPy with the same weights; positions by their formulas."""

import numpy as np
import pytest
from plain import pointwise, sequences
from plain.slope import agree

import dlcore as dl
from dlcore.gluon import nn

X = np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)
MEMORY = np.random.default_rng(1).normal(size=(2, 7, 8)).astype(np.float32)


def ready(block, *inputs):
    block.initialize(dl.init.Normal(0.3))
    block(*inputs)
    draw = np.random.default_rng(3)
    for p in block.collect_params().values():
        p.set_data(dl.nd.array(draw.normal(size=p.shape).astype(np.float32) * 0.4))
    return block


def weights(block):
    """The block's weights in float64, by their paths."""
    return {name: p.data().asnumpy().astype(np.float64) for name, p in block.collect_params().items()}


def same(block, plain, *inputs):
    """In float32 to its rounding; in float64 values and the gradients of all inputs to 1e-10."""
    got = block(*[dl.nd.array(x) for x in inputs]).asnumpy()
    np.testing.assert_allclose(got, plain(*[x.astype(np.float64) for x in inputs]), rtol=1e-4, atol=2e-5)
    block.cast("float64")
    agree(block, plain, [x.astype(np.float64) for x in inputs])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("hybrid", [False, True])
def test_attention(causal, hybrid):
    layer = ready(nn.MultiHeadAttention(8, 2, causal=causal), dl.nd.array(X))
    if hybrid:
        layer.hybridize()
    w = weights(layer)
    same(layer, lambda x: sequences.multi_head(x, x, w, 2, causal=causal), X)


def test_attention_to_something_else_under_a_mask():
    layer = ready(nn.MultiHeadAttention(8, 4), dl.nd.array(X), dl.nd.array(MEMORY))
    seen = (np.arange(7) < np.array([[4], [7]]))[:, None, None]
    w, mask = weights(layer), dl.np.array(seen)

    def masked(x, memory):
        return layer(x, memory, mask)

    masked.cast = layer.cast
    same(masked, lambda x, memory: sequences.multi_head(x, memory, w, 4, seen), X, MEMORY)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_encoder_and_decoder_cells(pre_norm):
    gelu = pointwise.ACTIVATIONS["gelu_erf"][1]
    cell = ready(nn.TransformerEncoderCell(8, 16, 2, activation="gelu", pre_norm=pre_norm), dl.nd.array(X))
    w = weights(cell)
    same(cell, lambda x: sequences.transformer_cell(x, None, w, 2, pre_norm, gelu), X)
    cell = nn.TransformerDecoderCell(8, 16, 2, activation="gelu", pre_norm=pre_norm)
    ready(cell, dl.nd.array(X), dl.nd.array(MEMORY))
    of_decoder = weights(cell)
    same(cell, lambda x, m: sequences.transformer_cell(x, m, of_decoder, 2, pre_norm, gelu), X, MEMORY)


def test_rotary_products_depend_on_the_distance_only():
    rotary = nn.RotaryEmbedding()
    q, k = np.random.default_rng(2).normal(size=(2, 8)).astype(np.float32)
    turned_q = rotary(dl.nd.array(np.tile(q, (1, 12, 1)))).asnumpy()[0]
    turned_k = rotary(dl.nd.array(np.tile(k, (1, 12, 1)))).asnumpy()[0]
    products = turned_q @ turned_k.T
    for distance in (-3, 0, 4):
        line = np.diagonal(products, distance)
        np.testing.assert_allclose(line, line[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(turned_q, axis=1), np.linalg.norm(q), rtol=1e-5)


def test_sinusoids():
    y = nn.SinusoidalPositionalEmbedding()(dl.nd.zeros((1, 6, 4))).asnumpy()[0]
    angle = np.arange(6)[:, None] / 10_000.0 ** (np.array([0, 2]) / 4)
    np.testing.assert_allclose(y, np.concatenate([np.sin(angle), np.cos(angle)], 1), atol=1e-6)


def test_a_small_language_model_learns_a_pattern_when_compiled():
    dl.random.seed(5)
    net = nn.HybridSequential()
    net.add(
        nn.Embedding(7, 16),
        nn.TransformerEncoder(2, units=16, hidden_size=32, num_heads=2, pre_norm=True, causal=True, rotary=True),
        nn.Dense(7, flatten=False),
    )
    net.initialize(dl.init.Xavier())
    net.hybridize()
    tokens = np.tile(np.array([0, 3, 1, 4, 1, 5, 2, 6]), (4, 3))
    x, y = dl.nd.array(tokens[:, :-1], dtype="int32"), dl.nd.array(tokens[:, 1:], dtype="int32")
    trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    loss = dl.gluon.loss.SoftmaxCrossEntropyLoss()

    @dl.jit
    def step(x, y):
        with dl.autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    losses = [float(step(x, y)) for _ in range(60)]
    assert losses[-1] < 0.25 < 1.5 < losses[0]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nn.MultiHeadAttention(9, 2), "2 heads do not divide 9 units"),
        (
            lambda: nn.MultiHeadAttention(8, 2)(dl.nd.ones((2, 8))),
            r"expected arrays \(n, t, c\), got \(2, 8\) and \(2, 8\)",
        ),
        (lambda: nn.RotaryEmbedding()(dl.nd.ones((2, 3))), r"even units\), got \(2, 3\)"),
        (lambda: nn.SinusoidalPositionalEmbedding()(dl.nd.ones((2, 3))), r"even units\), got \(2, 3\)"),
    ],
)
def test_what_does_not_fit_is_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()
