"""A whole data set at a glance: where a layer puts its samples, and rules that say nearly what a network says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore.gluon._mode import plain

from ._batch import batch_of
from ._blocks import batch_for, blocks, check_network, find

METHODS = ("pca", "tsne", "umap")


@dataclass
class Embedding:
    """`points` (n, 2) in the plane by `method`.

    "pca": along the two directions in which a layer's values vary most, with their `shares` of the variance.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Dense(5, activation="relu"), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> found = embedding(net, (numpy.eye(4, dtype="float32"), numpy.arange(4) % 2))
    >>> found.method, found.points.shape
    ('pca', (4, 2))
    """

    layer: str
    points: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    shares: tuple[float, float]
    method: str = "pca"


def embedding(
    net: Any, data: Any, layer: str | None = None, count: int = 1000, method: str = "pca", seed: int = 0
) -> Embedding:
    """The first `count` samples as the layer at path `layer` sees them, in two dimensions.

    By default the layer before the last one that has weights, where classes are already apart. `method`: "pca",
    principal components; "tsne" (L. van der Maaten and G. Hinton, 2008; needs scikit-learn) or "umap" (L. McInnes and
    others, 2018; needs umap-learn), which keep neighbours together and mean nothing by distances.
    Errors: KeyError for a path that is not there, ValueError where there are fewer than three samples or for another
    method, ImportError, with the command that installs it, where a package is missing.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridSequential()
    >>> net.add(dl.gluon.nn.Dense(5, activation="relu"), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> embedding(net, (numpy.eye(4, dtype="float32"), numpy.arange(4) % 2), layer="1").points.shape
    (4, 2)
    """
    check_network(net, "embedding")
    if method not in METHODS:
        raise ValueError(f"embedding: expected method= to be one of {', '.join(METHODS)}, got {method!r}")
    x, y = batch_of(data, count)
    if len(x) < 3:
        raise ValueError(f"embedding: expected at least three samples, got {len(x)}")
    values: list[np.ndarray] = []
    if layer is None:
        path, block = [(p, b) for p, b in blocks(net) if not b._children and b.own_params()][-1]
        handle = block.register_forward_pre_hook(lambda _b, inputs: values.append(inputs[0].asnumpy()))
    else:
        path, block = layer, find(net, layer, "embedding")
        handle = block.register_forward_hook(lambda _b, _i, out: values.append(out.asnumpy()))
    plain.on = True
    try:
        with handle, autograd.pause(train_mode=False):
            net(batch_for(net, x))
    finally:
        plain.on = False
    seen = values[0].reshape(len(x), -1).astype(np.float64)
    where = path if layer else f"before {path}"
    if method != "pca":
        return Embedding(where, _neighbours(seen, method, seed), y.asnumpy(), (0.0, 0.0), method)
    centred = seen - seen.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(x), 2))
    points[:, : min(2, len(sizes))] = left[:, :2] * sizes[:2]
    total = max(float((sizes**2).sum()), 1e-300)
    shares = [*(float(size**2) / total for size in sizes[:2]), 0.0, 0.0]
    return Embedding(where, points, y.asnumpy(), (shares[0], shares[1]))


def _neighbours(seen: np.ndarray, method: str, seed: int) -> np.ndarray:
    """Points in the plane whose neighbours are those in the layer."""
    try:
        if method == "tsne":
            from sklearn.manifold import TSNE

            made = TSNE(perplexity=min(30.0, (len(seen) - 1) / 3), random_state=seed)
        else:
            import umap

            made = umap.UMAP(n_neighbors=min(15, len(seen) - 1), random_state=seed)
    except ImportError:
        package = {"tsne": "scikit-learn", "umap": "umap-learn"}[method]
        raise ImportError(
            f"embedding: {method} needs {package}, which is not installed: pip install {package}"
        ) from None
    return np.asarray(made.fit_transform(seen.astype(np.float32)), np.float64)


@dataclass
class Rules:
    """A decision tree that imitates a network: `text`, and `fidelity`, the share of samples on which both agree.

    >>> found = Rules("|--- x0 <= 0.50", 0.975, None)
    >>> print(found)
    agrees with the network on 97.5% of the samples it was not made from
    |--- x0 <= 0.50
    """

    text: str = field(repr=False)
    fidelity: float
    tree: Any = field(repr=False)

    def __str__(self) -> str:
        return f"agrees with the network on {self.fidelity:.1%} of the samples it was not made from\n{self.text}"


def rules(net: Any, data: Any, features: list[str] | None = None, depth: int = 3, count: int = 4000) -> Rules:
    """Grow a decision tree of `depth` questions on what `net` answers, and judge it on samples it has not seen.

    features: names of the columns of x. Needs scikit-learn (ImportError says how to get it). A network that sees
    pictures is asked about pixels, which says little; tables are what this is for.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.HybridLambda(lambda F, x: dl.np.concatenate([0.5 - x[:, :1], x[:, :1] - 0.5], axis=1))
    >>> x = numpy.random.default_rng(0).random((400, 2)).astype("float32")
    >>> found = rules(net, (x, (x[:, 0] > 0.5).astype("int64")), features=["height", "width"], depth=1)
    >>> print(found.text)
    |--- height <= 0.50
    |   |--- class: 0
    |--- height >  0.50
    |   |--- class: 1
    >>> found.fidelity > 0.95
    True
    """
    check_network(net, "rules")
    try:
        from sklearn.tree import DecisionTreeClassifier, export_text
    except ImportError:
        raise ImportError("rules needs scikit-learn: pip install scikit-learn") from None
    x, _ = batch_of(data, count)
    if len(x) < 4:
        raise ValueError(f"rules: expected at least four samples, got {len(x)}")
    with autograd.pause(train_mode=False):
        answers = net(batch_for(net, x)).asnumpy().argmax(axis=-1)
    table = x.asnumpy().reshape(len(answers), -1)
    names = features or [f"x{number}" for number in range(table.shape[1])]
    if len(names) != table.shape[1]:
        raise ValueError(f"rules: expected {table.shape[1]} names of features, got {len(names)}")
    tree = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(table[::2], answers[::2])
    return Rules(export_text(tree, feature_names=names), float(tree.score(table[1::2], answers[1::2])), tree)
