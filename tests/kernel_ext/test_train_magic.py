"""%train and %%train in a real IPython shell."""

import numpy as np
import pytest

import dlcore as dl
from dlcore import kernel_ext
from dlcore._hooks import HOOKS
from dlcore.gluon import nn


@pytest.fixture
def notebook(shell):
    """A shell with a small network and data that it can learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype("int32")
    shell.push({"net": nn.Dense(2), "x_train": x, "y_train": y, "train": (x, y), "short": y[:3], "dl": dl})
    return shell


def run_cell(shell, text):
    result = shell.run_cell(text)
    return result.error_in_exec or result.error_before_exec, result.result


def test_train_trains_and_returns_the_run(notebook, capsys):
    error, run = run_cell(notebook, "%train net --data train --val train --epochs 20 --batch 32 --lr 0.5 --seed 1")
    assert error is None
    assert (run.state, run.step, run.name) == ("finished", 60, "net")
    assert run.history.last("val_accuracy") > 0.9
    printed = capsys.readouterr().out
    assert printed.count("net  epoch") == 20 and "epoch 20/20  loss" in printed


def test_background_returns_at_once(notebook):
    error, run = run_cell(notebook, "%train net --data train --epochs 10000 --background")
    assert error is None and not run.ended
    run.stop()
    assert run.wait(timeout=20).state == "stopped"
    assert np.isfinite(notebook.user_ns["net"].weight.data().asnumpy()).all()


def test_the_cell_computes_the_loss(notebook):
    cell = """%%train net --data train --epochs 15 --lr 0.5 --seed 0
criterion = dl.gluon.loss.SoftmaxCrossEntropyLoss()
weights = [scale * w for w in (1.0,)]
loss = (criterion(net(x), y) * weights[0]).mean()
"""
    notebook.push({"scale": 2.0})
    error, run = run_cell(notebook, cell)
    assert error is None
    _, losses = run.history.series("loss")
    assert losses[-1] < 0.7 * losses[0]
    assert "criterion" not in notebook.user_ns and "loss" not in notebook.user_ns


def test_the_cell_may_assign_what_it_reads(notebook):
    notebook.push({"loss": dl.gluon.loss.SoftmaxCrossEntropyLoss()})
    before = notebook.user_ns["loss"]
    error, run = run_cell(notebook, "%%train net --data train --epochs 2\nloss = loss(net(x), y)\n")
    assert error is None and run.state == "finished"
    assert notebook.user_ns["loss"] is before


def test_a_cell_that_looks_at_numbers_is_refused_or_run_as_it_is(notebook, capsys):
    body = """criterion = dl.gluon.loss.SoftmaxCrossEntropyLoss()
loss = criterion(net(x), y).mean()
if loss > 0:
    loss = loss * 2
"""
    error, _ = run_cell(notebook, "%%train net --data train\n" + body)
    assert isinstance(error, dl._core.TraceError)
    shown = capsys.readouterr().out
    assert "if loss > 0:" in shown and "dl.cond" in shown and "--imperative" in shown
    error, _ = run_cell(notebook, "f = dl.jit(lambda x: x if x.sum() > 0 else -x)\nf(dl.nd.ones((2,)))")
    assert "at In[" in str(error) and ":1 in <lambda>: f = dl.jit(" in str(error)
    error, run = run_cell(notebook, "%%train net --data train --imperative --epochs 2\n" + body)
    assert error is None and run.state == "finished" and run.recipe.words["imperative"] == "True"


def test_an_error_in_the_cell_shows_its_line(notebook, capsys):
    cell = "%%train net --data train\nout = net(x)\nloss = undefined_name(out, y)\n"
    error, _ = run_cell(notebook, cell)
    assert isinstance(error, NameError)
    shown = capsys.readouterr().out
    assert "loss = undefined_name(out, y)" in shown and "line 3" in shown
    assert "_loop.py" not in shown and "_jit.py" not in shown and "interactiveshell.py" not in shown
    error, run = run_cell(notebook, "%train net --data train --epochs 1")
    assert error is None and run.state == "finished"


def test_an_error_in_an_operator_shows_the_cells_line_alone(notebook, capsys):
    cell = "%%train net --data train\nout = net(x)\nloss = dl.nd.dot(out, out).mean()\n"
    error, _ = run_cell(notebook, cell)
    assert isinstance(error, ValueError)
    shown = capsys.readouterr().out
    assert "----> 3 loss = dl.nd.dot(out, out).mean()" in shown and "got (64, 2) and (64, 2)" in shown
    assert "File" not in shown


def test_a_syntax_error_in_the_cell_shows_its_line(notebook, capsys):
    error, _ = run_cell(notebook, "%%train net --data train\nloss = net(x\n")
    assert isinstance(error, SyntaxError)
    assert "loss = net(x" in capsys.readouterr().out


def test_a_cell_without_loss_says_what_is_missing(notebook, capsys):
    error, _ = run_cell(notebook, "%%train net --data train\nresult = net(x)\n")
    assert "the cell must assign loss" in str(error)
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("%train nett --data train", 'there is no network named nett; did you mean "net"?'),
        ("%train net --data train --optimizer adm", "expected an Optimizer or one of"),
        ("%train net --data x_train,train", "expected an array, got a tuple that is none"),
        ("%train net --data x_train,short", "expected as many labels as samples, got shapes (90, 2) and (3,)"),
    ],
)
def test_a_mistake_is_a_short_box(notebook, capsys, line, text):
    error, _ = run_cell(notebook, line)
    assert text in str(error)
    shown = capsys.readouterr().out
    assert text.split("\n")[0][:40] in shown and "Traceback" not in shown and ".py" not in shown


def test_an_interrupt_stops_between_two_steps(notebook, monkeypatch, capsys):
    from dlcore.run import Run

    wait = Run.wait
    calls = []

    def interrupted(self, timeout=None):
        calls.append(self)
        if len(calls) == 1:
            while self.step < 3:
                wait_a_little()
            raise KeyboardInterrupt
        return wait(self, timeout)

    def wait_a_little():
        import time

        time.sleep(0.01)

    monkeypatch.setattr(Run, "wait", interrupted)
    error, run = run_cell(notebook, "%train net --data train --epochs 100000")
    assert error is None
    assert run.state == "stopped" and run.step >= 3
    assert "interrupted, stopped at step" in capsys.readouterr().out
    assert np.isfinite(notebook.user_ns["net"].weight.data().asnumpy()).all()


def test_loading_gives_run_train_the_display_and_unloading_takes_it_back(shell):
    assert HOOKS["run.show"] == "dlcore.kernel_ext.train:show_run"
    kernel_ext.unload_ipython_extension(shell)
    assert "run.show" not in HOOKS
