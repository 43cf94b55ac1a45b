""".params files, built here byte by byte from the description of the format."""

from __future__ import annotations

import doctest
import importlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dlcore as dl
from dlcore.interop import load, load_params, save, save_params

V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DEVICE = struct.pack("<ii", 2, 3)  # gpu(3): where it was does not matter
NUMBERS = {"float32": 0, "float64": 1, "float16": 2, "uint8": 3, "int32": 4, "int8": 5, "int64": 6, "bool": 7}


def body(values: np.ndarray) -> bytes:
    return DEVICE + struct.pack("<i", NUMBERS[values.dtype.name]) + values.tobytes()


def v0(values: np.ndarray) -> bytes:
    return struct.pack(f"<I{values.ndim}I", values.ndim, *values.shape) + body(values)


def v1(values: np.ndarray) -> bytes:
    return struct.pack(f"<Ii{values.ndim}q", V1, values.ndim, *values.shape) + body(values)


def v2(values: np.ndarray, magic: int = V2) -> bytes:
    return struct.pack(f"<Iii{values.ndim}q", magic, 0, values.ndim, *values.shape) + body(values)


def v3(values: np.ndarray) -> bytes:
    return v2(values, V3)


def whole(arrays: list[bytes], names: list[bytes]) -> bytes:
    texts = b"".join(struct.pack("<Q", len(name)) + name for name in names)
    return struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(arrays) + struct.pack("<Q", len(names)) + texts


def written(folder: Path, content: bytes) -> Path:
    file = folder / "w.params"
    file.write_bytes(content)
    return file


X = np.arange(6, dtype=np.float32).reshape(2, 3) / 4


@pytest.mark.parametrize("name", ["_params", "_torch"])
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"dlcore.interop.{name}"))
    assert tried > 0 and failed == 0


@pytest.mark.parametrize("version", [v0, v1, v2, v3])
@pytest.mark.parametrize("dtype", list(NUMBERS))
def test_every_version_and_dtype_is_read(tmp_path: Path, version, dtype: str) -> None:
    values = np.array([[0, 1, 1], [1, 0, 7]]).astype(dtype)
    found = load_params(written(tmp_path, whole([version(values), version(values[0])], [b"a.weight", b"aux:b"])))
    assert list(found) == ["a.weight", "aux:b"]
    assert found["a.weight"].dtype == values.dtype and str(found["a.weight"]._device) == "cpu(0)"
    np.testing.assert_array_equal(found["a.weight"].asnumpy(), values)
    np.testing.assert_array_equal(found["aux:b"].asnumpy(), values[0])


def test_numbers_and_empty_arrays_in_v3(tmp_path: Path) -> None:
    number, empty = np.array(2.5, np.float32), np.zeros((0, 4), np.int64)
    found = load_params(written(tmp_path, whole([v3(number), v3(empty)], [b"n", b"e"])))
    assert found["n"].shape == () and float(found["n"]) == 2.5 and found["e"].shape == (0, 4)


def test_lists_without_names(tmp_path: Path) -> None:
    file = written(tmp_path, whole([v2(X), v2(X + 1)], []))
    found = dl.nd.load(str(file))
    assert isinstance(found, list) and found[1].asnumpy().tolist() == (X + 1).tolist()
    with pytest.raises(ValueError, match="2 arrays have no names"):
        load_params(file)
    assert load(written(tmp_path, whole([], []))) == {}


def test_what_is_written_has_the_described_bytes(tmp_path: Path) -> None:
    file = tmp_path / "w.params"
    save_params(file, {"x": dl.nd.array(X), "n": np.array(1.5, np.float32)})
    cpu = struct.pack("<ii", 1, 0)
    expected = whole([v2(X), v3(np.array(1.5, np.float32))], [b"x", b"n"]).replace(DEVICE, cpu)
    assert file.read_bytes() == expected


@pytest.mark.parametrize("dtype", [*NUMBERS, "int16", "uint16", "uint32", "uint64", "bfloat16"])
def test_every_dtype_comes_back(tmp_path: Path, dtype: str) -> None:
    array = dl.np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype)
    dl.nd.save(tmp_path / "a", {"x": array.T})
    back = dl.nd.load(tmp_path / "a")["x"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back.asnumpy(), array.asnumpy().T)


def test_a_single_array_and_wrong_values(tmp_path: Path) -> None:
    save(tmp_path / "a", dl.nd.array(X))
    assert load(tmp_path / "a")[0].shape == (2, 3)
    with pytest.raises(TypeError, match="'x': expected an array, got str"):
        save_params(tmp_path / "a", {"x": "text"})
    with pytest.raises(TypeError, match="no dtype complex64"):
        save_params(tmp_path / "a", {"x": np.zeros(2, np.complex64)})
    assert load(tmp_path / "a")[0].shape == (2, 3), "a failed save leaves the old file"


def test_a_network_takes_a_file_of_the_other_framework(tmp_path: Path) -> None:
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Dense(2))
    bias = np.array([1, -1], np.float32)
    net.load_dict(load_params(written(tmp_path, whole([v2(X), v2(bias)], [b"0.weight", b"0.bias"]))))
    x = np.array([[1, 2, 3]], np.float32)
    np.testing.assert_allclose(net(dl.nd.array(x)).asnumpy(), x @ X.T + bias, rtol=1e-6)


def test_load_parameters_takes_the_other_frameworks_files(tmp_path: Path) -> None:
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Dense(2), dl.gluon.nn.BatchNorm())
    two = [np.array([k, k + 1], np.float32) for k in range(5)]
    names = [b"0.weight", b"0.bias", b"1.gamma", b"1.beta", b"1.running_mean", b"1.running_var"]
    net.load_parameters(written(tmp_path, whole([v2(values) for values in (X, *two)], names)))
    assert net[0].weight.data().asnumpy().tolist() == X.tolist()
    assert net[1].running_var.data().asnumpy().tolist() == [4, 5]
    checkpoint = whole([v1(X + 1), v1(two[0])], [b"arg:weight", b"aux:bias"])
    net[0].load_parameters(str(written(tmp_path, checkpoint)))
    assert net[0].weight.data().asnumpy().tolist() == (X + 1).tolist()
    with pytest.raises(ValueError, match="array 0 needs"):
        net.load_parameters(written(tmp_path, checkpoint[:26]))
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        net.load_parameters(written(tmp_path, struct.pack("<Q", 0x112) + b"{" * 400))


GOOD = whole([v2(X), v1(X), v0(X)], [b"a", b"b", b"c"])


def test_every_truncation_is_one_clear_error(tmp_path: Path) -> None:
    for length in range(len(GOOD)):
        with pytest.raises(ValueError, match=r"w\.params: byte \d+: .* needs \d+ bytes, the file has \d+ more"):
            load(written(tmp_path, GOOD[:length]))


def header(*numbers: int, magic: int = V2) -> bytes:
    """An array of storage 0 whose rank and axes are what is given."""
    return struct.pack(f"<Iii{len(numbers) - 1}q", magic, 0, *numbers) + struct.pack("<iii", 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x93NUMPY" + bytes(100), r"expected an MXNet \.params file"),
        (struct.pack("<QQQ", 0x112, 0, 2**64 - 1), "array 0 needs 4 bytes"),
        (whole([header(2, 2**40, 2**40)], []), "impossible shape"),
        (whole([header(2, 2**20, 2**20)], []), r"needs 4398046511104 bytes, the file has 8 more"),
        (whole([header(2, 0, 2**62)], []), "impossible shape"),
        (whole([header(1, -4)], []), "impossible shape"),
        (whole([header(2**31 - 1)], []), "rank 2147483647"),
        (whole([header(-1, magic=V3)], []), "before it had values"),
        (whole([header(0)], []), "before it had values"),
        (whole([struct.pack("<I", 0xF993FACB)], []), "unknown version"),
        (whole([struct.pack("<Ii", V2, 1)], []), "device and dtype of array 0 .row_sparse. needs 12 bytes"),
        (whole([struct.pack("<Ii", V2, 3)], []), "of storage 3, which is not known"),
        (whole([v2(X).replace(body(X), DEVICE + struct.pack("<i", 99))], []), "dtype number 99"),
        (whole([v2(X)], [b"a", b"b"]), "1 arrays have 2 names"),
        (whole([v2(X), v2(X)], [b"a", b"a"]), "1 of them different"),
        (whole([v2(X)], [b"\xff\xfe"]), "name 0 is not text"),
        (whole([v2(X)], [b"a"]) + b"x", "1 bytes are left over"),
        (whole([v2(X)], [])[:-8] + struct.pack("<QQ", 1, 2**63), "name 0 needs 9223372036854775808 bytes"),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(written(tmp_path, content))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_flipped_bytes_give_arrays_or_value_errors(tmp_path_factory, changes: list[tuple[int, int]]) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    file = tmp_path_factory.getbasetemp() / "flipped.params"
    file.write_bytes(content)
    try:
        load(file)
    except ValueError as error:
        assert "flipped.params" in str(error)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dl.nd.load(tmp_path / "none")
