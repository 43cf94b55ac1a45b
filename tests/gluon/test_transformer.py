"""Attention and transformer cells against PyTorch with the same weights; positions by their formulas."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)
MEMORY = np.random.default_rng(1).normal(size=(2, 7, 8)).astype(np.float32)


def take(attention, peer):
    """Copies the weights of a MultiHeadAttention into PyTorch's."""
    parts = [attention.query, attention.key, attention.value]
    peer.in_proj_weight.data = torch.tensor(np.concatenate([p.weight.data().asnumpy() for p in parts]))
    peer.in_proj_bias.data = torch.tensor(np.concatenate([p.bias.data().asnumpy() for p in parts]))
    copy(attention.out, peer.out_proj)


def copy(dense, linear):
    linear.weight.data = torch.tensor(dense.weight.data().asnumpy())
    linear.bias.data = torch.tensor(dense.bias.data().asnumpy())


def ready(block, *inputs):
    block.initialize(dl.init.Normal(0.3))
    block(*inputs)
    draw = np.random.default_rng(3)
    for p in block.collect_params().values():
        p.set_data(dl.nd.array(draw.normal(size=p.shape).astype(np.float32) * 0.4))
    return block


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("hybrid", [False, True])
def test_attention(causal, hybrid):
    layer = ready(nn.MultiHeadAttention(8, 2, causal=causal), dl.nd.array(X))
    if hybrid:
        layer.hybridize()
    peer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    take(layer, peer)
    x, t = dl.nd.array(X), torch.tensor(X, requires_grad=True)
    x.attach_grad()
    with dl.autograd.record():
        y = layer(x)
    y.backward()
    banned = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1) if causal else None
    expected, _ = peer(t, t, t, attn_mask=banned)
    expected.sum().backward()
    np.testing.assert_allclose(y.asnumpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(x.grad.asnumpy(), t.grad.numpy(), rtol=1e-3, atol=1e-4)


def test_attention_to_something_else_under_a_mask():
    layer = ready(nn.MultiHeadAttention(8, 4), dl.nd.array(X), dl.nd.array(MEMORY))
    peer = torch.nn.MultiheadAttention(8, 4, batch_first=True)
    take(layer, peer)
    seen = np.arange(7) < np.array([[4], [7]])
    y = layer(dl.nd.array(X), dl.nd.array(MEMORY), dl.np.array(seen[:, None, None]))
    memory = torch.tensor(MEMORY)
    expected, _ = peer(torch.tensor(X), memory, memory, key_padding_mask=torch.tensor(~seen))
    np.testing.assert_allclose(y.asnumpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_encoder_and_decoder_cells(pre_norm):
    cell = ready(nn.TransformerEncoderCell(8, 16, 2, activation="gelu", pre_norm=pre_norm), dl.nd.array(X))
    options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": pre_norm}
    peer = torch.nn.TransformerEncoderLayer(8, 2, 16, **options)
    take(cell.attention, peer.self_attn)
    copy(cell.feed_forward.hidden, peer.linear1)
    copy(cell.feed_forward.out, peer.linear2)
    norms(peer.norm1, cell.attention_norm)
    norms(peer.norm2, cell.feed_forward_norm)
    expected = peer(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(cell(dl.nd.array(X)).asnumpy(), expected, rtol=1e-4, atol=2e-5)

    cell = nn.TransformerDecoderCell(8, 16, 2, activation="gelu", pre_norm=pre_norm)
    ready(cell, dl.nd.array(X), dl.nd.array(MEMORY))
    peer = torch.nn.TransformerDecoderLayer(8, 2, 16, **options)
    take(cell.attention, peer.self_attn)
    take(cell.memory_attention, peer.multihead_attn)
    copy(cell.feed_forward.hidden, peer.linear1)
    copy(cell.feed_forward.out, peer.linear2)
    for theirs, mine in ((peer.norm1, cell.attention_norm), (peer.norm2, cell.memory_norm)):
        norms(theirs, mine)
    norms(peer.norm3, cell.feed_forward_norm)
    causal = torch.nn.Transformer.generate_square_subsequent_mask(5)
    expected = peer(torch.tensor(X), torch.tensor(MEMORY), tgt_mask=causal).detach().numpy()
    y = cell(dl.nd.array(X), dl.nd.array(MEMORY)).asnumpy()
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=2e-5)


def norms(theirs, mine):
    theirs.weight.data = torch.tensor(mine.gamma.data().asnumpy())
    theirs.bias.data = torch.tensor(mine.beta.data().asnumpy())


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
