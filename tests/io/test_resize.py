"""Pictures in other sizes: the numbers of Pillow, for one picture and for whole batches; decoding ahead and smaller."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dlcore as dl
from dlcore import _core
from dlcore.io import ImageRecordIter, decode_image, encode_image, image, resize_image
from dlcore.io.recordio import IRHeader, MXIndexedRecordIO, pack, pack_img

RNG = np.random.default_rng(0)
KINDS = [
    Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.BOX,
    Image.Resampling.LANCZOS,
]  # fmt: skip
SIZES = [(1, 1), (1, 7), (9, 8), (8, 8), (64, 3), (23, 131)]


def _pillow(picture: np.ndarray, width: int, height: int, how: int) -> np.ndarray:
    """One axis after the other, down first where rows get fewer: Pillow's own order depends on its version."""
    h, w = picture.shape[:2]
    first = (w, height) if height < h else (width, h)
    planes = []
    for plane in np.moveaxis(picture, -1, 0):
        made = Image.fromarray(np.ascontiguousarray(plane)).resize(first, KINDS[how])
        planes.append(np.asarray(made.resize((width, height), KINDS[how])))
    return np.stack(planes, -1)


@pytest.mark.parametrize("how", range(5))
@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_the_numbers_are_those_of_pillow_along_each_axis(how: int, dtype: str) -> None:
    for old in SIZES:
        for channels in (1, 2, 3):
            noise = RNG.integers(0, 256, (*old, channels)).astype(dtype)
            steps = (255 * (np.indices(old).sum(0) % 2))[..., None].repeat(channels, 2).astype(dtype)
            for picture in (noise, steps):
                before = picture.copy()
                for height, width in SIZES:
                    made = resize_image(picture, width, height, how)
                    assert made.dtype == picture.dtype and np.array_equal(picture, before)
                    np.testing.assert_array_equal(made, _pillow(picture, width, height, how))


def test_other_dtypes_and_pictures_without_channels() -> None:
    picture = RNG.random((9, 7)) * 100
    for array in (picture, picture.astype("i4"), picture.astype("f2"), picture[::2, ::-1]):
        made = resize_image(array, 5, 4)
        assert made.shape == (4, 5) and made.dtype == array.dtype
        np.testing.assert_array_equal(made, resize_image(array[..., None], 5, 4)[..., 0])
    constant = np.full((5, 6, 4), 77, np.uint8)
    assert all((resize_image(constant, 11, 3, how) == 77).all() for how in range(5))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: resize_image(np.zeros((2, 2)), 0, 3), "a size of at least 1x1, got 0x3"),
        (lambda: resize_image(np.zeros((0, 2)), 3, 3), r"with pixels, got shape \(0, 2\)"),
        (lambda: resize_image(np.zeros(2), 3, 3), r"with pixels, got shape \(2,\)"),
        (lambda: resize_image(np.zeros((2, 2)), 3, 3, 5), "expected 0 to 4 or 9, got 5"),
        (lambda: decode_image(b"", at_least=-1), "expected at_least from 0 on, got -1"),
        (lambda: _core.resized(np.zeros((2, 2, 1)), 3, 3, 1), "uint8 or float32"),
        (lambda: _core.resized(np.zeros((2, 2, 1), np.uint8), 3, 0, 1), "at least 1x1"),
        (lambda: _core.resized(np.zeros((2, 2, 1), np.uint8), 3, 3, 5), "0 to 4, got 5"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()


def _records(path: Path, pictures: Any, form: str) -> Path:
    with MXIndexedRecordIO(path.with_suffix(".idx"), path, "w") as out:
        for k, picture in enumerate(pictures):
            out.write_idx(k, pack_img(IRHeader(0, float(k), k, 0), picture, img_fmt=form))
    return path


def _batches(made: Any) -> list[np.ndarray]:
    dl.random.seed(4)
    return [part.asnumpy() for batch in made for part in (*batch.data, *batch.label)]


@pytest.mark.parametrize("words", [{"resize": 9}, {"resize": 30}, {"resize": 9, "rand_crop": True}], ids=str)
def test_records_of_png_are_resized_in_one_call(tmp_path: Path, words: dict[str, Any]) -> None:
    file = _records(tmp_path / "a.rec", RNG.integers(0, 256, (7, 13, 16, 3)).astype(np.uint8), ".png")
    own = type("Own", (ImageRecordIter,), {"_augment": lambda self, a, b: ImageRecordIter._augment(self, a, b)})
    words = {"path_imgrec": file, "data_shape": (3, 8, 8), "batch_size": 3, "rand_mirror": True, **words}
    together, single = ImageRecordIter(**words), own(**words)
    assert together._all_at_once() is not None and single._all_at_once() is None
    for a, b in zip(_batches(together), _batches(single), strict=True):
        np.testing.assert_array_equal(a, b)
    drawn = [image.ForceResizeAug((8, 8), 10)]  # an interpolation drawn for each
    assert image.ImageIter(3, (3, 8, 8), path_imgrec=file, aug_list=drawn)._all_at_once() is None


def test_threads_that_decode_change_nothing(tmp_path: Path) -> None:
    file = _records(tmp_path / "a.rec", RNG.integers(0, 256, (11, 20, 30, 3)).astype(np.uint8), ".jpg")
    words = {"path_imgrec": file, "data_shape": (3, 8, 8), "batch_size": 4, "rand_mirror": True, "rand_crop": True}
    one, many = (_batches(ImageRecordIter(**words, preprocess_threads=n)) for n in (1, 3))
    assert len(one) == 6
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a, b)
    with MXIndexedRecordIO(tmp_path / "b.idx", tmp_path / "b.rec", "w") as out:
        for k in range(9):
            data = b"no picture" if k == 5 else encode_image(np.zeros((8, 8, 3), np.uint8), ".jpg")
            out.write_idx(k, pack(IRHeader(0, float(k), k, 0), data))
    with pytest.raises(ValueError, match="ImageRecordIter: picture 5: an image: cannot be read as an image"):
        ImageRecordIter(tmp_path / "b.rec", (3, 8, 8), 9).next()
    assert not [t for t in threading.enumerate() if t.name.startswith("dlcore-pictures")]


def test_jpeg_is_decoded_at_the_size_that_is_needed(tmp_path: Path) -> None:
    slope = np.add.outer(np.arange(96), np.arange(128))[..., None].repeat(3, 2).astype(np.uint8)
    data = encode_image(slope, ".jpg")
    sizes = {k: decode_image(data, at_least=k).shape[:2] for k in (0, 97, 96, 49, 48, 25, 24, 12, 1)}
    assert sizes == {
        0: (96, 128), 97: (96, 128), 96: (96, 128), 49: (96, 128), 48: (48, 64), 25: (48, 64), 24: (24, 32),
        12: (12, 16), 1: (12, 16),
    }  # fmt: skip
    near = resize_image(slope, 32, 24, 3).astype(int) - decode_image(data, at_least=24)
    assert np.abs(near).mean() < 3
    assert decode_image(encode_image(slope, ".png"), at_least=12).shape == slope.shape
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "a.jpg").write_bytes(data)
    folder = dl.gluon.data.vision.ImageFolderDataset(tmp_path, at_least=24)
    assert folder[0][0].shape == (24, 32, 3)
    file = _records(tmp_path / "a.rec", [slope] * 2, ".jpg")
    assert dl.gluon.data.vision.ImageRecordDataset(file, at_least=24)[0][0].shape == (24, 32, 3)
    small, whole = (ImageRecordIter(file, (3, 24, 24), 2, resize=24, at_least=k).next().data[0] for k in (24, 0))
    assert np.abs(small.asnumpy() - whole.asnumpy()).mean() < 3
