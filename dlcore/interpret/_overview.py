"""A whole data set at a glance: where a layer puts its samples, and rules that say nearly what a network says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import autograd
from dlcore.gluon._mode import plain

from ._batch import batch_of
from ._blocks import batch_for, blocks, check_network, find


@dataclass
class Embedding:
    """`points` (n, 2) lie along the two directions in which a layer's values vary most; `shares` of the variance."""

    layer: str
    points: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    shares: tuple[float, float]


def embedding(net: Any, data: Any, layer: str | None = None, count: int = 1000) -> Embedding:
    """The first `count` samples as the layer at path `layer` sees them, by principal components.

    By default the layer before the last one that has weights, where classes are already apart. Errors: KeyError for a
    path that is not there, ValueError where there are fewer than three samples.
    """
    check_network(net, "embedding")
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
    centred = seen - seen.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(x), 2))
    points[:, : min(2, len(sizes))] = left[:, :2] * sizes[:2]
    total = max(float((sizes**2).sum()), 1e-300)
    shares = [*(float(size**2) / total for size in sizes[:2]), 0.0, 0.0]
    return Embedding(path if layer else f"before {path}", points, y.asnumpy(), (shares[0], shares[1]))


@dataclass
class Rules:
    """A decision tree that imitates a network: `text`, and `fidelity`, the share of samples on which both agree."""

    text: str = field(repr=False)
    fidelity: float
    tree: Any = field(repr=False)

    def __str__(self) -> str:
        return f"agrees with the network on {self.fidelity:.1%} of the samples it was not made from\n{self.text}"


def rules(net: Any, data: Any, features: list[str] | None = None, depth: int = 3, count: int = 4000) -> Rules:
    """Grow a decision tree of `depth` questions on what `net` answers, and judge it on samples it has not seen.

    features: names of the columns of x. Needs scikit-learn (ImportError says how to get it). A network that sees
    pictures is asked about pixels, which says little; tables are what this is for.
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
