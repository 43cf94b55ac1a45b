"""Files: atomic writes, safetensors, IDX."""

import gzip
import json
import os
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from values import DTYPES

from dlcore.io import atomic_write, load_arrays, load_metadata, read_idx, save_arrays, write_idx


def test_atomic_write_keeps_the_old_file_when_writing_fails(tmp_path):
    target = tmp_path / "weights"
    target.write_bytes(b"old")
    with pytest.raises(KeyError), atomic_write(target) as stream:
        stream.write(b"half of the n")
        raise KeyError
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["weights"], "the temporary file must be gone"
    with atomic_write(target) as stream:
        stream.write(b"new")
        assert target.read_bytes() == b"old", "nobody may see the new content before it is complete"
    assert target.read_bytes() == b"new"


def test_the_bytes_are_on_disk_before_they_get_the_name(tmp_path, monkeypatch):
    seen, target = [], tmp_path / "weights"
    fsync, replace = os.fsync, os.replace

    def synced(handle):
        seen.append(("fsync", os.fstat(handle).st_ino, os.fstat(handle).st_size))
        fsync(handle)

    def replaced(old, new):
        seen.append(("replace", os.stat(old).st_ino, Path(new).name))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    save_arrays(target, {"w": np.arange(1000.0)})
    inode = target.stat().st_ino
    assert seen == [("fsync", inode, target.stat().st_size), ("replace", inode, "weights")]
    target.chmod(0o640)
    save_arrays(target, {"w": np.arange(9.0)})
    assert target.stat().st_mode & 0o777 == 0o640, "the permissions stay"


@pytest.mark.parametrize("dtype", [*DTYPES, ml_dtypes.bfloat16])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (4, 1, 2)])
def test_arrays_come_back_with_dtype_shape_and_bits(tmp_path, dtype, shape):
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    save_arrays(tmp_path / "a", {"x.weight": array, "second": array.T})
    loaded = load_arrays(tmp_path / "a")
    assert sorted(loaded) == ["second", "x.weight"]
    assert loaded["x.weight"].dtype == array.dtype and loaded["x.weight"].shape == shape
    assert loaded["x.weight"].tobytes() == array.tobytes()
    assert (loaded["second"] == array.T).all()


def test_the_file_is_plain_safetensors(tmp_path):
    """Read back by hand from the format's description: 8 bytes of header length, JSON, data."""
    save_arrays(tmp_path / "a", {"w": np.array([1.5, -2], np.float32)}, {"made_by": "a test"})
    raw = (tmp_path / "a").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    assert header["w"]["dtype"] == "F32" and header["w"]["shape"] == [2]
    assert header["__metadata__"] == {"made_by": "a test"}
    begin, end = header["w"]["data_offsets"]
    assert np.frombuffer(raw[8 + size + begin : 8 + size + end], "<f4").tolist() == [1.5, -2]
    assert load_metadata(tmp_path / "a") == {"made_by": "a test"}


def test_a_damaged_file_is_named(tmp_path):
    save_arrays(tmp_path / "w.safetensors", {"w": np.zeros(1000)})
    data = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(data[:-10])
    with pytest.raises(ValueError, match="w.safetensors: not a complete safetensors file"):
        load_arrays(tmp_path / "w.safetensors")
    with pytest.raises(TypeError, match="'c'.*complex128"):
        save_arrays(tmp_path / "c", {"c": np.zeros(2, complex)})


@pytest.mark.parametrize("name", ["a", "a.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_idx_round_trip(tmp_path, name, dtype):
    array = (np.arange(24).reshape(2, 3, 4) * 5).astype(dtype)
    write_idx(tmp_path / name, array)
    back = read_idx(tmp_path / name)
    assert back.dtype == array.dtype and (back == array).all()


def test_idx_bytes_follow_the_format(tmp_path):
    (tmp_path / "i").write_bytes(bytes([0, 0, 0x0B, 1, 0, 0, 0, 2, 1, 0, 0xFF, 0xFE]))
    assert read_idx(tmp_path / "i").tolist() == [256, -2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an IDX file.*got nothing"),
        (b"\x00\x00\x07\x01", "expected an IDX file"),
        (b"\x00\x00\x08\x03\x00\x00", "header needs 16 bytes, the file has 6"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x05ab", r"shape \(5,\) has 13 bytes, this one has 10"),
        (gzip.compress(b"\x00\x00\x08\x01" * 40, mtime=0)[:-12], "gzip data is damaged"),
    ],
)
def test_bad_idx_files_are_explained(tmp_path, content, message):
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "bad")
