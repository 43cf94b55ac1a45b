"""Metrics updated by compiled functions on the pretended GPU, held against updates on the CPU."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import pretend

pretend.install()

import dlcore as dl  # noqa: E402  (the stand-in for CuPy comes first)
from dlcore import metric  # noqa: E402


def main() -> None:
    """Several metrics over six batches, with a reset and an update outside the program in between."""
    rng, names = np.random.default_rng(0), ["acc", "top_k_acc", "ce", "f1", "mcc", "pcc", "pearsonr"]
    for name in names:
        plain, inside = metric.create(name), metric.create(name)
        step = dl.jit(inside.update)
        for k, n in enumerate((8, 8, 5, 8, 8, 6)):
            labels = rng.integers(0, 2, n).astype("int32")
            scores = rng.random((n, 1 if name == "pearsonr" else 2)).astype("float32")
            plain.update(labels, scores)
            given = (dl.nd.array(a, dtype=a.dtype, ctx=dl.gpu(0)) for a in (labels, scores))
            (inside.update if k == 4 else step)(*given)
            np.testing.assert_allclose(inside.get()[1], plain.get()[1], rtol=1e-6)
            if k == 1:
                plain.reset()
                inside.reset()
        assert inside.num_inst == plain.num_inst
        assert all(array._device == "gpu(0)" for array in inside._arrays.values()) and inside._arrays
    print(f"{len(names)} metrics agree")


if __name__ == "__main__":
    main()
