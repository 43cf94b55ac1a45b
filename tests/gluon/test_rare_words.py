"""Errors of blocks, layers, loaders and transforms that no other test meets, each provoked once."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, nd, sym
from dlcore.gluon import nn, rnn, utils
from dlcore.gluon._places import device_name
from dlcore.gluon.data.vision import CIFAR10, transforms
from dlcore.gluon.model_zoo.vision import BasicBlockV1, ResNetV1

data: Any = gluon.data  # what a type checker would refuse as well


def ones(*shape: int) -> Any:
    return nd.ones(shape)


def new(base: type) -> Any:
    return type("Bare", (base,), {})()


def waiting() -> Any:
    parameter = gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
    parameter.initialize()
    return parameter


def constant() -> None:
    parameters = gluon.ParameterDict("net_")
    parameters.get("w", shape=(2,))
    parameters.get_constant("w")


def called(layer: Any, *shape: int) -> Any:
    layer.initialize()
    return layer(ones(*shape))


def batches() -> Any:
    return data.BatchSampler(data.SequentialSampler(4), 2)


def talking() -> None:
    trainer = gluon.Trainer(nn.Dense(1, in_units=1).collect_params(), "sgd")
    dl.jit(lambda x: trainer._add_up(SimpleNamespace(num_workers=2)))(ones(1))


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: nn.Dense(2).load_dict({}, dtype_source="x"), ValueError, "dtype_source must be .* 'saved', got 'x'"),
    (lambda: new(gluon.Block)(ones(2)), NotImplementedError, r"Bare has no forward\(x\)"),
    (lambda: new(gluon.HybridBlock)(ones(2)), NotImplementedError, r"Bare has neither forward\(x\) nor hybrid_forward"),
    (
        lambda: waiting().finish_deferred_init(),
        gluon.DeferredInitializationError,
        r"Parameter w: shape \(0, 2\) is not known yet",
    ),
    (constant, TypeError, "ParameterDict.get_constant: 'w' is no constant, got Parameter net_w"),
    (
        lambda: device_name([dl.cpu(0), dl.cpu(1)]),
        ValueError,
        r"ctx: expected one device, got \['cpu\(0\)', 'cpu\(1\)'",
    ),
    (
        lambda: gluon.SymbolBlock(sym.var("x") * 2, [sym.var("x")])(ones(2), ones(2)),
        TypeError,
        r"symbolblock\d+: expected 1 arrays \(x\), got 2",
    ),
    (lambda: nn.Sequential()[3], IndexError, "Sequential: there is no block 3 of 0"),
    (lambda: data.Dataset()[0], NotImplementedError, r"Dataset has no __getitem__\(index\)"),
    (lambda: len(data.Dataset()), NotImplementedError, r"Dataset has no __len__\(\)"),
    (lambda: data.ArrayDataset(), ValueError, "ArrayDataset: expected at least one array, got none"),
    (lambda: iter(data.Sampler()), NotImplementedError, r"Sampler has no __iter__\(\)"),
    (lambda: len(data.Sampler()), NotImplementedError, r"Sampler has no __len__\(\)"),
    (
        lambda: data.DataLoader([1, 2], batch_size=1, batch_sampler=batches()),
        ValueError,
        "DataLoader: batch_sampler excludes batch_size, shuffle, sampler and last_batch",
    ),
    (
        lambda: batches().load_state({"left_over": [1, 2, 3], "sampler": {}}),
        ValueError,
        "BatchSampler: expected fewer than 2 samples left over, got 3",
    ),
    (
        lambda: data.batchify.Pad()([np.ones(2), np.ones((2, 2))]),
        ValueError,
        r"Pad: all elements must have one rank, got shapes \[\(2,\), \(2, 2\)\]",
    ),
    (lambda: new(transforms._basic.Transform)(ones(2, 2, 3)), NotImplementedError, r"Bare has no _apply\(array\)"),
    (lambda: transforms.Normalize(0, 0), ValueError, "Normalize: std must not be 0, got 0"),
    (
        lambda: transforms.RandomLighting(0.1)(ones(2, 2, 1)),
        ValueError,
        r"RandomLighting: expected an image \(h, w, 3\), got shape \(2, 2, 1\)",
    ),
    (lambda: ResNetV1(BasicBlockV1, [1, 1], [3, 3]), ValueError, r"ResNet: expected 3 channels for 2 stages, got \[3"),
    (
        lambda: called(nn.Conv2D(4, 3, groups=2), 1, 3, 5, 5),
        ValueError,
        r"Conv2D: 2 groups do not divide the 3 channels of x \(1, 3, 5, 5\)",
    ),
    (
        lambda: called(nn.DeformableConvolution(4, 3, num_deformable_group=2), 1, 3, 5, 5),
        ValueError,
        "DeformableConvolution: 2 groups do not divide the 3 channels of x",
    ),
    (lambda: nn.MaxPool2D(2, strides=2, stride=2), ValueError, "MaxPool2D: strides and stride are one argument, got 2"),
    (lambda: rnn.LSTMCell(3).unroll(3, ones(2)), ValueError, r"LSTMCell.*: expected inputs of layout .* shape \(2,\)"),
    (lambda: rnn.RecurrentCell().state_info(), NotImplementedError, r"RecurrentCell has no state_info\(batch_size\)"),
    (lambda: rnn.LSTM(3, dropout=1.0), ValueError, "LSTM: expected 0 <= dropout < 1, got 1.0"),
    (talking, dl._core.TraceError, "Trainer: a step with a kvstore talks to other workers: call it outside of jit"),
    (lambda: utils.split_data(ones(2), 5), ValueError, "split_data: an axis of length 2 cannot be cut into 5 parts"),
    (lambda: utils.split_data(ones(2), 0), ValueError, "split_data: an axis of length 2 cannot be cut into 0 parts"),
    (lambda: utils.split_data(ones(2), 1, 7), IndexError, r"split_data: axis 7 is out .* data of shape \(2,\)"),
    (lambda: utils.clip_global_norm([], 1), ValueError, "clip_global_norm: expected at least one array, got none"),
    (lambda: utils.clip_global_norm([ones(2)], -1), ValueError, "clip_global_norm: max_norm must be above 0, got -1"),
    (lambda: utils.download("file:///x", verify_ssl=False), ValueError, "download: certificates are always verified"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_a_file_that_is_another_one_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("words")
    with pytest.raises(OSError, match="download: file:.* has another SHA-1 than the expected 12"):
        utils.download(source.as_uri(), path=str(tmp_path / "copy"), sha1_hash="12")
    assert not (tmp_path / "copy").exists()
    with tarfile.open(tmp_path / CIFAR10._address.rsplit("/", 1)[1], "w:gz"):
        pass
    with pytest.raises(ValueError, match="there is no .*_batch_1.bin in it"):
        CIFAR10(str(tmp_path))


def test_a_place_behind_the_end_of_a_pass_is_refused() -> None:
    loader = data.DataLoader(data.ArrayDataset(list(range(4))), batch_size=2)
    next(iter(loader))
    loader.load_state({**loader.state(), "done": 9})
    with pytest.raises(ValueError, match="DataLoader: to go on after 9 batches, but a pass has only 2"):
        next(iter(loader))
