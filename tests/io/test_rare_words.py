"""Errors of iterators and files that no other test meets, each provoked once."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import image, io
from dlcore.io import _det_augmenters, _image, _npm, recordio
from dlcore.io._augmenters import Augmenter
from dlcore.io._idx import write_idx

made: Any = io  # what a type checker would refuse as well


def fewer_labels(folder: Path) -> None:
    write_idx(folder / "images", np.zeros((3, 2, 2), np.uint8))
    write_idx(folder / "labels", np.zeros(2, np.uint8))
    made.MNISTIter(image=str(folder / "images"), label=str(folder / "labels"), batch_size=1)


def svm(folder: Path, labels: int = 1, **more: Any) -> None:
    (folder / "data").write_text("1 0:1\n")
    (folder / "label").write_text("1 0:1\n" * labels)
    made.LibSVMIter(
        data_libsvm=str(folder / "data"), label_libsvm=str(folder / "label"), batch_size=1,
        **{"data_shape": (2,), "label_shape": (2,), **more},
    )  # fmt: skip


def unknown_dtype(folder: Path) -> None:
    head = json.dumps({"w": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}).encode()
    (folder / "w.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + b"\0")
    io.load_arrays(folder / "w.safetensors")


def no_batch() -> None:
    empty = type("Empty", (io.DataIter,), {"next": lambda self: next(iter(())), "reset": lambda self: None})
    next(made.ResizeIter(empty(), 2))


def own() -> Any:
    return type("Own", (io.DataIter,), {})()


def augmented(*augmenters: Any) -> Any:
    return image.ImageDetIter(batch_size=1, data_shape=(3, 4, 4), imglist=[[[2, 5, 0, 0, 0, 1, 1], "x"]], path_root=".",
                              aug_list=list(augmenters))  # fmt: skip


def pictures(**more: Any) -> Any:
    words = {"batch_size": 1, "data_shape": (3, 4, 4), "imglist": [[0.0, "x"]], "path_root": ".", **more}
    return image.ImageIter(**words)


ROWS: list[tuple[Callable[[Path], Any], type[Exception], str]] = [
    (lambda _: Augmenter()(np.zeros((1, 1, 3))), NotImplementedError, r"Augmenter has no __call__\(picture\)"),
    (
        lambda _: _det_augmenters.DetAugmenter()(np.zeros((1, 1, 3)), np.zeros((1, 5))),
        NotImplementedError,
        r"DetAugmenter has no __call__\(picture, label\)",
    ),
    (
        lambda _: dl.rnn.BucketSentenceIter([[1]], 1, layout="X"),
        ValueError,
        "BucketSentenceIter: layout must .* got 'X'",
    ),
    (fewer_labels, ValueError, "MNISTIter: .*images has 3 images, .*labels has 2 labels"),
    (lambda p: write_idx(p / "x", np.zeros(1, np.complex64)), TypeError, "write_idx: IDX has no dtype complex64"),
    (lambda _: pictures(data_shape=(2, 4, 4)), ValueError, r"ImageIter: expected data_shape .*; got \(2, 4, 4\)"),
    (lambda _: pictures(last_batch_handle="x"), ValueError, "ImageIter: last_batch_handle must be one of .*, got 'x'"),
    (lambda _: pictures(part_index=3), ValueError, "ImageIter: expected part_index between 0 and 0, got 3"),
    (lambda _: own().load_state({}), NotImplementedError, r"Own has no load_state\(\): it cannot go on from a place"),
    (lambda _: own().iter_next(), NotImplementedError, r"Own has neither next\(\) nor iter_next\(\)"),
    (lambda _: own().getdata(), NotImplementedError, r"Own has no getdata\(\)"),
    (lambda _: own().getlabel(), NotImplementedError, r"Own has no getlabel\(\)"),
    (lambda _: own().getpad(), NotImplementedError, r"Own has no getpad\(\)"),
    (lambda p: svm(p, part_index=3), ValueError, "LibSVMIter: expected part_index between 0 and 0, got 3"),
    (lambda p: svm(p, 2), ValueError, "LibSVMIter: 1 examples in .*data, 2 labels"),
    (lambda p: svm(p, data_shape=(2, 2)), ValueError, r"LibSVMIter: expected a shape of one size, .* got \(2, 2\)"),
    (lambda _: made.PrefetchingIter([]), ValueError, "PrefetchingIter: expected at least one iterator"),
    (
        lambda _: made.PrefetchingIter(made.NDArrayIter(np.zeros((2, 2)), batch_size=1)).getdata(),
        RuntimeError,
        r"PrefetchingIter: there is no batch yet; call next\(\) or iter_next\(\) first",
    ),
    (lambda _: no_batch(), ValueError, "ResizeIter: the iterator gives no batch"),
    (unknown_dtype, TypeError, "w.*: dtype F8_E4M3 is not supported; expected one of "),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[Path], object], kind: type[Exception], match: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=match):
        call(tmp_path)


def test_limits_and_what_is_not_installed_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recordio, "_LENGTH", 3)
    file = recordio.MXRecordIO(str(tmp_path / "x.rec"), "w")
    with pytest.raises(ValueError, match="x.rec: a record has at most 3 bytes, got 5"):
        file.write(b"words")
    file.close()
    monkeypatch.setattr(_npm, "_run", lambda *given, **more: None)
    with pytest.raises(OSError, match=r"npm_pack: expected one archive of some, got \[\]"):
        _npm._fetched("some", str(tmp_path), 1.0, 1.0)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="images need Pillow: pip install"):
        _image.pillow()


def test_a_picture_of_too_many_pixels_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", None)
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 20000, 20000, 1, 24, 0, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="an image: cannot be read .*20000x20000 pixels are more than 2"):
        _image.decode_image(head + bytes(64))


def test_labels_of_pictures_have_room() -> None:
    with pytest.raises(ValueError, match=r"ImageDetIter: picture 7: label \(3, 5\) in a label_shape of \(1, 5\)"):
        image.ImageDetIter._labels(type("Few", (), {"label_shape": (1, 5)})(), np.zeros((3, 5)), 7)
    with pytest.raises(ValueError, match="ImageDetRecordIter: picture 7 has a label of 3 numbers, label_pad_width=1"):
        made.ImageDetRecordIter._labels(type("Few", (), {"label_width": 1})(), [1, 2, 3], 7)
    for wrong in (3, dl.image.CastAug()):
        with pytest.raises(TypeError, match="ImageDetIter: aug_list.* DetAugmenter"):
            augmented(wrong)
