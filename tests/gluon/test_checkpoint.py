"""Checkpoints of a loop of one's own: resumed anywhere it ends with the same bits; a bad file changes nothing."""

from __future__ import annotations

import hashlib
import json
import math
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon._average import WeightAverage
from dlcore.gluon.data import ArrayDataset, DataLoader

RNG = np.random.default_rng(0)
X = RNG.normal(size=(52, 8)).astype("float32")
Y = (np.abs(X).argmax(1) % 3).astype("int32")
LOSS = gluon.loss.SoftmaxCrossEntropyLoss()


class Setup:
    """A network with statistics and dropout, Adam with a schedule, a shuffled loader, and an average."""

    def __init__(self, deferred: bool = False, seed: int | None = None, **loading: Any) -> None:
        sizes = {"in_units": 8} if not deferred else {}
        self.net = nn.HybridSequential()
        self.net.add(nn.Dense(16, activation="relu", **sizes), nn.BatchNorm(in_channels=16), nn.Dropout(0.3))
        self.net.add(nn.Dense(3, in_units=16))
        self.net.initialize()
        schedule = dl.lr_scheduler.CosineScheduler(max_update=60, base_lr=0.02, warmup_steps=5)
        optimizer = dl.optim.Adam(lr_scheduler=schedule)
        self.trainer = gluon.Trainer(self.net.collect_params(), optimizer)
        data = ArrayDataset(X, Y)
        loading = {"batch_size": 8, "shuffle": True, **loading}
        self.loader = DataLoader(data, seed=seed, **loading)
        self.average = None if deferred else WeightAverage(self.net.collect_params(), decay=0.9)

    def step(self, x: Any, y: Any) -> None:
        with autograd.record():
            loss = LOSS(self.net(x), y)
        loss.backward()
        self.trainer.step(len(x))
        if self.average is not None:
            self.average.update()

    def train(self, first: int, epochs: int, stop: int | None = None, path: Path | None = None) -> None:
        """Epochs `first` to `epochs`; after `stop` batches the state is written to `path` and training ends."""
        count = 0
        for epoch in range(first, epochs):
            for x, y in self.loader:
                self.step(x, y)
                count += 1
                if count == stop:
                    self.save(path, epoch)
                    return

    def save(self, path: Any, epoch: int) -> None:
        gluon.save_checkpoint(path, self.net, self.trainer, self.loader, self.average, epoch=epoch)

    def load(self, path: Any) -> dict[str, Any]:
        return gluon.load_checkpoint(path, self.net, self.trainer, self.loader, self.average)

    def everything(self) -> dict[str, np.ndarray]:
        found = {name: p.data().asnumpy() for name, p in self.net.collect_params().items()}
        found.update({f"trainer/{name}": a.asnumpy() for name, a in self.trainer.state_arrays().items()})
        if self.average is not None:
            found.update({name: a.asnumpy() for name, a in self.average.state().items()})
        found["random"] = np.array(_core.rng_state(), np.uint64)
        found["place"] = np.array(json.dumps(self.loader.state()))
        found["lr"] = np.array(self.trainer.learning_rate)
        return found


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name, array in a.items():
        np.testing.assert_array_equal(b[name], array, err_msg=name)


LOADING = [
    {},
    {"num_workers": 2},
    {"last_batch": "rollover"},
    {"last_batch": "discard", "num_workers": 1},
    {"seed": 4},
    {"shuffle": False},
]


@pytest.mark.parametrize("loading", LOADING, ids=str)
@pytest.mark.parametrize("stop", [1, 7, 10, 14])  # the middle of a pass, the last batch of one
def test_resumed_anywhere_it_ends_with_the_same_bits(tmp_path: Path, loading: dict[str, Any], stop: int) -> None:
    dl.random.seed(3)
    whole = Setup(**loading)
    whole.train(0, 3)
    dl.random.seed(3)
    Setup(**loading).train(0, 3, stop, tmp_path / "state")
    dl.random.seed(99)  # another process would begin with something else
    after = Setup(**loading)
    dl.np.random.normal(size=(3,))
    after.train(after.load(tmp_path / "state")["epoch"], 3)
    same(whole.everything(), after.everything())


def test_between_two_passes(tmp_path: Path) -> None:
    def run(stops: bool) -> Setup:
        dl.random.seed(3)
        setup = Setup()
        setup.train(0, 1)
        if stops:
            setup.save(tmp_path / "state", 1)
            dl.random.seed(8)
            setup = Setup()
            assert setup.load(tmp_path / "state") == {"epoch": 1}
        dl.np.random.normal(size=(3,))  # drawn before the pass begins, by both
        setup.train(1, 2)
        return setup

    same(run(False).everything(), run(True).everything())


def test_a_network_without_shapes_takes_them_from_the_file(tmp_path: Path) -> None:
    dl.random.seed(3)
    first = Setup(deferred=True)
    first.train(0, 2, 9, tmp_path / "state")
    after = Setup(deferred=True)
    assert after.load(tmp_path / "state") == {"epoch": 1}
    same(first.everything(), after.everything())


def test_a_compiled_step_goes_on(tmp_path: Path) -> None:
    def run(resumed: bool) -> dict[str, np.ndarray]:
        dl.random.seed(3)
        setup = Setup()
        step = dl.jit(setup.step)
        for count, (x, y) in enumerate(setup.loader):
            step(x, y)
            if resumed and count == 2:
                setup.save(tmp_path / "state", 0)
                setup = Setup()
                setup.load(tmp_path / "state")
                step = dl.jit(setup.step)
                for x, y in setup.loader:
                    step(x, y)
                break
        return setup.everything()

    same(run(False), run(True))


def test_the_scale_of_the_loss_is_kept(tmp_path: Path) -> None:
    setups = [Setup(), Setup()]
    for setup in setups:
        dl.amp.init_trainer(setup.trainer)
    _core.assign(setups[0].trainer.loss_scaler.scale, dl.nd.array(32.0))
    setups[0].save(tmp_path / "state", 0)
    setups[1].load(tmp_path / "state")
    assert setups[1].trainer.loss_scaler.loss_scale == 32.0
    with pytest.raises(ValueError, match="scaler/.*: expected shape None"):
        Setup().load(tmp_path / "state")


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    setup, other = Setup(), Setup()
    setup.train(0, 1, 3, tmp_path / "state")
    gluon.load_checkpoint(tmp_path / "state", other.net)
    np.testing.assert_array_equal(other.net[0].weight.data().asnumpy(), setup.net[0].weight.data().asnumpy())
    assert other.trainer.optimizer.num_update == 0
    gluon.save_checkpoint(tmp_path / "small", setup.net, best=0.5, names=["a"])
    assert gluon.load_checkpoint(tmp_path / "small", other.net) == {"best": 0.5, "names": ["a"]}
    with pytest.raises(ValueError, match="made without a trainer"):
        gluon.load_checkpoint(tmp_path / "small", other.net, other.trainer)
    with pytest.raises(ValueError, match="made without a loader"):
        gluon.load_checkpoint(tmp_path / "small", other.net, loader=other.loader)


def test_what_json_cannot_hold_leaves_the_old_file(tmp_path: Path) -> None:
    setup, path = Setup(), tmp_path / "state"
    setup.save(path, 4)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="JSON cannot hold"):
        gluon.save_checkpoint(path, setup.net, best=object())
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["state"]


def damaged(path: Path) -> dict[str, bytes]:
    good = path.read_bytes()
    head = int.from_bytes(good[:8], "little")
    made = {
        "empty": b"",
        "cut in the header": good[: 8 + head // 2],
        "cut in the numbers": good[:-5],
        "longer": good + b"12345",
        "header of another length": (head + 9).to_bytes(8, "little") + good[8:],
        "a header longer than memory": (2**62).to_bytes(8, "little") + good[8:],
        "no JSON": good[:8] + b"x" * head + good[8 + head :],
        "another kind": good.replace(b"dlcore.checkpoint", b"dlcore.otherthing"),
        "a pickle": b"\x80\x04\x95" + good,
    }
    arrays, header = dl.io.load_arrays(path), dl.io.load_metadata(path)
    told = json.loads(header["state"])
    place, trainer = told["loader"], told["trainer"]
    changes: dict[str, Any] = {
        "random": [[1], None, [1, -1], [1, 2**64], "rm"],
        "extra": [[1], None],
        "loader": [
            1, {}, {**place, "samples": 9}, {**place, "batch_size": 4}, {**place, "random": [1, "x"]},
            {**place, "sampler": []}, {**place, "sampler": {"left_over": ["a"], "sampler": {}}},
            {**place, "sampler": {"left_over": [10**30], "sampler": {}}}, {**place, "done": -1},
            {**place, "epoch": 1.5},
        ],
        "trainer": [
            [], {**trainer, "optimizer": "SGD"}, {**trainer, "knobs": {"lr": "rm"}}, {**trainer, "knobs": None},
            {**trainer, "schedule": None}, {**trainer, "schedule": ["CosineScheduler", {"decayed": 1}]},
            {**trainer, "schedule": ["CosineScheduler", {"base_lr": None}]}, {**trainer, "schedule": [[], {}]},
            {**trainer, "schedule": ["CosineScheduler", {"base_lr": math.nan}]},
            *({**trainer, "knobs": {**trainer["knobs"], "lr": lr}} for lr in (math.nan, math.inf, True, "1", [1])),
        ],
    }  # fmt: skip
    texts = {f"{name} {k}": {**told, name: value} for name, values in changes.items() for k, value in enumerate(values)}
    for name, text in {"no object": "[1]", "too deep": "[" * 10**5, "nothing": "{}"}.items():
        dl.io.save_arrays(path, arrays, {**header, "state": text})
        made[name] = path.read_bytes()
    for name, value in texts.items():
        dl.io.save_arrays(path, arrays, {**header, "state": json.dumps(value)})
        made[name] = path.read_bytes()
    for name, change in {
        "a weight is missing": ("net/0.weight", None),
        "a weight of another shape": ("net/0.weight", np.zeros((2, 2), "float32")),
        "a weight of another dtype": ("net/0.weight", np.zeros((16, 8), "int32")),
        "a state is missing": ("trainer/0.weight/0", None),
        "a state of another shape": ("trainer/t", np.zeros(3, "float32")),
        "an unknown state": ("trainer/evil/0", np.zeros(3, "float32")),
        "an average is missing": ("average/average/0", None),
    }.items():
        key, value = change
        changed = {k: v for k, v in arrays.items() if k != key}
        dl.io.save_arrays(path, changed if value is None else {**changed, key: value}, header)
        made[name] = path.read_bytes()
    return made


def test_a_bad_file_is_a_clear_error_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state"
    setup = Setup()
    setup.train(0, 2, 9, path)
    files = damaged(path)
    assert len(files) > 40
    after = Setup()
    after.train(0, 1, 2, tmp_path / "other")  # in the middle of a pass of its own
    before = after.everything()
    for kind, content in files.items():
        path.write_bytes(content)
        with pytest.raises(ValueError, match="state: "):
            after.load(path)
            pytest.fail(f"{kind}: taken as a checkpoint")
        same(before, after.everything())
    with pytest.raises(FileNotFoundError):
        after.load(tmp_path / "nothing")
    same(before, after.everything())


def test_bad_states_of_a_trainer_change_nothing(tmp_path: Path) -> None:
    setup, path = Setup(), tmp_path / "state"
    setup.train(0, 1, 3, tmp_path / "whole")
    setup.trainer.save_states(path)
    good, header = path.read_bytes(), dl.io.load_metadata(path)
    files = {"cut": good[:-3], "no JSON": good.replace(b'{\\"optimizer', b'[\\"optimizer')}
    told = json.loads(header["trainer"])
    arrays = dl.io.load_arrays(path)
    for name, value in {"no object": [1], "no knobs": {**told, "knobs": {}}, "bad": {**told, "schedule": 3}}.items():
        dl.io.save_arrays(path, arrays, {**header, "trainer": json.dumps(value)})
        files[name] = path.read_bytes()
    after = Setup()
    before = after.everything()
    for content in files.values():
        path.write_bytes(content)
        with pytest.raises(ValueError, match="state"):
            after.trainer.load_states(path)
        same(before, after.everything())
    path.write_bytes(good)
    after.trainer.load_states(path)
    assert after.trainer.optimizer.num_update == 3


EPOCHS = 30


def digest(setup: Setup) -> str:
    """All that training depends on, to the last bit: weights, averages, optimizer, schedule, random state, place."""
    made = hashlib.sha256()
    for name, array in sorted(setup.everything().items()):
        made.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return made.hexdigest()


def train_and_save(setup: Setup, kept: Path, first: int, saved: Callable[[], object]) -> str:
    """Epochs from `first` on with a file after every batch; gives what is there in the end."""
    for epoch in range(first, EPOCHS):
        for x, y in setup.loader:
            setup.step(x, y)
            setup.save(kept, epoch)
            saved()
    return digest(setup)


# A process goes on from what is kept. Told so, it kills itself at a call inside of a certain write.
PROGRAM = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import dlcore as dl
from test_checkpoint import Setup, train_and_save
from pathlib import Path

kept, out, where, left = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
dl.random.seed(7)
setup, first = Setup(num_workers=1), 0
if kept.exists():
    first = setup.load(kept)["epoch"]
if where:
    plain = getattr(os, where)
    def counted(*given):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*given)
    setattr(os, where, counted)
print("begun", flush=True)
out.write_text(train_and_save(setup, kept, first, lambda: None))
"""


def start(kept: Path, out: Path, where: str = "", count: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(kept), str(out), where, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.serial
def test_killed_at_random_moments_it_goes_the_same_way(tmp_path: Path) -> None:
    dl.random.seed(7)
    whole, way = Setup(num_workers=1), [""]
    want = train_and_save(whole, tmp_path / "whole", 0, lambda: way.append(digest(whole)))
    assert len(set(way)) == len(way) == 1 + 7 * EPOCHS
    dice, kept, out = random.Random(11), tmp_path / "kept", tmp_path / "got"
    reached = [0]
    for where in ("", "fsync", "", "replace", "", "fdopen", "", "chmod", "", ""):
        process = start(kept, out, where, dice.randint(2, 12))
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        if not where:
            time.sleep(dice.uniform(0, 0.04))
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        if out.exists():
            break
        assert process.returncode == -signal.SIGKILL
        reached.append(0)
        if kept.exists():  # a whole file, whatever was being written, with the state of the whole run after these steps
            now = Setup(num_workers=1)
            now.load(kept)
            reached[-1] = int(now.trainer.optimizer.num_update)
            assert digest(now) == way[reached[-1]], f"after {reached[-1]} steps, killed {where or 'from outside'}"
    # Those that kill themselves have got on by then; on a slow machine others may have been too early.
    assert reached == sorted(reached) and len(set(reached)) > 4, reached
    if not out.exists():
        said = start(kept, out).communicate(timeout=180)
        assert out.exists(), said[1].decode()
    assert out.read_text() == want
    assert sorted(path.name for path in tmp_path.iterdir()) == ["got", "kept", "whole"]
