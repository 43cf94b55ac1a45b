"""LibSVMIter against the files' own text and scikit-learn's reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

import dlcore as dl
from dlcore import autograd
from dlcore.array import nd
from dlcore.io import LibSVMIter


def written(folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((11, 6)) < 0.4, rng.normal(size=(11, 6)), 0)
    y = rng.integers(0, 3, 11).astype(np.float64)
    dump_svmlight_file(x, y, str(folder / "x"), zero_based=True)
    return folder / "x", x, y


@pytest.mark.parametrize("rounded", [True, False])
def test_batches_hold_the_file(tmp_path: Path, rounded: bool) -> None:
    path, _, _ = written(tmp_path)
    theirs, labels = load_svmlight_file(str(path), n_features=6, zero_based=True)
    batches = LibSVMIter(path, (6,), batch_size=4, round_batch=rounded)
    for _ in range(2):
        found = list(batches)
        assert [b.pad for b in found] == ([0, 0, 1] if rounded else [0, 0])
        for k, batch in enumerate(found):
            at = np.arange(4 * k, 4 * k + 4) % 11
            batch.data[0].check_format()
            np.testing.assert_allclose(batch.data[0].asnumpy(), theirs[at].toarray(), rtol=1e-6)
            np.testing.assert_array_equal(batch.label[0].asnumpy(), labels[at])
        batches.reset()
    assert batches.provide_data[0].shape == (4, 6) and batches.provide_label[0].shape == (4,)


def test_parts_and_labels_of_several_numbers(tmp_path: Path) -> None:
    path, x, _ = written(tmp_path)
    (tmp_path / "y").write_text("".join(f"0:{k} 2:1\n" for k in range(1, 12)))
    batches = LibSVMIter(path, (6,), tmp_path / "y", (3,), num_parts=2, part_index=1, batch_size=5)
    (batch,) = list(batches)
    np.testing.assert_allclose(batch.data[0].asnumpy(), x[5:10], rtol=1e-6)
    assert batch.label[0].asnumpy().tolist() == [[k, 0, 1] for k in range(6, 11)]


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("1 0:1\n1 zero:2\n", ValueError, "line 2: expected a label and column:number pairs, got '1 zero:2'"),
        ("1 0:1:2\n", ValueError, "line 1"),
        ("word\n", ValueError, "line 1"),
        ("1 6:1\n", IndexError, "index 6 is out of range for axis 1 of size 6; columns count from 0"),
        ("", ValueError, "0 examples"),
    ],
)
def test_files_of_another_form(tmp_path: Path, text: str, error: type, match: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(error, match=match):
        LibSVMIter(tmp_path / "x", (6,))


def test_a_linear_model_learns_from_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random((64, 20)) < 0.3, rng.normal(size=(64, 20)), 0)
    true = rng.normal(size=(20, 1))
    dump_svmlight_file(x, (x @ true).ravel(), str(tmp_path / "x"), zero_based=True)
    w = nd.zeros((20, 1))
    w.attach_grad()

    def run(batch: Any) -> float:
        with autograd.record():
            error = nd.sparse.dot(batch.data[0], w) - batch.label[0].reshape((-1, 1))
            loss = (error * error).mean()
        loss.backward()
        with autograd.pause():
            w[:] = w - 0.5 * w.grad
        return float(loss)

    batches = LibSVMIter(tmp_path / "x", (20,), batch_size=16)
    for _ in range(60):
        batches.reset()
        losses = [run(b) for b in batches]
    assert max(losses) < 1e-3
    np.testing.assert_allclose(w.asnumpy(), true, atol=0.1)
    assert isinstance(w, dl.nd.NDArray)
