"""Warnings name the line of the program that called, not one of dlcore's own."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn


def _twice() -> None:
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=3))
    net.initialize()
    net.initialize()


def _many_signatures() -> None:
    double = dl.jit(lambda x: x * (2 + x.shape[0]))
    for n in range(1, 40):
        double(dl.np.ones((n,)))


def _other_backend() -> None:
    net = nn.Dense(2, in_units=3)
    net.initialize()
    net.optimize_for(dl.np.ones((1, 3)), backend="MKLDNN")


@pytest.mark.parametrize(
    "act",
    [
        _twice,
        _many_signatures,
        lambda: dl.gluon.utils.clip_global_norm([dl.np.array([np.inf])], 1.0),
        lambda: dl.rnn.BucketSentenceIter([[1, 2, 3, 4, 5], [1, 2]], 1, buckets=[3]),
        _other_backend,
    ],
    ids=["initialize", "jit", "clip_global_norm", "BucketSentenceIter", "optimize_for"],
)
def test_a_warning_is_at_the_callers_line(act) -> None:
    with pytest.warns(UserWarning) as seen:
        act()
    assert {warning.filename for warning in seen} == {__file__}
