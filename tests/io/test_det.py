"""Pictures with boxes: augmenters move both alike, the iterator's labels, turning; wrong labels are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import image
from dlcore.io import encode_image, recordio

BOXES = np.array([[1, 0.25, 0.25, 0.75, 0.5], [0, 0.0, 0.5, 0.25, 1.0]])


def painted(boxes: np.ndarray, size: int = 64) -> np.ndarray:
    """A picture whose objects have the colour 100 + class, so that boxes can be read off again."""
    picture = np.zeros((size, size, 3), np.uint8)
    for kind, *box in boxes:
        x0, y0, x1, y1 = (round(v * size) for v in box)
        picture[y0:y1, x0:x1] = 100 + int(kind)
    return picture


def seen(picture: Any, kind: int) -> list[float] | None:
    """The box of a colour."""
    y, x = np.nonzero(np.asarray(picture.asnumpy())[..., 0] == 100 + kind)
    h, w = picture.shape[:2]
    return None if not len(y) else [x.min() / w, y.min() / h, (x.max() + 1) / w, (y.max() + 1) / h]


@pytest.mark.parametrize(
    "augmenter",
    [
        image.DetHorizontalFlipAug(1.0),
        image.DetRandomCropAug(min_object_covered=0.1, area_range=(0.3, 0.9), min_eject_coverage=0.0),
        image.DetRandomPadAug(area_range=(1.5, 3.0)),
        image.DetRandomSelectAug([image.DetHorizontalFlipAug(1.0), image.DetRandomPadAug()], skip_prob=0.3),
        image.CreateMultiRandCropAugmenter([0.1, 0.5], area_range=[(0.5, 1.0)], min_eject_coverage=0.0),
    ],
    ids=lambda a: type(a).__name__,
)
def test_boxes_stay_where_their_objects_are(augmenter: Any) -> None:
    dl.random.seed(4)
    shapes = set()
    for _ in range(20):
        picture, label = augmenter(painted(BOXES), BOXES.copy())
        shapes.add(picture.shape)
        for kind, *box in label:
            np.testing.assert_allclose(box, seen(picture, int(kind)), atol=1.01 / min(picture.shape[:2]))
        missing = {0, 1} - {int(kind) for kind in label[:, 0]}
        assert all(seen(picture, kind) is None for kind in missing)
    assert len(shapes) > 1 or isinstance(augmenter, image.DetHorizontalFlipAug)


def test_objects_of_which_too_little_is_seen_go() -> None:
    dl.random.seed(0)
    crop = image.DetRandomCropAug(0.01, (1.0, 1.0), (0.25, 0.25), min_eject_coverage=0.9)
    counts = {len(crop(painted(BOXES), BOXES.copy())[1]) for _ in range(60)}
    assert 1 in counts


def label_of(boxes: np.ndarray) -> list[float]:
    return [2, 5, *boxes.ravel().tolist()]


def pictures(folder: Path, source: str) -> dict[str, Any]:
    both = [BOXES, BOXES[:1]]
    if source == "record":
        with recordio.MXIndexedRecordIO(str(folder / "a.idx"), str(folder / "a.rec"), "w") as file:
            for k, boxes in enumerate(both):
                header = recordio.IRHeader(0, np.array(label_of(boxes), np.float32), k, 0)
                file.write_idx(k, recordio.pack_img(header, painted(boxes), img_fmt=".png"))
        return {"path_imgrec": folder / "a.rec", "path_imgidx": folder / "a.idx"}
    for k, boxes in enumerate(both):
        (folder / f"{k}.png").write_bytes(encode_image(painted(boxes), ".png"))
    return {"imglist": [[label_of(boxes), f"{k}.png"] for k, boxes in enumerate(both)], "path_root": folder}


@pytest.mark.parametrize("source", ["record", "list"])
def test_the_iterator_gives_boxes_filled_up(tmp_path: Path, source: str) -> None:
    batches = image.ImageDetIter(2, (3, 32, 32), **pictures(tmp_path, source))
    batch = batches.next()
    assert batch.data[0].shape == (2, 3, 32, 32) and batches.provide_label[0].shape == (2, 2, 5)
    labels = batch.label[0].asnumpy()
    np.testing.assert_allclose(labels[0], BOXES, atol=1e-6)
    np.testing.assert_allclose(labels[1], [BOXES[0], [-1] * 5], atol=1e-6)
    other = image.ImageDetIter(1, (3, 32, 32), **pictures(tmp_path, source))
    other.reshape(label_shape=(4, 6))
    batches.sync_label_shape(other)
    batches.reset()
    assert batches.next().label[0].shape == (2, 4, 6)
    with pytest.raises(ValueError, match=r"\(2, 5\) is smaller than \(4, 6\)"):
        batches.reshape(label_shape=(2, 5))


@pytest.mark.parametrize(
    "label", [[2, 5], [1, 5, 0, 0, 0, 1, 1], [2, 4, 0, 0, 1, 1], [2, 5, 0, 0, 0, 1], [2, 5, 0, 1, 1, 0, 0]]
)
def test_a_label_of_another_form_is_named(tmp_path: Path, label: list[float]) -> None:
    (tmp_path / "a.png").write_bytes(encode_image(painted(BOXES), ".png"))
    with pytest.raises(ValueError, match="ImageDetIter: picture 0: "):
        image.ImageDetIter(1, (3, 8, 8), imglist=[[label, "a.png"]], path_root=tmp_path)


def test_the_usual_augmenters_for_boxes(tmp_path: Path) -> None:
    dl.random.seed(7)
    words = {
        "rand_crop": 0.5,
        "rand_pad": 0.5,
        "rand_mirror": True,
        "mean": True,
        "std": True,
        "brightness": 0.2,
        "hue": 0.1,
    }
    batches = image.ImageDetIter(2, (3, 24, 24), **pictures(tmp_path, "list"), **words)
    for _ in range(5):
        batches.reset()
        batch = batches.next()
        boxes = batch.label[0].asnumpy().reshape(-1, 5)
        boxes = boxes[boxes[:, 0] >= 0]
        assert len(boxes) and (boxes[:, 1:] >= -1e-6).all() and (boxes[:, 1:] <= 1 + 1e-6).all()
        assert batch.data[0].dtype.name == "float32" and float(nd_abs_max(batch.data[0])) < 5


def nd_abs_max(x: Any) -> float:
    return float(np.abs(x.asnumpy()).max())


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turning_by_right_angles_is_exact(turns: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 5)).astype("float32")
    got = image.imrotate(dl.nd.array(x), 90 * turns).asnumpy()
    np.testing.assert_allclose(got, np.rot90(x, turns, axes=(2, 3)), atol=1e-5)


def test_turning_and_zooming() -> None:
    ones = dl.nd.ones((1, 40, 40))
    plain, near, far = (
        image.imrotate(ones, 30, **zoom).asnumpy()[0] for zoom in ({}, {"zoom_in": True}, {"zoom_out": True})
    )
    assert plain[0, 0] == 0 and near.min() > 0.99 and far[0, 0] == 0
    assert far.sum() < plain.sum() < near.sum() + 1 and far[20, 20] == pytest.approx(1)
    stack = image.imrotate(dl.nd.ones((2, 1, 8, 8)), dl.nd.array([0, 45])).asnumpy()
    assert stack[0].min() > 0.99 and stack[1, 0, 0, 0] == 0
    dl.random.seed(1)
    assert image.random_rotate(ones, (-20, 20)).asnumpy()[0, 0, 0] < 1


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: image.imrotate(dl.nd.ones((1, 4, 4)), 3, True, True), ValueError, "exclude each other"),
        (lambda: image.imrotate(dl.nd.ones((4, 4)), 3), ValueError, r"expected an array \(c, h, w\)"),
        (lambda: image.imrotate(dl.nd.ones((1, 4, 4), dtype="int32"), 3), TypeError, "expected floats, got int32"),
        (lambda: image.imrotate(dl.nd.ones((2, 1, 4, 4)), dl.nd.ones(3)), ValueError, "3 angles for 2 pictures"),
        (lambda: image.DetBorrowAug(3), TypeError, "augmenter must be an Augmenter, got 3"),
        (lambda: image.DetRandomSelectAug([3]), TypeError, "sequence of DetAugmenters, got 3"),
        (lambda: image.DetRandomCropAug(area_range=(0.5, 2.0)), ValueError, "expected 0 < areas <= 1"),
        (lambda: image.DetRandomPadAug(area_range=(0.5, 2.0)), ValueError, "expected areas from 1 up"),
        (
            lambda: image.CreateMultiRandCropAugmenter([0.1, 0.2], max_attempts=[1, 2, 3]),
            ValueError,
            "different lengths",
        ),
    ],
)
def test_wrong_use_is_named(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call()


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("ImageRecordUInt8Iter", 0, 255), ("ImageRecordInt8Iter", -128, 127)]
)
def test_record_iterators_of_whole_numbers(tmp_path: Path, kind: str, low: int, high: int) -> None:
    given = pictures(tmp_path, "record")
    words = {"mean_r": 128, "mean_g": 128, "mean_b": 128} if low < 0 else {}
    batches = getattr(dl.io, kind)(data_shape=(3, 64, 64), batch_size=1, label_width=12, **given, **words)
    data = batches.next().data[0]
    assert data.dtype.name == ("int8" if low < 0 else "uint8")
    np.testing.assert_array_equal(data.asnumpy()[0, 0].astype(int), painted(BOXES)[..., 0].astype(int) + low)
