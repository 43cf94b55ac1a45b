"""Going back: what follows a restored snapshot is what followed it the first time, to the last bit."""

import gc
import time
import weakref

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn
from dlcore.gluon.data import ArrayDataset, DataLoader
from dlcore.gluon.data.vision import transforms
from dlcore.run import Run, train

COUNT = 70


def pictures(seed=0):
    """Small colour pictures, and a class that their brightness decides."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 255, (COUNT, 8, 8, 3)).astype("uint8")
    return x, (x.mean(axis=(1, 2, 3)) > 127).astype("int32")


def augmented():
    """Flipped and cropped at random: the draws must be those of the first time."""
    chain = transforms.Compose(
        [transforms.RandomFlipLeftRight(), transforms.RandomCrop(8, pad=2), transforms.ToTensor()]
    )
    return ArrayDataset(*pictures()).transform_first(chain)


def network():
    """Batch norm keeps running statistics, dropout draws."""
    dl.random.seed(7)
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, in_channels=3), nn.BatchNorm(in_channels=4), nn.Flatten())
    net.add(nn.Dropout(0.3), nn.Dense(2, in_units=144))
    net.initialize()
    return net


def weights(net):
    return {name: p.data().asnumpy() for name, p in net.collect_params().items()}


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def losses(run, **which):
    return run.history.series("loss", **which)[1]


SETTINGS = dict(epochs=4, batch=16, optimizer="adam", lr=0.01, show=False, snapshot_every=1)


def loader(**settings):
    return DataLoader(augmented(), batch_size=16, shuffle=True, **settings)


@pytest.mark.parametrize("at", [0, 3, 5, 7, 20])
@pytest.mark.parametrize("data", [augmented, loader, lambda: loader(seed=3, num_workers=1)])
def test_what_follows_a_restored_snapshot_is_bit_for_bit_what_followed_it_first(data, at):
    net = network()
    run = train(net, data(), val=augmented(), **SETTINGS)
    assert (run.state, run.step) == ("finished", 20)
    first, first_losses, scores = weights(net), losses(run), run.history.series("val_loss")[1]
    snapshot = run.restore(at)
    assert (snapshot.step, run.step) == (at, at)
    if at < 20:
        assert any((value != first[name]).any() for name, value in weights(net).items())
    dl.random.uniform(shape=(5,))  # another cell that draws does not disturb the run
    run.resume()
    run.wait(timeout=60)
    assert (run.state, run.step) == ("finished", 20)
    assert_equal_weights(weights(net), first)
    np.testing.assert_array_equal(losses(run), first_losses)
    np.testing.assert_array_equal(run.history.series("val_loss")[1], scores)
    np.testing.assert_array_equal(losses(run, branch=1), first_losses)
    assert [tuple(branch)[2:] for branch in run.history.branches] == [(None, 0)] + ([(1, at)] if at < 20 else [])


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "nadam", "ftml", "sgld"])
def test_every_kind_of_optimizer_goes_back(optimizer):
    net = network()
    run = train(net, augmented(), **{**SETTINGS, "optimizer": optimizer})
    first = weights(net)
    run.restore(6)
    run.resume()
    assert_equal_weights(weights(run.wait(timeout=60) and net), first)


def test_a_second_branch_with_another_knob_is_drawn_beside_the_first():
    net = network()
    run = train(net, augmented(), **SETTINGS)
    first = losses(run)
    run.restore(8)
    run.resume()
    run.set(lr=0.1)
    run.wait(timeout=60)
    second = losses(run)
    np.testing.assert_array_equal(losses(run, branch=1), first)
    np.testing.assert_array_equal(second[:8], first[:8])
    assert len(second) == 20 and (second[12:] != first[12:]).all()
    assert run.history.branches[1].name == "branch 2, from step 8"
    assert run.log and run.log[-1][1] == {"lr": 0.1} and run.knobs["lr"] == 0.1
    run.restore(14, branch=1)
    assert run.knobs["lr"] == 0.01 and run.log == []
    run.restore(20, branch=2)
    assert run.knobs["lr"] == 0.1


def test_going_back_while_it_trains_goes_on_from_there():
    net = network()
    run = train(net, augmented(), **{**SETTINGS, "epochs": 10**5}, background=True)
    while run.step < 30:
        time.sleep(0.002)
    snapshot = run.restore(3)
    assert abs(snapshot.step - 3) <= 30 and not run.ended
    while len(run.history.branches) < 2:
        time.sleep(0.002)
    run.stop()
    run.wait(timeout=20)
    assert run.history.branches[1].step == snapshot.step
    assert [event.data["to"] for event in run.events if event.kind == "restore"] == [snapshot.step]


def test_single_steps_while_paused():
    net = network()
    run = train(net, augmented(), **{**SETTINGS, "epochs": 10**5}, background=True)
    run.step(1)
    assert run.state == "paused"
    step = int(run.step)
    before = weights(net)
    assert run.step(3) is run
    assert (run.state, run.step) == ("paused", step + 3)
    assert any((value != before[name]).any() for name, value in weights(net).items())
    with pytest.raises(ValueError, match="whole number of steps >= 1, got 0"):
        run.step(0)
    run.stop()
    run.wait(timeout=20)
    with pytest.raises(RuntimeError, match="has stopped"):
        run.step(1)


def test_a_pinned_snapshot_goes_on_in_a_new_run_as_if_nothing_had_been(tmp_path):
    net = network()
    run = train(net, augmented(), **SETTINGS)
    first = weights(net)
    path = run.pin(11, tmp_path / "here.safetensors")
    assert run.snapshots.nearest(11).pinned
    other = network()
    again = train(other, augmented(), **SETTINGS, resume=path)
    assert (again.state, again.step) == ("finished", 20)
    assert_equal_weights(weights(other), first)
    np.testing.assert_array_equal(losses(again), losses(run)[11:])
    wrong = nn.Dense(2, in_units=3)
    with pytest.raises(ValueError, match="snapshot of step 11: (weights|optimizer)/.* expected .*, found"):
        train(wrong, (np.zeros((4, 3), "float32"), np.zeros(4, "int32")), show=False, resume=path)
    text = tmp_path / "text.safetensors"
    dl.io.save_arrays(text, {"a": np.zeros(2)})
    with pytest.raises(ValueError, match="not a snapshot of a run"):
        train(network(), augmented(), show=False, resume=text)


def test_every_knob_turns_and_to_code_repeats_the_run_to_the_bit():
    net, data = network(), augmented()
    script = {3: {"lr": 0.05}, 6: {"batch": 10, "clip": 0.01}, 9: {"dropout": 0.6, "beta1": 0.5}, 12: {"wd": 0.1}}
    run = train(net, data, val=augmented(), **SETTINGS, knobs_at=script)
    first = weights(net)
    assert run.knobs["batch"] == 10 and net[3]._rate == 0.6
    # 6 steps of 16 samples (70 an epoch: 5 steps), then batches of 10: 6 - 1 steps to end the second epoch, 2 * 7 more
    assert run.step == 5 + 1 + 6 + 14
    code = run.to_code()
    assert "3: {'lr': 0.05}" in code and "# %%" in code
    names = {"net": network(), "data": data, "val": augmented()}
    exec(code, names)
    assert_equal_weights(weights(names["net"]), first)
    np.testing.assert_array_equal(losses(names["run"]), losses(run))


def test_to_code_repeats_the_branch_that_was_kept_and_stops_where_it_was_stopped():
    net, data = network(), augmented()
    run = train(net, data, **{**SETTINGS, "epochs": 10**4}, background=True)
    for step, lr in ((4, 0.3), (9, 0.02)):
        while run.step < step:
            run.step(1)
        run.set(lr=lr)
    run.restore(6)
    run.set(lr=0.001)
    run.step(5)
    run.stop()
    run.wait(timeout=20)
    first = weights(net)
    assert [knobs["lr"] for _, knobs in run.log] == [0.3, 0.001]
    names = {"net": network(), "data": data}
    exec(run.to_code(), names)
    assert names["run"].step == run.step == 11
    assert_equal_weights(weights(names["net"]), first)


def test_what_cannot_be_a_knob_is_refused():
    run = train(network(), augmented(), **{**SETTINGS, "epochs": 10**4}, background=True)
    for name, value, text in (("batch", 0, "number >= 1"), ("batch", 2.5, "whole"), ("dropout", 1.0, "below 1")):
        with pytest.raises(ValueError, match=text):
            run.set(**{name: value})
    run.stop()
    run.wait(timeout=20)


def test_memory_is_bounded_and_old_ones_thin_out():
    net = network()
    size = sum(value.nbytes for value in weights(net).values())
    run = train(net, augmented(), **{**SETTINGS, "epochs": 60}, snapshots=40 * size / 2**20)
    kept = [snapshot.step for snapshot in run.snapshots]
    assert sum(snapshot.nbytes for snapshot in run.snapshots) <= 40 * size
    assert kept[0] == 0 and kept[-1] == 300 and 5 < len(kept) < 30
    gaps = np.diff(kept)
    assert gaps[len(gaps) // 2 :].mean() < gaps[1 : len(gaps) // 2].mean()


def test_too_large_a_network_trains_without_snapshots_and_says_so():
    run = train(network(), augmented(), **SETTINGS, snapshots=0.001)
    assert run.state == "finished" and len(run.snapshots) == 0
    assert any("no snapshots" in event.data["text"] for event in run.events if event.kind == "note")
    with pytest.raises(ValueError, match="no snapshot to go back to"):
        run.restore(3)


def test_keeping_a_run_keeps_no_network_alive():
    net = network()
    run = train(net, augmented(), **SETTINGS)
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None
    with pytest.raises(RuntimeError, match="its network is gone"):
        run.restore(3)


def test_two_runs_at_once_do_not_disturb_each_other():
    alone = network()
    train(alone, augmented(), **SETTINGS, seed=5)
    net, other = network(), network()
    run = train(net, augmented(), **SETTINGS, seed=5, background=True)
    beside = train(other, augmented(), **SETTINGS, background=True)
    run.wait(timeout=60)
    beside.wait(timeout=60)
    assert_equal_weights(weights(net), weights(alone))


def test_the_newest_snapshot_is_written_to_disk(tmp_path, monkeypatch):
    from dlcore.run import _keeper

    monkeypatch.setattr(_keeper, "FIRST", 0.0)
    path = tmp_path / "last.safetensors"
    net = network()
    run = train(net, augmented(), **{**SETTINGS, "epochs": 10**4}, save=path, background=True)
    while not path.exists():
        time.sleep(0.01)
    run.stop()
    run.wait(timeout=20)
    again = train(network(), augmented(), **{**SETTINGS, "epochs": 10**4}, resume=path, steps=run.step + 5)
    assert again.state == "stopped" and again.step == run.step + 5


def test_a_run_that_trains_elsewhere_says_that_it_cannot_go_back():
    run = Run(lambda run: None, name="far").start().wait()
    for ask in (lambda: run.restore(1), lambda: run.step(1), lambda: run.pin(1), lambda: run.snapshots):
        with pytest.raises(RuntimeError, match="trains elsewhere"):
            ask()
