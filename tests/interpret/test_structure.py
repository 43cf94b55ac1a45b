"""A network as rows and edges, against what its code says."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.interpret import structure

nn = dl.gluon.nn


class Residual(dl.gluon.HybridBlock):
    """x -> second(first(x)) + x, with the layers made in the other order."""

    def __init__(self):
        super().__init__()
        self.second, self.first = nn.Dense(4), nn.Dense(6, activation="relu")

    def forward(self, x):
        return self.second(self.first(x)) + x


def made(net, *shape):
    net.initialize()
    return structure(net, dl.np.ones(shape))


def test_rows_stand_in_the_order_of_the_calls_and_edges_follow_the_values():
    found = made(Residual(), 3, 4)
    paths = [layer.path for layer in found.layers]
    assert paths == ["input", "", "first", "second", "#1"]
    named = {(paths[a], paths[b]) for a, b in found.edges}
    assert named == {("input", "first"), ("first", "second"), ("second", "#1"), ("input", "#1")}
    assert [layer.shape for layer in found.layers] == [(4,), (4,), (6,), (4,), (4,)]
    assert found.at("first").parameters == 4 * 6 + 6
    assert found.at("#1").label == "add" and found.at("#1").parent == 1


def test_layers_that_do_nothing_in_prediction_are_wired_too():
    net = nn.HybridSequential()
    net.add(nn.Dense(5), nn.Dropout(0.5), nn.Flatten(), nn.Dense(2))
    found = made(net, 2, 3)
    paths = [layer.path for layer in found.layers]
    assert ("0", "1") in {(paths[a], paths[b]) for a, b in found.edges}
    assert paths.index("1") + 1 == paths.index("2")


def test_a_trace_leaves_the_network_as_it_was():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(2))
    net.initialize()
    x = dl.np.array(np.random.default_rng(0).normal(size=(2, 1, 6, 6)).astype("float32"))
    net(x)
    before = {path: p.data().asnumpy() for path, p in net.collect_params().items()}
    state = dl.random.get_state()
    structure(net, x)
    for path, parameter in net.collect_params().items():
        np.testing.assert_array_equal(parameter.data().asnumpy(), before[path], err_msg=path)
    assert dl.random.get_state() == state
    assert not any(block._hooks or block._pre_hooks for block in [net, *net._children.values()])


def test_without_data_or_weights_the_layers_are_there_and_the_note_says_what_is_not():
    net = nn.HybridSequential()
    net.add(nn.Dense(3), nn.Dense(2))
    assert [layer.path for layer in structure(net).layers] == ["", "0", "1"]
    found = structure(net, np.ones((1, 4), "float32"))
    assert found.edges == [] and "initialize()" in found.note


def test_a_forward_pass_that_looks_at_values_is_told_not_raised():
    class Looks(dl.gluon.Block):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(2)

        def forward(self, x):
            y = self.dense(x)
            return y if float(y.sum()) > 0 else -y

    found = made(Looks(), 1, 2)
    assert [layer.path for layer in found.layers] == ["", "dense"] and "could not be traced" in found.note


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="structure: expected a network .*, got int"):
        structure(3)


def test_a_layer_that_cannot_take_what_it_gets_is_marked_with_its_edge():
    net = nn.HybridSequential()
    net.add(nn.Dense(8, in_units=4), nn.Dense(5, in_units=8), nn.Dense(3, in_units=7), nn.Dense(2))
    found = made(net, 1, 4)
    assert [found.layers[a].path for a, b in found.wrong] == ["1"] and found.layers[found.wrong[0][1]].path == "2"
    assert [(found.layers[a].path, found.layers[b].path) for a, b in found.edges] == [
        ("input", "0"),
        ("0", "1"),
        ("1", "2"),
    ]
    assert found.at("1").shape == (5,) and found.at("2").shape is None
    assert "expected 7 inputs" in found.note

    class Apart(dl.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Dense(4, in_units=4), nn.Dense(3, in_units=4), nn.Dense(2, in_units=4)

        def forward(self, x):
            left = self.a(x)
            return self.c(self.b(x) * 2) + left

    net = Apart()
    found = made(net, 1, 4)
    assert [(found.layers[a].path, found.layers[b].path) for a, b in found.wrong] == [("b", "c")]  # through an operator
