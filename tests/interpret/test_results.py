"""Results, attributions, embeddings and rules, against NumPy, scikit-learn and the axioms they are made by."""

import sys

import numpy as np
import pytest

import dlcore as dl
from dlcore import interpret

nn = dl.gluon.nn


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6)).astype("float32")
    y = ((x[:, 0] > 0).astype("int32") + (x[:, 1] > 0)).astype("int32")
    net = nn.HybridSequential()
    net.add(nn.Dense(24, activation="tanh"), nn.Dropout(0.3), nn.Dense(3))
    net.hybridize()
    dl.run.train(net, (x, y), epochs=8, optimizer="adam", lr=0.02, seed=0, show=False)
    return net, x, y


def test_scores_are_scikit_learns(trained):
    metrics = pytest.importorskip("sklearn.metrics")
    net, x, y = trained
    found = interpret.results(net, (x, y), batch=64)
    scores = net(dl.np.array(x)).asnumpy().astype("float64")
    guess = scores.argmax(1)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(y, guess))
    expected = metrics.precision_recall_fscore_support(y, guess)
    for mine, theirs in zip((found.precision, found.recall, found.f1), expected, strict=False):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert found.loss == pytest.approx(metrics.log_loss(y, shares), rel=1e-6)
    worst = found.worst(5)
    wrong = np.flatnonzero(guess != y)
    assert set(worst.index) <= set(wrong) and worst.losses[0] == found.losses[wrong].max()
    assert (np.diff(worst.losses) <= 0).all()
    for index, sample in zip(worst.index, worst.samples, strict=True):
        np.testing.assert_array_equal(sample, x[index])
    assert "accuracy" in repr(found) and "predicted" in repr(worst)


def test_integrated_gradients_add_up_to_the_difference_of_the_scores(trained):
    net, x, _ = trained
    found = interpret.integrated_gradients(net, x[:16], target=2, steps=200)
    scores, start = net(dl.np.array(x[:16])).asnumpy()[:, 2], net(dl.np.zeros((1, 6))).asnumpy()[0, 2]
    np.testing.assert_allclose(found.values.sum(1), scores - start, atol=2e-3)


def test_saliency_is_the_slope(trained):
    net, x, _ = trained
    found = interpret.saliency(net, x[:2], target=1)
    step = 1e-2
    for column in range(6):
        moved = np.zeros((2, 6), "float32")
        moved[:, column] = step
        high, low = (net(dl.np.array(x[:2] + sign * moved)).asnumpy()[:, 1] for sign in (1, -1))
        np.testing.assert_allclose(found.values[:, column], np.abs(high - low) / (2 * step), atol=5e-3)


def test_grad_cam_points_at_what_makes_the_class():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(1, 1, use_bias=False), nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(2, use_bias=False))
    net.initialize(dl.init.One())
    x = np.zeros((1, 1, 8, 8), "float32")
    x[0, 0, 2, 5] = 1
    net(dl.np.array(x))
    found = interpret.grad_cam(net, x, target=0)
    assert found.values.shape == (1, 8, 8)
    assert np.unravel_index(found.values[0].argmax(), (8, 8)) == (2, 5) and (found.values > 0).sum() == 1
    with pytest.raises(KeyError, match="no layer 'x'"):
        interpret.grad_cam(net, x, layer="x")
    with pytest.raises(ValueError, match="gives maps"):
        interpret.grad_cam(net, x, layer="3")


def test_the_embedding_is_the_principal_components(trained):
    decomposition = pytest.importorskip("sklearn.decomposition")
    net, x, y = trained
    found = interpret.embedding(net, (x, y), layer="0", count=200)
    values = net[0](dl.np.array(x[:200])).asnumpy().astype("float64")
    pca = decomposition.PCA(2).fit(values)
    np.testing.assert_allclose(np.abs(found.points), np.abs(pca.transform(values)), atol=1e-6)
    np.testing.assert_allclose(found.shares, pca.explained_variance_ratio_, rtol=1e-6)
    assert interpret.embedding(net, (x, y)).layer == "before 2"


def test_neighbours_of_a_layer_are_neighbours_in_the_plane(trained):
    """By scikit-learn's measure of it, which is 1 where no point has a neighbour that was far away in the layer."""
    manifold = pytest.importorskip("sklearn.manifold")
    net, (x, y) = trained[0], trained[1:]
    found = interpret.embedding(net, (x, y), count=150, method="tsne")
    assert found.points.shape == (150, 2) and found.method == "tsne"
    values = net[0](dl.np.array(x[:150])).asnumpy()
    assert manifold.trustworthiness(values, found.points, n_neighbors=5) > 0.9
    shuffled = np.random.default_rng(0).permutation(found.points)
    assert manifold.trustworthiness(values, shuffled, n_neighbors=5) < 0.6
    with pytest.raises(ValueError, match="one of pca, tsne, umap"):
        interpret.embedding(net, (x, y), method="som")


def test_without_the_package_one_line_says_which(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ImportError, match="umap needs umap-learn, which is not installed: pip install umap-learn"):
        interpret.embedding(trained[0], trained[1:], count=30, method="umap")


def test_rules_imitate_the_network(trained):
    pytest.importorskip("sklearn")
    net, x, y = trained
    found = interpret.rules(net, (x, y), features=list("abcdef"), depth=2)
    answers = net(dl.np.array(x)).asnumpy().argmax(1)
    agree = np.mean(found.tree.predict(x[1::2]) == answers[1::2])
    assert found.fidelity == pytest.approx(agree) and agree > np.bincount(answers[1::2]).max() / 200 + 0.1
    assert "--- a" in found.text and "--- b" in found.text and "agrees with the network" in str(found)


def test_wrong_input_is_named(trained):
    net, x, y = trained
    with pytest.raises(ValueError, match="results: expected class numbers as labels"):
        interpret.results(net, (x, x))
    with pytest.raises(ValueError, match="one output a class for labels 0 to 3"):
        interpret.results(net, (x, np.arange(400, dtype="int32") % 4))
    with pytest.raises(ValueError, match="target 3 is not one of the 3 classes"):
        interpret.saliency(net, x[:2], target=3)
    with pytest.raises(TypeError, match="results: expected a network"):
        interpret.results("net", (x, y))
