"""Plain PNG pictures decoded by the core, and the batches that iterators make of records of them."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dlcore as dl
from dlcore import _core
from dlcore.io import ImageRecordIter, PrefetchingIter, decode_image, image
from dlcore.io.recordio import IRHeader, MXIndexedRecordIO, pack, pack_img

RNG = np.random.default_rng(0)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png(rows: bytes, w: int, h: int, colours: int = 0, packed: bytes | None = None, parts: int = 1, rest=b"") -> bytes:
    """A PNG file of rows that begin with their filter's number."""
    head = w.to_bytes(4, "big") + h.to_bytes(4, "big") + bytes([8, colours, 0, 0, 0])
    data = zlib.compress(rows) if packed is None else packed
    size = -(-len(data) // parts)
    pieces = b"".join(chunk(b"IDAT", data[k : k + size]) for k in range(0, len(data), size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rest + pieces + chunk(b"IEND", b"")


def pictures() -> list[np.ndarray]:
    made = []
    for shape in ((28, 28), (1, 1), (5, 7), (9, 6, 3), (40, 33, 3), (60, 100)):
        steps = np.cumsum(RNG.integers(-3, 4, shape), axis=1) + 128
        made += [RNG.integers(0, 256, shape), np.zeros(shape), steps, RNG.integers(0, 3, shape) * 80]
    return [picture.astype(np.uint8) for picture in made]


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_pillow_writes_is_read(level: int) -> None:
    for picture in pictures():
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG", compress_level=level)
        found = _core.decode_png(stream.getvalue())
        np.testing.assert_array_equal(found.asnumpy().reshape(picture.shape), picture)
        as_is, grey = decode_image(stream.getvalue()), decode_image(stream.getvalue(), 0)
        np.testing.assert_array_equal(as_is, picture)
        np.testing.assert_array_equal(grey, np.asarray(Image.open(stream).convert("L")))
        np.testing.assert_array_equal(decode_image(stream.getvalue(), 1), np.asarray(Image.open(stream).convert("RGB")))


def filtered(picture: np.ndarray, kinds: list[int]) -> bytes:
    """Rows written as the format says: each byte less what its filter foresees."""
    h, w = picture.shape[:2]
    c = picture[0, 0].size
    flat = picture.reshape(h, w * c).astype(int)
    out = b""
    for y in range(h):
        kind = kinds[y % len(kinds)]
        row = []
        for i in range(w * c):
            a = flat[y, i - c] if i >= c else 0
            b = flat[y - 1, i] if y else 0
            d = flat[y - 1, i - c] if y and i >= c else 0
            near = min((abs(b - d), 0, a), (abs(a - d), 1, b), (abs(a + b - 2 * d), 2, d))[2]
            row.append((flat[y, i] - [0, a, b, (a + b) // 2, near][kind]) % 256)
        out += bytes([kind, *row])
    return out


@pytest.mark.parametrize("shape", [(9, 7), (8, 5, 3)])
def test_every_filter_and_data_in_parts(shape: tuple[int, ...]) -> None:
    picture = RNG.integers(0, 256, shape).astype(np.uint8)
    colours = 2 if len(shape) == 3 else 0
    for kinds in ([0], [1], [2], [3], [4], [4, 3, 2, 1, 0]):
        rows = filtered(picture, kinds)
        for parts in (1, 3):
            data = png(rows, shape[1], shape[0], colours, parts=parts, rest=chunk(b"tEXt", b"said\0nothing"))
            np.testing.assert_array_equal(_core.decode_png(data).asnumpy().reshape(shape), picture)
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), picture)


def test_streams_of_every_kind_are_undone_as_zlib_does() -> None:
    texts = [RNG.integers(0, k, n).astype(np.uint8).tobytes() for k in (1, 2, 5, 30, 256) for n in (1, 40, 3000)]
    texts += [RNG.integers(0, k, 70000).astype(np.uint8).tobytes() for k in (1, 5, 256)]  # longer than the window
    texts += [b"".join(bytes([k % 7]) * k for k in range(700)), (b"abcdefghij" * 40 + b"x") * 90]
    strategies = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED, zlib.Z_FILTERED)
    for text in texts:
        row = b"\0" + text
        for strategy in strategies:
            for level in (0, 1, 9):
                maker = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
                packed = maker.compress(row[:500]) + maker.flush(zlib.Z_FULL_FLUSH) + maker.compress(row[500:])
                packed += maker.flush()
                found = _core.decode_png(png(b"", len(text), 1, packed=packed))
                assert found.asnumpy().tobytes() == text


def test_damage_is_never_read_as_a_picture_and_never_more_than_that() -> None:
    picture = (np.cumsum(RNG.integers(-3, 4, (20, 24)), axis=1) + 99).astype(np.uint8)
    whole = png(filtered(picture, [4, 1, 2]), 24, 20)
    dynamic = whole[41 + 2] >> 1 & 3
    assert dynamic == 2 and _core.decode_png(whole) is not None
    data = zlib.compress(filtered(picture, [4, 1, 2]))
    for end in range(len(data)):
        assert _core.decode_png(png(b"", 24, 20, packed=data[:end] or b"\0")) is None
    for end in range(len(whole)):
        assert _core.decode_png(whole[:end]) is None
    overlooked = 0  # zlib takes these too: its sum of few bytes is a weak one
    for at in range(len(data)):
        for bit in range(8):
            hurt = bytearray(data)
            hurt[at] ^= 1 << bit
            found = _core.decode_png(png(b"", 24, 20, packed=bytes(hurt)))
            try:
                said = zlib.decompress(bytes(hurt))
            except zlib.error:
                said = b""
            if found is not None:  # a bit that does not matter, like the level in the head, or that the sum overlooks
                assert said and (found.asnumpy() == _core.decode_png(png(said, 24, 20)).asnumpy()).all()
                overlooked += said != zlib.decompress(data)
    assert overlooked < 4
    for _ in range(3000):
        noise = data[:2] + RNG.integers(0, 256, RNG.integers(1, 300)).astype(np.uint8).tobytes()
        assert _core.decode_png(png(b"", 24, 20, packed=noise)) is None


def test_other_kinds_are_left_to_others() -> None:
    for mode in ("P", "LA", "RGBA", "1", "I;16"):
        stream = io.BytesIO()
        Image.new(mode, (6, 4)).save(stream, "PNG")
        assert _core.decode_png(stream.getvalue()) is None
        assert decode_image(stream.getvalue(), 1).shape == (4, 6, 3)
    stream = io.BytesIO()
    Image.new("RGB", (6, 4)).save(stream, "PNG", transparency=(0, 0, 0))
    assert _core.decode_png(stream.getvalue()) is None
    huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", (2**16).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    assert _core.decode_png(huge + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")) is None
    assert _core.decode_png(png(bytes(20), 4, 4), 2) is None and _core.decode_png(png(bytes(20), 4, 4), -1) is None


def write(path: Path, pictures: list[np.ndarray], labels=None, form: str = ".png") -> Path:
    with MXIndexedRecordIO(path.with_suffix(".idx"), path, "w") as out:
        for k, picture in enumerate(pictures):
            label = float(k) if labels is None else labels[k]
            out.write_idx(k, pack_img(IRHeader(0, label, k, 0), picture, img_fmt=form))
    return path


def batches(made: ImageRecordIter | PrefetchingIter, passes: int = 2) -> list[tuple[np.ndarray, ...]]:
    found = []
    for _ in range(passes):
        found += [(b.data[0].asnumpy(), b.label[0].asnumpy(), b.pad, *b.index) for b in made]
        made.reset()
    return found


@pytest.mark.parametrize("keep_mb", [256, 0])
@pytest.mark.parametrize("kind", [ImageRecordIter, image.ImageIter])
@pytest.mark.parametrize(("colours", "chance"), [((), False), ((3,), False), ((), True), ((3,), True)])
def test_batches_of_records_are_those_of_single_pictures(tmp_path, keep_mb, kind, colours, chance) -> None:
    file = write(tmp_path / "a.rec", [RNG.integers(0, 256, (9, 8, *colours)).astype(np.uint8) for _ in range(11)])
    words = {"path_imgrec": file, "data_shape": (3 if colours else 1, 5, 6), "batch_size": 4, "shuffle": True}
    if kind is ImageRecordIter:
        words |= {"mean_r": 100.0, "std_r": 40.0, "std_g": 3.0, "scale": 0.5}
    else:
        words |= {"mean": [9.0]}
    words |= {"rand_crop": chance, "rand_mirror": chance}
    # A form of one's own for single pictures, even the same one, has to be asked for each of them.
    one = type("Own", (kind,), {"_augment": lambda self, image, label: kind._augment(self, image, label)})
    expected, together, ahead = one(**words), kind(**words, keep_mb=keep_mb), kind(**words, keep_mb=keep_mb)
    assert expected._all_at_once() is None and together._all_at_once() is not None
    found, ahead_of = [], PrefetchingIter(ahead)
    for made in (expected, together, ahead_of if ahead_of._directly or not chance else kind(**words)):
        dl.random.seed(4)
        found.append(batches(made))
    for a, b, c in zip(*found, strict=True):
        for p, q, r in zip(a, b, c, strict=True):
            np.testing.assert_array_equal(p, q)
            np.testing.assert_array_equal(p, r)


def test_kept_pictures_are_not_read_again_and_those_not_kept_are(tmp_path: Path) -> None:
    file = write(tmp_path / "a.rec", [np.full((4, 4), k, np.uint8) for k in range(6)])
    kept, fresh = (ImageRecordIter(file, (1, 4, 4), 3, keep_mb=mb) for mb in (1, 0))
    assert [b.data[0].asnumpy()[:, 0, 0, 0].tolist() for b in kept] == [[0, 1, 2], [3, 4, 5]]
    next(fresh)
    before = file.read_bytes()
    with open(file, "r+b") as stream:
        stream.write(bytes(len(before)))
    kept.reset()
    assert [b.data[0].asnumpy()[:, 0, 0, 0].tolist() for b in kept] == [[0, 1, 2], [3, 4, 5]]
    fresh.reset()
    with pytest.raises(ValueError, match="no record begins at byte 0"):
        next(fresh)


def test_what_one_call_cannot_read_is_said_as_before(tmp_path: Path) -> None:
    pictures = [np.full((4, 4), k, np.uint8) for k in range(5)]
    file = write(tmp_path / "sizes.rec", [*pictures, np.zeros((3, 4), np.uint8)])
    made = ImageRecordIter(file, (1, 4, 4), 3)
    assert next(made).data[0].asnumpy()[:, 0, 0, 0].tolist() == [0, 1, 2]
    odd = next(made).data[0].asnumpy()  # the last is enlarged, as it is by itself
    assert odd.shape == (3, 1, 4, 4) and odd[:, 0, 0, 0].tolist() == [3, 4, 0]
    mixed = tmp_path / "mixed.rec"
    with MXIndexedRecordIO(mixed.with_suffix(".idx"), mixed, "w") as out:
        for k, form in enumerate((".png", ".jpg", ".png")):
            out.write_idx(k, pack_img(IRHeader(0, float(k), k, 0), np.full((4, 4), 80, np.uint8), img_fmt=form))
        out.write_idx(3, pack(IRHeader(0, 3.0, 3, 0), b"no picture"))
    made = ImageRecordIter(mixed, (1, 4, 4), 2)
    assert next(made).label[0].asnumpy().tolist() == [0, 1]
    with pytest.raises(ValueError, match="cannot be read as an image"):
        next(made)
    labels = write(tmp_path / "labels.rec", pictures, [np.arange(2.0), np.arange(2.0) + 5, 3.0, 4.0, 5.0])
    two = image.ImageIter(2, (1, 4, 4), label_width=2, path_imgrec=labels)
    assert next(two).label[0].asnumpy().tolist() == [[0, 1], [5, 6]]
    with pytest.raises(ValueError, match="picture 2 has 1 labels, expected label_width=2"):
        next(two)
    assert next(image.ImageIter(3, (1, 4, 4), path_imgrec=labels)).label[0].asnumpy().tolist() == [0, 5, 3]


def test_other_augmenters_are_followed_one_by_one(tmp_path: Path) -> None:
    file = write(tmp_path / "a.rec", [RNG.integers(0, 256, (6, 6)).astype(np.uint8) for _ in range(4)])
    made = image.ImageIter(4, (1, 6, 6), path_imgrec=file, aug_list=[image.CastAug()])
    plain = next(made).data[0].asnumpy()
    made.auglist.append(image.HorizontalFlipAug(1.0))
    made.reset()
    np.testing.assert_array_equal(next(made).data[0].asnumpy(), plain[..., ::-1])
    made.auglist.append(image.BrightnessJitterAug(0.0))
    np.testing.assert_array_equal(made._batch(np.arange(4))[0][0].asnumpy(), plain[..., ::-1])
    assert made._all_at_once() is None
    small = image.ImageIter(4, (1, 9, 9), path_imgrec=file)  # enlarged
    assert small._all_at_once() is None and next(small).data[0].shape == (4, 1, 9, 9)
