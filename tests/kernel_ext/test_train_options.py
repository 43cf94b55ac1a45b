"""The words after %train: what they mean, and what is said about those that mean nothing."""

from types import SimpleNamespace

import numpy as np
import pytest

from dlcore.gluon import loss, nn
from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.train_options import OPTIONS, parse, usage


@pytest.fixture
def names():
    x, y = np.zeros((4, 2), "float32"), np.zeros(4, "int32")
    return {"net": nn.Dense(2), "train": (x, y), "test": (x, y), "x": x, "y": y, "rate": 0.25}


def test_a_full_line(names):
    line = "net --data train --val test --epochs 3 --batch 64 --optimizer adam --lr 0.001"
    request = parse(line, names)
    assert request.net is names["net"]
    assert request.arguments.pop("data") is names["train"] and request.arguments.pop("val") is names["test"]
    assert request.arguments == {"epochs": 3, "batch": 64, "optimizer": "adam", "lr": 0.001, "name": "net"}


def test_other_ways_to_write_it(names):
    request = parse("--lr=rate --background net --data x,y --workers 2 --seed 0 --momentum 0.9 --wd 1e-4", names)
    assert request.arguments["data"] == (names["x"], names["y"])
    rest = {key: value for key, value in request.arguments.items() if key != "data"}
    assert rest == {
        "lr": 0.25,
        "background": True,
        "workers": 2,
        "seed": 0,
        "momentum": 0.9,
        "wd": 1e-4,
        "name": "net",
    }


def test_data_sets_and_values_of_the_notebook(names):
    names["mine"] = loss.L2Loss()
    request = parse("net --data mnist --val Fashion-MNIST --loss mine --metric accuracy --name first", names)
    assert request.arguments["data"] == "mnist" and request.arguments["val"] == "Fashion-MNIST"
    assert request.arguments["loss"] is names["mine"] and request.arguments["metric"] == "accuracy"
    assert request.arguments["name"] == "first"
    names["mnist"] = names["train"]  # a variable goes before a data set's name
    assert parse("net --data mnist", names).arguments["data"] is names["train"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--data train", "no network is named\nusage: %train NET --data DATA"),
        ("net other --data train", "expected one network, got net, other"),
        ("nett --data train", 'there is no network named nett; did you mean "net"?'),
        ("train --data train", "train is not a network but a value of type tuple"),
        ("net", "--data is missing\nusage: %train NET --data DATA [--val DATA]"),
        (
            "net --data trian",
            'trian: the notebook has no variable trian, nor a data set (mnist, fashion_mnist); did you mean "train"?',
        ),
        ("net --data mnits", 'did you mean "mnist"?'),
        ("net --data x,y,x", "expects one name or two (samples,labels), got 'x,y,x'"),
        ("net --data train --epoch 3", 'no option --epoch; did you mean "--epochs"?\nusage: %train ... --epochs N'),
        ("net --data train --zzzzzz 3", "no option --zzzzzz; there are --data, --val"),
        ("net --data train --epochs", "--epochs needs a value\nusage: %train ... --epochs N"),
        ("net --data train --epochs --lr 1", "--epochs needs a value"),
        ("net --data train --epochs 2.5", "--epochs expects a whole number >= 1, got '2.5'"),
        ("net --data train --epochs 0", "--epochs expects a whole number >= 1, got '0'"),
        ("net --data train --lr fast", "--lr expects a number >= 0, got 'fast'\nusage: %train ... --lr X"),
        ("net --data train --lr -1", "--lr expects a number >= 0, got '-1'"),
        ("net --data train --lr 1 --lr 2", "--lr is given twice"),
        ("net --data train --background=yes", "--background takes no value, got 'yes'"),
        (
            "net --data train --loss nothing",
            "--loss expects a function of the notebook; the notebook has no variable nothing",
        ),
        ("net --data 'train", "no closing quotation in: net --data 'train"),
    ],
)
def test_mistakes(names, line, text):
    with pytest.raises(CleanError) as caught:
        parse(line, names)
    assert text in str(caught.value)


def test_every_option_has_a_usage_line():
    for word in OPTIONS:
        assert usage(word).startswith(f"usage: %train ... --{word}")


def test_hidden_names_are_not_suggested():
    names = {"net": nn.Dense(2), "_dat": SimpleNamespace(), "data1": SimpleNamespace()}
    with pytest.raises(CleanError, match='did you mean "data1"'):
        parse("net --data dat", names)
