"""A training process that is killed at any moment goes on from the file it kept, to the same bits."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn
from dlcore.run import _keeper, train

pytestmark = pytest.mark.serial

# Batch norm keeps statistics, dropout and shuffling draw, Adam has two arrays for each weight and counts its steps.
PROGRAM = """
import json, sys, os
import numpy as np
import dlcore as dl
from dlcore.gluon import nn
from dlcore.run import _keeper, train

_keeper.FIRST = _keeper.PERIOD = 0.0
dl.random.seed(7)
net = nn.HybridSequential()
net.add(nn.Dense(16, activation="relu", in_units=8), nn.BatchNorm(in_channels=16), nn.Dropout(0.3))
net.add(nn.Dense(3, in_units=16))
net.initialize()
rng = np.random.default_rng(0)
x = rng.normal(size=(160, 8)).astype("float32")
kept, out = sys.argv[1:3]
run = train(net, (x, np.abs(x).argmax(1) % 3), epochs=120, batch=16, optimizer="adam", lr=0.01, seed=3, show=False,
            snapshot_every=1, save=kept, resume=kept if os.path.exists(kept) else None)
last = run.snapshots[-1]  # the optimizer's arrays too, the random state and the place in the data
dl.io.save_arrays(out, {**last.arrays, **{"net/" + name: p.data() for name, p in net.collect_params().items()}},
                  {"about": json.dumps(last.about, sort_keys=True)})
"""


def start(kept: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(kept), str(out)], stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()


def test_killed_at_random_moments_and_resumed_it_ends_with_the_same_state(tmp_path: Path) -> None:
    finish(start(tmp_path / "whole.safetensors", tmp_path / "want.safetensors"))
    want = dl.io.load_arrays(tmp_path / "want.safetensors")
    dice, kept, out = random.Random(5), tmp_path / "kept.safetensors", tmp_path / "got.safetensors"
    reached = [0]
    for _ in range(5):
        process = start(kept, out)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if kept.exists() and dl.run.Snapshot.load(kept).step > reached[-1]:
                break  # it got further than the one before it
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        if out.exists():
            break
        reached.append(dl.run.Snapshot.load(kept).step)  # whole, whatever was being written
    assert len(reached) > 2 and reached == sorted(set(reached)), reached
    if not out.exists():
        finish(start(kept, out))
    got = dl.io.load_arrays(out)
    assert got.keys() == want.keys() and len(got) > 20
    assert dl.io.load_metadata(out) == dl.io.load_metadata(tmp_path / "want.safetensors")
    for name, array in want.items():
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def test_a_damaged_file_is_an_error_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_keeper, "FIRST", 0.0)
    net = nn.Dense(2, in_units=3)
    net.initialize()
    data = (np.ones((8, 3), "float32"), np.zeros(8, "int32"))
    run = train(net, data, epochs=2, batch=4, optimizer="adam", seed=1, show=False, snapshot_every=1)
    path = tmp_path / "state.safetensors"
    good = Path(run.pin(2, path)).read_bytes()
    before = {name: p.data().asnumpy() for name, p in net.collect_params().items()}
    head = int.from_bytes(good[:8], "little")
    damaged = {
        "empty": b"",
        "cut in the header": good[: 8 + head // 2],
        "cut in the numbers": good[:-5],
        "header of another length": (head + 9).to_bytes(8, "little") + good[8:],
        "a header longer than memory": (2**62).to_bytes(8, "little") + good[8:],
        "no JSON": good[:8] + b"x" * head + good[8 + head :],
        "no state": good.replace(b"dlcore.snapshot", b"dlcore.anything"),
        "a pickle": b"\x80\x04\x95" + good,
    }
    arrays, header = dl.io.load_arrays(path), dl.io.load_metadata(path)
    for name, value in {
        "step": -1, "random": [1], "opened": [[0, 0], {"seed": "rm"}], "knobs": {"lr": None}, "begun": 0.5,
        "log": [[1]], "steps_total": True, "patience": [0.5, "two"],
    }.items():  # fmt: skip
        dl.io.save_arrays(path, arrays, {**header, "run": json.dumps({**json.loads(header["run"]), name: value})})
        damaged[name] = path.read_bytes()
    for lr in (float("nan"), float("inf"), True):
        turned = {**json.loads(header["run"])["knobs"], "lr": lr}
        dl.io.save_arrays(path, arrays, {**header, "run": json.dumps({**json.loads(header["run"]), "knobs": turned})})
        damaged[f"a rate of {lr}"] = path.read_bytes()
    for kind, run_text in {"no object": "[1]", "too deep": "[" * 10**5, "nothing": "{}"}.items():
        dl.io.save_arrays(path, arrays, {**header, "run": run_text})
        damaged[kind] = path.read_bytes()
    for kind, content in damaged.items():
        path.write_bytes(content)
        with pytest.raises(ValueError, match="state.safetensors"):
            train(net, data, epochs=2, batch=4, optimizer="adam", seed=1, show=False, resume=path)
        for name, p in net.collect_params().items():
            np.testing.assert_array_equal(p.data().asnumpy(), before[name], err_msg=kind)
    about = json.loads(header["run"])
    about["knobs"]["sparkle"] = 1.0
    dl.io.save_arrays(path, arrays, {**header, "run": json.dumps(about)})
    with pytest.raises(ValueError, match="this run has no knob sparkle"):
        train(net, data, epochs=2, batch=4, optimizer="adam", seed=1, show=False, resume=path)
