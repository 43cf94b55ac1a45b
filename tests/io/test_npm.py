"""Files out of an archive of a package that is on this machine: checked, whole or not at all. No npm is asked."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from dlcore.io import npm_pack


def _packed(folder: Path, **files: bytes) -> str:
    with tarfile.open(folder / "few.tgz", "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return f"file:{folder / 'few.tgz'}"


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_files_of_an_archive_are_written(tmp_path: Path) -> None:
    package = _packed(tmp_path, one=b"1", two=b"22", three=b"")
    written = npm_pack(package, {"one": _sum(b"1"), "two": _sum(b"22")}, tmp_path / "to")
    assert [(file.name, file.read_bytes()) for file in written] == [("one", b"1"), ("two", b"22")]


def test_a_wrong_sum_or_a_missing_file_writes_nothing(tmp_path: Path) -> None:
    package = _packed(tmp_path, one=b"1", two=b"22")
    with pytest.raises(ValueError, match="two of file:.*: expected sha256 .*, got"):
        npm_pack(package, {"one": _sum(b"1"), "two": _sum(b"2")}, tmp_path / "to")
    with pytest.raises(ValueError, match="holds no file 'three'"):
        npm_pack(package, {"one": _sum(b"1"), "three": _sum(b"")}, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    package = _packed(tmp_path, one=bytes(5000))
    whole = (tmp_path / "few.tgz").read_bytes()
    middle = len(whole) // 2
    for damaged in (b"", b"nothing of the kind", whole[:middle], whole[:middle] + b"\xff" * 9 + whole[middle + 9 :]):
        (tmp_path / "few.tgz").write_bytes(damaged)
        with pytest.raises(ValueError, match="few.tgz is no archive of a package"):
            npm_pack(package, {"one": _sum(bytes(5000))}, tmp_path / "to")
    with pytest.raises(FileNotFoundError):
        npm_pack(f"file:{tmp_path / 'none.tgz'}", {"one": ""}, tmp_path)
