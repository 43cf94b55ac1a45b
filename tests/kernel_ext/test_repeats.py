"""Repeats in the diagram: a stretch is repeated, one is added, a frame is taken away; weights stay where they were."""

from __future__ import annotations

import numpy as np
import pytest

from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.language import parse
from dlcore.kernel_ext.language.edits import edit
from dlcore.kernel_ext.session import Session

TEXT = """%%network net
input 8
# first
a = dense 8 relu
dense 8  # mid
repeat 2:
    dense 8
    # odd
    relu
add a
dense 3"""


def weights(net, path):
    return net.collect_params()[path].data().asnumpy().copy()


def edited(**request):
    return edit(parse(TEXT), request)


def test_a_stretch_is_repeated_and_comments_go_with_it():
    done = edited(do="repeat", line=5, to=6, turns="3")
    inside = ["    dense 8  # mid", "    repeat 2:", "        dense 8", "        # odd", "        relu"]
    assert done.text.splitlines() == [*TEXT.splitlines()[:4], "repeat 3:", *inside, *TEXT.splitlines()[9:]]
    assert done.line == 5 and done.moved == {2: 2, 4: 4, 6: 5, 7: 6, 8: 7, 10: 9, 11: 10, 12: 11}
    assert edit(parse(done.text), {"do": "unrepeat", "line": 5}).text == TEXT
    assert edited(do="repeat", line=6, to=5, turns="3").text == done.text


def test_what_is_used_below_is_named_and_what_comes_in_comes_into_every_turn():
    text = edited(do="repeat", line=4).text
    assert "repeat 2:\n    a = dense 8 relu\nx1 = identity\n" in text and text.endswith("add x1\ndense 3")
    fork = "input 4\na = dense 4\nb = dense 4\nc = dense 4 from a\nadd b\ndense 2"
    whole = edit(parse(fork), {"do": "repeat", "line": 3, "to": 5}).text
    assert "repeat 2:\n    x2 = identity\n    b = dense 4\n    c = dense 4 from x2\n    add b\n" in whole.replace(
        "x1", "x2"
    )


def test_a_repeat_is_added_in_one_line():
    assert "dense 8  # mid\nrepeat 3:\n    dense 4 relu\nrepeat 2:" in edited(
        do="add", line=5, text="repeat 3: dense 4 relu"
    ).text  # fmt: skip
    assert "    dense 8\n    repeat 3:\n        relu\n    # odd" in edited(do="add", line=7, text="repeat 3: relu").text


@pytest.mark.parametrize(
    "request_, said",
    [
        ({"do": "add", "line": 5, "text": "repeat 3:"}, "say what is repeated, as in repeat 3: dense 64"),
        ({"do": "add", "line": 5, "text": "repeat 3: add a"}, "begin a repeat with a layer that takes one value"),
        ({"do": "add", "line": 5, "text": "repeat 3: repeat 2: relu"}, "say what is repeated"),
        ({"do": "add", "line": 5, "text": "repeat x: relu"}, "expected how often"),
        ({"do": "repeat", "line": 2}, "what comes in cannot be repeated"),
        ({"do": "repeat", "line": 5, "turns": "often"}, "expected how often to repeat"),
        ({"do": "repeat", "line": 5, "to": 7}, "in the same frame"),
        ({"do": "repeat", "line": 4, "to": 5}, "a is used below the stretch, by add1"),
        ({"do": "unrepeat", "line": 5}, "only a repeat has a frame"),
    ],
)
def test_what_cannot_be_repeated_is_said(request_, said):
    with pytest.raises(CleanError, match=said):
        edited(**request_)


def test_a_name_that_would_be_there_twice_is_said():
    text = "input 4\nrepeat 2:\n    x = dense 4\nx = dense 4\nrelu"
    with pytest.raises(CleanError, match='another line is named "x" already'):
        edit(parse(text), {"do": "unrepeat", "line": 2})


def test_weights_stay_in_the_first_turn_and_in_other_repeats(shell):
    shell.run_cell(TEXT).raise_error()
    net = shell.user_ns["net"]
    session = Session(shell, "net", net)
    mid, one, two = (weights(net, f"{name}.weight") for name in ("dense1", "repeat1_1_dense1", "repeat1_2_dense1"))
    state = session.do({"do": "repeat", "line": 5, "turns": "3"})
    assert state["error"] is None and "kept the weights of a, repeat1_1_dense1" in state["said"]
    for path, value in (("repeat1_1_dense1", mid), ("repeat2_1_dense1", one), ("repeat2_2_dense1", two)):
        np.testing.assert_array_equal(weights(net, f"{path}.weight"), value)
    assert not np.array_equal(weights(net, "repeat1_2_dense1.weight"), mid)
    second = weights(net, "repeat1_2_dense1.weight")
    turns = next(row for row in state["rows"] if row["kind"] == "repeat")
    session.do({"do": "write", "line": turns["line"], "text": "repeat 2:"})
    np.testing.assert_array_equal(weights(net, "repeat1_2_dense1.weight"), second)
    state = session.do({"do": "unrepeat", "line": turns["line"]})
    assert state["text"] == TEXT
    np.testing.assert_array_equal(weights(net, "dense1.weight"), mid)
    np.testing.assert_array_equal(weights(net, "repeat1_2_dense1.weight"), two)


@pytest.mark.parametrize("line, left", [(2, [(1, 1), (1, 2), (1, 3)]), (3, [(1, 1), (2, 1)])])
def test_of_two_frames_either_can_go_and_its_first_turn_stays(shell, line, left):
    shell.run_cell("%%network net\ninput 4\nrepeat 2:\n    repeat 3:\n        dense 4").raise_error()
    net = shell.user_ns["net"]
    held = {(n, m): weights(net, f"repeat1_{n}_repeat2_{m}_dense1.weight") for n in (1, 2) for m in (1, 2, 3)}
    state = Session(shell, "net", net).do({"do": "unrepeat", "line": line + 1})
    assert state["error"] is None and len(net.collect_params()) == 2 * len(left)
    for number, where in enumerate(left, 1):
        np.testing.assert_array_equal(weights(net, f"repeat1_{number}_dense1.weight"), held[where])
