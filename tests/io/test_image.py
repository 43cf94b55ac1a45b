"""`dlcore.image` and the iterators over record files of pictures, against NumPy's own slices and sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dlcore as dl
from dlcore.io import ImageDetRecordIter, ImageRecordIter, NDArrayIter, ResizeIter, encode_image, image
from dlcore.io.recordio import IRHeader, MXIndexedRecordIO, pack, pack_img

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (7, 6, 8, 3)).astype(np.uint8)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    with MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as out:
        for k, picture in enumerate(PICTURES):
            out.write_idx(k, pack_img(IRHeader(0, float(k % 3), k, 0), picture, img_fmt=".png"))
    return tmp_path / "a.rec"


def test_reading_and_order_of_colours(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_image(PICTURES[0], ".png"))
    np.testing.assert_array_equal(image.imread(tmp_path / "a.png").asnumpy(), PICTURES[0])
    np.testing.assert_array_equal(image.imread(tmp_path / "a.png", to_rgb=False).asnumpy(), PICTURES[0][..., ::-1])
    assert image.imread(tmp_path / "a.png", flag=0).shape == (6, 8, 1)
    with pytest.raises(ValueError, match="cannot be read as an image"):
        image.imdecode(b"no image")


def test_crops_are_parts_of_the_picture() -> None:
    part, (x, y, w, h) = image.center_crop(PICTURES[0], (4, 2))
    np.testing.assert_array_equal(part.asnumpy(), PICTURES[0][2:4, 2:6])
    seen = set()
    for _ in range(40):
        part, (x, y, w, h) = image.random_crop(PICTURES[0], (4, 2))
        np.testing.assert_array_equal(part.asnumpy(), PICTURES[0][y : y + h, x : x + w])
        seen.add((x, y))
    assert len(seen) > 10 and {x for x, _ in seen} <= set(range(5)) and {y for _, y in seen} <= set(range(5))
    assert image.resize_short(PICTURES[0], 3).shape == (3, 4, 3)
    for _ in range(20):
        part, (x, y, w, h) = image.random_size_crop(PICTURES[0], (5, 5), (0.3, 0.6), (0.5, 2.0))
        assert part.shape == (5, 5, 3) and 0.2 * 48 <= w * h <= 0.75 * 48
    with pytest.raises(ValueError, match="is not in a picture of shape"):
        image.fixed_crop(PICTURES[0], 5, 0, 4, 2)


def test_colours_are_changed_as_written() -> None:
    x = PICTURES[0].astype(np.float32)
    grey = (x * np.array([0.299, 0.587, 0.114], np.float32)).sum(-1, keepdims=True)
    for kind, other in (
        (image.BrightnessJitterAug, 0 * x), (image.SaturationJitterAug, grey), (image.ContrastJitterAug, grey.mean()),
    ):  # fmt: skip
        made = kind(0.5)(PICTURES[0]).asnumpy()
        factor = ((made - other) / np.where(np.abs(x - other) < 1, np.nan, x - other)).ravel()
        factor = factor[np.isfinite(factor)]
        assert np.ptp(factor) < 1e-3 and 0.5 <= factor[0] <= 1.5, kind.__name__
    np.testing.assert_allclose(image.RandomGrayAug(1.0)(x).asnumpy(), np.repeat(grey, 3, -1), rtol=1e-5)
    shift = image.LightingAug(0.1)(x).asnumpy() - x
    assert np.ptp(shift.reshape(-1, 3), axis=0).max() < 1e-3 and np.abs(shift).max() > 0.01
    normal = image.color_normalize(PICTURES[0], (1.0, 2.0, 3.0), (2.0, 2.0, 4.0)).asnumpy()
    np.testing.assert_allclose(normal, (x - [1, 2, 3]) / [2, 2, 4], rtol=1e-6)


def test_augmenters_of_words() -> None:
    made = image.CreateAugmenter(
        (3, 4, 4), rand_crop=True, rand_mirror=True, mean=True, std=True, brightness=0.1, hue=0.1
    )
    dl.random.seed(3)
    first = np.stack([image.SequentialAug(made)(PICTURES[0]).asnumpy() for _ in range(3)])
    dl.random.seed(3)
    again = np.stack([image.SequentialAug(made)(PICTURES[0]).asnumpy() for _ in range(3)])
    np.testing.assert_array_equal(first, again)
    assert first.shape == (3, 4, 4, 3) and np.abs(first).max() < 4 and (first[0] != first[1]).any()
    assert made[1].dumps() == '["horizontalflipaug", {"p": 0.5}]'
    with pytest.raises(ValueError, match="rand_resize needs rand_crop"):
        image.CreateAugmenter((3, 4, 4), rand_resize=True)


@pytest.mark.parametrize("indexed", [True, False])
def test_record_batches_hold_the_pictures(records: Path, indexed: bool) -> None:
    batches = ImageRecordIter(
        path_imgrec=records, path_imgidx=records.with_suffix(".idx") if indexed else None, data_shape=(3, 4, 4),
        batch_size=3, mean_r=10, mean_g=20, mean_b=30, std_r=2, scale=0.5, preprocess_threads=4,
    )  # fmt: skip
    assert batches.provide_data[0].shape == (3, 3, 4, 4) and batches.provide_label[0].name == "softmax_label"
    for _ in range(2):
        found = list(batches)
        assert [b.pad for b in found] == [0, 0, 2]
        data = np.concatenate([b.data[0].asnumpy() for b in found])
        middle = PICTURES[:, 1:5, 2:6].astype(np.float32)
        expected = ((middle - [10, 20, 30]) / [2, 1, 1] * 0.5).transpose(0, 3, 1, 2)
        np.testing.assert_allclose(data[:7], expected, rtol=1e-6)
        np.testing.assert_array_equal(data[7:], data[:2])
        assert np.concatenate([b.label[0].asnumpy() for b in found])[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]
        batches.reset()


def test_order_shares_and_last_batches(records: Path) -> None:
    words = {"path_imgrec": records, "data_shape": (3, 6, 8), "batch_size": 2}
    one, two = (ImageRecordIter(**words, shuffle=True, seed=5) for _ in range(2))
    orders = [[i for b in it for i in b.index] for it in (one, two)]
    assert orders[0] == orders[1] and sorted(orders[0][:7]) == list(range(7)) and orders[0][:7] != list(range(7))
    one.reset()
    assert [i for b in one for i in b.index] != orders[0]
    assert len(list(ImageRecordIter(**words, round_batch=False))) == 3
    shares = [
        [i for b in ImageRecordIter(**words, num_parts=3, part_index=k) for i in b.label[0].tolist()] for k in range(3)
    ]
    assert shares == [[0, 1], [2, 0], [1, 2]]
    rolled = image.ImageIter(2, (3, 6, 8), path_imgrec=records, last_batch_handle="roll_over")
    assert [len(list(rolled)), rolled.reset(), len(list(rolled))] == [3, None, 4]


def test_lists_of_files(tmp_path: Path) -> None:
    for k in range(3):
        (tmp_path / f"{k}.png").write_bytes(encode_image(PICTURES[k], ".png"))
    (tmp_path / "all.lst").write_text("0\t1\t7\t0.png\n1\t2\t8\t1.png\n2\t3\t9\t2.png\n")
    two = image.ImageIter(3, (3, 6, 8), label_width=2, path_imglist=tmp_path / "all.lst", path_root=tmp_path)
    batch = next(two)
    assert batch.label[0].tolist() == [[1, 7], [2, 8], [3, 9]]
    np.testing.assert_array_equal(batch.data[0].asnumpy(), PICTURES[:3].transpose(0, 3, 1, 2).astype(np.float32))
    one = image.ImageIter(1, (3, 6, 8), imglist=[[5, "2.png"]], path_root=tmp_path)
    assert next(one).label[0].tolist() == [5]
    with pytest.raises(ValueError, match="picture 0 has 1 labels, expected label_width=2"):
        next(image.ImageIter(1, (3, 6, 8), 2, imglist=[[5, "2.png"]], path_root=tmp_path))
    with pytest.raises(ValueError, match=r"is \(3, 6, 8\) after augmentation, expected data_shape \(3, 4, 4\)"):
        next(image.ImageIter(1, (3, 4, 4), imglist=[[5, "2.png"]], path_root=tmp_path, aug_list=[]))
    with pytest.raises(ValueError, match="expected one of path_imgrec, path_imglist, imglist"):
        image.ImageIter(1, (3, 4, 4))


def test_boxes_are_mirrored_with_their_pictures(tmp_path: Path) -> None:
    label = np.array([2, 5, 1, 0.1, 0.2, 0.4, 0.6], np.float32)
    with MXIndexedRecordIO(tmp_path / "d.idx", tmp_path / "d.rec", "w") as out:
        for k in range(2):
            boxes = label if k else np.concatenate([label, [0, 0.5, 0.5, 0.9, 0.9]]).astype(np.float32)
            out.write_idx(k, pack(IRHeader(0, boxes, k, 0), encode_image(PICTURES[k], ".png")))
    plain = next(ImageDetRecordIter(tmp_path / "d.rec", (3, 6, 8), 2))
    assert plain.label[0].shape == (2, 12)
    np.testing.assert_allclose(plain.label[0].asnumpy()[1], [*label, -1, -1, -1, -1, -1])
    dl.random.seed(0)
    mirrored = 0
    for _ in range(12):
        batch = next(ImageDetRecordIter(tmp_path / "d.rec", (3, 6, 8), 2, rand_mirror=True))
        flipped = (batch.data[0].asnumpy()[1] == PICTURES[1].transpose(2, 0, 1)[..., ::-1]).all()
        expected = [0.6, 0.2, 0.9, 0.6] if flipped else [0.1, 0.2, 0.4, 0.6]
        np.testing.assert_allclose(batch.label[0].asnumpy()[1, 3:7], expected, rtol=1e-6)
        mirrored += flipped
    assert 2 <= mirrored <= 10


def test_wrong_words_are_named(records: Path) -> None:
    with pytest.raises(TypeError, match="got Ellipsis"):
        ImageRecordIter(...)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no argument is called rand_crops"):
        ImageRecordIter(records, (3, 4, 4), 2, rand_crops=True)
    with pytest.raises(ValueError, match="channels, height, width"):
        ImageRecordIter(records, (4, 4), 2)


def test_resized_passes() -> None:
    source = NDArrayIter(np.arange(6.0), np.arange(6), 2)
    batches = ResizeIter(source, 5, reset_internal=False)
    assert [b.data[0].tolist()[0] for b in batches] == [0, 2, 4, 0, 2]
    batches.reset()
    assert [b.data[0].tolist()[0] for b in batches] == [4, 0, 2, 4, 0]
    assert batches.provide_data == source.provide_data and list(batches) == []
