"""``%%tune``: marks in a cell, mistakes with line and caret, the best network bound to its name."""

import fcntl

import numpy as np
import pytest

pytest.importorskip("optuna")

from dlcore.kernel_ext import tune_room  # noqa: E402
from dlcore.kernel_ext.errors import CleanError  # noqa: E402
from dlcore.kernel_ext.tune_cell import TuneError  # noqa: E402
from dlcore.tune import _journal  # noqa: E402

NET = "net = nn.HybridSequential()\nnet.add(nn.Dense(width, activation='relu'), nn.Dense(2))\n"
GOOD = f"lr = log(1e-3, 1.0)\nwidth = choice(8, 16)\n{NET}"
LINE = "net --data train --val test --trials 4 --epochs 2 --seed 1"


@pytest.fixture
def shell(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 8)).astype("float32")
    y = (x[:, :4].sum(axis=1) > x[:, 4:].sum(axis=1)).astype("int32")
    shell.run_cell("import dlcore as dl\nnn = dl.gluon.nn")
    shell.push({"train": (x[:192], y[:192]), "test": (x[192:], y[192:])})
    return shell


def tune(shell, cell, line=LINE):
    return shell.run_cell_magic("tune", line, cell)


def test_the_best_network_is_bound_and_the_rest_of_the_notebook_untouched(shell, capsys):
    shell.push({"lr": "mine", "width": 3})
    found = tune(shell, GOOD)
    assert found.state == "finished" and len(found.trials) == 4
    assert set(found.marks) == {"lr", "width"}
    assert shell.user_ns["net"] is found.best.net
    assert (shell.user_ns["lr"], shell.user_ns["width"]) == ("mine", 3)
    assert capsys.readouterr().out.count("trial ") == 4  # a terminal gets a line for each


def test_marks_stand_wherever_a_value_may(shell):
    cell = (
        "deep: int = int(1, 2)\nbatch = choice(16, 64)\nword = int('7')\n"
        "net = nn.HybridSequential()\n"
        "for _ in range(deep):\n    net.add(nn.Dense(8), nn.Dropout(rate=uniform(0, 0.5)))\n"
        "net.add(nn.Dense(2))\n"
    )
    found = tune(shell, cell, LINE + " --lr 0.1")
    assert set(found.marks) == {"deep", "batch", "rate"}
    assert len(found.best.net) == 2 * found.best.values["deep"] + 1
    code = found.best_code()
    assert f"batch = {found.best.values['batch']}\n" in code and "int('7')" in code and "uniform" not in code


def test_a_number_of_ones_own_is_tuned_without_a_network(shell):
    found = tune(shell, "a = uniform(0, 4)\nscore = (a - 3) ** 2\n", "--trials 15 --seed 0")
    assert abs(found.best.values["a"] - 3) < 0.5 and found.goal == "score"


@pytest.mark.parametrize(
    "cell, line, caret, message",
    [
        ("lr = log(0, 1)\n" + NET, 2, "0", "the low end must be above 0"),
        ("\nlr = chioce(1, 2)\n" + NET, 3, "chioce", 'did you mean "choice"'),
        ("net = nn.Dense(choice(8, 16))", 2, "choice(8, 16)", "this mark has no name"),
        ("top = 3\nlr = uniform(0, top)\n" + NET, 3, "top", "not known before the trials"),
        ("lr = log(1, 2, 3)\n" + NET, 2, "log(1, 2, 3)", "log is written like log(1e-4, 1e-1)"),
        ("é = 'é'; lr = uniform(2, 1)\n" + NET, 2, "1", "the low end before the high one"),
        ("lr = choice(*[1, 2])\n" + NET, 2, "*[1, 2]", "one by one"),
        ("lr = log(lowest, 2)\n" + NET, 2, "lowest", "NameError"),
        ("a = dict(r=uniform(0, 1))\nb = dict(r=uniform(0, 1))\n" + NET, 3, "uniform(0, 1)", "two marks called r"),
    ],
)  # fmt: skip
def test_a_wrong_mark_is_shown_with_its_line_and_a_caret(shell, cell, line, caret, message):
    before = shell.user_ns.get("net")
    with pytest.raises(TuneError, match=message.replace("(", r"\(").replace(")", r"\)")) as caught:
        tune(shell, cell)
    assert (caught.value.lineno, caught.value.caret) == (line, caret)
    assert shell.user_ns.get("net") is before


@pytest.mark.parametrize(
    "cell, line, message",
    [
        (NET, LINE, "the cell has no mark"),
        ("lr = log(1e-3, 1)\n", LINE, "the cell must assign net; to tune a number, assign score"),
        (GOOD, "net --data trian", 'did you mean "train"'),
        (GOOD, LINE + " --sampler tpee", 'did you mean "tpe"'),
        (GOOD, "net --trials 2", "needs data="),
        (GOOD, LINE + " --goal val_thing", "give maximize="),
    ],
)
def test_what_is_missing_is_said_in_a_line(shell, cell, line, message):
    with pytest.raises((CleanError, ValueError, TypeError), match=message):
        tune(shell, cell, line)


def test_an_error_of_the_cell_shows_its_own_line(shell, capsys):
    shell.run_cell("%%tune " + LINE + "\nlr = log(1e-3, 1)\nnet = nn.Dense(2, activaton='relu')\n")
    said = capsys.readouterr().out
    assert "activaton='relu'" in said and "TypeError" in said
    assert "_search.py" not in said and "_bench.py" not in said


def test_what_is_no_python_is_shown_where_it_stands(shell, capsys):
    done = shell.run_cell(f"%%tune {LINE}\nlr = log(1e-3, 1.0)\ndense 10\n")
    assert isinstance(done.error_in_exec, SyntaxError) and done.error_in_exec.lineno == 3
    shown = capsys.readouterr().out
    assert "dense 10" in shown.split("line 3")[1] and "# %%tune" not in shown


def test_options_complete_in_a_cell(shell):
    from dlcore.kernel_ext.options import complete

    assert complete("%%tune net --tri", shell.user_ns) == ("--tri", ["--trials"])
    assert complete("%%tune net --prune m", shell.user_ns) == ("m", ["median"])


def restarted(shell, monkeypatch):
    """As in a fresh kernel: no search on disk is this kernel's own."""
    for journal in list(_journal._mine.values()):
        journal.close()
    monkeypatch.setattr(_journal, "_begun", set())
    for held in ("_written_here", "_displaced"):
        monkeypatch.setattr(tune_room, held, set())
    shell.push({"net": None, "net_search": None})


def rows(found):
    return [(t.number, t.state, t.values, t.curve, t.score) for t in found.trials]


def test_after_a_restart_the_search_is_offered_and_goes_on(shell, monkeypatch, capsys):
    with pytest.raises(CleanError, match="no search named net on disk"):
        tune(shell, GOOD, LINE + " --resume")
    first = tune(shell, GOOD)
    path = _journal.path_of("net")
    lines = path.read_bytes().splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if b'"op_code":6' in line)
    _journal._mine[path.resolve()].close()
    path.write_bytes(b"".join(lines[:last]) + lines[last][:9])  # killed while it wrote the end of the last trial
    restarted(shell, monkeypatch)
    capsys.readouterr()
    shell.run_line_magic("reload_ext", "dlcore")
    assert (
        capsys.readouterr().out
        == "net: a search with 3 of 4 trials, 0 min old, is on disk: its cell with --resume goes on\n"
    )
    whole = path.read_bytes()

    tune(
        shell, GOOD, LINE.replace("--trials 4", "--trials 1")
    )  # the cell as it was: a new search, and the old one stays
    assert "with 3 of 4 trials, 0 min old, is on disk; the same cell with --resume" in capsys.readouterr().out
    assert _journal.earlier(path).read_bytes() == whole
    again = tune(shell, GOOD, LINE.replace("--trials 4", "--trials 5") + " --resume")
    assert rows(again)[:3] == rows(first)[:3] and len(again.trials) == 5
    assert again.trials[3].state == "stopped" and again.trials[3].curve == first.trials[3].curve
    assert shell.user_ns["net"] is again.best.net is not None

    # Nothing is left to do, so that it has ended before anybody listens; the network is there all the same.
    restarted(shell, monkeypatch)
    search = tune_room.search
    monkeypatch.setattr(tune_room, "search", lambda *args, **more: search(*args, **more).wait())
    last = tune(shell, GOOD, LINE.replace("--trials 4", "--trials 5") + " --resume")
    assert rows(last) == rows(again) and shell.user_ns["net"] is last.best.net is not None


def test_a_damaged_or_another_search_does_not_go_on_and_stays(shell, monkeypatch, capsys):
    tune(shell, GOOD, LINE.replace("--trials 4", "--trials 1"))
    path = _journal.path_of("net")
    restarted(shell, monkeypatch)
    with pytest.raises(CleanError, match="keeps a search with marks .*log.* and this one has .*uniform"):
        tune(shell, GOOD.replace("log(1e-3, 1.0)", "uniform(0.1, 1.0)"), LINE + " --resume")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"nothing\n", *lines[1:]]))
    whole = path.read_bytes()
    restarted(shell, monkeypatch)
    with pytest.raises(CleanError, match="is damaged: its line 2 is 'nothing'; the file is left as it is"):
        tune(shell, GOOD, LINE + " --resume")
    assert path.read_bytes() == whole
    restarted(shell, monkeypatch)
    capsys.readouterr()
    tune(shell, GOOD, LINE.replace("--trials 4", "--trials 1"))
    assert f"net: a search that cannot be read is kept as {_journal.earlier(path)}" in capsys.readouterr().out
    assert _journal.earlier(path).read_bytes() == whole


def test_two_notebooks_of_a_folder_may_search_under_one_name(shell, capsys):
    path = _journal.path_of("net")
    path.parent.mkdir(parents=True)
    with open(path, "w+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = tune(shell, GOOD, LINE.replace("--trials 4", "--trials 1"))
        assert found.state == "finished" and path.read_bytes() == b""
        assert "searches under this name; this search is not kept" in capsys.readouterr().out
