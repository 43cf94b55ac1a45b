"""Files whose makers meant harm: heads that lie about lengths, shapes, places, names. A clear error, no change."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dlcore as dl
from dlcore import gluon
from dlcore.gluon import nn
from dlcore.io import CSVIter, ImageRecordIter, LibSVMIter, MNISTIter, image, load_arrays, load_metadata, recordio


def tensors(header: Any, data: bytes = bytes(24), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(begin: int, end: int, shape: Any = (2, 3), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


GOOD = {"weight": entry(0, 24)}
SAFETENSORS: dict[str, bytes] = {
    "offsets behind the end": tensors({"weight": entry(0, 48, [4, 3])}),
    "offsets that begin behind the end": tensors({"weight": entry(100, 124)}),
    "offsets turned round": tensors({"weight": entry(24, 0)}),
    "negative offsets": tensors({"weight": entry(-24, 0)}),
    "offsets beyond 64 bits": tensors({"weight": entry(0, 2**70)}),
    "one array over another": tensors({"weight": entry(0, 24), "bias": entry(0, 12, [3])}),
    "arrays that share a part": tensors({"weight": entry(0, 24), "bias": entry(12, 24, [3])}),
    "a gap between arrays": tensors({"weight": entry(0, 24), "bias": entry(28, 40, [3])}, bytes(40)),
    "bytes that belong to nobody": tensors(GOOD, bytes(40)),
    "a shape larger than its bytes": tensors({"weight": entry(0, 24, [2**20, 3])}),
    "a shape beyond 64 bits": tensors({"weight": entry(0, 24, [2**40, 2**40])}),
    "a shape that wraps to the right size": tensors({"weight": entry(0, 24, [2**63, 2, 6])}),
    "a negative shape": tensors({"weight": entry(0, 24, [-2, -3])}),
    "a shape of fractions": tensors({"weight": entry(0, 24, [2.0, 3.5])}),
    "no shape": tensors({"weight": {"dtype": "F32", "data_offsets": [0, 24]}}),
    "a dtype that is none": tensors({"weight": entry(0, 24, dtype="F33")}),
    "a dtype that is a number": tensors({"weight": entry(0, 24, dtype=5)}),
    "NaN for a size": tensors(b'{"weight":{"dtype":"F32","shape":[NaN,3],"data_offsets":[0,24]}}'),
    "infinity for an offset": tensors(b'{"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,Infinity]}}'),
    "a list for a head": tensors([1, 2]),
    "a head that ends early": tensors(b'{"weight":{"dtype":"F3'),
    "two heads": tensors(json.dumps(GOOD).encode() * 2),
    "a head of no text": tensors(b"\xff\xfe\xfd" * 9),
    "a deep head": tensors(b'{"a":' * 50_000),
    "a head longer than the file": tensors(GOOD, length=10**6),
    "a head longer than memory": tensors(GOOD, length=2**63 + 5),
    "a head of no bytes": tensors(b""),
    "words that are numbers": tensors({"__metadata__": {"a": 5}, **GOOD}),
    "words that are a list": tensors({"__metadata__": ["a"], **GOOD}),
}


@pytest.mark.parametrize("kind", SAFETENSORS)
def test_safetensors_that_lie(tmp_path: Path, kind: str) -> None:
    net = nn.Dense(2, in_units=3, use_bias=False)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "adam")
    before = net.weight.data().asnumpy()
    path = tmp_path / "weights"
    path.write_bytes(tensors(GOOD))
    assert load_arrays(path)["weight"].shape == (2, 3)
    path.write_bytes(SAFETENSORS[kind])
    readers: list[Callable[[Path], Any]] = [
        load_arrays, net.load_parameters, trainer.load_states, dl.run.Snapshot.load,
        lambda file: gluon.load_checkpoint(file, net, trainer),
    ]  # fmt: skip
    for read in readers:
        with pytest.raises((ValueError, TypeError), match="weights"):
            read(path)
    np.testing.assert_array_equal(net.weight.data().asnumpy(), before)
    assert trainer.optimizer.num_update == 0


def test_of_two_arrays_of_one_name_none_is_more_than_an_array(tmp_path: Path) -> None:
    one = b'"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[%d,%d]}'
    path = tmp_path / "weights"
    path.write_bytes(tensors(b"{" + one % (0, 24) + b"," + one % (24, 48) + b"}", bytes(24) + b"\x00\x00\x80\x3f" * 6))
    with pytest.raises(ValueError, match="weights"):
        load_arrays(path)
    path.write_bytes(tensors(b'{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"},' + one % (0, 24) + b"}"))
    try:
        assert load_metadata(path) in ({"a": "1"}, {"a": "2"})
    except ValueError as error:
        assert "weights" in str(error)


HEAD = struct.pack("<IfQQ", 0, 1.0, 0, 0)
MAGIC = struct.pack("<I", 0xCED7230A)


def record(data: bytes, kind: int = 0, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return MAGIC + struct.pack("<I", kind << 29 | size) + data + bytes(-len(data) % 4)


RECORDS: dict[str, bytes] = {
    "a length behind the end": record(HEAD, length=2**29 - 1),
    "a first part alone": record(HEAD, kind=1),
    "a middle part first": record(HEAD, kind=2),
    "a last part first": record(HEAD, kind=3),
    "a kind that is none": record(HEAD, kind=5),
    "parts that never end": record(HEAD, kind=1) + record(HEAD, kind=2) * 40,
    "a whole record among parts": record(HEAD, kind=1) + record(HEAD),
    "no head": record(b"abc"),
    "more labels than bytes": record(struct.pack("<IfQQ", 2**32 - 1, 0, 0, 0) + bytes(40)),
    "labels that wrap": record(struct.pack("<IfQQ", 2**30, 0, 0, 0) + bytes(40)),
    "a picture of nothing": record(HEAD),
    "a PNG that says it is huge": record(
        HEAD + b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5B", 13, b"IHDR", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    ),
    "a PNG with a chunk longer than all": record(
        HEAD + b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5BI", 13, b"IHDR", 4, 4, 8, 0, 0, 0, 0, 0x1BADF00D)
        + struct.pack(">I4s", 2**32 - 1, b"IDAT")
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("indexed", [False, True])
def test_records_that_lie(tmp_path: Path, kind: str, indexed: bool) -> None:
    path, index = tmp_path / "a.rec", tmp_path / "a.idx"
    path.write_bytes(RECORDS[kind])
    index.write_text("0\t0\n")
    with pytest.raises(ValueError, match=r".{20}"):
        ImageRecordIter(path, (3, 4, 4), 1, path_imgidx=index if indexed else None).next()
    data = gluon.data.vision.ImageRecordDataset(path)
    with pytest.raises(ValueError, match=r".{20}"):
        data[0]
    with pytest.raises((ValueError, RuntimeError), match=r".{20}"):
        next(iter(gluon.data.DataLoader(data, 1)))


@pytest.mark.parametrize(
    "line", ["0\t-8", "0\t9999999999999999999999", "0", "0\t", "a\t0", "0\t0\t0", "0\tnan", "\t", "\0\xff", "0\t1e3"]
)
def test_an_index_that_lies_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path, index = tmp_path / "a.rec", tmp_path / "a.idx"
    with recordio.MXRecordIO(path, "w") as out:
        out.write(b"abc")
    index.write_text(f"7\t0\n{line}\n", encoding="latin-1")
    with pytest.raises(ValueError, match=r"a\.idx, line 2: expected key, tab, place; got"):
        recordio.MXIndexedRecordIO(index, path, "r")
    if not line.startswith("a"):
        with pytest.raises(ValueError, match=r"a\.idx, line 2: expected key, tab, place; got"):
            ImageRecordIter(path, (3, 4, 4), 1, path_imgidx=index)


@pytest.mark.parametrize("place", [1, 4, 8, 12, 10**6, 2**40, 2**61])
def test_an_index_that_points_elsewhere(tmp_path: Path, place: int) -> None:
    path, index = tmp_path / "a.rec", tmp_path / "a.idx"
    with recordio.MXRecordIO(path, "w") as out:
        out.write(recordio.pack_img((0, 1.0, 0, 0), np.zeros((4, 4, 3), np.uint8), img_fmt=".png"))
    index.write_text(f"0\t{place}\n")
    with recordio.MXIndexedRecordIO(index, path, "r") as records, pytest.raises(ValueError, match=r"a\.rec: "):
        records.read_idx(0)
    with pytest.raises(ValueError, match=r"a\.rec: no record begins at byte"):
        ImageRecordIter(path, (3, 4, 4), 1, path_imgidx=index).next()


TEXTS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "CSV with a word": ("1,2\n3,four\n", lambda p: CSVIter(p, (2,))),
    "CSV of unequal lines": ("1,2\n3\n", lambda p: CSVIter(p, (2,))),
    "CSV with nothing between": ("1,,2\n", lambda p: CSVIter(p, (3,))),
    "CSV of no bytes": ("", lambda p: CSVIter(p, (2,))),
    "CSV with a zero byte": ("1,\0\n", lambda p: CSVIter(p, (2,))),
    "CSV of other columns": ("1,2,3\n", lambda p: CSVIter(p, (2, 2))),
    "LibSVM with a column before the first": ("1 -1:2\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with a column behind the last": ("1 4:2\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with a column beyond 64 bits": ("1 99999999999999999999:2\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with a column twice": ("1 2:1 2:5\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with half a pair": ("1 2:\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with a pair of three": ("1 2:1:1\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM with a word": ("one 2:1\n", lambda p: LibSVMIter(p, (4,))),
    "LibSVM of no lines": ("", lambda p: LibSVMIter(p, (4,))),
    "a list with a word for a label": ("0\tcat\ta.png\n", lambda p: image.ImageIter(1, (3, 4, 4), path_imglist=p)),
    "a list of nothing": ("\n\n", lambda p: image.ImageIter(1, (3, 4, 4), path_imglist=p)),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_that_lie(tmp_path: Path, kind: str) -> None:
    text, read = TEXTS[kind]
    (tmp_path / "file.txt").write_text(text)
    with pytest.raises((ValueError, IndexError), match=r"file\.txt|examples do not make a batch"):
        read(tmp_path / "file.txt")


@pytest.mark.parametrize("text", ["nan,inf\n-inf,1e999\n", "1e-999,0x10\n"])
def test_numbers_that_are_none_stay_what_they_are_or_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    try:
        batch = CSVIter(tmp_path / "x.csv", (2,), batch_size=2).next().data[0].asnumpy()
    except ValueError as error:
        assert "x.csv" in str(error)
    else:
        np.testing.assert_array_equal(batch, [[np.nan, np.inf], [-np.inf, np.inf]])


@pytest.mark.parametrize(
    "content",
    [
        bytes([0, 0, 8, 255]) + b"\xff" * 1020,  # 255 axes
        bytes([0, 0, 8, 3]) + b"\xff" * 12,
        bytes([0, 0, 0x0E, 4]) + struct.pack(">4I", 2**31, 2**31, 4, 0x10) + bytes(8),
        bytes([0, 0, 8, 65]) + struct.pack(">65I", *[1] * 65) + b"x",
    ],
    ids=["axes", "sizes", "sizes that wrap", "more axes than arrays have"],
)
def test_idx_heads_that_lie(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "i").write_bytes(content)
    with pytest.raises(ValueError, match="i: "):
        dl.io.read_idx(tmp_path / "i")
    with pytest.raises(ValueError, match="i: "):
        MNISTIter(tmp_path / "i", tmp_path / "i")


def test_a_packed_file_that_unpacks_to_far_more_is_not_unpacked(tmp_path: Path) -> None:
    head = bytes([0, 0, 8, 1]) + struct.pack(">I", 100)
    (tmp_path / "i.gz").write_bytes(gzip.compress(head + bytes(1 << 26), 1))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"i\.gz: an IDX file of shape \(100,\) has 108 bytes, this one is longer"):
            dl.io.read_idx(tmp_path / "i.gz")
        assert tracemalloc.get_traced_memory()[1] < 1 << 23
    finally:
        tracemalloc.stop()


def _pictures() -> dict[str, bytes]:
    rng = np.random.default_rng(3)
    steps = (np.cumsum(rng.integers(-3, 4, (40, 30, 3)), 0) + 99).astype(np.uint8)
    made = {}
    for form in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "PPM", "TIFF"):
        stream = io.BytesIO()
        plain = Image.fromarray(steps)
        (plain.convert("P") if form in ("GIF", "PNG") else plain).save(stream, form)
        made[form] = stream.getvalue()
    return made


@pytest.mark.filterwarnings("ignore")  # Pillow's, of what it comes upon
@pytest.mark.parametrize("form", _pictures())
def test_damaged_pictures_are_pictures_or_a_clear_error(form: str) -> None:
    whole, rng = np.frombuffer(_pictures()[form], np.uint8), np.random.default_rng(5)
    refused = 0
    for trial in range(150):
        hurt = whole.copy()
        where = rng.integers(0, min(len(hurt), 60) if trial % 2 else len(hurt), rng.integers(1, 4))
        hurt[where] = rng.integers(0, 256, len(where))
        data = hurt.tobytes()[: rng.integers(0, len(hurt)) if trial % 5 == 0 else None]
        try:
            assert dl.io.decode_image(data, at_least=trial % 3).dtype == np.uint8
        except ValueError as error:
            assert str(error).startswith("an image: ")
            refused += 1
    assert refused > 20


def test_a_picture_that_says_it_is_huge_is_refused() -> None:
    data = bytearray(_pictures()["BMP"])
    data[18:26] = struct.pack("<ii", 1 << 15, 1 << 14)
    with pytest.raises(ValueError, match="an image: cannot be read as an image"):
        dl.io.decode_image(bytes(data))


@pytest.mark.parametrize("text", [
    "[" * 10**5, "{}", "[]", "\0", '{"tokens": "abc", "unknown": null}', '{"tokens": [1], "unknown": null}',
    '{"tokens": ["a", "a"], "unknown": null}', '{"tokens": ["a"], "unknown": "b"}',
    '{"tokens": {"a": 1}, "unknown": null}',
])  # fmt: skip
def test_texts_of_another_form_are_no_vocabulary_and_no_symbol(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(ValueError, match=r"v\.json: "):
        gluon.data.text.Vocabulary.load(tmp_path / "v.json")
    with pytest.raises(ValueError, match=r"v\.json: not a symbol"):
        dl.sym.load(str(tmp_path / "v.json"))
