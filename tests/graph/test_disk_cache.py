"""What is kept on disk: found again, refused when damaged or of another build, bounded, and switched off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dlcore import _disk_cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    monkeypatch.delenv("DLCORE_CACHE", raising=False)
    return tmp_path / "kept"


def test_what_was_stored_is_loaded_by_another_process() -> None:
    _disk_cache.store("test", ["a", 1], {"x": [1.5, None, "text"]})
    assert _disk_cache.load("test", ["a", 1]) == {"x": [1.5, None, "text"]}
    assert _disk_cache.load("test", ["a", 2]) is None and _disk_cache.load("other", ["a", 1]) is None
    code = "from dlcore import _disk_cache; print(_disk_cache.load('test', ['a', 1])['x'][2])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "text\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data.replace(b"text", b"test"),
        lambda data: b"",
        lambda data: b"\xff\xfe\n" + data,
        lambda data: b"[]",
        lambda data: data.partition(b"\n")[2],
    ],
)
def test_a_damaged_file_counts_as_nothing(folder: Path, damage) -> None:  # noqa: ANN001
    _disk_cache.store("test", 1, "text")
    (path,) = folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert _disk_cache.load("test", 1) is None
    _disk_cache.store("test", 1, "text")
    assert _disk_cache.load("test", 1) == "text"


def test_another_build_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _disk_cache.store("test", 1, 2)
    monkeypatch.setattr(_disk_cache, "library", lambda: "another")
    assert _disk_cache.load("test", 1) is None


def test_the_switch_stops_reading_and_writing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _disk_cache.store("test", 1, 2)
    monkeypatch.setenv("DLCORE_CACHE", "0")
    assert _disk_cache.load("test", 1) is None
    _disk_cache.store("test", 3, 4)
    assert len(list(folder.iterdir())) == 1


def test_the_oldest_go_when_there_is_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_disk_cache, "LIMIT", 5000)
    for k in range(12):
        _disk_cache.store("test", k, "x" * 1000)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 5000
    assert _disk_cache.load("test", 11) == "x" * 1000 and _disk_cache.load("test", 0) is None
    _disk_cache.store("test", 12, "x" * 6000)
    assert _disk_cache.load("test", 12) is None and _disk_cache.load("test", 11) is not None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path / "file"))
    _disk_cache.store("test", 1, 2)
    assert _disk_cache.load("test", 1) is None


def test_the_limits_of_the_machine_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcore.graph import _limits

    calls = []
    kept = _limits.Limits(2e11, 3e11, {1000: 1e11, 10**6: 2e10})
    monkeypatch.setattr(_limits, "measure", lambda device: calls.append(device) or kept)
    for _ in range(3):
        monkeypatch.setattr(_limits, "_known", {})  # as in a fresh process
        assert _limits.limits() == kept
    assert len(calls) == 1
    assert kept.seconds(2 * 10**8, 100, "float32") == (pytest.approx(1e-3), "arithmetic")
    assert kept.seconds(1, 10**9, "float32") == (pytest.approx(0.05), "memory")
    _limits.seen("float32", 1e11)
    assert _limits.limits() == kept
    _limits.seen("float32", 2.5e11)
    monkeypatch.setattr(_limits, "_known", {})
    assert _limits.limits().float32 == 2.5e11 and len(calls) == 1
    _disk_cache.store("limits", _limits._key("cpu(0)"), {"float32": "fast", "copies": {}})
    monkeypatch.setattr(_limits, "_known", {})
    assert _limits.limits() == kept and len(calls) == 2
