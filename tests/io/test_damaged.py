"""Every format of file, cut short anywhere or with bytes changed at random: a clear error, or the same kind of thing.

Nothing crashes, nothing hangs, and a network, trainer or loader that was given a bad file is as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, nd
from dlcore.gluon import nn
from dlcore.io import recordio

# What a bad file may raise: it says which file and what is wrong. An assertion, a KeyError or a crash is a bug.
CLEAR = (ValueError, TypeError, EOFError, OSError)


def network() -> Any:
    net = nn.HybridSequential(nn.Dense(3, in_units=4), nn.BatchNorm(in_channels=3))
    net.initialize(dl.init.Normal(0.5))
    return net


def values(net: Any) -> list[np.ndarray]:
    return [p.data().asnumpy() for p in net.collect_params().values()]


NET = network()
TRAINER = gluon.Trainer(NET.collect_params(), "adam")
SYMBOL = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3, name="fc"), name="softmax")


def write_params(path: Path) -> None:
    nd.save(str(path), {f"arg:{n}": p.data() for n, p in NET.collect_params().items()})


def write_records(path: Path) -> None:
    with recordio.MXRecordIO(str(path), "w") as file:
        for k in range(4):
            header = recordio.IRHeader(0, float(k), k, 0)
            file.write(recordio.pack_img(header, np.full((6, 6, 3), 40 * k, np.uint8), img_fmt=".png"))


def read_records(path: Path) -> None:
    with recordio.MXRecordIO(str(path), "r") as file:
        while (record := file.read()) is not None:
            recordio.unpack_img(record)


def read_batches(path: Path) -> None:
    for _ in dl.io.ImageRecordIter(str(path), (3, 6, 6), 2):
        pass


FORMATS: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "weights": (lambda p: NET.save_parameters(p), lambda p: NET.load_parameters(p)),
    "params of MXNet": (write_params, lambda p: NET.load_parameters(p)),
    "trainer": (lambda p: TRAINER.save_states(p), lambda p: TRAINER.load_states(p)),
    "checkpoint": (
        lambda p: gluon.save_checkpoint(p, NET, TRAINER, epoch=3),
        lambda p: gluon.load_checkpoint(p, NET, TRAINER),
    ),
    "symbol": (lambda p: SYMBOL.save(str(p)), lambda p: dl.sym.load(str(p))),
    "records": (write_records, read_records),
    "batches of records": (write_records, read_batches),
    "idx": (lambda p: dl.io.write_idx(p, np.arange(24, dtype=np.uint8).reshape(2, 3, 4)), dl.io.read_idx),
}


def attempt(read: Callable[[Path], Any], path: Path) -> bool:
    """True if it was read; False for a clear error. Anything else fails the test."""
    begun = time.monotonic()
    try:
        read(path)
        return True
    except CLEAR as error:
        assert str(error).strip(), f"{type(error).__name__} without a word"
        return False
    finally:
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_short_anywhere(tmp_path: Path, kind: str) -> None:
    write, read = FORMATS[kind]
    path, before = tmp_path / "file", values(NET)
    write(path)
    whole = path.read_bytes()
    places = sorted({*range(0, min(len(whole), 60)), *np.linspace(0, len(whole) - 1, 60).astype(int).tolist()})
    readable = []
    for place in places:
        path.write_bytes(whole[:place])
        if attempt(read, path):
            readable.append(place)
    for now, then in zip(values(NET), before, strict=True):
        np.testing.assert_array_equal(now, then)
    if "records" in kind:  # a file may end between two records, or in the bytes that fill one up
        assert len(readable) < 20
    else:
        assert readable == []
    path.write_bytes(whole)
    assert attempt(read, path)


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_changed_at_random(tmp_path: Path, kind: str) -> None:
    write, read = FORMATS[kind]
    path, rng = tmp_path / "file", np.random.default_rng(12)
    write(path)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    shapes = [a.shape for a in values(NET)]
    refused = 0
    for trial in range(100):
        changed = whole.copy()
        end = min(len(whole), 200) if trial % 2 else len(whole)  # half of them in the head, where the lengths stand
        where = rng.integers(0, end, rng.integers(1, 4))
        changed[where] = rng.integers(0, 256, len(where))
        path.write_bytes(changed.tobytes())
        before = values(NET)
        if not attempt(read, path):
            refused += 1
            for now, then in zip(values(NET), before, strict=True):
                np.testing.assert_array_equal(now, then)
        assert [a.shape for a in values(NET)] == shapes
    assert refused > 10
    path.write_bytes(whole.tobytes())
    assert attempt(read, path)
