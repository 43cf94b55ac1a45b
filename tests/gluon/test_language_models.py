"""The language models of the zoo: causal, the same compiled, states that go on, drawing of tokens."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon.model_zoo import text

TOKENS = np.random.default_rng(0).integers(0, 11, (2, 8)).astype(np.int32)


def ready(net, seed=1):
    dl.random.seed(seed)
    net.initialize(dl.init.Normal(0.4))
    return net


@pytest.mark.parametrize(
    "make",
    [
        lambda: text.GPT(11, context=8, units=8, num_layers=2, num_heads=2),
        lambda: text.GPT(11, context=8, units=8, num_layers=1, num_heads=2, rotary=True, tied=True),
        lambda: text.LSTMLanguageModel(11, 6, 7, num_layers=2),
        lambda: text.LSTMLanguageModel(11, 6, 6, tied=True),
    ],
)
def test_a_score_knows_the_past_only_and_compiling_changes_nothing(make):
    net = ready(make())
    scores = net(dl.nd.array(TOKENS, dtype="int32")).asnumpy()
    other = TOKENS.copy()
    other[:, 5:] = (other[:, 5:] + 1) % 11
    changed = net(dl.nd.array(other, dtype="int32")).asnumpy()
    np.testing.assert_allclose(changed[:, :5], scores[:, :5], rtol=1e-5, atol=1e-6)
    assert np.abs(changed[:, 5:] - scores[:, 5:]).max() > 1e-3
    net.hybridize()
    for _ in range(2):
        np.testing.assert_allclose(net(dl.nd.array(TOKENS, dtype="int32")).asnumpy(), scores, rtol=1e-4, atol=1e-5)


def test_tied_weights_are_one_parameter():
    net = text.GPT(11, context=8, units=8, num_layers=1, num_heads=2, tied=True)
    assert net.out.weight is net.tokens.weight
    with pytest.raises(ValueError, match="tied needs equal sizes, got 6 and 7"):
        text.LSTMLanguageModel(11, 6, 7, tied=True)


def test_states_carry_a_text_on():
    net = ready(text.LSTMLanguageModel(11, 6, 7))
    whole = net(dl.nd.array(TOKENS, dtype="int32")).asnumpy()
    states, parts = net.begin_state(2), []
    for k in (0, 4):
        scores, states = net(dl.nd.array(TOKENS[:, k : k + 4], dtype="int32"), states)
        parts.append(scores.asnumpy())
    np.testing.assert_allclose(np.concatenate(parts, 1), whole, rtol=1e-4, atol=1e-5)


def test_drawing_follows_the_scores_the_seed_and_the_context():
    net = ready(text.GPT(11, context=4, units=8, num_layers=1, num_heads=2))
    greedy = net.generate(dl.nd.array(TOKENS[:, :3], dtype="int32"), 5, temperature=0).asnumpy()
    assert greedy.shape == (2, 8) and (greedy[:, :3] == TOKENS[:, :3]).all()
    expected = net(dl.nd.array(greedy[:, 3:7], dtype="int32")).asnumpy()[:, -1].argmax(1)
    assert (greedy[:, 7] == expected).all()
    drawn = []
    for seed in (3, 3, 4):
        dl.random.seed(seed)
        drawn.append(net.generate(TOKENS[:, :3], 20, temperature=2.0, top_k=5).asnumpy())
    assert (drawn[0] == drawn[1]).all() and (drawn[0] != drawn[2]).any()
    with pytest.raises(ValueError, match="temperature >= 0, got -1"):
        net.generate(TOKENS, 1, temperature=-1)
    with pytest.raises(ValueError, match="at most 4 tokens, got 8"):
        net(dl.nd.array(TOKENS, dtype="int32"))
