"""Iterators go on where they stood, out of a file, with the batches that were left; bad places change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, gluon
from dlcore.gluon import nn
from dlcore.io import CSVIter, ImageRecordIter, LibSVMIter, MNISTIter, NDArrayIter, PrefetchingIter, ResizeIter, image
from dlcore.io._bucket_iter import BucketSentenceIter
from dlcore.io.recordio import IRHeader, MXIndexedRecordIO, pack_img

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (11, 8, 9, 3)).astype(np.uint8)
Make = Callable[[], Any]


def _files(folder: Path) -> dict[str, Make]:
    np.savetxt(folder / "x.csv", np.arange(22.0).reshape(11, 2), delimiter=",")
    (folder / "x.svm").write_text("".join(f"{k} 0:{k}.5 {1 + k % 3}:1\n" for k in range(11)))
    dl.io.write_idx(folder / "x", PICTURES[..., 0])
    dl.io.write_idx(folder / "y", np.arange(11, dtype=np.uint8))
    for form in ("png", "jpg"):
        with MXIndexedRecordIO(folder / f"{form}.idx", folder / f"{form}.rec", "w") as out:
            for k, picture in enumerate(PICTURES):
                out.write_idx(k, pack_img(IRHeader(0, float(k), k, 0), picture, img_fmt=f".{form}"))
    words: dict[str, Any] = {"data_shape": (3, 6, 6), "batch_size": 3, "shuffle": True}
    chance: dict[str, Any] = {**words, "rand_mirror": True, "rand_crop": True}

    def records(form: str, **given: Any) -> Any:
        return image.ImageIter(path_imgrec=folder / f"{form}.rec", **given)

    return {
        "CSV": lambda: CSVIter(folder / "x.csv", (2,), batch_size=3),
        "CSV from the first": lambda: CSVIter(folder / "x.csv", (2,), batch_size=4, round_batch=False),
        "LibSVM": lambda: LibSVMIter(folder / "x.svm", (4,), batch_size=3),
        "MNIST": lambda: MNISTIter(folder / "x", folder / "y", 3),
        "sentences": lambda: BucketSentenceIter([[k] * (1 + k % 4) for k in range(1, 30)], 3, invalid_label=0),
        "PNG": lambda: ImageRecordIter(folder / "png.rec", **chance),
        "JPEG": lambda: ImageRecordIter(folder / "jpg.rec", **chance, round_batch=False),
        "rolled over": lambda: records("png", **chance, last_batch_handle="roll_over"),
        "resized": lambda: ResizeIter(records("png", **words), 5),
        "ahead": lambda: PrefetchingIter(records("jpg", **words, last_batch_handle="roll_over")),
        "drawn ahead": lambda: PrefetchingIter(ImageRecordIter(folder / "jpg.rec", **chance)),
        "two ahead": lambda: PrefetchingIter(
            [NDArrayIter(np.arange(9.0), batch_size=3), records("jpg", **words, label_name="b", data_name="a")],
            [{"data": "x"}, {}],
        ),
    }


def _walk(batches: Any, passes: int, count: int = 10**6) -> list[Any]:
    found: list[Any] = []
    for _ in range(passes):
        for batch in batches:
            dl.np.random.normal(size=(9,))  # as a network draws between two batches
            arrays = [array.asnumpy().tolist() for array in (*batch.data, *batch.label)]
            found.append((arrays, batch.pad))
            if len(found) == count:
                return found
        batches.reset()
    return found


@pytest.mark.parametrize("stop", [0, 2, 3, 4, 7])
@pytest.mark.parametrize("kind", [
    "CSV", "CSV from the first", "LibSVM", "MNIST", "sentences", "PNG", "JPEG", "rolled over", "resized", "ahead",
    "drawn ahead",
])  # fmt: skip
def test_it_goes_on_where_it_stood(tmp_path: Path, kind: str, stop: int) -> None:
    net = nn.Dense(1, in_units=1)
    net.initialize()
    make = _files(tmp_path)[kind]
    dl.random.seed(5)
    one = make()
    if stop:
        _walk(one, 3, stop)
    gluon.save_checkpoint(tmp_path / "state", net, loader=one)
    rest = _walk(one, 3)
    dl.random.seed(99)
    two = make()
    _walk(two, 2, 1)
    gluon.load_checkpoint(tmp_path / "state", net, loader=two)
    assert json.dumps(two.state()) == json.dumps(json.loads(json.dumps(two.state())))
    assert _walk(two, 3) == rest and len(rest) > 5


def _spoilt(place: Any) -> list[Any]:
    """The place with each of its parts replaced by what it cannot be."""
    found: list[Any] = [{**place, "more": 1}, {}]
    for name, value in place.items():
        if isinstance(value, dict):
            found += [{**place, name: inner} for inner in _spoilt(value)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += [{**place, name: [inner, *value[1:]]} for inner in _spoilt(value[0])]
        for wrong in (None, "1", -(10**6), 10**30, True, 0.5, [10**6], [[]], {"a": 1}):
            found.append({**place, name: wrong})
    return found


@pytest.mark.parametrize("kind", ["CSV", "LibSVM", "sentences", "PNG", "rolled over", "resized", "two ahead"])
def test_places_that_do_not_fit_change_nothing(tmp_path: Path, kind: str) -> None:
    batches = _files(tmp_path)[kind]()
    next(batches)
    before, random = batches.state(), _core.rng_state()
    for spoilt in _spoilt(before):
        with pytest.raises(
            ValueError,
            match=r"(CSVIter|LibSVMIter|BucketSentenceIter|ResizeIter|PrefetchingIter|NDArrayIter|Image\w*Iter): ",
        ):
            batches.load_state(spoilt)
            pytest.fail(f"taken as a place: {spoilt}")
        assert batches.state() == before
    assert _core.rng_state() == random


def test_what_keeps_no_place_says_so(tmp_path: Path) -> None:
    class Plain(dl.io.DataIter):
        provide_data, provide_label = [dl.io.DataDesc("data", (1,))], []

        def next(self) -> Any:
            raise StopIteration

    net = nn.Dense(1, in_units=1)
    net.initialize()
    for loader in (Plain(), PrefetchingIter(Plain())):
        with pytest.raises(NotImplementedError, match=r"Plain has no state\(\)"):
            gluon.save_checkpoint(tmp_path / "state", net, loader=loader)
    assert not list(tmp_path.iterdir())


def test_what_threads_draw_depends_on_the_seed_alone(tmp_path: Path) -> None:
    files, found = _files(tmp_path), []
    for seed in (5, 5, 6):
        dl.random.seed(seed)
        batches = files["drawn ahead"]()
        assert not batches._directly
        found.append(_walk(batches, 2))
    assert found[0] == found[1] != found[2]
    pictures = {json.dumps(arrays[0][k]) for arrays, _ in found[0] for k in range(3)}
    assert len(pictures) > 20, "each batch draws other numbers"
