"""A network's text that is edited: what the living network keeps, in cells that are run again and in the diagram."""

from __future__ import annotations

import numpy as np
import pytest

from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.language import NetworkError, make, parse, rewrite
from dlcore.kernel_ext.language.edits import edit
from dlcore.kernel_ext.session import Session

TEXT = """%%network net
# a small one
input 3x8x8

a = conv 4 3x3 pad 1  # first
conv 4 3x3 pad 1 relu
conv 4 3x3 pad 1 relu
add a
flatten
dense 5"""


def weights(net, path):
    return net.collect_params()[path].data().asnumpy().copy()


def run(shell, cell, cell_id="one"):
    shell.run_cell(cell, store_history=True, cell_id=cell_id).raise_error()


def out(net, seed=0):
    import dlcore as dl

    x = np.random.default_rng(seed).normal(size=(2, 3, 8, 8)).astype("float32")
    return net(dl.np.array(x)).asnumpy()


# --- the cell


def test_an_edited_cell_changes_the_same_network_and_keeps_untouched_weights(shell, capsys):
    run(shell, TEXT)
    net = shell.user_ns["net"]
    before = {path: weights(net, path) for path in net.collect_params()}
    capsys.readouterr()
    run(shell, TEXT.replace("flatten", "maxpool 2\nflatten"))
    assert shell.user_ns["net"] is net
    assert "kept the weights of a, conv1, conv2; new: dense1" in capsys.readouterr().out
    for path, value in before.items():
        same = path.startswith("dense1") and value.ndim == 2
        if not same:
            np.testing.assert_array_equal(weights(net, path), value, err_msg=path)
    assert weights(net, "dense1.weight").shape == (5, 64)


def test_the_same_cell_again_starts_anew_and_so_does_another_cell(shell):
    run(shell, TEXT)
    net = shell.user_ns["net"]
    run(shell, TEXT)
    assert shell.user_ns["net"] is not net
    again = shell.user_ns["net"]
    run(shell, TEXT.replace("dense 5", "dense 6"), cell_id="two")
    assert shell.user_ns["net"] is not again
    run(shell, TEXT, cell_id=None)
    assert not np.array_equal(weights(again, "a.weight"), weights(shell.user_ns["net"], "a.weight"))


def test_an_edited_cell_with_a_mistake_changes_nothing(shell):
    run(shell, TEXT)
    net = shell.user_ns["net"]
    before = out(net)
    result = shell.run_cell(TEXT.replace("pad 1 relu\nadd", "relu\nadd"), cell_id="one")
    assert isinstance(result.error_in_exec, NetworkError)
    assert shell.user_ns["net"] is net
    np.testing.assert_array_equal(out(net), before)


def test_a_network_that_trains_is_left_alone(shell):
    run(shell, TEXT)
    net = shell.user_ns["net"]
    x, y = np.zeros((64, 3, 8, 8), "float32"), np.zeros(64, "int32")
    import dlcore as dl

    going = dl.run.train(net, (x, y), epochs=2000, background=True, show=False)
    try:
        run(shell, TEXT.replace("dense 5", "dense 6"))
        assert shell.user_ns["net"] is not net and net.shapes[-1] == (5,)
        session = Session(shell, "net", net)
        assert "is being trained by the run" in session.do({"do": "remove", "line": 6})["text"]
    finally:
        going.stop()
        going.wait(30)


# --- rewrite


def test_compiled_networks_and_trainers_go_on_with_what_stayed():
    import dlcore as dl

    net = make(TEXT)
    net.hybridize()
    out(net)
    rewrite(net, TEXT.replace("conv 4 3x3 pad 1 relu\nadd", "conv 4 3x3 pad 1 tanh\nadd"))
    plain = make(TEXT.replace("conv 4 3x3 pad 1 relu\nadd", "conv 4 3x3 pad 1 tanh\nadd"))
    for path, parameter in plain.collect_params().items():
        parameter.set_data(net.collect_params()[path].data())
    np.testing.assert_allclose(out(net), out(plain), rtol=1e-5, atol=1e-6)
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    with dl.autograd.record():
        loss = net(dl.np.ones((2, 3, 8, 8))).sum()
    loss.backward()
    trainer.step(2)


def test_equal_layers_in_the_middle_are_told_apart_by_name_and_order():
    net = make("input 4\none = dense 4\ntwo = dense 4\ndense 4\ndense 2")
    two, third = weights(net, "two.weight"), weights(net, "dense1.weight")
    rewrite(net, "input 4\ntwo = dense 4\ndense 4\ndense 2")
    np.testing.assert_array_equal(weights(net, "two.weight"), two)
    np.testing.assert_array_equal(weights(net, "dense1.weight"), third)


def test_an_embedded_network_keeps_what_it_can():
    names = {"inner": make("%%network inner\ninput 4\ndense 4\ndense 3")}
    net = make("input 4\nuse inner\ndense 2", names)
    first = weights(net, "inner1.dense1.weight")
    names["inner"] = make("%%network inner\ninput 4\ndense 4\ndense 5")
    grown = rewrite(net, "input 4\nuse inner\ndense 2", names)
    np.testing.assert_array_equal(weights(net, "inner1.dense1.weight"), first)
    assert "inner1.dense1" in grown.kept and "inner1.dense2" in grown.new


def test_initialize_gives_new_values_to_what_has_not_learned_and_leaves_the_rest():
    net = make("input 4\ndense 3\ndense 2")
    rewrite(net, "input 4\ndense 3\nrelu\ndense 2")
    before = weights(net, "dense1.weight")
    net.initialize(init="zeros")
    assert not np.array_equal(weights(net, "dense1.weight"), before)


# --- edits of the text


def edited(**request):
    return edit(parse(TEXT), request)


def changed(text):
    """The lines that are not in TEXT."""
    old = TEXT.splitlines()
    return [line for line in text.splitlines() if line not in old]


def test_a_line_is_added_in_the_flow_or_beside_it():
    done = edited(do="add", line=5, text="dropout 0.2")
    assert done.text == TEXT.replace("# first\n", "# first\ndropout 0.2\n").replace("add a", "add dropout1").replace(
        "\ndropout 0.2", "\ndropout1 = dropout 0.2"
    )
    assert done.line == 6
    beside = edited(do="add", line=6, text="conv 4 1x1", branch=True)
    assert changed(beside.text) == [
        "conv1 = conv 4 3x3 pad 1 relu", "conv 4 1x1", "conv 4 3x3 pad 1 relu from conv1"
    ]  # fmt: skip


def test_a_line_is_removed_and_the_others_take_what_it_took():
    assert edited(do="remove", line=6).text == TEXT.replace("conv 4 3x3 pad 1 relu\n", "", 1)
    assert changed(edited(do="remove", line=5).text) == ["x1 = input 3x8x8", "add x1"]
    with pytest.raises(CleanError, match="last line"):
        edit(parse("dense 3"), {"do": "remove", "line": 1})


def test_lines_are_connected_in_any_direction_that_is_no_circle():
    done = edited(do="connect", line=9, source=6, place=0)
    assert changed(done.text) == ["conv1 = conv 4 3x3 pad 1 relu", "flatten from conv1"]
    more = edited(do="connect", line=8, source=6)
    assert changed(more.text) == ["conv1 = conv 4 3x3 pad 1 relu", "conv2 = conv 4 3x3 pad 1 relu", "add conv2 a conv1"]
    back = edit(parse(more.text), {"do": "disconnect", "line": 8, "place": 2})
    assert "add conv2 a\n" in back.text
    with pytest.raises(CleanError, match="circle"):
        edited(do="connect", line=6, source=8, place=0)
    text = "input 4\ni = identity\na = dense 4 from i\nb = dense 3 from i\nconcat a b"
    below = edit(parse(text), {"do": "connect", "line": 3, "source": 4, "place": 0})
    assert below.text == "input 4\ni = identity\nb = dense 3 from i\na = dense 4\nconcat a b" and below.line == 4
    assert below.moved == {1: 1, 2: 2, 3: 4, 4: 3, 5: 5}


def test_a_repeat_stays_closed_to_the_outside():
    text = "input 4x4x4\nrepeat 2:\n    conv 4 1x1\n    relu\nflatten\ndense 2"
    with pytest.raises(CleanError, match="known only there"):
        edit(parse(text), {"do": "connect", "line": 5, "source": 3, "place": 0})
    around = edit(parse(text), {"do": "connect", "line": 6, "source": 2, "place": 0}).text
    assert around.splitlines()[-3:] == ["x1 = identity", "flatten", "dense 2 from x1"]
    inside = edit(parse(text), {"do": "add", "line": 3, "text": "batchnorm"}).text
    assert "    conv 4 1x1\n    batchnorm\n    relu" in inside
    gone = edit(parse(edit(parse(text), {"do": "remove", "line": 3}).text), {"do": "remove", "line": 3}).text
    assert gone == "input 4x4x4\nflatten\ndense 2"


def test_values_and_names_are_written_and_refused():
    assert changed(edited(do="write", line=10, text="dense 7 relu").text) == ["dense 7 relu"]
    assert changed(edited(do="name", line=5, name="skip").text) == [
        "skip = conv 4 3x3 pad 1  # first", "add skip"
    ]  # fmt: skip
    for request, said in (
        ({"do": "write", "line": 10, "text": "densee 7"}, 'did you mean "dense"'),
        ({"do": "write", "line": 10, "text": "dense"}, "needs its units"),
        ({"do": "write", "line": 3, "text": "dense 3"}, "stays an input"),
        ({"do": "name", "line": 6, "name": "a"}, 'named "a" already'),
        ({"do": "name", "line": 6, "name": "conv"}, "word of the language"),
        ({"do": "add", "line": 99, "text": "relu"}, "no line 99"),
        ({"do": "dance", "line": 3}, "no edit"),
        ({"do": "write", "line": 10, "text": " "}, "a line cannot be empty; remove it instead"),
        ({"do": "write", "line": 10, "text": "relu from b"}, 'no value is named "b"'),
    ):
        with pytest.raises(CleanError, match=said):
            edited(**request)
    block = parse("%%network block(n)\ndense n\nrelu")
    for request, said in (
        ({"do": "name", "line": 2, "name": "n"}, '"n" is a parameter of this block and cannot be the name of a value'),
        ({"do": "remove", "line": 0}, "what comes in cannot be removed"),
    ):
        with pytest.raises(CleanError, match=said):
            edit(block, request)


# --- a session


@pytest.fixture
def session(shell):
    run(shell, TEXT)
    return Session(shell, "net", shell.user_ns["net"])


def test_an_edit_reaches_the_living_network_and_undo_brings_the_very_weights_back(session):
    net, before = session.net, out(session.net)
    kept = weights(net, "conv2.weight")
    state = session.do({"do": "remove", "line": 6})
    assert state["text"] == TEXT.replace("conv 4 3x3 pad 1 relu\n", "", 1) and state["edited"]
    assert "conv2" not in "".join(net.collect_params())
    np.testing.assert_array_equal(weights(net, "conv1.weight"), kept)  # the second of two equal lines stayed
    session.do({"do": "undo"})
    np.testing.assert_array_equal(out(net), before)
    session.do({"do": "redo"})
    np.testing.assert_array_equal(weights(net, "conv1.weight"), kept)


def test_a_mistake_is_marked_on_its_wire_and_nothing_is_lost(session):
    before = out(session.net)
    state = session.do({"do": "write", "line": 7, "text": "conv 4 3x3 relu"})
    row = next(row for row in state["rows"] if row["line"] == 8)
    assert "equal shapes" in row["error"] and [bad for _, _, bad in row["sources"]] == [False, True]
    assert state["error"]["line"] == 8 and "conv 4 3x3 relu" in state["text"]
    np.testing.assert_array_equal(out(session.net), before)
    state = session.do({"do": "write", "line": 5, "text": "conv 4 3x3"})  # 6x6 meets 4x4
    assert state["error"] is not None
    state = session.do({"do": "write", "line": 7, "text": "conv 4 3x3 pad 1 relu"})
    assert state["error"] is None and session.net.shapes[1] == (4, 6, 6)
    kept = {row["name"] for row in state["rows"]}
    assert kept == {"input", "a", "conv1", "conv2", "add1", "flatten1", "dense1"}
    for _ in range(3):
        state = session.do({"do": "undo"})
    assert state["text"] == TEXT and state["error"] is None
    np.testing.assert_array_equal(out(session.net), before)


def test_weights_find_their_lines_through_a_mistake(session):
    second = weights(session.net, "conv2.weight")
    session.do({"do": "add", "line": 5, "text": "conv 3 1x1", "branch": True})  # nothing uses it yet
    assert session.error is not None
    state = session.do({"do": "remove", "line": 6})
    assert state["error"] is None
    np.testing.assert_array_equal(weights(session.net, "conv2.weight"), second)


def test_the_cell_is_followed(shell, session):
    run(shell, TEXT.replace("dense 5", "dense 9"))
    session.follow(shell.user_ns["net"])
    state = session.state()
    assert state["rows"][-1]["text"] == "dense 9" and state["undo"] == 1 and state["cell"] == "one"
    assert session.do({"do": "undo"})["rows"][-1]["text"] == "dense 5"
    assert shell.user_ns["net"].shapes[-1] == (5,)


def test_a_flowchart_becomes_lines_when_it_is_edited(shell):
    chart = "%%network net\nflowchart TB\n a([input 4]) --> b[dense 3 relu] --> c[dense 2]"
    run(shell, chart)
    session = Session(shell, "net", shell.user_ns["net"])
    assert session.state()["cell_text"] == chart
    state = session.do({"do": "write", "line": 3, "text": "dense 6 relu"})
    assert state["text"] == "%%network net\ninput 4\ndense 6 relu\ndense 2"


def test_a_picture_of_the_rows_has_their_wires(session):
    found = session.structure()
    names = [layer.name for layer in found.layers]
    pairs = {(names[a], names[b]) for a, b in found.edges}
    assert {("input", "a"), ("a", "add1"), ("conv2", "add1"), ("flatten1", "dense1")} <= pairs


def test_five_hundred_lines_are_drawn_and_edited_in_a_moment(shell):
    import time

    text = "%%network net\ninput 4\n" + "\n".join(["dense 4"] * 500)
    run(shell, text)
    session = Session(shell, "net", shell.user_ns["net"])
    start = time.perf_counter()
    state = session.do({"do": "add", "line": 200, "text": "relu"})
    assert len(state["rows"]) == 502 and state["error"] is None
    assert time.perf_counter() - start < 5  # seconds; about 0.5 on an idle machine


class Seen:
    """A picture that notes what it is told."""

    def __init__(self):
        self.nets = []

    def follow(self, net):
        self.nets.append(net)


def test_pictures_follow_until_they_die_or_their_cell_shows_another(shell, capsys):
    from dlcore.kernel_ext import views

    run(shell, TEXT)
    first, second, other = Seen(), Seen(), Seen()
    for picture, cell in ((first, "look"), (second, "look"), (other, "elsewhere")):
        shell.run_cell("1", cell_id=cell)
        views.watch(shell, "net", picture)
    run(shell, TEXT.replace("dense 5", "dense 6"))
    net = shell.user_ns["net"]
    assert (first.nets, second.nets, other.nets) == ([], [net], [net])
    del other
    broken = Seen()
    broken.follow = lambda net: 1 / 0
    views.watch(shell, "net", broken)
    capsys.readouterr()
    run(shell, TEXT.replace("dense 5", "dense 7"))
    assert len(second.nets) == 2 and "could not follow: ZeroDivisionError" in capsys.readouterr().out
    assert shell.user_ns["net"].shapes[-1] == (7,)  # a picture does not break the cell
