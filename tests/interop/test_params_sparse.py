"""Sparse arrays in `.params` files, beside bytes that MXNet 1.9.1 wrote."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcore import nd
from dlcore.interop import load_params

ARRAY = np.array([[0, 1.5, 0, 0], [0, 0, 0, 0], [2, 0, -3, 0]], np.float32)
# nd.save of ARRAY.tostype("csr") and of ARRAY.tostype("row_sparse"), each without a name.
CSR = """1201000000000000000000000000000001000000000000 00c9fa93f902000000 01000000 0300000000000000 02000000
    0300000000000000 0400000000000000 01000000 00000000 00000000 06000000 01000000 0400000000000000 06000000 01000000
    0300000000000000 0000c03f 00000040 000040c0 0000000000000000 0100000000000000 0100000000000000 0300000000000000
    0100000000000000 0000000000000000 0200000000000000 0000000000000000"""
ROWS = """1201000000000000000000000000000001000000000000 00c9fa93f901000000 02000000 0200000000000000 0400000000000000
    02000000 0300000000000000 0400000000000000 01000000 00000000 00000000 06000000 01000000 0200000000000000 00000000
    0000c03f 00000000 00000000 00000040 00000000 000040c0 00000000 0000000000000000 0200000000000000
    0000000000000000"""


@pytest.mark.parametrize(("stype", "text"), [("csr", CSR), ("row_sparse", ROWS)])
def test_the_bytes_are_those_of_mxnet(tmp_path: Path, stype: str, text: str) -> None:
    file = tmp_path / "a.params"
    nd.save(file, nd.array(ARRAY).tostype(stype))
    assert file.read_bytes() == bytes.fromhex(text)
    (found,) = nd.load(file)
    found.check_format()
    assert found.stype == stype and found.dtype == np.float32
    np.testing.assert_array_equal(found.asnumpy(), ARRAY)


def test_beside_dense_ones_of_other_dtypes_and_without_numbers(tmp_path: Path) -> None:
    wide = nd.array(ARRAY, dtype="float64")
    given = {"w": wide.tostype("csr"), "d": wide, "none": nd.zeros((2, 3), stype="csr"),
             "rows": nd.array(np.arange(12.0).reshape(3, 2, 2), dtype="float16").tostype("row_sparse")}  # fmt: skip
    nd.save(tmp_path / "a.params", given)
    found = nd.load(tmp_path / "a.params")
    for name, array in given.items():
        assert (found[name].stype, found[name].dtype) == (array.stype, array.dtype)
        np.testing.assert_array_equal(found[name].asnumpy(), array.asnumpy())
    assert {a.stype for a in load_params(tmp_path / "a.params").values()} == {"default"}  # as a network takes them


def changed(at: int, layout: str, value: Any) -> bytes:
    made = bytearray(bytes.fromhex(CSR))
    struct.pack_into(layout, made, at, value)
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(160, "<q", 4), "index 4 is out of range for axis 1 of size 4"),
        (changed(160, "<q", -1), "index -1 is out of range"),
        (changed(136, "<q", 9), "indptr must rise from 0 to the number of values"),
        (changed(48, "<q", 2**40), "indptr must have shape"),
        (changed(56, "<q", 2**62), "impossible shape"),
        (changed(36, "<q", 2**40), "needs 4398046511104 bytes"),
        (changed(76, "<i", 0), "have dtype float32, expected whole numbers"),
        (changed(32, "<i", -1), "has rank -1"),
        (bytes.fromhex(CSR)[:-20], "needs 24 bytes, the file has 12 more"),
    ],
)
def test_places_that_cannot_be(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.params").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        nd.load(tmp_path / "a.params")


def test_every_flipped_byte_gives_an_array_or_a_value_error(tmp_path: Path) -> None:
    file, good = tmp_path / "a.params", bytes.fromhex(ROWS)
    for at in range(24, len(good)):
        made = bytearray(good)
        made[at] ^= 0x81
        file.write_bytes(bytes(made))
        try:
            for array in nd.load(file):
                assert array.data.asnumpy().nbytes < 1000
        except ValueError:
            pass
