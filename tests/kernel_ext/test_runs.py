"""%runs and %attach, and what %train does about earlier runs and snapshots on disk."""

import time

import numpy as np
import pytest

from dlcore.gluon import nn
from dlcore.kernel_ext import train_room
from dlcore.kernel_ext.runs import Runs, find


@pytest.fixture
def notebook(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2)).astype("float32")
    shell.push({"net": nn.Dense(2), "other": nn.Dense(2), "train": (x, (x[:, 0] > x[:, 1]).astype("int32"))})
    return shell


def run_cell(shell, text):
    result = shell.run_cell(text)
    assert result.error_in_exec is None and result.error_before_exec is None, text
    return result.result


def failed(shell, text):
    return str(shell.run_cell(text).error_in_exec)


def test_runs_are_listed_and_found(notebook, capsys):
    run_cell(notebook, "first = %train net --data train --epochs 2 --seed 1")
    run_cell(notebook, "second = %train other --data train --epochs 100000 --background --name long")
    first, second = notebook.user_ns["first"], notebook.user_ns["second"]
    listed = run_cell(notebook, "%runs")
    rows = {row[1]: row for row in listed.rows}
    assert rows["first"][2:5] == ("net", "finished", "4 of 4")
    assert float(rows["first"][5]) == pytest.approx(first.history.last("loss"), rel=1e-3)
    assert rows["second"][2:4] == ("long", "running")
    assert "<th>state</th>" in listed._repr_html_() and "finished" in repr(listed)
    for word, run in (("first", first), ("long", second), ("", second), (rows["first"][0], first)):
        assert find(word, notebook.user_ns) is run
    assert 'did you mean "second"' in failed(notebook, "%attach secnd")
    assert "takes no words" in failed(notebook, "%runs all")
    capsys.readouterr()
    run_cell(notebook, "%attach long")
    second.stop()
    second.wait(timeout=20)
    assert "stopped at step" in capsys.readouterr().out  # the terminal's display of a run


def test_without_runs_the_list_says_so():
    assert repr(Runs([])) == "no run was started in this kernel yet"


def test_training_a_network_again_stops_the_old_run_and_frees_it(notebook, capsys):
    run_cell(notebook, "old = %train net --data train --epochs 100000 --background")
    old = notebook.user_ns["old"]
    while old.step < 5:
        time.sleep(0.005)
    run_cell(notebook, "new = %train net --data train --epochs 1")
    assert (old.state, notebook.user_ns["new"].state) == ("stopped", "finished")
    assert "the run that was training this network was stopped at step" in capsys.readouterr().out
    assert len(old.snapshots) == 0 and len(notebook.user_ns["new"].snapshots) > 0


def test_after_a_restart_the_snapshot_on_disk_is_offered_and_resumed(notebook, capsys, monkeypatch):
    from dlcore.run import _keeper

    assert "no snapshot of a run named net" in failed(notebook, "%train net --data train --resume")
    monkeypatch.setattr(_keeper, "FIRST", 0.0)
    run_cell(notebook, "run = %train net --data train --epochs 100000 --background --lr 0.03")
    run = notebook.user_ns["run"]
    path = train_room.Disk("net").path
    while not path.exists() or run.step < 3:
        time.sleep(0.01)
    run.stop()
    run.wait(timeout=20)
    monkeypatch.setattr(train_room, "_written_here", set())  # as in a fresh kernel
    notebook.push({"net": nn.Dense(2)})
    capsys.readouterr()
    run_cell(notebook, "again = %train net --data train --epochs 1 --background")
    notebook.user_ns["again"].wait(timeout=20)
    assert f"a snapshot of step {run.step:,}, 0 min old, is on disk; %train ... --resume" in capsys.readouterr().out
    assert not path.exists()  # a finished run leaves nothing to go on from


def test_after_a_restart_the_curve_is_shown_and_drawn_on(notebook, capsys, monkeypatch):
    from dlcore.run import _keeper, saved

    monkeypatch.setattr(_keeper, "FIRST", 0.0)
    run_cell(notebook, "run = %train net --data train --epochs 100000 --background --lr 0.03")
    run = notebook.user_ns["run"]
    while not train_room.Disk("net").path.exists() or run.step < 40:
        time.sleep(0.01)
    run.stop()
    steps, losses = run.wait(timeout=20).history.series("loss")
    monkeypatch.setattr(train_room, "_written_here", set())  # as in a fresh kernel
    monkeypatch.setattr("dlcore.run._known._known", [])
    notebook.push({"net": nn.Dense(2), "run": None})
    (left,) = saved()
    assert (left.name, left.step) == ("net", run.step) and left.age < 60
    capsys.readouterr()
    notebook.run_line_magic("reload_ext", "dlcore")
    said = capsys.readouterr().out
    assert said.startswith(f"net: a snapshot of step {run.step:,}, 0 min old, is on disk: %attach net shows its curve")
    run_cell(notebook, "%attach net")
    assert f"step {run.step:,}" in capsys.readouterr().out
    kept = left.history().series("loss")
    assert kept[0][-1] == run.step and set(kept[1]) <= set(losses)
    run_cell(notebook, "again = %train net --data train --epochs 100000 --resume --background")
    again = notebook.user_ns["again"]
    while again.step < run.step + 5:
        time.sleep(0.005)
    again.stop()
    at, values = again.wait(timeout=20).history.series("loss")
    assert at.tolist() == [*kept[0].tolist(), *range(int(run.step) + 1, int(again.step) + 1)]
    assert values[: len(kept[1])].tolist() == kept[1].tolist()


def test_what_is_damaged_on_disk_is_not_offered(notebook, capsys):
    path = train_room.Disk("hurt").path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no snapshot")
    notebook.run_line_magic("reload_ext", "dlcore")
    assert "hurt" not in capsys.readouterr().out


def test_resume_goes_on_from_the_weights_on_disk(notebook, monkeypatch):
    from dlcore.run import _keeper

    monkeypatch.setattr(_keeper, "FIRST", 0.0)
    run_cell(notebook, "run = %train net --data train --epochs 100000 --background --lr 0.03")
    run = notebook.user_ns["run"]
    while not train_room.Disk("net").path.exists():
        time.sleep(0.01)
    run.stop()
    run.wait(timeout=20)
    weights = notebook.user_ns["net"].weight.data().asnumpy()
    notebook.push({"net": nn.Dense(2)})
    run_cell(notebook, "again = %train net --data train --epochs 100000 --resume --lr 0.5 --background")
    again = notebook.user_ns["again"]
    again.stop()
    again.wait(timeout=20)
    assert again.step >= run.step and again.knobs["lr"] == 0.03
    again.restore(0)
    assert again.step == run.step
    np.testing.assert_array_equal(notebook.user_ns["net"].weight.data().asnumpy(), weights)


def test_a_cell_with_its_own_loss_is_written_as_code_that_repeats_it(notebook):
    import dlcore as dl

    notebook.push({"dl": dl, "scale": 3.0})
    run_cell(
        notebook,
        "%%train net --data train --epochs 2 --lr 0.1 --clip 0.5\n"
        "criterion = dl.gluon.loss.SoftmaxCrossEntropyLoss()\n"
        "scale = scale + 1\n"
        "loss = criterion(net(x), y).mean() * scale\n",
    )
    run = find("", notebook.user_ns)
    first, losses = notebook.user_ns["net"].weight.data().asnumpy(), run.history.series("loss")[1]
    code = run.to_code()
    assert "data=train" in code and "def loss_of_batch(net, x, y, *, scale=scale):" in code
    assert "clip_gradient=0.5" in code
    run_cell(notebook, code)
    again = notebook.user_ns["run"]
    np.testing.assert_array_equal(again.history.series("loss")[1], losses)
    np.testing.assert_array_equal(notebook.user_ns["net"].weight.data().asnumpy(), first)
