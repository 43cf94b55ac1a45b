"""Batches from CSV and IDX files, and batches prepared by a thread."""

from __future__ import annotations

import doctest
import gzip
import importlib
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from dlcore.io import CSVIter, DataBatch, DataIter, MNISTIter, NDArrayIter, PrefetchingIter


@pytest.mark.parametrize("name", ["_file_iters", "_prefetching_iter"])
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"dlcore.io.{name}"))
    assert tried > 0 and failed == 0


def csv(folder: Path, name: str, rows: list[list[float]]) -> Path:
    file = folder / name
    file.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return file


def first_column(batches: DataIter) -> list[list[float]]:
    return [batch.data[0].asnumpy().reshape(batches.batch_size, -1)[:, 0].tolist() for batch in batches]


def test_csv_shapes_and_labels(tmp_path: Path) -> None:
    data = csv(tmp_path, "x.csv", [[i, i + 0.5, -i, 7] for i in range(4)])
    label = csv(tmp_path, "y.csv", [[10 * i] for i in range(4)])
    batches = CSVIter(data_csv=data, data_shape=(2, 2), label_csv=label, batch_size=2)
    assert [tuple(d) for d in batches.provide_data + batches.provide_label] == [
        ("data", (2, 2, 2)),
        ("softmax_label", (2,)),
    ]
    batch = next(batches)
    assert batch.data[0].asnumpy().tolist() == [[[0, 0.5], [0, 7]], [[1, 1.5], [-1, 7]]]
    assert batch.label[0].asnumpy().tolist() == [0, 10]
    assert next(CSVIter(data, (4,))).label[0].asnumpy().tolist() == [0]


def test_csv_rounds_over_the_passes(tmp_path: Path) -> None:
    data = csv(tmp_path, "x.csv", [[i] for i in range(4)])
    batches = CSVIter(data, (1,), batch_size=3)
    passes = []
    for _ in range(3):
        passes.append(first_column(batches))
        batches.reset()
    assert passes == [[[0, 1, 2], [3, 0, 1]], [[2, 3, 0]], [[1, 2, 3]]], "12 examples: each of the 4 three times"
    plain = CSVIter(data, (1,), batch_size=3, round_batch=False)
    first = first_column(plain)
    plain.reset()
    assert first == first_column(plain) == [[0, 1, 2], [3, 0, 1]]


def test_csv_faults_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.csv: 2 columns do not make the shape \(3,\)"):
        CSVIter(csv(tmp_path, "x.csv", [[1, 2]]), (3,))
    (tmp_path / "t.csv").write_text("1,two\n")
    with pytest.raises(ValueError, match=r"t\.csv: .*two"):
        CSVIter(tmp_path / "t.csv", (2,))
    with pytest.raises(OSError):
        CSVIter(tmp_path / "none.csv", (2,))


def idx(folder: Path, n: int) -> tuple[Path, Path]:
    """Files written byte by byte: n images of 2 x 3 whose pixels are all their number, labels likewise."""
    images, labels = folder / "images.gz", folder / "labels"
    pixels = b"".join(bytes([k]) * 6 for k in range(n))
    images.write_bytes(gzip.compress(struct.pack(">IIII", 0x803, n, 2, 3) + pixels))
    labels.write_bytes(struct.pack(">II", 0x801, n) + bytes(range(n)))
    return images, labels


def test_mnist_files(tmp_path: Path) -> None:
    images, labels = idx(tmp_path, 7)
    batches = MNISTIter(image=images, label=labels, batch_size=3, shuffle=False)
    found = list(batches)
    assert [batch.label[0].asnumpy().tolist() for batch in found] == [[0, 1, 2], [3, 4, 5]]
    assert found[1].data[0].shape == (3, 1, 2, 3) and found[1].data[0].asnumpy()[2, 0, 1, 2] == np.float32(5 / 256)
    assert next(MNISTIter(images, labels, batch_size=2, flat=True)).data[0].shape == (2, 6)


def test_mnist_shuffles_once_by_its_seed_and_takes_parts(tmp_path: Path) -> None:
    images, labels = idx(tmp_path, 40)

    def order(**options: int) -> list[int]:
        batches = MNISTIter(images, labels, batch_size=10, **options)
        first = [batch.label[0].asnumpy().tolist() for batch in batches]
        batches.reset()
        assert first == [batch.label[0].asnumpy().tolist() for batch in batches]
        return sum(first, [])

    assert order(seed=1) == order(seed=1) != order(seed=2)
    assert sorted(order(seed=1)) == list(range(40))
    assert sorted(order(num_parts=2, part_index=1)) == list(range(20, 40))
    with pytest.raises(ValueError, match="got 2"):
        order(num_parts=2, part_index=2)
    with pytest.raises(ValueError, match="expected an IDX file of 3 axes"):
        MNISTIter(labels, labels)


def batches_of(n: int, size: int = 2) -> NDArrayIter:
    return NDArrayIter(np.arange(n), np.arange(n), size)


def test_prefetching_gives_the_same_batches_pass_after_pass() -> None:
    ahead, plain = PrefetchingIter(batches_of(5)), batches_of(5)
    for _ in range(2):
        expected = [(b.data[0].asnumpy().tolist(), b.pad) for b in plain]
        assert [(b.data[0].asnumpy().tolist(), b.pad) for b in ahead] == expected and len(expected) == 3
        assert list(ahead) == []
        ahead.reset(), plain.reset()
    next(ahead)
    ahead.reset()
    assert next(ahead).data[0].asnumpy().tolist() == [0, 1], "a pass may be broken off"
    ahead.close()


def test_prefetching_works_ahead_in_another_thread() -> None:
    seen: list[tuple[int, str]] = []
    second = threading.Event()

    class Source(NDArrayIter):
        def next(self) -> DataBatch:
            batch = super().next()
            seen.append((self.cursor, threading.current_thread().name))
            if self.cursor:
                second.set()
            return batch

    ahead = PrefetchingIter(Source(np.arange(8), batch_size=2))
    next(ahead)
    assert second.wait(10), "the second batch is made before anybody asks"
    assert all(name.startswith("dlcore-prefetch") for _, name in seen)
    ahead.close()


def test_prefetching_raises_what_went_wrong() -> None:
    class Broken(NDArrayIter):
        def next(self) -> DataBatch:
            raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        next(PrefetchingIter(Broken(np.arange(4))))
    with pytest.raises(ValueError, match="equally long"):
        list(PrefetchingIter([batches_of(4), batches_of(8)], [{"data": "a"}, {"data": "b"}]))
    with pytest.raises(ValueError, match="rename_data needs 2 dicts, got 1"):
        PrefetchingIter([batches_of(4), batches_of(4)], [{}])
