"""Large outlines become small pictures that still lead from the input to the output."""

from __future__ import annotations

from dlcore.kernel_ext.folding import find_patterns, fold, fold_networks, fold_turns
from dlcore.kernel_ext.outline import Group, Item


def chain(*labels, groups=()):
    """A plain sequence of layers with 10 parameters each."""
    return tuple(
        Item(f"l{n}", label, "layer", (n,), () if n == 0 else (n - 1,), 10, groups) for n, label in enumerate(labels)
    )


def residual_stage(turns):
    """An input, a repeat of two layers and a join with what came in, and an output layer."""
    items = [Item("input", "input", "input", (8,))]
    for turn in range(1, turns + 1):
        groups, before = (Group("repeat1", turn, turns),), len(items) - 1
        items.append(Item("a", "a", "layer", (8,), (before,), 5, groups))
        items.append(Item("b", "b", "layer", (8,), (before + 1,), 5, groups))
        items.append(Item("add", "add", "join", (8,), (before + 2, before), 0, groups))
    items.append(Item("out", "out", "layer", (2,), (len(items) - 1,), 1))
    return tuple(items)


def test_a_small_network_is_left_alone():
    items = residual_stage(3)
    assert fold(items, most=11) == items


def test_turns_fall_onto_the_first():
    folded = fold_turns(residual_stage(20))
    assert [item.label for item in folded] == ["input", "a", "b", "add", "out"]
    assert [item.sources for item in folded] == [(), (0,), (1,), (2, 0), (3,)]
    assert [item.parameters for item in folded] == [0, 100, 100, 0, 1]
    assert folded[1].groups == (Group("repeat1", 1, 20),)


def test_parameters_that_are_not_known_stay_unknown():
    first, second, *rest = residual_stage(2)
    items = (first, Item("a", "a", "layer", None, (0,), None, second.groups), *rest)
    assert [item.parameters for item in fold_turns(items)] == [0, None, 10, 0, 1]


def test_equal_layers_in_a_row_are_found():
    items = chain("conv", *["dense", "relu"] * 30, "softmax")
    assert [group.turns for group in find_patterns(items)[1].groups] == [30]
    folded = fold(items)
    assert [item.label for item in folded] == ["conv", "dense", "relu", "softmax"]
    assert [item.sources for item in folded] == [(), (0,), (1,), (2,)]
    assert [item.parameters for item in folded] == [10, 300, 300, 10]


def test_a_skip_must_be_the_same_to_be_a_pattern():
    items = list(chain(*["dense"] * 6))
    items[4] = Item("l4", "dense", "layer", (4,), (3, 0), 10)
    assert [len(item.groups) for item in find_patterns(tuple(items))] == [0, 1, 1, 1, 0, 0]


def test_networks_become_one_box_from_the_inside_out():
    inner = (Group("net"), Group("block"))
    items = (
        Item("input", "input", "input", (3,)),
        Item("a", "a", "layer", (4,), (0,), 1, inner),
        Item("b", "b", "layer", (5,), (1,), 2, inner),
        Item("c", "c", "layer", (6,), (2,), 4, inner[:1]),
        Item("d", "d", "layer", (7,), (3, 0), 8),
    )
    once = fold_networks(items, 1)
    assert [(item.label, item.kind, item.shape, item.parameters) for item in once] == [
        ("input", "input", (3,), 0),
        ("block", "network", (5,), 3),
        ("c", "layer", (6,), 4),
        ("d", "layer", (7,), 8),
    ]
    twice = fold_networks(items, 0)
    assert [(item.label, item.sources) for item in twice] == [("input", ()), ("net", (0,)), ("d", (1, 0))]
    assert fold(items, most=4) == once
    assert fold(items, most=3) == twice
