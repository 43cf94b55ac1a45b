"""Schedules and the strength of augmentation as knobs: turned while a run goes, kept in snapshots, written as code."""

import math
import time

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn
from dlcore.gluon.data import ArrayDataset
from dlcore.gluon.data._strength import Strengthened, draws
from dlcore.gluon.data.vision import transforms
from dlcore.graph import Jit
from dlcore.run import SCHEDULES, train
from dlcore.run._dials import Dials
from dlcore.run._schedule import factor


def images(count=48):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (count, 8, 8, 3)).astype("uint8")
    return x, (x.mean(axis=(1, 2, 3)) > 127).astype("int32")


def augmented():
    chain = transforms.Compose(
        [transforms.RandomCrop(8, pad=2), transforms.RandomBrightness(0.5), transforms.ToTensor()]
    )
    return ArrayDataset(*images()).transform_first(chain)


def network():
    dl.random.seed(3)
    net = nn.HybridSequential()
    net.add(nn.Flatten(), nn.Dropout(0.2), nn.Dense(2, in_units=192))
    net.initialize()
    return net


def weights(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


SETTINGS = dict(epochs=5, batch=16, optimizer="adam", lr=0.01, show=False, snapshot_every=1)  # 15 steps


class TestSchedule:
    @pytest.mark.parametrize("name", SCHEDULES)
    def test_the_rate_of_each_step_is_the_formula(self, name):
        run = train(network(), augmented(), **{**SETTINGS, "optimizer": "sgd", "lr": 0.2}, schedule=name)
        if name == "constant":
            assert "lr" not in run.history
            return
        rates = run.history.series("lr")[1]
        share = np.arange(15) / 15
        expected = {
            "linear": 1 - share,
            "cosine": (1 + np.cos(np.pi * share)) / 2,
            "exponential": 0.01**share,
            "one_cycle": np.where(
                share < 0.3, 0.01 + 0.99 * share / 0.3, (1 + np.cos(np.pi * (share - 0.3) / 0.7)) / 2
            ),
        }[name]
        np.testing.assert_allclose(rates, 0.2 * expected, rtol=1e-12)

    def test_it_is_what_the_optimizer_takes(self):
        """Plain SGD on one number moves by the rate times the gradient, which is 1."""
        net = nn.Dense(1, use_bias=False, in_units=1)
        net.initialize(dl.init.Zero())
        data = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
        run = train(net, data, epochs=8, batch=4, lr=0.5, loss=lambda net, x, y: net(x).sum() / 4, schedule="linear",
                    show=False)  # fmt: skip
        moved = -float(net.weight.data().asnumpy().item())
        assert moved == pytest.approx(run.history.series("lr")[1].sum(), rel=1e-6)
        assert run.knobs["lr"] == 0.5 and run.knobs["schedule"] == "linear"

    def test_chosen_on_the_way_it_goes_from_there_to_the_end(self):
        run = train(network(), augmented(), **SETTINGS, knobs_at={6: {"schedule": "cosine"}, 9: {"lr": 0.1}})
        steps, rates = run.history.series("lr")
        assert steps.tolist() == list(range(7, 16))
        base = [0.01] * 3 + [0.1] * 6
        expected = [b * (1 + math.cos(math.pi * n / 9)) / 2 for n, b in enumerate(base)]
        np.testing.assert_allclose(rates, expected, rtol=1e-12)
        turned = [(e.step, e.data["name"], e.data["value"]) for e in run.events if e.kind == "knob"]
        assert turned == [(6, "schedule", "cosine"), (9, "lr", 0.1)]

    def test_back_to_constant_the_rate_is_that_of_the_knob(self):
        run = train(network(), augmented(), **SETTINGS, schedule="cosine", knobs_at={8: {"schedule": "constant"}})
        assert len(run.history.series("lr")[1]) == 8 and run.knobs["lr"] == 0.01

    def test_the_end_may_be_unknown(self):
        assert factor("cosine", 50, 0, None) == 1.0

    def test_a_wrong_word_is_told_with_the_nearest_right_one(self):
        with pytest.raises(ValueError, match="did you mean 'cosine'"):
            train(network(), augmented(), **SETTINGS, schedule="cosin")

    def test_an_optimizer_with_a_schedule_of_its_own_keeps_it(self):
        rule = dl.optim.SGD(lr_scheduler=dl.lr_scheduler.FactorScheduler(step=5, factor=0.5, base_lr=0.1))
        run = train(network(), augmented(), **{**SETTINGS, "optimizer": rule, "lr": None})
        assert "schedule" not in run.knobs and run.knobs["base_lr"] == 0.1


class TestAugmentation:
    def test_a_knob_where_something_is_drawn_and_nowhere_else(self):
        assert train(network(), augmented(), **SETTINGS).knobs["augment"] == 1.0
        plain = ArrayDataset(*images()).transform_first(transforms.ToTensor())
        assert "augment" not in train(network(), plain, **SETTINGS).knobs
        assert draws(augmented()) and not draws(plain)

    @pytest.mark.parametrize(
        "transform",
        [
            transforms.RandomBrightness(0.9), transforms.RandomContrast(0.9), transforms.RandomHue(0.5),
            transforms.RandomColorJitter(0.5, 0.5, 0.5, 0.2), transforms.RandomLighting(9.0),
            transforms.RandomGray(0.9), transforms.RandomFlipLeftRight(0.9), transforms.RandomFlipTopBottom(0.9),
            transforms.RandomCrop(8, pad=4),
            transforms.RandomResizedCrop(8), transforms.RandomErasing(0.9), transforms.RandomRotation((-80.0, 80.0)),
            transforms.RandomApply(lambda image: 255 - image, p=0.9),
        ],
        ids=lambda t: type(t).__name__,
    )  # fmt: skip
    def test_nothing_is_changed_at_0_and_less_at_a_half(self, transform):
        images_of = ArrayDataset(np.random.default_rng(1).integers(0, 255, (60, 8, 8, 3)).astype("uint8"))
        plain = np.stack([np.asarray(images_of[n], float) for n in range(60)])

        def distance(value):
            dl.random.seed(5)
            data = Strengthened(images_of.transform(transform), value)
            return np.abs(np.stack([np.asarray(data[n], float) for n in range(60)]) - plain).mean()

        assert distance(0.0) <= 1.0  # whole numbers, after a way to other colours and back
        assert 2 < distance(1.0) and distance(0.5) < 0.95 * distance(1.0)

    def test_the_first_batch_after_the_turn_is_the_first_that_differs(self):
        same = train(network(), augmented(), **SETTINGS, seed=1).history.series("loss")[1]
        turned = train(network(), augmented(), **SETTINGS, seed=1, knobs_at={7: {"augment": 0.25}})
        losses = turned.history.series("loss")[1]
        np.testing.assert_array_equal(losses[:7], same[:7])
        assert losses[7] != same[7] and turned.knobs["augment"] == 0.25


def test_all_knobs_turned_by_hand_are_repeated_by_the_code_to_the_bit(tmp_path, monkeypatch):
    """Every knob there is, turned from another thread at steps that chance decides; then the written code is run."""
    monkeypatch.chdir(tmp_path)
    net, data = network(), augmented()
    hands = [{"schedule": "cosine"}, {"augment": 0.4}, {"lr": 0.03}, {"wd": 0.01}, {"beta1": 0.8}, {"dropout": 0.4},
             {"clip": 0.05}, {"batch": 8}, {"schedule": "linear"}, {"augment": 1.5}]  # fmt: skip
    run = train(net, data, **{**SETTINGS, "epochs": 400}, seed=2, background=True)
    for hand in hands:
        before = int(run.step)
        while run.step < before + 3:
            time.sleep(0.001)
        run.set(**hand)
        while any(run.knobs[name] != value for name, value in hand.items()):
            time.sleep(0.001)
    last = int(run.step)
    while run.step < last + 5:
        time.sleep(0.001)
    run.stop()
    run.wait(30)
    assert [list(turned)[0] for _, turned in run.log] == [list(hand)[0] for hand in hands]
    again = network()
    scope = {"net": again, "data": data}
    exec(run.to_code(), scope)
    assert scope["run"].step == run.step
    for one, other in zip(weights(net), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)
    rates, repeated = run.history.series("lr")[1], scope["run"].history.series("lr")[1]
    np.testing.assert_array_equal(repeated, rates)


def test_no_knob_but_the_batch_size_compiles_anything(monkeypatch):
    """Of a run that clips from its start."""
    compiled = []
    compile_ = Jit._compile
    monkeypatch.setattr(Jit, "_compile", lambda jit, *given: compiled.append(jit.__name__) or compile_(jit, *given))
    turned = {2: {"lr": 0.02}, 3: {"wd": 0.1}, 4: {"beta1": 0.5}, 5: {"beta2": 0.9}, 6: {"dropout": 0.5},
              7: {"clip": 0.3}, 8: {"augment": 0.5}, 9: {"schedule": "cosine"}, 10: {"clip": 0.0},
              11: {"clip": 0.2}}  # fmt: skip
    run = train(network(), augmented(), **SETTINGS, seed=1, clip_gradient=0.5, knobs_at=turned)
    assert compiled == ["_step"] and run.knobs["clip"] == 0.2 and len(run.log) == len(turned)


def test_a_snapshot_brings_schedule_and_strength_back():
    net = network()
    at = {4: {"schedule": "cosine"}, 6: {"augment": 0.3}, 9: {"schedule": "constant"}, 11: {"schedule": "linear"}}
    run = train(net, augmented(), **SETTINGS, seed=4, knobs_at=at)
    first, losses, rates = weights(net), run.history.series("loss")[1], run.history.series("lr")[1]
    for back in (7, 13, 5):
        run.restore(back)
        run.resume()
        run.wait(30)
        for one, other in zip(weights(net), first, strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(run.history.series("loss")[1], losses)
        np.testing.assert_array_equal(run.history.series("lr")[1], rates)


def test_the_rate_of_dropout_is_that_of_attention_which_has_it_too():
    optimizer = dl.optimizer.create("sgd")
    for of_attention, turned in ((0.1, 0.3), (0.0, 0.0)):
        cell = nn.TransformerEncoderCell(8, 16, 2, dropout=0.1, attention_dropout=of_attention)
        dials = Dials(cell, optimizer)
        assert dials.turn({"dropout": 0.3}) == {"dropout"} and dials.values()["dropout"] == 0.3
        assert (cell.dropout._rate, cell.attention._rate) == (0.3, turned)
