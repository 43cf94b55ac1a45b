"""What the magics print where no widget can be shown, as in IPython's terminal: few lines, and never nothing."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

import dlcore as dl


@pytest.fixture
def ip(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype("float32")
    net = dl.gluon.nn.Dense(2, in_units=4)
    net.initialize()
    shell.push({"net": net, "x": x, "y": (x.sum(axis=1) > 0).astype("int32"), "dl": dl, "nn": dl.gluon.nn})
    return shell


def said(ip, capsys, cell: str) -> list[str]:
    ip.run_cell(cell).raise_error()
    return str(capsys.readouterr().out).splitlines()


def test_many_short_epochs_do_not_flood_the_terminal(ip, capsys):
    lines = said(ip, capsys, "run = %train net --data x,y --epochs 3000 --batch 64")
    epochs = [int(found[1]) for line in lines if (found := re.match(r"net  epoch (\d+)/3000  loss ", line))]
    seconds = ip.user_ns["run"].seconds
    assert epochs[:20] == list(range(1, 21)) and epochs[-1] == 3000
    assert len(epochs) <= 21 + 1 + seconds / 0.25
    assert re.match(r"net  loss [\d.]+ [▁-█]+ [\d.]+$", lines[-1])


def test_a_run_is_attached_as_its_curve_and_a_line_and_prints_no_line_twice(ip, capsys):
    said(ip, capsys, "run = %train net --data x,y --epochs 3 --batch 16")
    curve, state = said(ip, capsys, "%attach run")
    assert re.match(r"net  loss [\d.]+ [▁-█]+ [\d.]+$", curve) and state == repr(ip.user_ns["run"])
    said(ip, capsys, "bg = %train net --data x,y --epochs 1000000 --batch 16 --background")
    run = ip.user_ns["bg"]
    while run.step < 100:
        time.sleep(0.01)
    run.pause()
    while run.state != "paused":
        time.sleep(0.01)
    assert said(ip, capsys, "%attach bg")[-1].startswith("<Run 'net' paused, step ")
    lines = said(ip, capsys, "bg.stop()\nbg.wait();")
    assert sum("the network is usable as it is" in line for line in lines) == 1


def test_a_search_that_has_ended_is_told(ip, capsys):
    pytest.importorskip("optuna")
    said(ip, capsys, "%%tune --trials 3 --seed 0\na = uniform(0, 1)\nscore = a * a\n")
    assert said(ip, capsys, "%attach score_search") == [repr(ip.user_ns["score_search"])]


def test_figures_of_the_machine_and_of_a_profile_are_told_in_words(ip, capsys):
    cores = r"<(\d+% of )?\d+ cores( busy)?; memory [\d,]+ of [\d,]+ MiB; arrays [\d.,]+ MiB and [\d.,]+ MiB kept"
    assert re.match(cores, repr(ip.run_line_magic("devices", "--live")))
    assert re.match(cores, repr(ip.run_line_magic("monitor", "net --input 4")))
    assert re.match(r"\w+: arena by layer \([\d.]+ \w+ shared\)", capsys.readouterr().out)
    table = repr(ip.run_line_magic("profile", "net(dl.np.array(x[:4]))")).splitlines()
    assert table[0].split()[:3] == ["name", "what", "calls"] and any(line.startswith("net ") for line in table)
