"""What a stranger's slips are answered with: a box that names the place, what was expected and what came."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter

from dlcore.kernel_ext.options import complete

SETUP = "import dlcore as dl\nnn = dl.gluon.nn\n"
NETWORK = "%%network net\ninput 1x8x8\nconv 4 3x3 relu\nflatten\ndense 3"


@pytest.fixture
def ip(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, 1, 8, 8)).astype("float32")
    y = rng.integers(0, 3, 128).astype("int32")
    holes, beyond, below = x.copy(), y.copy(), y.copy()
    holes[3, 0, 2, 2], beyond[5], below[5] = np.nan, 7, -1
    shell.push({"x": x, "y": y, "holes": holes, "beyond": beyond, "below": below, "flat": x.reshape(128, 64)})
    shell.run_cell(SETUP).raise_error()
    shell.run_cell(NETWORK).raise_error()
    shell.run_cell("plain, square = nn.Dense(3), lambda net, x, y: 0").raise_error()
    shell.run_cell("window = nn.Conv2D(4, 3, prefix='window_')").raise_error()
    capsys.readouterr()
    return shell


def shown(ip, cell: str, capsys) -> str:
    """What a cell that fails shows."""
    done = ip.run_cell(cell, store_history=True)
    assert not done.success
    return str(capsys.readouterr().out).rstrip()


@pytest.mark.parametrize(
    "line, box",
    [
        ("%graph", "Error: %graph: nothing is named\nusage: %graph NET [--input SHAPE] [--stage NAME]"),
        ("%graph net --stag fuse", 'Error: %graph: there is no option --stag; did you mean "--stage"?\nusage: %graph'),
        ("%summary net 1x8x8", "Error: %summary: expected NET, got net 1x8x8\nusage: %summary NET [--input SHAPE]"),
        ("%summary net --input 3x3", "Error: net takes samples of 1x8x8, as its input line says, and not of 3x3"),
        ("%show_batch x,y --count 0", "Error: %show_batch: --count expects a whole number >= 1, got '0'\nusage: %show"),
        ("%show_batch x", "Error: %show_batch: data: expected every batch to be a pair (x, y), got NDArray; give"),
        ("%explore net --data x,y --data x,y", "Error: %explore: --data is given twice\nusage: %explore NET"),
        ("%explore net --data --layer conv1", "Error: %explore: --data needs a value\nusage: %explore NET"),
        ("%devices --live=3", "Error: %devices: --live takes no value, got '3'\nusage: %devices"),
        ("%explore net --data x,beyond --layer conv1", "Error: %explore: softmax_cross_entropy: label 7 of sample 5"),
        ("%lr_find net --data x,beyond", "Error: %lr_find: softmax_cross_entropy: label 7 of sample "),
        ("%lr_find net --data flat,y", "Error: %lr_find: net expects a batch of 1x8x8, an array of shape (batch, 1, 8"),
        ("%lr_find net --data holes,y", "Error: %lr_find: the loss was finite for "),
        ("%lr_find net --data x,y --steps 1", "Error: %lr_find: expected at least 10 steps and a batch >= 1"),
        ("%interpret net --data x,below", "Error: %interpret: "),
        ("%dlcore train", "Error: %dlcore lists every magic, and takes no words; help on one of them: %train?"),
        ("%parallel", "Error: %parallel: as a line magic it only takes --stop; use %%parallel -n 2 on top of a cell"),
        ("%%parallel -n two\n1", "Error: %%parallel: --workers expects a whole number >= 1, got 'two'\nusage: "),
        ("%%parallel --workrs 2\n1", 'Error: %%parallel: there is no option --workrs; did you mean "--workers"?\n'),
        ("%%tune net --data x,y --trials 0\nnet = 3", "Error: %%tune: --trials expects a whole number >= 1, got '0'\n"),
        ("%train net --data x,y --optimizer adm", "Error: optim.create: expected an Optimizer or one of "),
        ("%train net --data x,y --metric acurracy", "Error: metric: expected one of "),
        ("%diagram plain", "Error: %diagram edits the text of a %%network cell, and plain has none; look at it with"),
        ("%interpret net", "Error: %interpret: --data is missing\nusage: %interpret NET"),
        ("%monitor plain", "Error: %monitor: --data or --input says what goes into the network\nusage: %monitor"),
        ("%monitor net --data flat,y", "Error: %monitor: net expects a batch of 1x8x8, an array of shape (batch, 1, 8"),
        ("%network plain", "Error: plain was not made by %%network and has no text; see it with %summary plain"),
        ("%explore net --loss flat", "Error: %explore: --loss expects a function of the notebook, and flat is none"),
        ("%%profile 1\n2", "Error: %%profile: the cell is what is run, so '1' is one too many\nusage: %profile"),
        ("%profile --trace", "Error: %profile: --trace needs a file\nusage: %profile"),
        ("%graph window --input 1x2x2", "Error: window cannot take one sample of shape (1, 2, 2): conv"),
        ("%%train net --data x,y --loss square\nloss = 3", "Error: %%train: the cell computes the loss, so --loss can"),
        ("%train net --data x,y --workers 2 --resume", "Error: %train: --resume works in one process, not with --work"),
        ("%%tune 3net --data x,y\nnet = 3", "Error: %%tune: 3net is no name for a network\nusage: %%tune"),
        ("%%network 3net\ninput 4", "\n    %%network 3net\n              ^^^^\nNetworkError: \"3net\" cannot be"),
    ],
)  # fmt: skip
def test_a_slip_in_a_line_is_answered_in_a_box(ip, capsys, line, box):
    said = shown(ip, line, capsys)
    assert box in said if box.startswith("\n") else said.startswith(box)
    assert "Traceback" not in said and said.count("\n") < 6


def test_what_is_not_there_is_named(ip, capsys, monkeypatch):
    assert shown(ip, "%profile 1 / 0", capsys).endswith("%profile: the code above failed, so there is no table")
    monkeypatch.setattr("dlcore.run.runs", list)
    assert shown(ip, "%attach", capsys) == "Error: %attach: no run was started in this kernel yet"
    monkeypatch.setattr(ip, "kernel", object(), raising=False)
    for magic, package in ("diagram", "diagram"), ("explore", "explorer"):
        monkeypatch.setitem(sys.modules, f"dlcore.widgets.{package}", None)
        assert shown(ip, f"%{magic} net", capsys).startswith(f"Error: %{magic} needs the notebook's packages: import ")


def test_words_that_are_nearly_right_are_named(ip, capsys):
    assert shown(ip, "%train net --data x,y --optimizer adm", capsys).endswith("got 'adm'; did you mean 'adam'?")
    assert shown(ip, "%train net --data x,y --metric acurracy", capsys).endswith("did you mean 'accuracy'?")
    assert shown(ip, "%lr_find net --data holes,y", capsys).endswith("steps only; sample 3 of the data holds nan")


@pytest.mark.parametrize(
    "cell, error, place",
    [
        ("%train net --data x,beyond --batch 128", "IndexError: softmax_cross_entropy: label 7 of sample ", "0 steps"),
        ("%train net --data x,below --batch 128", "IndexError: softmax_cross_entropy: label -1 of sample ", "0 steps"),
        ("%train net --data x,y --val flat,y --batch 64", "ValueError: net expects a batch of 1x8x8, ", "2 steps"),
        ("%%train net --data x,y\nloss = 3", "TypeError: loss: expected an array computed from", "0 steps"),
        ("%%tune net --data x,beyond --trials 2 --batch 128\nlr = log(1e-3, 1)\nnet = nn.Dense(3)", "IndexError", "1"),
        ("%%tune net --data x,y --trials 2\nlr = log(1e-3, 1)\nnet = 3", "TypeError: search: expected a network", "1"),
        ("%%tune net --data x,y --trials 2\nlr = choice('a', 'b')\nnet = nn.Dense(3)", "TypeError: run.prepare", "1"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit_is_told_without_lines_of_dlcore(ip, capsys, cell, error, place):
    if cell.startswith("%%tune"):
        pytest.importorskip("optuna")
    before = {name: p.data().asnumpy() for name, p in ip.user_ns["net"].collect_params().items()}
    lines = [line for line in shown(ip, cell, capsys).splitlines() if not line.startswith("net  ")]
    assert lines[0].startswith(error) and not any("File " in line or "---" in line for line in lines)
    assert re.search(rf"  in the (run|search) net, after {place}", lines[-1])
    net = ip.user_ns["net"]  # usable, and where no step was done as it was
    assert net(ip.user_ns["dl"].np.array(ip.user_ns["x"][:2])).shape == (2, 3)
    if place == "0 steps":
        for name, parameter in net.collect_params().items():
            np.testing.assert_array_equal(parameter.data().asnumpy(), before[name])


@pytest.mark.parametrize("head", ["%%train net --data x,y", "%%tune net --data x,y"])
def test_a_cell_that_is_no_python_shows_its_own_line_alone(ip, capsys, head):
    lines = shown(ip, f"{head}\nlr = 3\nloss = net(x", capsys).splitlines()
    assert lines[0].strip().startswith("Cell In[") and lines[0].endswith("line 3")
    assert [line.strip() for line in lines[1:]] == ["loss = net(x", "^", "SyntaxError: '(' was never closed"]


def test_a_loss_that_is_no_number_is_explained_once(ip, capsys):
    def told(cell: str) -> list[str]:
        ip.run_cell(cell).raise_error()
        return re.findall(r"the loss is .*", str(capsys.readouterr().out))

    line = "%train net --epochs 3 --batch 128 --data "
    assert told(line + "holes,y") == ["the loss is nan from step 1 on: sample 3 of the data holds nan"]
    assert told(line + "x,y") == [
        "the loss is nan from step 1 on: the weights were not finite before; make the network anew, "
        "or initialize it again"
    ]
    ip.run_cell(NETWORK)
    (far,) = told("%%train net --epochs 9 --batch 64 --lr 1e6 --data x,y\nloss = (net(x) ** 2).mean()")
    why = r"a smaller lr than 1e\+06 may help, and restore\(\d+\) goes back to before"
    assert re.fullmatch(rf"the loss is (nan|inf) from step \d+ on: {why}", far)
    ip.run_cell(NETWORK)
    assert told(line + "x,y") == []


def test_trials_that_diverge_say_why(ip, capsys):
    pytest.importorskip("optuna")
    cell = "lr = log(1e-3, 1.0)\nother = nn.Dense(3)\n"
    found = ip.run_cell_magic("tune", "other --data holes,y --trials 2 --epochs 1 --batch 128", cell)
    why = "the loss is nan from step 1 on: sample 3 of the data holds nan"
    assert [(trial.state, trial.error) for trial in found.trials] == [("diverged", why)] * 2
    assert str(capsys.readouterr().out).count("diverged  (lr=") == 2
    found = ip.run_cell_magic("tune", "other --data x,y --trials 1 --epochs 1 --batch 128", cell)
    assert (found.trials[0].state, found.trials[0].error) == ("finished", None)


def test_the_tab_key_knows_the_words_of_every_magic(ip):
    pytest.importorskip("optuna")
    ip.run_cell("run = %train net --data x,y --batch 128")

    def offered(line: str) -> list[str]:
        with provisionalcompleter():
            return [one.text for one in ip.Completer.completions(line, len(line))]

    for line, words in {
        "%network n": ["net"], "%graph n": ["net"], "%graph net --s": ["--stage"], "%summary net --": ["--input"],
        "%train net --ep": ["--epochs"], "%%tune net --tr": ["--trials"], "%attach r": ["run"], "%explore n": ["net"],
        "%diagram n": ["net"], "%lr_find net --opt": ["--optimizer"], "%show_batch mn": ["mnist"],
        "%interpret net --show wo": ["worst"], "%devices --": ["--live"], "%monitor net --ba": ["--batch"],
        "%memory --": ["--count"], "%parallel --": ["--stop"], "%%parallel --": ["--workers"], "%mxnet o": ["off"],
        "%profile --": ["--trace"],
    }.items():  # fmt: skip
        assert offered(line)[: len(words)] == words, line
    assert complete("%runs ", ip.user_ns) == ("", [])  # it takes no words


def test_every_magic_tells_how_it_is_written(ip):
    from dlcore.kernel_ext.dlcore_help import EXAMPLES

    for magic, _, example, python in EXAMPLES:
        word, kind = magic.lstrip("%"), "cell" if magic.startswith("%%") else "line"
        text = ip.magics_manager.magics[kind][word].__doc__
        assert magic in text and "Example: " in text and "Python: " in text, magic
        assert word in example and python
