"""Record files: written, read in any order, damaged, and as MXNet's own tools lay them out."""

import struct
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore.io import recordio

MAGIC = struct.pack("<I", 0xCED7230A)


def write(path, records):
    with recordio.MXRecordIO(path, "w") as out:
        for record in records:
            out.write(record)


def test_the_bytes_are_those_of_the_format(tmp_path):
    file = tmp_path / "a.rec"
    write(file, [b"abcde", b""])
    assert file.read_bytes() == MAGIC + struct.pack("<I", 5) + b"abcde\0\0\0" + MAGIC + struct.pack("<I", 0)
    write(file, [b"wxyz" + MAGIC + b"q"])
    head, tail = struct.pack("<I", 1 << 29 | 4), struct.pack("<I", 3 << 29 | 1)
    assert file.read_bytes() == MAGIC + head + b"wxyz" + MAGIC + tail + b"q\0\0\0"


@given(st.lists(st.lists(st.sampled_from([b"a", b"bcd", MAGIC, MAGIC[:2], b""]), max_size=9), max_size=5))
def test_what_is_written_is_read(tmp_path_factory, pieces):
    file = tmp_path_factory.getbasetemp() / "written.rec"  # one name: folders of one's own are slow to make
    records = [b"".join(p) for p in pieces]
    with mock.patch("os.fsync"):  # a hundred times a disk is waited for otherwise
        write(file, records)
    with recordio.MXRecordIO(file, "r") as notes:
        assert list(notes) == records
        notes.reset()
        assert notes.read() == (records[0] if records else None)


def test_an_index_reads_in_any_order(tmp_path):
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w", key_type=str) as out:
        for k in range(9):
            out.write_idx(f"n{k}", bytes([k]) * (k * 100))
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "r", key_type=str) as found:
        assert found.keys == [f"n{k}" for k in range(9)]
        for k in (8, 0, 3, 3):
            assert found.read_idx(f"n{k}") == bytes([k]) * (k * 100)
        with pytest.raises(KeyError, match="has no key 'n9', but 9 others"):
            found.read_idx("n9")
    (tmp_path / "a.idx").write_text("n1 0\n")
    with pytest.raises(ValueError, match=r"a.idx, line 1: expected key, tab, place; got 'n1 0'"):
        recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "r", key_type=str)


def test_headers_and_images():
    header, rest = recordio.unpack(recordio.pack(recordio.IRHeader(0, [1.5, 2.5], 9, 3), b"rest"))
    assert header.flag == 2 and header.label.tolist() == [1.5, 2.5] and (header.id, header.id2, rest) == (9, 3, b"rest")
    picture = np.random.default_rng(0).integers(0, 256, (8, 6, 3)).astype(np.uint8)
    header, back = recordio.unpack_img(recordio.pack_img((0, 4.0, 1, 0), picture, img_fmt=".png"))
    assert header.label == 4.0
    np.testing.assert_array_equal(back, picture)
    grey = recordio.unpack_img(recordio.pack_img((0, 4.0, 1, 0), picture, img_fmt=".png"), iscolor=0)[1]
    assert grey.shape == (8, 6)
    smooth = np.full((8, 8, 3), 120, np.uint8)
    lossy = recordio.unpack_img(recordio.pack_img((0, 1.0, 0, 0), smooth, quality=90))[1]
    assert np.abs(lossy.astype(int) - 120).max() <= 3


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda data: b"x" + data[1:], "no record begins at byte 0"),
        (lambda data: data[:13], "the record at byte 0 has 40 bytes, but the file ends before"),
        (lambda data: data[:5], "no record begins at byte 0"),
        (
            lambda data: data[:4] + struct.pack("<I", 1 << 29 | 4) + data[8:12],
            "the file ends inside a record, at byte 12",
        ),
        (lambda data: data[:4] + struct.pack("<I", (1 << 29) - 1) + data[8:], "has 536870911 bytes, but the file ends"),
    ],
)
def test_damage_is_placed(tmp_path, damage, match):
    file = tmp_path / "a.rec"
    write(file, [b"0123456789" * 4])
    file.write_bytes(damage(file.read_bytes()))
    with recordio.MXRecordIO(file, "r") as notes, pytest.raises(ValueError, match=match):
        list(notes)


def test_a_file_that_is_not_finished_never_appears(tmp_path):
    file = tmp_path / "a.rec"
    write(file, [b"old"])
    with pytest.raises(KeyboardInterrupt), recordio.MXRecordIO(file, "w") as out:
        out.write(b"new")
        raise KeyboardInterrupt
    with recordio.MXRecordIO(file, "r") as notes:
        assert list(notes) == [b"old"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.rec"]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: recordio.MXRecordIO("x", "a"), "flag 'r' or 'w', got 'a'"),
        (lambda: recordio.unpack(b"short"), "a header of 24 bytes, got 5 bytes"),
        (lambda: recordio.unpack(struct.pack("<IfQQ", 9, 0, 0, 0)), "expected 9 labels, got 0 bytes"),
        (lambda: recordio.unpack_img(struct.pack("<IfQQ", 0, 0, 0, 0) + b"no image"), "cannot be read as an image"),
        (lambda: recordio.pack_img((0, 1, 1, 0), np.zeros((2, 2, 4), np.uint8)), r"got \(2, 2, 4\) of uint8"),
        (lambda: recordio.pack_img((0, 1, 1, 0), np.zeros((2, 2), np.uint8), img_fmt=".gif"), "got '.gif'"),
    ],
)
def test_wrong_use_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_reading_and_writing_are_kept_apart(tmp_path):
    write(tmp_path / "a.rec", [])
    with recordio.MXRecordIO(tmp_path / "a.rec", "r") as notes:
        assert notes.read() is None
        with pytest.raises(ValueError, match="opened for reading"):
            notes.write(b"x")
    with pytest.raises(ValueError, match="the file is closed"):
        notes.read()
    with recordio.MXRecordIO(tmp_path / "b.rec", "w") as out, pytest.raises(ValueError, match="opened for writing"):
        out.read()
    with recordio.MXRecordIO(tmp_path / "b.rec", "w") as out, pytest.raises(ValueError, match="opened for writing"):
        out.read_at(0)


def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "a.rec"
    write(file, [b"old"])
    with pytest.raises(OSError, match="full"), mock.patch("os.fsync", side_effect=OSError(28, "full")):
        write(file, [b"new"])
    with recordio.MXRecordIO(file, "r") as notes:
        assert list(notes) == [b"old"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.rec"]
