"""A search on disk: killed at any moment it goes on with every trial that had ended, and nothing on disk is lost."""

import functools
import json
import random
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("optuna")

import dlcore as dl  # noqa: E402
from dlcore import _core  # noqa: E402
from dlcore.gluon import nn  # noqa: E402
from dlcore.io import load_arrays, load_metadata  # noqa: E402
from dlcore.tune import _bench, _best, _start, search  # noqa: E402
from dlcore.tune import _journal as kept  # noqa: E402
from dlcore.tune._journal import DamagedSearch, Journal  # noqa: E402
from dlcore.tune._study import Study  # noqa: E402

SPACE = {"x": dl.tune.uniform(0, 5), "kind": dl.tune.choice("near", abs)}
CHILD = """
import json, sys, time
import dlcore as dl
def make(x, kind):
    time.sleep(0.004)
    return (x - 2) ** 2 + (kind == "near")
told = set()
def tell(found):
    for t in list(found.trials):
        if t.state == "finished" and t.number not in told:
            told.add(t.number)
            line = json.dumps([t.number, t.values["x"], str(t.values["kind"]), t.score])
            sys.stdout.write(line + "\\n")  # in one piece: several threads tell
            sys.stdout.flush()
space = {"x": dl.tune.uniform(0, 5), "kind": dl.tune.choice("near", abs)}
resume, trials = sys.argv[2] == "resume", int(sys.argv[3])
found = dl.tune.search(make, space, trials=trials, seed=5, save=sys.argv[1], resume=resume, show=False, background=True)
found.add_listener(tell)
tell(found)
found.wait()
print("ended", flush=True)
"""


def child(path, word, trials):
    command = [sys.executable, "-c", CHILD, str(path), word, str(trials)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def rows(text):
    return {row[0]: row for row in (json.loads(line) for line in text.splitlines() if line.endswith("]"))}


def table(trials):
    return [(t.number, t.state, t.values, t.curve, t.score) for t in trials]


def score(x, kind):
    return (x - 2) ** 2 + (kind == "near")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.jsonl"


def fresh(monkeypatch):
    """As after a restart of the kernel: nothing on disk is this process's own."""
    for journal in list(kept._mine.values()):
        journal.close()
    monkeypatch.setattr(kept, "_begun", set())


@pytest.mark.serial
def test_killed_at_any_moment_it_goes_on_with_every_trial_that_had_ended(path):
    before: dict = {}
    for word in ("begin", "resume"):
        process = child(path, word, 10_000)
        first = process.stdout.readline()
        delay = random.uniform(0, 0.3)
        time.sleep(delay)
        process.kill()
        found = rows(first + process.communicate()[0])
        assert {number: found[number] for number in before} == before, delay
        assert len(found) > len(before) or word == "resume", delay
        before = found
    last = child(path, "resume", len(before) + 8)
    said = last.communicate(timeout=60)[0]
    found = rows(said)
    assert said.endswith("ended\n") and {number: found[number] for number in before} == before
    assert len(found) >= len(before) + 5  # two trials were cut off at most, one in each process


def test_a_line_that_was_cut_off_is_forgotten_wherever_the_cut_is(path, monkeypatch):
    whole_search = search(score, SPACE, trials=6, seed=0, show=False, save=path)
    whole, most = path.read_bytes(), table(whole_search.trials)
    for end in [*range(len(whole) - 700, len(whole) - 40, 16), *range(len(whole) - 40, len(whole))]:
        fresh(monkeypatch)
        path.write_bytes(whole[:end])
        journal = Journal(path, begin=False)
        trials = Study(SPACE, False, "tpe", "none", 0, 1, 6, journal).trials_before()
        ended = [row for row in table(trials) if row[1] == "finished"]
        assert ended == most[: len(ended)] and len(ended) >= 3, end
        journal.close()
        assert path.read_bytes().startswith(whole[: whole.rfind(b"\n", 0, end) + 1])


def test_a_damaged_file_is_named_with_its_line_and_left_as_it_is(path, monkeypatch):
    search(score, SPACE, trials=3, seed=0, show=False, save=path)
    lines = path.read_bytes().splitlines(keepends=True)
    for place, wrong in ((4, b"\x00" * 20 + b"\n"), (4, b"{}\n"), (4, lines[4].replace(b'"op_code":', b'"op_code":9'))):
        fresh(monkeypatch)
        broken = b"".join([*lines[:place], wrong, *lines[place + 1 :]])
        path.write_bytes(broken)
        with pytest.raises(DamagedSearch, match="is damaged"):
            search(score, SPACE, trials=5, show=False, save=path, resume=True)
        assert path.read_bytes() == broken
        assert kept.left() == []
    fresh(monkeypatch)
    search(score, SPACE, trials=2, show=False, save=path)  # a new one may begin, and even the damaged one stays
    assert kept.earlier(path).read_bytes() == broken


def test_only_the_same_search_goes_on(path, monkeypatch, tmp_path):
    search(score, SPACE, trials=3, seed=0, show=False, save=path)
    whole = path.read_bytes()
    other = {"x": dl.tune.uniform(0, 6), "kind": SPACE["kind"]}
    with pytest.raises(ValueError, match="keeps a search with marks .*5.0.* and this one has .*6.0"):
        search(score, other, trials=5, show=False, save=path, resume=True)
    with pytest.raises(ValueError, match="maximize False, and this one has True"):
        search(score, SPACE, trials=5, maximize=True, show=False, save=path, resume=True)
    with pytest.raises(ValueError, match="give save="):
        search(score, SPACE, show=False, resume=True)
    with pytest.raises(FileNotFoundError):
        search(score, SPACE, show=False, save=tmp_path / "none.jsonl", resume=True)
    assert path.read_bytes() == whole


def test_two_kernels_do_not_write_into_one_file(path):
    process = child(path, "begin", 10_000)
    process.stdout.readline()
    try:
        for resume in (True, False):
            with pytest.raises(kept.SearchInUse, match="another kernel is searching"):
                search(score, SPACE, show=False, save=path, resume=resume)
        with pytest.raises(kept.SearchInUse, match="another kernel has just begun a search in .*jsonl"):
            kept._locked(path, "x+b")  # a file that came after this one looked for it
    finally:
        process.kill()
        process.communicate()
    assert search(score, SPACE, trials=1, show=False, save=path, resume=True).trials[0].earlier


def test_a_full_disk_ends_the_writing_and_not_the_search(path):
    found = search(score, SPACE, trials=2, seed=0, show=False, save=path)
    (journal,) = [one for one in kept._mine.values() if one.path == path]

    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        def close(self):
            raise OSError(28, "No space left on device")

    journal._file.close()
    journal._file = Full()
    with pytest.warns(RuntimeWarning, match="is not kept any more: OSError"):
        found.resume(3).wait()
    assert found.state == "finished" and len(found.trials) == 5


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 8)).astype("float32")
    y = (x[:, :4].sum(axis=1) > x[:, 4:].sum(axis=1)).astype("int32")
    return (x[:192], y[:192]), (x[192:], y[192:])


MARKS = {"width": dl.tune.choice(4, 16), "lr": dl.tune.log(1e-4, 1.0)}


def network(width, between="relu", dtype="float32"):
    net = nn.HybridSequential()
    net.add(nn.Dense(width, activation=between), nn.BatchNorm(), nn.Dropout(0.2), nn.Dense(2))
    net.cast(dtype)
    return net


def weights(found):
    return {name: p.data().asnumpy() for name, p in found.best.net.collect_params().items()}


def searched(digits, path, make=network, trials=5, **more):
    """The search, and the numbers of the trials that were trained for it."""
    trained = []

    class Watched(_bench.Bench):
        def do(self, number, *rest):
            trained.append(number)
            return super().do(number, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_start, "Bench", Watched)
        settings = {"epochs": 2, "goal": "val_accuracy", "show": False, "trials": trials, "save": path, **more}
        return search(make, MARKS, *digits, **settings), trained


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_best_network_of_before_is_there_again_to_the_bit_without_training(digits, path, monkeypatch, dtype):
    make = functools.partial(network, dtype=dtype)
    first, _ = searched(digits, path, make, seed=1)
    fresh(monkeypatch)
    state = _core.rng_state()
    again, trained = searched(digits, path, make, resume=True)
    assert trained == [] and _core.rng_state() == state
    assert table(again.trials) == table(first.trials) and again.state == "finished"
    assert [t.seconds for t in again.trials] == [t.seconds for t in first.trials]
    theirs, ours = weights(first), weights(again)
    assert list(theirs) == list(ours) and all((theirs[name] == ours[name]).all() for name in theirs)
    x, y = digits[1]
    right = (again.best.net(dl.np.array(x, dtype=dtype)).asnumpy().argmax(axis=1) == y).mean()
    assert right == pytest.approx(again.best.score, abs=1e-6)
    files = sorted(file.name for file in path.parent.iterdir())
    assert files == [kept.weights_of(path).name, path.name]  # the best one's alone
    assert len(again.resume(2).wait().trials) == 7


def test_weights_that_are_damaged_or_not_the_best_ones_are_trained_again_to_the_bit(digits, path, monkeypatch):
    file = kept.weights_of(path)
    one, _ = searched(digits, path, seed=1, trials=1)
    older = file.read_bytes()
    fresh(monkeypatch)
    first, _ = searched(digits, path, resume=True)
    best, whole, known = first.best.number, file.read_bytes(), load_metadata(file)
    assert best != 0 and known["trial"] == str(best)
    for left in (None, older, whole[:-8], b"", whole.replace(b"dlcore.best", b"dlcore.west")):
        file.unlink() if left is None else file.write_bytes(left)
        fresh(monkeypatch)
        again, trained = searched(digits, path, resume=True)
        assert trained == [best] and load_metadata(file) == known
        for ours in (weights(again), load_arrays(file)):
            assert all((ours[name] == theirs).all() for name, theirs in weights(first).items())
    # A cell that was changed: another activation, other shapes, another number of layers.
    for make in (
        functools.partial(network, between="tanh"),
        lambda width: network(2 * width),
        lambda width: network(width)[:3],
    ):
        file.write_bytes(whole)
        fresh(monkeypatch)
        _, trained = searched(digits, path, make, resume=True)
        assert trained == [best]


def test_weights_go_where_their_search_goes(digits, path, monkeypatch):
    first, _ = searched(digits, path, seed=1, trials=2)
    fresh(monkeypatch)
    other, _ = searched(digits, path, seed=7, trials=2)  # a new search of a later kernel
    assert kept.weights_of(kept.earlier(path)).exists()
    kept.swap(path)
    again, trained = searched(digits, path, resume=True, trials=2)
    assert trained == [] and all((weights(first)[name] == values).all() for name, values in weights(again).items())
    (path.parent / f".{kept.weights_of(path).name}.x.part").write_bytes(b"cut off")
    search(score, SPACE, trials=1, show=False, save=path)  # a new search of the same kernel, without networks
    files = {file.name for file in path.parent.iterdir()}
    assert kept.weights_of(path).name not in files and not any(".part" in name for name in files)


def test_no_room_for_the_weights_is_told_once_and_the_search_goes_on(digits, path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_best, "save_arrays", full)
    with pytest.warns(RuntimeWarning, match="is not kept on disk: OSError.*it is trained again") as told:
        found, _ = searched(digits, path, seed=1)
    assert found.state == "finished" and len(told) == 1
    monkeypatch.undo()
    fresh(monkeypatch)
    _, trained = searched(digits, path, resume=True)
    assert trained == [found.best.number]
